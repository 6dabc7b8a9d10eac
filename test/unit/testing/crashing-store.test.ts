import { describe, expect, it } from 'vitest'
import { createEngine } from '../../../src/engine/engine.ts'
import { memoryStore } from '../../../src/store/memory/memory-driver.ts'
import { crashingStore } from '../../../src/testing/crashing-store.ts'
import { workflow } from '../../../src/workflow/builder.ts'
import { appendTo, requestOf } from '../../helpers/sample-run.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

function counted() {
  const calls: string[] = []
  const flow = workflow('three', '1.0.0')
    .node('a', () => void calls.push('a'))
    .node('b', ['a'], () => void calls.push('b'))
    .node('c', ['b'], () => void calls.push('c'))
    .build()
  return { calls, flow }
}

describe('crashingStore', () => {
  it.each([true, false])('a crash at every append (recorded: %s) repeats no node on record', async (isRecorded) => {
    let crashes = 0
    for (let atAppend = 1; ; atAppend += 1) {
      const { calls, flow } = counted()
      const store = memoryStore()
      const dying = createEngine({ store: crashingStore(store, { atAppend, isRecorded }), logger: silent })
      const { result } = await dying.start(flow, undefined, { runId: 'r' })
      const error: unknown = await result.then(
        () => null,
        (reason: unknown) => reason,
      )
      if (error === null) break
      expect(error).toMatchObject({ code: 'STORE_IO' })
      crashes += 1
      const done = new Set<string>()
      for await (const { type, nodeId } of store.events('r')) if (type === 'node.completed') done.add(nodeId!)
      const before = calls.splice(0)
      const next = createEngine({ store, workflows: [flow], logger: silent })
      const resumed = (await store.get('r')) === null ? await next.start(flow) : await next.resume('r')
      expect((await resumed.result).status).toBe('completed')
      expect(calls).toEqual(['a', 'b', 'c'].filter((id) => !done.has(id)))
      expect(before.filter((id) => done.has(id)).length).toBe(done.size)
    }
    expect(crashes).toBeGreaterThan(3)
  })

  it('fails every call of the dead process and leaves the store underneath alive', async () => {
    const store = memoryStore()
    const dying = crashingStore(store, { atAppend: 1, isRecorded: false })
    const { flow } = counted()
    const { result } = await createEngine({ store: dying, logger: silent }).start(flow, undefined, { runId: 'r' })
    await expect(result).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(dying.get('r')).rejects.toMatchObject({ code: 'STORE_IO' })
    await dying.close()
    expect(await store.get('r')).toBeNull()
  })

  it('frees also what the process was about to claim when it died', async () => {
    const store = memoryStore()
    const dying = crashingStore(store, { atAppend: 1, isRecorded: false })
    const { claim } = await dying.claim('a', requestOf('dead'))
    const late = dying.claim('b', requestOf('dead'))
    const dies = appendTo(dying, claim, 1, 1)
    await expect(late).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(dies).rejects.toMatchObject({ code: 'STORE_IO' })
    for (const runId of ['a', 'b']) expect((await store.claim(runId, requestOf('next'))).claim.owner).toBe('next')
  })
})
