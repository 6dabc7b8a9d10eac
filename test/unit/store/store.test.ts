import { describe, expect, it } from 'vitest'
import type { StoreDriver } from '../../../src/store/driver.ts'
import { memoryDriver, memoryStore } from '../../../src/store/memory/memory-driver.ts'
import { createStore } from '../../../src/store/store.ts'
import { requestOf, writeRun } from '../../helpers/sample-run.ts'

/** A memory driver of which some methods are replaced. */
function driverWith(methods: Partial<StoreDriver>): StoreDriver {
  const inner = memoryDriver()
  return new Proxy(inner, {
    get(target, name: keyof StoreDriver) {
      const replaced = methods[name]
      if (replaced !== undefined) return replaced
      const own = target[name]
      return typeof own === 'function' ? own.bind(target) : own
    },
  })
}

describe('createStore', () => {
  it.each([null, undefined, 7, {}])('refuses %j as a driver', (driver) => {
    expect(() => createStore(driver as never)).toThrow(expect.objectContaining({ code: 'STORE_BAD_ARGUMENT' }))
  })

  it('opens the driver once, on first use, and not at all when only closed', async () => {
    let opened = 0
    let closed = 0
    const methods = { open: async () => void opened++, close: async () => void closed++ }
    const store = createStore(driverWith(methods))
    expect(opened).toBe(0)
    await Promise.all([store.get('a'), store.list(), store.open()])
    expect(opened).toBe(1)
    await store.close()
    await createStore(driverWith(methods)).close()
    expect([opened, closed]).toEqual([1, 1])
  })

  it('tries to open again after it failed', async () => {
    let tries = 0
    const open = async () => {
      tries += 1
      if (tries === 1) throw new Error('not yet')
    }
    const store = createStore(driverWith({ open }))
    await expect(store.get('a')).rejects.toMatchObject({
      code: 'STORE_IO',
      message: expect.stringContaining('not yet'),
    })
    expect(await store.get('a')).toBeNull()
  })

  it('names what failed, on which run, with the cause and the system code', async () => {
    const cause = Object.assign(new Error('no space left'), { code: 'ENOSPC' })
    const store = createStore(driverWith({ get: () => Promise.reject(cause) }))
    const error = await store.get('a').catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'STORE_IO', details: { runId: 'a', systemCode: 'ENOSPC' }, cause })
  })

  it('lets errors with a code through as they are', async () => {
    const store = memoryStore()
    await writeRun(store, 'a', 1)
    const error = await store.claim('a', requestOf('other')).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ name: 'StoreError', code: 'STORE_HELD' })
  })

  it('says STORE_UNSUPPORTED for checkpoints of a store without them', async () => {
    const store = createStore(
      driverWith({ supports: { durable: false, crossProcessClaims: false, checkpoints: false } }),
    )
    await expect(store.listCheckpoints('a')).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' })
    await expect(store.readCheckpoint('a')).rejects.toMatchObject({ code: 'STORE_UNSUPPORTED' })
  })

  it('never calls a driver with arguments it can not take', async () => {
    const refuse = () => Promise.reject(new Error('the driver was called'))
    const store = createStore(
      driverWith({
        read: refuse,
        list: refuse,
        claim: refuse,
        append: refuse,
        renew: refuse,
        deleteCheckpoints: refuse,
      }),
    )
    const calls: readonly (() => Promise<unknown>)[] = [
      () => store.read(7 as never),
      () => store.read('a', null as never),
      () => store.list({ statuses: ['gone' as never] }),
      () => store.list({ limit: 0 }),
      () => store.claim('a', null as never),
      () => store.append('a', { expectedSeq: -1, epoch: 1 }, null as never),
      () => store.append('a', { expectedSeq: 0, epoch: 1 }, { events: [null], summary: null } as never),
      () => store.renew({} as never, requestOf('a')),
      () => store.deleteCheckpoints('a', [1.5]),
      () => store.deleteCheckpoints('a', 7 as never),
    ]
    for (const call of calls) await expect(call()).rejects.toMatchObject({ code: 'STORE_BAD_ARGUMENT' })
  })
})
