import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'
import { Effects, type FlowNode, flowNode, randomFlow, signalsOf } from './random-flows.ts'

const FLOWS = 620

/** How often a run may go on until it has ended: once for each signal that is waited for, and for each time it failed. */
const MAX_TURNS = 30

const ids = { newId: () => 'run', newSeed: () => 7 }

type Cut = { readonly after: number; readonly how: 'crash' | 'pause' }

const cut: fc.Arbitrary<Cut> = fc.record({
  after: fc.nat({ max: 12 }),
  how: fc.constantFrom('crash', 'crash', 'pause'),
})

describe('a cut anywhere is a good cut, whatever the nodes are', () => {
  it('timers, signals, maps, loops and nested runs, resumed over up to five hops, end as the uninterrupted run', async () => {
    let cuts = 0
    const hops = [0, 0, 0, 0, 0, 0]
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(flowNode(), { minLength: 2, maxLength: 8, size: 'max' }),
        fc.constantFrom(1, 2, 8),
        fc.array(cut, { minLength: 0, maxLength: 4 }),
        async (nodes, concurrency, again) => {
          const clock = new ManualClock()
          const effects = new Effects()
          const options = { concurrency, clock, ids, runId: 'run', services: clockServices(clock) }
          const reference = new DagExecutor(randomFlow(nodes, effects), options)
          const texts: { readonly text: string; readonly done: ReadonlySet<string>; readonly at: number }[] = []
          const save = () => {
            const text = serialize(reference.saveSnapshot(), { pretty: false })
            texts.push({ text, done: new Set(effects.done), at: clock.now() })
          }
          save()
          reference.on('*', (event) => {
            effects.record(event)
            for (const feature of featuresOf(event)) seen.set(feature, (seen.get(feature) ?? 0) + 1)
            save()
          })
          await play(reference, nodes, clock)
          const expected = outcome(reference)
          expect(reference.status).toBe('completed')
          for (const { text, done, at } of texts) {
            cuts += 1
            let bytes = text
            let known: ReadonlySet<string> = done
            let hop = 1
            let later = new ManualClock(at)
            for (const next of again) {
              const { executor, effects } = load(nodes, bytes, known, later)
              const cutOff = cutAfter(executor, next)
              await play(executor, nodes, later)
              const cutText = await later.drive(cutOff())
              expect(effects.wrong).toEqual([])
              if (cutText === null) break
              bytes = cutText.text
              known = cutText.done
              cuts += 1
              hop += 1
              later = new ManualClock(later.now())
            }
            hops[hop]! += 1
            const { executor, effects: last } = load(nodes, bytes, known, later)
            await play(executor, nodes, later)
            expect(last.wrong).toEqual([])
            expect(outcome(executor)).toEqual(expected)
          }

          function load(nodes: readonly FlowNode[], bytes: string, known: ReadonlySet<string>, clock: ManualClock) {
            const effects = new Effects(known)
            const options = { clock, ids, services: clockServices(clock) }
            const executor = loadSnapshot(deserialize(bytes), randomFlow(nodes, effects), options) as DagExecutor
            executor.on('*', (event) => effects.record(event))
            tracked.set(executor, effects)
            return { executor, effects }
          }
        },
      ),
      runs('random flows cut', FLOWS),
    )
    count('cuts of flows of all shapes', cuts)
    for (const hop of [1, 2, 3, 4, 5]) count(`cut flows of ${hop} ${hop === 1 ? 'hop' : 'hops'}`, hops[hop]!)
    for (const [feature, times] of [...seen].sort()) count(`facts of ${feature}`, times)
  }, 1_800_000)
})

const tracked = new WeakMap<DagExecutor, Effects>()

function clockServices(clock: ManualClock) {
  return { setTimer: (ms: number, done: () => void) => clock.setTimer(ms, done) }
}

/** Runs a run to its end: whoever is asked answers, each signal once, whatever is sent again. */
async function play(executor: DagExecutor, nodes: readonly FlowNode[], clock: ManualClock): Promise<void> {
  const names = [...signalsOf(nodes)]
  for (let turn = 0; turn < MAX_TURNS; turn += 1) {
    await clock.drive(executor.execute())
    if (executor.status === 'failed') {
      const { failedNodeId } = executor.saveSnapshot().run
      await executor.setResult(failedNodeId!, { given: failedNodeId }, { by: 'someone', why: 'it fails' })
      continue
    }
    if (executor.status !== 'waiting') return
    for (const name of names) await executor.signal(name, name)
  }
  throw new Error(`the run is ${executor.status} after ${MAX_TURNS} turns`)
}

/** What must be equal however a run was cut: status, results, state; not times, attempts, and the order of what runs at once. */
function outcome(executor: DagExecutor): unknown {
  return { status: executor.status, run: runOf(executor.saveSnapshot().document as unknown as Level) }
}

interface Level {
  readonly results: object
  readonly counters: object
  readonly accumulators: object
  readonly nodes: Readonly<Record<string, { readonly status: string; readonly skipReason?: string }>>
  readonly run: { readonly status: string }
  readonly children: readonly (Level & { readonly node: string })[]
}

function runOf({ results, counters, accumulators, nodes, run, children }: Level): unknown {
  const statuses = Object.entries(nodes).map(([id, { status, skipReason }]) => [id, status, skipReason])
  return {
    status: run.status,
    results,
    counters,
    accumulators,
    statuses,
    children: children.map((child) => [child.node, runOf(child)]),
  }
}

function featuresOf({ type, path }: RunEvent): readonly string[] {
  return path === undefined ? [type] : [`${type} in a nested run`, `nesting of depth ${path.length}`]
}

/** Cuts a run after so many events; what it returns gives the bytes with what is done by then, or null when the run had ended before. */
function cutAfter(executor: DagExecutor, { after, how }: Cut) {
  let seen = 0
  let found: Promise<{ readonly text: string; readonly done: ReadonlySet<string> } | null> = Promise.resolve(null)
  const stop = executor.on('*', () => {
    seen += 1
    if (seen !== after) return
    const { done } = tracked.get(executor)!
    found =
      how === 'crash'
        ? Promise.resolve({ text: serialize(executor.saveSnapshot(), { pretty: false }), done: new Set(done) })
        : executor
            .pause({ deadlineMs: 5 })
            .then((snapshot) => ({ text: serialize(snapshot, { pretty: false }), done: new Set(done) }))
  })
  return () => {
    stop()
    return found
  }
}
