import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Durability } from '../../src/store/file/durability.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { memoryDriver, memoryStore } from '../../src/store/memory/memory-driver.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'

/** Some tests wait for thousands of syncs, which can be slow on a busy disk. */
const runner = {
  describe,
  it: Object.assign((name: string, body: () => Promise<void>) => it(name, { timeout: 300_000 }, body), {
    skip: (name: string, body: () => Promise<void>) => it.skip(name, body),
  }),
}

storeSuite(runner, {
  name: 'memory',
  supports: { durable: false, crossProcessClaims: false, checkpoints: true },
  create: memoryStore,
})

for (const durability of ['sync', 'batch', 'exit'] as const satisfies readonly Durability[]) {
  const folders = new WeakMap<Store, string>()
  const open = (folder: string) => {
    const store = fileStore(folder, durability === 'batch' ? { durability, batchMs: 1 } : { durability })
    folders.set(store, folder)
    return store
  }
  storeSuite(runner, {
    name: `file, ${durability}`,
    supports: { durable: true, crossProcessClaims: true, checkpoints: true },
    create: async () => open(await mkdtemp(join(tmpdir(), 'waystone-store-'))),
    reopen: (store) => open(folders.get(store)!),
    sibling: (store) => open(folders.get(store)!),
    async destroy(store) {
      await store.close()
      await rm(folders.get(store)!, { recursive: true, force: true })
    },
  })
}

describe('the store suite', () => {
  const supports = { durable: false, crossProcessClaims: false, checkpoints: true }
  const target = { name: 'memory', supports, create: memoryStore }

  it('shows a known gap with its reason, and refuses one that names no test', () => {
    const skipped: string[] = []
    const shown = {
      describe: (_name: string, body: () => void) => body(),
      it: Object.assign(() => undefined, { skip: (name: string) => void skipped.push(name) }),
    }
    const test = 'append refuses what is no event'
    storeSuite(shown, { ...target, gaps: [{ test, reason: 'too strict' }] })
    expect(skipped).toContain('refuses what is no event (known gap: too strict)')
    // Also those a store without an ability can not have.
    expect(skipped.length).toBeGreaterThan(1)
    for (const title of skipped) expect(title).toMatch(/ \((known gap: |needs supports\.)[^)]+\)$/)
    expect(() => storeSuite(shown, { ...target, gaps: [{ test: 'append nothing', reason: 'x' }] })).toThrow(
      expect.objectContaining({ code: 'STORE_BAD_ARGUMENT' }),
    )
  })

  it('finds a store that keeps part of a batch', async () => {
    const bodies = new Map<string, () => Promise<void>>()
    const kept = {
      describe: (_name: string, body: () => void) => body(),
      it: (name: string, body: () => Promise<void>) => void bodies.set(name, body),
    }
    storeSuite(kept, {
      ...target,
      create() {
        const driver = memoryDriver()
        const { append } = driver
        driver.append = (runId, expectation, { events, summary }) =>
          append.call(driver, runId, expectation, { events: events.slice(0, 100), summary })
        return createStore(driver)
      },
    })
    await expect(bodies.get('keeps a batch of many events, and events without a node')?.()).rejects.toThrow('events')
    await expect(bodies.get('keeps every member of an event')?.()).resolves.toBeUndefined()
  })
})
