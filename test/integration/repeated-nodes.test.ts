import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import type { ExecutorOptions } from '../../src/engine/options.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { memoryBlobs } from '../../src/store/memory/memory-blobs.ts'
import { workflow } from '../../src/workflow/builder.ts'
import type { AnyWorkflow, Workflow } from '../../src/workflow/workflow.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { guardRejections } from '../helpers/run-control.ts'

guardRejections()

const START = 1_700_000_000_000

async function settled(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const clock = new ManualClock(START)
  const executor = new DagExecutor(flow as Workflow, { clock, runId: 'r', ...options })
  const result = await clock.drive(executor.execute())
  return { clock, executor, result }
}

describe('a repeated node', () => {
  it('is visited until its test holds, with what it gave last, in data or in code', async () => {
    for (const until of [{ operator: 'gte', value: 3 } as const, (output: unknown) => (output as number) >= 3]) {
      const seen: unknown[] = []
      const flow = workflow('w')
        .node(
          'a',
          (_, ctx) => {
            seen.push([ctx.visit, ctx.previous, ctx.attempt])
            ctx.counters.add('visits')
            return ctx.visit
          },
          { repeat: { until, maximumVisits: 9 } },
        )
        .build()
      const { result, executor } = await settled(flow)
      expect(result.output).toBe(3)
      expect(seen).toEqual([
        [1, undefined, 1],
        [2, 1, 2],
        [3, 2, 3],
      ])
      expect(executor.saveSnapshot().document.counters).toEqual({ visits: 3 })
    }
  })

  it('that is never done fails after its last visit, or completes with what that gave', async () => {
    for (const onLimit of ['fail', 'complete'] as const) {
      const flow = workflow('w')
        .node('a', (_, ctx) => ctx.visit, {
          repeat: { until: { operator: 'eq', value: 'never' }, maximumVisits: 3, onLimit },
        })
        .build()
      const { result } = await settled(flow)
      if (onLimit === 'complete') expect(result.output).toBe(3)
      else expect(result.error).toMatchObject({ cause: { code: 'NODE_VISITS_SPENT' } })
    }
  })

  it('has as many attempts at each visit as its policy says, and steps of its own at each', async () => {
    const calls: string[] = []
    const flow = workflow('w')
      .node(
        'a',
        async (_, ctx) => {
          await ctx.step('once', () => void calls.push(`step ${ctx.visit}`))
          calls.push(`${ctx.visit} attempt ${ctx.attempt}`)
          if (ctx.attempt % 2 === 1) throw new Error('planned')
          return ctx.visit
        },
        {
          retry: { maximumAttempts: 2, initialIntervalMs: 5 },
          repeat: { until: { operator: 'eq', value: 2 }, maximumVisits: 2 },
        },
      )
      .build()
    expect((await settled(flow)).result.output).toBe(2)
    expect(calls).toEqual(['step 1', '1 attempt 1', '1 attempt 2', 'step 2', '2 attempt 3', '2 attempt 4'])
  })

  it('may wait: for a time at each visit, or for one signal each', async () => {
    const nap = workflow('w')
      .node('nap', sleep({ durationMs: 100 }), {
        repeat: { until: { operator: 'eq', value: 1 }, maximumVisits: 3, onLimit: 'complete' },
      })
      .node('at', ['nap'], (_, ctx) => ctx.now() - START)
      .build()
    expect((await settled(nap)).result.results.at).toBe(300)
    const chat = workflow('w')
      .node('line', waitForSignal<string>({ name: 'line', timeoutMs: 50, onTimeout: 'route' }), {
        repeat: { until: { operator: 'eq', value: null }, maximumVisits: 9 },
      })
      .build()
    const clock = new ManualClock(START)
    const executor = new DagExecutor(chat, { clock })
    const running = executor.execute()
    void executor.signal('line', 'one')
    void executor.signal('line', 'two')
    expect((await clock.drive(running)).status).toBe('completed')
    expect(clock.now() - START).toBe(50)
  })

  it('whose test throws or gives no boolean fails, and is not visited again', async () => {
    let calls = 0
    for (const until of [
      () => {
        throw new Error('planned')
      },
      () => 'yes',
    ]) {
      const flow = workflow('w')
        .node(
          'a',
          () => {
            calls += 1
          },
          { repeat: { until: until as unknown as () => boolean, maximumVisits: 3 } },
        )
        .build()
      expect((await settled(flow)).result.error).toMatchObject({ cause: { code: 'NODE_CONDITION_FAILED' } })
    }
    expect(calls).toBe(2)
  })

  it('may not start more attempts than the run, and is stood in for when it fails', async () => {
    const flow = workflow('w')
      .node('a', (_, ctx) => ctx.visit, { repeat: { until: { operator: 'eq', value: 9 }, maximumVisits: 9 } })
      .build()
    const { result } = await settled(flow, { limits: { maxNodeExecutions: 4 } })
    expect(result.error).toMatchObject({ cause: { code: 'LIMIT_NODE_EXECUTIONS' } })
    const stoodIn = workflow('w')
      .node(
        'a',
        (_, ctx) => {
          if (ctx.visit === 2) throw new Error('planned')
          return ctx.visit
        },
        { repeat: { until: { operator: 'eq', value: 9 }, maximumVisits: 9 }, fallback: () => 'stood in' },
      )
      .build()
    expect((await settled(stoodIn)).result.output).toBe('stood in')
  })

  it('finds what it gave last, however large, and fails when that was to be dropped', async () => {
    const flow = workflow('w')
      .node(
        'a',
        (_, ctx) => ({
          visit: ctx.visit,
          text: 'x'.repeat(500),
          last: (ctx.previous as { readonly visit?: number })?.visit,
        }),
        {
          repeat: { until: { path: '/visit', operator: 'eq', value: 3 }, maximumVisits: 3 },
        },
      )
      .node('b', ['a'], ({ a }) => a.last)
      .build()
    const limits = { maxResultBytes: 200 }
    const kept = await settled(flow, { limits, oversizedResults: 'reference', blobs: memoryBlobs() })
    expect(kept.result).toMatchObject({ status: 'completed', results: { b: 2 } })
    const dropped = await settled(flow, { limits, oversizedResults: 'drop' })
    expect(dropped.result.error).toMatchObject({ cause: { code: 'LIMIT_RESULT_BYTES' } })
  })
})
