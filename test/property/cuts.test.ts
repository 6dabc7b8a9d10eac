import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { route } from '../../src/workflow/routed.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'

const DAGS = 1_000

interface NodeSpec {
  readonly upstreams: readonly { readonly back: number; readonly handle: 'none' | 'true' | 'false' }[]
  readonly trigger: 'all' | 'any' | 'allDone' | 'noneFailed'
  readonly failures: number
  readonly attempts: number
  readonly onError: 'fail' | 'continue'
  readonly fallback: boolean
  readonly writes: boolean
  readonly waits: boolean
  readonly value: number
}

const nodeSpec: fc.Arbitrary<NodeSpec> = fc.record({
  upstreams: fc.array(
    fc.record({
      back: fc.integer({ min: 1, max: 5 }),
      handle: fc.constantFrom('none' as const, 'none' as const, 'true' as const, 'false' as const),
    }),
    { maxLength: 3 },
  ),
  trigger: fc.constantFrom('all', 'all', 'all', 'any', 'allDone', 'noneFailed'),
  failures: fc.constantFrom(0, 0, 0, 1, 2, 5),
  attempts: fc.integer({ min: 1, max: 3 }),
  onError: fc.constantFrom('continue', 'continue', 'fail'),
  fallback: fc.boolean(),
  writes: fc.boolean(),
  waits: fc.boolean(),
  value: fc.integer({ min: -50, max: 50 }),
})

/** What handlers did, kept outside every run: effects by node, and the inputs each completed node saw. */
interface World {
  readonly effects: Map<string, number>
  readonly inputs: Map<string, string>
}

function makeWorkflow(specs: readonly NodeSpec[], world: World): Workflow {
  const edges = specs.flatMap((spec, index) => {
    const sources = new Map<number, string>()
    for (const { back, handle } of spec.upstreams) if (index - back >= 0) sources.set(index - back, handle)
    return [...sources].map(([source, handle]) => ({
      source: `n${source}`,
      target: `n${index}`,
      ...(handle === 'none' ? {} : { sourceHandle: handle }),
    }))
  })
  const nodes = specs.map((spec, index) => ({
    id: `n${index}`,
    type: 'step',
    data: { ...spec, upstreams: [] },
    trigger: spec.trigger,
    onError: spec.onError,
    retry: { maximumAttempts: spec.attempts, initialIntervalMs: 10 },
    ...(spec.fallback ? { fallback: { type: 'stand-in', data: spec.value } } : {}),
  }))
  const step = (inputs: Record<string, unknown>, ctx: NodeContext) => {
    const spec = ctx.data as unknown as NodeSpec
    const finish = () => {
      if (spec.writes) {
        ctx.counters.add('count', spec.value)
        ctx.accumulators.sum('sum', spec.value)
        ctx.accumulators.max('max', spec.value)
        ctx.variables.set(ctx.nodeId, { value: spec.value, at: new Date(spec.value) })
        ctx.cache.set(ctx.nodeId, spec.value)
      }
      // A node fails for good or in its first attempts; being run again after a cut must not change which.
      if (spec.failures >= spec.attempts || ctx.attempt <= spec.failures) throw new Error('planned failure')
      world.effects.set(ctx.nodeId, (world.effects.get(ctx.nodeId) ?? 0) + 1)
      world.inputs.set(ctx.nodeId, JSON.stringify(inputs))
      // Which upstreams a node with the rule `any` has seen depends on the order of parallel nodes.
      const from = spec.trigger === 'any' ? [] : Object.keys(inputs)
      return route(spec.value > 0 ? 'true' : 'false', { value: spec.value, from })
    }
    return spec.waits ? Promise.resolve().then(finish) : finish()
  }
  const standIn = (inputs: Record<string, unknown>, ctx: NodeContext) => {
    world.effects.set(ctx.nodeId, (world.effects.get(ctx.nodeId) ?? 0) + 1)
    world.inputs.set(ctx.nodeId, JSON.stringify(inputs))
    return ctx.data
  }
  return createWorkflow({ id: 'random', version: '1.0.0', nodes, edges }, { handlers: { step, 'stand-in': standIn } })
}

