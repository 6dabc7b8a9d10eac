import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
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
