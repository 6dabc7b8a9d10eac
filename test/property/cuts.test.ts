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
import { isSteady, type NodeSpec, newWorld, nodeSpec, randomWorkflow, type World } from './random-dag.ts'

const DAGS = 1_000

/** How often a cut run may be resumed until it has ended: once for each node that fails when it is cut off, or asks. */
const MAX_RESUMES = 40

const ids = { newId: () => 'run', newSeed: () => 7 }

/** How a run is cut: saved in flight and left, or paused with a deadline that cuts off what hangs. */
type Cut = { readonly after: number; readonly how: 'crash' | 'pause' }

const cut: fc.Arbitrary<Cut> = fc.record({ after: fc.nat({ max: 9 }), how: fc.constantFrom('crash', 'crash', 'pause') })

/** What must be equal however a run was cut: status, results, state; not times, attempts and order of parallel nodes. */
function outcome(executor: DagExecutor): unknown {
  const snapshot = executor.saveSnapshot()
  const { results, variables, counters, accumulators, context, decisions } = snapshot.document
  const cache = Object.entries(snapshot.cache).map(([key, { value, expiresAt }]) => [key, value, expiresAt === null])
  const statuses = Object.entries(snapshot.nodes).map(([id, node]) => [id, node.status, node.skipReason])
  return { status: executor.status, results, variables, counters, accumulators, context, decisions, cache, statuses }
}

describe('a cut anywhere is a good cut', () => {
  it('resumed through bytes, over up to three hops, a run ends as the uninterrupted one, each effect made once', async () => {
    let cuts = 0
    let inputs = 0
    const hops = [0, 0, 0, 0]
    const seen = new Map<string, number>()
    await fc.assert(
      fc.asyncProperty(
        fc.array(nodeSpec, { minLength: 2, maxLength: 14 }),
        fc.constantFrom(1, 2, 4),
        fc.array(cut, { minLength: 2, maxLength: 2 }),
        async (specs, concurrency, again) => {
          const clock = new ManualClock()
          const whole = newWorld()
          const variables = { begun: true }
          const reference = new DagExecutor(randomWorkflow(specs, whole), {
            concurrency,
            clock,
            ids,
            runId: 'run',
            variables,
          })
          const texts: { readonly text: string; readonly effects: World }[] = []
          const events: RunEvent[] = []
          const save = () =>
            texts.push({
              text: serialize(reference.saveSnapshot(), { pretty: false }),
              effects: { effects: new Map(whole.effects), inputs: new Map(whole.inputs) },
            })
          save()
          reference.on('*', (event) => {
            events.push(event)
            save()
          })
          await clock.drive(reference.execute())
          save()
          for (const feature of features(specs, events)) seen.set(feature, (seen.get(feature) ?? 0) + 1)
          const expected = outcome(reference)
          const isFailed = reference.status === 'failed'
          for (const { text, effects } of texts) {
            cuts += 1
            const completed = completedOf(text)
            const world: World = {
              effects: new Map([...effects.effects].filter(([id]) => completed.has(id))),
              inputs: new Map(effects.inputs),
            }
            const hopClock = new ManualClock(clock.now())
            const load = (bytes: string) =>
              loadSnapshot(deserialize(bytes), randomWorkflow(specs, world), { clock: hopClock, ids }) as DagExecutor
            let executor = load(text)
            let hop = 1
            for (const next of again) {
              // Run on for some events, cut again, and go on from the bytes.
              const cutOff = cutAfter(executor, next)
              await hopClock.drive(executor.execute())
              const bytes = await hopClock.drive(cutOff())
              if (bytes === null) break
              for (const [id] of world.effects) if (!completedOf(bytes).has(id)) world.effects.delete(id)
              cuts += 1
              hop += 1
              executor = load(bytes)
            }
            hops[hop]! += 1
            await hopClock.drive(executor.execute())
            for (let resumes = 0; isOpen(executor, isFailed) && resumes < MAX_RESUMES; resumes += 1) {
              await hopClock.drive(executor.execute())
            }
            expect(executor.status).toBe(reference.status)
            if (!isFailed) {
              expect(outcome(executor)).toEqual(expected)
              expect(Object.fromEntries(world.effects)).toEqual(Object.fromEntries(whole.effects))
              for (const id of world.effects.keys()) {
                if (!isSteady(specs[Number(id.slice(1))]!)) continue
                expect(world.inputs.get(id)).toBe(whole.inputs.get(id))
                inputs += 1
              }
            }
            for (const [id, times] of world.effects) expect([id, times]).toEqual([id, 1])
          }
        },
      ),
      runs('random DAGs cut', DAGS),
    )
    count('cuts', cuts)
    count('inputs compared with those of the uninterrupted run', inputs)
    for (const hop of [1, 2, 3]) count(`cut runs of ${hop} ${hop === 1 ? 'hop' : 'hops'}`, hops[hop]!)
    for (const [feature, dags] of [...seen].sort()) count(`DAGs with ${feature}`, dags)
  })
})

/** Whether resuming is still to bring a run to its end: it asks, or a node that was cut off has failed it. */
function isOpen({ status }: DagExecutor, isFailed: boolean): boolean {
  return status === 'waiting' || (status === 'failed' && !isFailed)
}

/** What a DAG has had, so that none of it is silently absent. */
function features(specs: readonly NodeSpec[], events: readonly RunEvent[]): ReadonlySet<string> {
  const found = new Set<string>()
  for (const { type, data } of events) {
    if (type === 'node.skipped') found.add(`a skip, ${data.reason}`)
    if (type === 'node.retry-scheduled') found.add('a retry')
    if (type === 'node.fell-back') found.add(data.fallback === 'spare' ? 'a fallback node' : 'a fallback type')
    if (type === 'node.failed') found.add(data.onError === 'fail' ? 'a failure' : 'a failure that is borne')
    if ('error' in data && data.error.code === 'NODE_TIMEOUT') found.add('a time-out')
    if (type !== 'node.completed') continue
    const spec = specs[Number(data.nodeId.slice(1))]!
    found.add(`a node of rule ${spec.trigger} completed`)
    if (spec.type === 'switch' && isSteady(spec)) found.add('a switch')
    for (const { area } of data.writes ?? []) found.add(`a write, ${area}`)
    for (const taken of Object.values(data.decisions ?? {})) found.add(taken ? 'an edge taken' : 'an edge untaken')
  }
  return found
}

function completedOf(text: string): Set<string> {
  return new Set((JSON.parse(text) as { readonly completedNodes: readonly string[] }).completedNodes)
}

/** Cuts a run after so many events; what it returns gives the bytes, or null when the run had ended before, and cuts no more. */
function cutAfter(executor: DagExecutor, { after, how }: Cut): () => Promise<string | null> {
  let seen = 0
  let text: Promise<string | null> = Promise.resolve(null)
  const stop = executor.on('*', () => {
    seen += 1
    if (seen !== after) return
    text =
      how === 'crash'
        ? Promise.resolve(serialize(executor.saveSnapshot(), { pretty: false }))
        : executor.pause({ deadlineMs: 5 }).then((snapshot) => serialize(snapshot, { pretty: false }))
  })
  return () => {
    stop()
    return text
  }
}
