import { describe, expect, it } from 'vitest'
import { DEFAULT_VALUE_LIMITS } from '../../src/base/values/limits.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { workflow } from '../../src/workflow/builder.ts'

describe('what a handler does outside', () => {
  it('is a signal of its own, however node and signal are named', async () => {
    const flow = workflow('names', '1.0.0')
      .node('a', (_, ctx) => ctx.sendSignal('b/c', 1))
      .node('a/b', (_, ctx) => ctx.sendSignal('c', 2))
      .node('first', waitForSignal<number>({ name: 'b/c' }))
      .node('second', waitForSignal<number>({ name: 'c' }))
      .build()
    const { status, results } = await new DagExecutor(flow).execute()
    expect([status, results.first, results.second]).toEqual(['completed', 1, 2])
  })

  it('is in a document that loads, however long its names are', async () => {
    const name = '/'.repeat(DEFAULT_VALUE_LIMITS.maxKeyLength)
    const flow = workflow('names', '1.0.0')
      .node('ask', (_, ctx) => ctx.sendSignal(name, 'long'))
      .node('tooLong', (_, ctx) =>
        ctx.sendSignal(`${name}/`).catch((error: unknown) => (error as { code: string }).code),
      )
      .node('answer', waitForSignal<string>({ name }))
      .build()
    const executor = new DagExecutor(flow)
    const { results } = await executor.execute()
    expect(results).toEqual({ ask: undefined, tooLong: 'ARGUMENT_INVALID', answer: 'long' })
    const loaded = loadSnapshot(serialize(executor.saveSnapshot()), flow)
    expect((await loaded.execute()).results).toEqual(results)
  })

  it('has a key of its own in each visit of a nested run, and in no other node', async () => {
    const keys: string[] = []
    const inner = workflow('inner', '1.0.0')
      .node('n', (_, ctx) => {
        keys.push(ctx.idempotencyKey)
        return keys.length
      })
      .build()
    const flow = workflow('outer', '1.0.0')
      .workflow('a', [], inner, { repeat: { until: () => false, maximumVisits: 2, onLimit: 'complete' } })
      .workflow('a@2', [], inner)
      .workflow('a%402', [], inner)
      .workflow('a%25402', [], inner)
      .build()
    const { status } = await new DagExecutor(flow).execute()
    expect(status).toBe('completed')
    expect(new Set(keys).size).toBe(5)
    expect(keys).toHaveLength(5)
  })
})
