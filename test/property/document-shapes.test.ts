import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/base/json.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { type Snapshot, takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { Handler } from '../../src/workflow/handler.ts'
import { count } from '../helpers/count.ts'
import { runs } from '../helpers/property.ts'

/** What an item does: `once` and `twice` fail so often first, `step` saves its way, `never` fails for good. */
const behaviour = fc.constantFrom('ok', 'ok', 'big', 'once', 'twice', 'step', 'never')

const shape = fc.record({
  items: fc.array(behaviour, { maxLength: 8 }),
  isKeyed: fc.boolean(),
  onItemError: fc.constantFrom('fail', 'skip', 'settle'),
  concurrency: fc.integer({ min: 1, max: 4 }),
  visits: fc.integer({ min: 1, max: 4 }),
  sleepMs: fc.constantFrom(0, 50, 10_000),
  waitMs: fc.constantFrom(null, 0, 30_000),
  take: fc.constantFrom('first', 'all'),
  /** Names and ids that are hard to keep. */
  name: fc.constantFrom('a', '__proto__', '10', '#type', '', 'x\ud800'),
  cut: fc.nat(80),
  /** What is done to the run at the cut, before it is looked at. */
  ending: fc.constantFrom('none', 'none', 'pause', 'cancel'),
})
type Shape = typeof shape extends fc.Arbitrary<infer T> ? T : never

const retry = { maximumAttempts: 3, initialIntervalMs: 100, jitter: 0 }

function flowOf({ items, isKeyed, onItemError, concurrency, visits, sleepMs, waitMs, take, name }: Shape) {
  const rows = items.map((kind, index) => ({
    id: `${index}${name}`,
    kind,
    note: 'large enough to be kept once '.repeat(12),
  }))
  const handlers: Record<string, Handler> = {
    rows: () => rows,
    item: async (given, ctx) => {
      const { kind } = given as unknown as { readonly kind: string }
      if (kind === 'never') throw new Error('never')
      if (kind === 'ok') return ctx.item!.index
      if (kind === 'big') return rows
      const before = await ctx.step(name, () => new Date(ctx.attempt))
      await ctx.checkpoint([ctx.attempt])
      if (kind !== 'step' && ctx.attempt <= (kind === 'once' ? 1 : 2)) throw new Error(`${kind} ${ctx.attempt}`)
      return [before, ctx.attempt]
    },
    visit: async (_, ctx) => {
      const done = await ctx.step('9', () => ctx.visit)
      await ctx.step(name, () => undefined)
      return { round: done, before: ctx.previous, big: 'large enough to be kept once '.repeat(12) }
    },
    end: (inputs) => Object.keys(inputs).sort(),
  }
  const data: JsonValue = { name: 's', take, ...(waitMs === null ? {} : { timeoutMs: waitMs, onTimeout: 'route' }) }
  const definition = {
    id: 'shapes',
    version: '1.0.0',
    nodes: [
      { id: name, type: 'rows' },
      {
        id: 'each',
        type: 'item',
        retry,
        onError: 'continue' as const,
        map: { concurrency, onItemError, ...(isKeyed ? { key: '/id' } : {}) },
      },
      {
        id: '7',
        type: 'visit',
        repeat: { until: { path: '/round', operator: 'gte' as const, value: visits }, maximumVisits: 9 },
      },
      { id: 'nap', type: 'sleep', data: { durationMs: sleepMs } },
      { id: 'ask', type: 'waitForSignal', data },
      { id: 'end', type: 'end', trigger: 'allDone' as const },
    ],
    edges: [
      { source: name, target: 'each' },
      { source: name, target: '7' },
      { source: '7', target: 'nap' },
      ...['each', 'nap', 'ask'].map((source) => ({ source, target: 'end' })),
    ],
  }
  return createWorkflow(definition as never, { handlers: handlers as never })
}

/** What the documents of the runs held. */
const held = { documents: 0, waits: 0, timers: 0, signals: 0, steps: 0, visits: 0, items: 0, states: 0, references: 0 }

/** Holds a document against the state it is of, and notes what is in it. */
function isKept(snapshot: Snapshot): void {
  const text = snapshot.compactText()
  const read = deserialize(text)
  const { state, takenAt } = read.copyOfState()
  const original = snapshot.copyOfState().state
  expect(takeSnapshot(state, takenAt).compactText()).toBe(text)
  expect(state.nodes).toEqual(original.nodes)
  expect(state.signals).toEqual(original.signals)
  expect(deserialize(JSON.parse(text) as object).compactText()).toBe(text)
  held.documents += 1
  held.timers += snapshot.timers.length
  held.signals += snapshot.signals.length
  held.references += text.split('{"#type":"slot"').length - 1
  for (const { wait } of original.nodes) if (wait !== null) held.waits += 1
  for (const { steps, visits, items } of Object.values(snapshot.parts)) {
    held.steps += Object.keys(steps).length
    if (visits > 0) held.visits += 1
    held.items += items?.length ?? 0
    held.states += items?.filter(({ status }) => status !== 'completed' && status !== 'pending').length ?? 0
  }
}

/** A run to its end, or up to a number of facts; every document on the way is held against its state. */
async function ran(made: Shape, cut: number): Promise<DagExecutor> {
  const clock = new SimulatedClock(1_000_000)
  const executor = new DagExecutor(flowOf(made), { clock, runId: 'r' }) as unknown as DagExecutor
  let facts = 0
  let reached = () => {}
  const cutOff = new Promise<void>((resolve) => {
    reached = resolve
  })
  executor.on('*', ({ type }) => {
    facts += 1
    if (facts > cut) return
    isKept(executor.saveSnapshot())
    if (type === 'run.started') {
      void executor.signal('s', 1n)
      void executor.signal('s', new Date(2))
      void executor.signal('other', { kept: true })
    }
    if (facts === cut) reached()
  })
  const running = executor.execute()
  running.catch(() => undefined)
  await clock.drive(Promise.race([running, cutOff]))
  return executor
}

describe('a run whose nodes wait, map, repeat and save their steps', () => {
  it('is kept by every document of it, and goes on from any of them to the same end', async () => {
    await fc.assert(
      fc.asyncProperty(shape, async (made) => {
        const whole = (await ran(made, Number.POSITIVE_INFINITY)).saveSnapshot()
        const executor = await ran(made, made.cut + 1)
        if (made.ending === 'pause') void executor.pause({ deadlineMs: 0 })
        else if (made.ending === 'cancel' && executor.saveSnapshot().run.status === 'running') executor.cancel('enough')
        const snapshot = executor.saveSnapshot()
        isKept(snapshot)
        if (snapshot.run.status === 'canceled') return
        const clock = new SimulatedClock(2_000_000)
        const resumed = loadSnapshot(snapshot.compactText(), flowOf(made), { clock })
        if (snapshot.run.status === 'completed') return
        // Signals that were sent after the cut are lost with the process.
        const running = resumed.execute()
        if (snapshot.run.head.seq < 5) {
          void resumed.signal('s', 1n)
          void resumed.signal('s', new Date(2))
        }
        await clock.drive(running)
        const after = resumed.saveSnapshot()
        isKept(after)
        expect(after.run.status).toBe(whole.run.status)
        if (made.items.every((kind) => kind !== 'never'))
          expect(Object.keys(after.results).sort()).toEqual(Object.keys(whole.results).sort())
      }),
      runs('runs that wait, map and repeat, cut and resumed', 150),
    )
    console.log(`documents of runs that wait, map and repeat: ${JSON.stringify(held)}`)
    count('documents of runs that wait, map and repeat', held.documents)
    for (const [what, times] of Object.entries(held)) expect(times, what).toBeGreaterThan(0)
  }, 120_000)
})
