import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../src/base/errors.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { RunHandle } from '../../src/engine/run-handle.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { idempotencyKey } from '../../src/nodes/idempotency-key.ts'
import type { RunEvent } from '../../src/run/event.ts'
import type { SnapshotDocument } from '../../src/snapshot/document.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import type { Store } from '../../src/store/store.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { workflow } from '../../src/workflow/builder.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'
import { count } from '../helpers/count.ts'
import { recordingLogger } from '../helpers/run-control.ts'

const RUN = 'r'

/** Says what a handler does before it does it, under the name that the fact which records it has in `doneBy`. */
type Tell = (what: string) => void

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

async function factsOf(store: Store): Promise<readonly RunEvent[]> {
  if ((await store.get(RUN)) === null) return []
  const facts: RunEvent[] = []
  for await (const { text } of store.events(RUN)) facts.push(JSON.parse(text) as RunEvent)
  return facts
}

/** What facts say was done and is never to be done again, by the name it was told under; with what came of it. */
function doneBy(facts: readonly RunEvent[]): ReadonlyMap<string, string> {
  const done = new Map<string, string>()
  const keys = new Map<string, readonly string[] | null>()
  const visits = new Map<string, number>()
  for (const { type, data, path: ids = [] } of facts) {
    if (!('nodeId' in data) || data.nodeId === undefined) continue
    const path: string[] = []
    // What a nested run does when it is visited again is done by another run.
    for (const id of ids) {
      const visited = visits.get(JSON.stringify([...path, id])) ?? 0
      path.push(visited === 0 ? id : `${id}@${visited + 1}`)
    }
    const node = JSON.stringify([...path, data.nodeId])
    const visit = (visits.get(node) ?? 0) + 1
    const place = 'item' in data && data.item !== undefined ? data.item : null
    const item = place === null ? null : (keys.get(node)?.[place] ?? String(place))
    const key = idempotencyKey(RUN, data.nodeId, { item, visit, path })
    const put = (name: string, what: unknown) => {
      if (done.has(name)) throw new Error(`${name} is on record twice`)
      done.set(name, JSON.stringify(what) ?? 'what its items gave')
    }
    if (type === 'items.listed') keys.set(node, data.keys)
    else if (type === 'node.completed' || type === 'item.completed') put(key, data.output)
    else if (type === 'step.completed') put(`${key} step ${data.name}`, data.output)
    else if (type === 'node.visited') {
      put(key, data.output)
      visits.set(node, visit)
    }
  }
  return done
}

/** How a run is lived through. */
interface Way {
  /** The appends at which processes die, one after the other, each counted from its process's first. */
  readonly appends: readonly number[]
  /** Whether what is appended then is on record. */
  readonly isRecorded: boolean
  readonly concurrency?: number
  readonly checkpointEvents?: number
}

/** One process: takes the run up and says what has not been said, until the run has ended or the process dies. */
async function live(store: Store, truth: Store, clock: SimulatedClock, tell: Tell, way: Way) {
  const { concurrency = 16, checkpointEvents = 10_000 } = way
  const flow = everyShape(tell)
  const world = { store, clock, logger: recordingLogger(), checkpointEvents }
  const engine = createEngine({ ...world, workflows: [flow], concurrency })
  // Knows no workflow: what it says is only recorded.
  const outside = createEngine(world)
  for (;;) {
    const handle: RunHandle =
      (await truth.get(RUN)) === null ? await engine.start(flow, undefined, { runId: RUN }) : await engine.resume(RUN)
    const { status } = await handle.result
    if (status !== 'waiting') return handle.executor
    const said = (await factsOf(truth)).filter(({ type, data }) => type === 'signal.received' && data.name !== 'said')
    const next = SAID[said.length]
    if (next !== undefined) await (said.length % 2 === 0 ? engine : outside).signal(RUN, next[0], next[1])
    // All is said: it waits for a time.
    else await new Promise<void>((resolve) => void clock.setTimer(1_000, resolve))
  }
}

/** A document without what tells when, and by whom, it was taken. */
function withoutTime({ snapshotTime: _, integrity: _digest, run, ...rest }: SnapshotDocument): unknown {
  return { ...rest, run: { ...run, epoch: 0 } }
}

/** Lives through processes of which some die at an append; gives what the run came to. */
async function lives(way: Way) {
  const { appends, isRecorded } = way
  const store = memoryStore()
  const clock = new SimulatedClock()
  let crashes = 0
  for (const atAppend of [...appends, null]) {
    const done = doneBy(await factsOf(store))
    const told: string[] = []
    const own = atAppend === null ? store : crashingStore(store, { atAppend, isRecorded })
    const living = live(own, store, clock, (what) => void told.push(what), way)
    const ended = await clock.drive(living).catch((error: unknown) => {
      if (atAppend !== null && isWaystoneError(error, 'STORE_IO')) return null
      throw error
    })
    expect(told.filter((what) => done.has(what))).toEqual([])
    const after = await factsOf(store)
    const doneAfter = doneBy(after)
    expect([...done].filter(([name, what]) => doneAfter.get(name) !== what)).toEqual([])
    if (ended === null) {
      crashes += 1
      continue
    }
    const { document } = await createEngine({ store, clock }).snapshot(RUN)
    expect(withoutTime(ended.saveSnapshot().document), 'the fold of the log is the state it was written from').toEqual(
      withoutTime(document),
    )
    const { run, results, variables, accumulators, counters, context, decisions } = document
    const signals = after.flatMap(({ type, data }) =>
      type === 'node.completed' || type === 'node.visited' ? (data.signals ?? []) : [],
    )
    const received = after.filter(({ type }) => type === 'signal.received').map(({ seq }) => seq)
    expect(
      signals.sort((a, b) => a - b),
      'each signal is taken once',
    ).toEqual(received)
    return {
      crashes,
      end: { status: run.status, results, variables, accumulators, counters, context, decisions },
      done: new Map([...doneAfter].sort(([a], [b]) => (a < b ? -1 : 1))),
    }
  }
  throw new Error('no process was left to live')
}

/** Lives through a run for each append it has, as long as the first process dies; compares each end with that of a run nothing happened to. */
async function livesForEach(way: (atAppend: number) => Way): Promise<void> {
  const expected = await lives({ appends: [], isRecorded: false })
  let crashes = 0
  for (let atAppend = 1; ; atAppend += 1) {
    const { crashes: crashed, end, done } = await lives(way(atAppend))
    if (crashed === 0) break
    crashes += crashed
    expect(end).toEqual(expected.end)
    expect(done).toEqual(expected.done)
  }
  count('crash points of a run with every shape', crashes)
}

describe('a run with every shape of node', () => {
  it('ends as it should when nothing goes wrong', async () => {
    const { end, done } = await lives({ appends: [], isRecorded: false })
    expect(end).toMatchObject({ status: 'completed', counters: { runs: 1, visits: 4 } })
    expect(done.size).toBeGreaterThan(60)
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