const newWorld = (): World => ({ effects: new Map(), inputs: new Map() })
const ids = { newId: () => 'run', newSeed: () => 7 }

/** What must be equal however a run was cut: status, results, state; not times, attempts and order of parallel nodes. */
function outcome(executor: DagExecutor): unknown {
  const snapshot = executor.saveSnapshot()
  const { results, variables, counters, accumulators, context } = snapshot.document
  const decisions = snapshot.document.decisions
  return { status: executor.status, results, variables, counters, accumulators, context, decisions }
}

describe('a cut anywhere is a good cut', () => {
  it('resumed through bytes, over up to three hops, a run ends as the uninterrupted one, each effect made once', async () => {
    let cuts = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(nodeSpec, { minLength: 2, maxLength: 14 }),
        fc.constantFrom(1, 2, 4),
        fc.array(fc.nat({ max: 1_000 }), { minLength: 2, maxLength: 2 }),
        async (specs, concurrency, hops) => {
          const clock = new ManualClock()
          const whole = newWorld()
          const workflow = makeWorkflow(specs, whole)
          const reference = new DagExecutor(workflow, { concurrency, clock, ids, runId: 'run' })
          const texts: { readonly text: string; readonly effects: World }[] = []
          const save = () =>
            texts.push({
              text: serialize(reference.saveSnapshot(), { pretty: false }),
              effects: { effects: new Map(whole.effects), inputs: new Map(whole.inputs) },
            })
          save()
          reference.on('*', save)
          await clock.drive(reference.execute())
          save()
          const expected = outcome(reference)
          const failed = reference.status === 'failed'
          for (const { text, effects } of texts) {
            cuts += 1
            const completed = completedOf(text)
            const world: World = {
              effects: new Map([...effects.effects].filter(([id]) => completed.has(id))),
              inputs: new Map(effects.inputs),
            }
            let bytes = text
            const hopClock = new ManualClock(clock.now())
            let executor = loadSnapshot(deserialize(bytes), makeWorkflow(specs, world), {
              clock: hopClock,
              ids,
            }) as DagExecutor
            for (const hop of hops) {
              // Run on for some events, cut again, and go on from the bytes.
              const next = cutAfter(executor, hop % 7)
              await hopClock.drive(executor.execute())
              const again = next()
              if (again === null) break
              bytes = again
              for (const [id] of world.effects) if (!completedOf(bytes).has(id)) world.effects.delete(id)
              cuts += 1
              executor = loadSnapshot(deserialize(bytes), makeWorkflow(specs, world), {
                clock: hopClock,
                ids,
              }) as DagExecutor
            }
            await hopClock.drive(executor.execute())
            if (!failed) {
              expect(outcome(executor)).toEqual(expected)
              expect(Object.fromEntries(world.effects)).toEqual(Object.fromEntries(whole.effects))
              for (const id of executor.saveSnapshot().completedNodes) {
                if (specs[Number(id.slice(1))]!.trigger !== 'any')
                  expect(world.inputs.get(id)).toBe(whole.inputs.get(id))
              }
            }
            for (const [id, times] of world.effects) expect([id, times]).toEqual([id, 1])
          }
        },
      ),
      runs('random DAGs cut', DAGS),
    )
    count('cuts', cuts)
  })
})

function completedOf(text: string): Set<string> {
  return new Set((JSON.parse(text) as { readonly completedNodes: readonly string[] }).completedNodes)
}

/** Saves a run after so many events; the bytes, or null when it had ended before. */
function cutAfter(executor: DagExecutor, events: number): () => string | null {
  let seen = 0
  let text: string | null = null
  executor.on('*', (_event: RunEvent) => {
    seen += 1
    if (seen === events) text = serialize(executor.saveSnapshot(), { pretty: false })
  })
  return () => text
}
