import { describe, expect, it } from 'vitest'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { workflow } from '../../src/workflow/builder.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'
import { count } from '../helpers/count.ts'
import { lives, type Tell, type Way } from '../helpers/lives.ts'

/** A flow with all that can happen to a node in it, at two levels of nesting; nothing in it depends on time or chance. */
function everyShape(tell: Tell): Workflow {
  const called = (ctx: NodeContext<never>) => tell(ctx.idempotencyKey)
  const stepped = (ctx: NodeContext<never>, name: string) =>
    ctx.step(name, () => {
      tell(`${ctx.idempotencyKey} step ${name}`)
      return `${ctx.nodeId} ${name}`
    })

  const deepest = workflow('deepest', '1.0.0')
    .input<number>()
    .node('saves', async (_, ctx) => {
      called(ctx as never)
      const from = (ctx.restored ?? 0) as number
      for (let done = from + 1; done <= 2; done += 1) {
        await stepped(ctx as never, `part ${done}`)
        await ctx.checkpoint(done)
      }
      return [ctx.input, await stepped(ctx as never, 'last')]
    })
    .node('told', ['saves'], waitForSignal<string>({ name: 'deep' }))
    .node('end', ['saves', 'told'], ({ saves, told }, ctx) => {
      called(ctx as never)
      return [...saves, told]
    })
    .build()

  const inner = workflow('inner', '1.0.0')
    .input<{ readonly orders: readonly string[] }>()
    .node('list', (_, ctx) => {
      called(ctx as never)
      return ctx.input.orders
    })
    .map('each', ['list'], { concurrency: 2 }, async (order, ctx) => {
      called(ctx as never)
      return `${order} ${await stepped(ctx as never, 'once')}`
    })
    .node('nap', ['list'], sleep({ durationMs: 5_000 }))
    .workflow('deeper', ['each', 'nap'], deepest, { input: ({ each }) => each.length })
    .node(
      'counts',
      ['deeper'],
      (_, ctx) => {
        called(ctx as never)
        ctx.counters.add('inner visits')
        return ctx.visit
      },
      { repeat: { until: (visit) => visit === 2, maximumVisits: 5 } },
    )
    .node('shaky', ['counts'], async (_, ctx) => {
      called(ctx as never)
      const kept = await stepped(ctx as never, 'kept')
      // The run it is part of fails with it, and is tried again by the node it is.
      if (ctx.attempt === 1) throw new Error('not at once')
      return kept
    })
    .node('late', ['list'], waitForSignal({ name: 'never', timeoutMs: 20_000, onTimeout: 'route' }))
    .node('end', ['each', 'deeper', 'counts', 'shaky', 'late'], (inputs, ctx) => {
      called(ctx as never)
      return { ...inputs, counted: ctx.counters.get('inner visits') }
    })
    .build()

  const round = workflow('round', '1.0.0')
    .node('turns', async (_, ctx) => {
      called(ctx as never)
      return stepped(ctx as never, 'turn')
    })
    .node('rests', ['turns'], sleep({ durationMs: 500 }))
    .build()

  return workflow('every shape', '1.0.0')
    .node('orders', async (_, ctx) => {
      called(ctx as never)
      ctx.variables.set('first', await stepped(ctx as never, 'a'))
      ctx.counters.add('runs')
      await ctx.usage.add('calls', 1)
      return ['x', 'y', 'z']
    })
    .map(
      'prices',
      ['orders'],
      { key: (order) => order, concurrency: 2, onItemError: 'settle' },
      (order, ctx) => {
        called(ctx as never)
        ctx.accumulators.sum('prices', ctx.item!.index)
        if (order === 'y') throw new Error('has no price')
        if (order === 'z' && ctx.attempt === 1) throw new Error('not at once')
        return `price of ${order}`
      },
      { retry: { maximumAttempts: 2, initialIntervalMs: 100 } },
    )
    .node('nap', ['orders'], sleep({ durationMs: 60_000 }))
    .node('asked', ['nap'], waitForSignal<string>({ name: 'go' }))
    .node('all', ['asked'], waitForSignal<readonly string[]>({ name: 'many', take: 'all' }))
    .node('late', waitForSignal({ name: 'never', timeoutMs: 10_000, onTimeout: 'route' }))
    .node('in time', [{ source: 'late', sourceHandle: 'received' }], (_, ctx) => called(ctx as never))
    .node('too late', [{ source: 'late', sourceHandle: 'timeout' }], (_, ctx) => {
      called(ctx as never)
      return 'too late'
    })
    .node('heard', waitForSignal<string>({ name: 'word' }), {
      repeat: { until: (word) => word === 'over', maximumVisits: 9 },
    })
    .node('says', async (_, ctx) => {
      called(ctx as never)
      await ctx.sendSignal('said', 'by a node')
      return stepped(ctx as never, 'after')
    })
    .node('hears', waitForSignal<string>({ name: 'said', timeoutMs: 3_600_000 }))
    .node(
      'fails',
      ['hears'],
      (_, ctx) => {
        called(ctx as never)
        throw new Error('always')
      },
      { retry: { maximumAttempts: 2, initialIntervalMs: 1_000 }, fallback: () => 'stood in' },
    )
    .node(
      'again',
      ['orders'],
      async (_, ctx) => {
        called(ctx as never)
        ctx.counters.add('visits')
        await stepped(ctx as never, 'in a visit')
        return ((ctx.previous ?? 0) as number) + ctx.visit
      },
      { repeat: { until: (sum) => (sum as number) >= 10, maximumVisits: 10 } },
    )
    .workflow('inner', ['orders', 'again'], inner, { retry: { maximumAttempts: 10, initialIntervalMs: 50 } })
    .workflow('rounds', ['orders'], round, { repeat: { until: () => false, maximumVisits: 3, onLimit: 'complete' } })
    .node(
      'asks',
      ['orders'],
      (_, ctx) => {
        called(ctx as never)
        ctx.cache.set('asked', ctx.nodeId)
        return 'asked once'
      },
      { onInterrupted: 'ask' },
    )
    .node('end', ['prices', 'all', 'too late', 'fails', 'inner', 'rounds', 'asks', 'heard'], (inputs, ctx) => {
      called(ctx as never)
      return { ...inputs, visits: ctx.counters.get('visits') }
    })
    .build() as Workflow
}

/** What someone outside says to the run whenever it waits, one after the other. */
const SAID = [
  ['many', 'one'],
  ['many', 'two'],
  ['word', 'one'],
  ['go', 'yes'],
  ['word', 'over'],
  ['deep', 'down here'],
] as const

const life = { flow: everyShape, say: (told: number) => SAID[told] ?? null }

/** Lives through a run for each append it has, as long as the first process dies; compares each end with that of a run nothing happened to. */
async function livesForEach(way: (atAppend: number) => Way): Promise<void> {
  const expected = await lives(life, { appends: [], isRecorded: false })
  let crashes = 0
  for (let atAppend = 1; ; atAppend += 1) {
    const { crashes: crashed, end, done, received, taken } = await lives(life, way(atAppend))
    if (crashed === 0) break
    crashes += crashed
    expect(end).toEqual(expected.end)
    expect(done).toEqual(expected.done)
    expect(taken, 'each signal is taken').toEqual(received)
  }
  count('crash points of a run with every shape', crashes)
}

describe('a run with every shape of node', () => {
  it('ends as it should when nothing goes wrong', async () => {
    const { end, done, received, taken } = await lives(life, { appends: [], isRecorded: false })
    expect(end).toMatchObject({ status: 'completed', counters: { runs: 1, visits: 4 } })
    expect(done.size).toBeGreaterThan(60)
    expect(taken).toEqual(received)
  })

  describe.each([true, false])('whose process dies at an append (that is recorded: %s) ends the same', (isRecorded) => {
    it('wherever it dies', () => livesForEach((atAppend) => ({ appends: [atAppend], isRecorded })))

    it('one node at a time', () => livesForEach((atAppend) => ({ appends: [atAppend], isRecorded, concurrency: 1 })))

    it('with checkpoints on the way', () =>
      livesForEach((atAppend) => ({ appends: [atAppend], isRecorded, checkpointEvents: 7 })))

    it('when each process after it dies soon too', () =>
      livesForEach((atAppend) => ({ appends: [atAppend, 2, 3, 2, 4, 3], isRecorded })))
  })
})
