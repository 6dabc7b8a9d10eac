import fc from 'fast-check'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { route } from '../../src/workflow/routed.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'

/** How an edge is taken: always, by a handle of its source, by a condition as data or in code. */
type EdgeKind = 'plain' | 'true' | 'false' | 'data' | 'code'

/** One random node; what it does follows from this alone, never from the order or number of its calls. */
export interface NodeSpec {
  readonly upstreams: readonly { readonly back: number; readonly kind: EdgeKind }[]
  readonly type: 'step' | 'switch'
  readonly trigger: 'all' | 'any' | 'allDone' | 'noneFailed'
  /** Attempts that fail before one succeeds; as many as `attempts` or more: it fails for good. */
  readonly failures: number
  /** What a failing attempt does. */
  readonly how: 'throw' | 'hang'
  readonly attempts: number
  readonly onError: 'fail' | 'continue'
  readonly onInterrupted: 'rerun' | 'ask' | 'fail'
  readonly fallback: 'none' | 'type' | 'node'
  readonly writes: boolean
  readonly waits: boolean
  readonly value: number
}

const edgeKind = fc.constantFrom<EdgeKind>('plain', 'plain', 'plain', 'true', 'false', 'data', 'code')

export const nodeSpec: fc.Arbitrary<NodeSpec> = fc.record({
  upstreams: fc.array(fc.record({ back: fc.integer({ min: 1, max: 5 }), kind: edgeKind }), { maxLength: 3 }),
  type: fc.constantFrom('step', 'step', 'step', 'switch'),
  trigger: fc.constantFrom('all', 'all', 'all', 'any', 'allDone', 'noneFailed'),
  failures: fc.constantFrom(0, 0, 0, 1, 2, 5),
  how: fc.constantFrom('throw', 'throw', 'hang'),
  attempts: fc.integer({ min: 1, max: 3 }),
  onError: fc.constantFrom('continue', 'continue', 'continue', 'fail'),
  onInterrupted: fc.constantFrom('rerun', 'rerun', 'ask', 'fail'),
  fallback: fc.constantFrom('none', 'none', 'type', 'node'),
  writes: fc.boolean(),
  waits: fc.boolean(),
  value: fc.integer({ min: -50, max: 50 }),
})

/** What handlers did, kept outside every run: effects by node, and the inputs each completed node saw. */
export interface World {
  readonly effects: Map<string, number>
  readonly inputs: Map<string, string>
}

export const newWorld = (): World => ({ effects: new Map(), inputs: new Map() })

/** Whether what a node gets is the same however parallel nodes end; a node with the rule `any` starts with the first. */
export function isSteady({ trigger }: NodeSpec): boolean {
  return trigger !== 'any'
}

/** The workflow of some specs, named `n0`, `n1` …; where one asks for it, `spare` is the node that stands in. */
export function randomWorkflow(specs: readonly NodeSpec[], world: World): Workflow {
  const predicates = new Map<string, (output: { readonly value: number }) => boolean>()
  const edges = specs.flatMap((spec, index) => {
    const sources = new Map<number, EdgeKind>()
    for (const { back, kind } of spec.upstreams) if (index - back >= 0) sources.set(index - back, kind)
    return [...sources].map(([source, kind]) => {
      const id = `n${source} to n${index}`
      const edge = { id, source: `n${source}`, target: `n${index}` }
      if (kind === 'plain') return edge
      if (kind === 'data') return { ...edge, condition: { path: '/value', operator: 'gte', value: 0 } }
      if (kind !== 'code') return { ...edge, sourceHandle: kind }
      predicates.set(id, (output) => (output?.value ?? 1) % 2 === 0)
      return { ...edge, condition: { kind: 'function' } }
    })
  })
  const spare = specs.some(({ fallback }) => fallback === 'node')
    ? [{ id: 'spare', type: 'stand-in', data: 'spare' }]
    : []
  const flow = { id: 'random', version: '1.0.0', nodes: [...specs.map(nodeOf), ...spare], edges }
  return createWorkflow(flow, { handlers: { step: stepOf(world), 'stand-in': standInOf(world) }, predicates })
}

function nodeOf(spec: NodeSpec, index: number): object {
  const { type, trigger, onError, onInterrupted, attempts, fallback, how } = spec
  // What a switch gives on is what it gets, which has to be the same in every order.
  const isSwitch = type === 'switch' && isSteady(spec)
  const when = { path: '/value', operator: 'gt', value: 0 }
  return {
    id: `n${index}`,
    type: isSwitch ? 'switch' : 'step',
    data: isSwitch ? { cases: [{ when, handle: 'true' }], default: 'false' } : { ...spec, upstreams: [] },
    trigger,
    onError,
    // A node that fails when it is cut off, and lets the run go on, would end otherwise than in a run without a cut.
    onInterrupted: onInterrupted === 'fail' && onError === 'continue' ? 'ask' : onInterrupted,
    retry: { maximumAttempts: attempts, initialIntervalMs: 10 },
    ...(how === 'hang' ? { timeoutMs: 20 } : {}),
    ...(fallback === 'none'
      ? {}
      : { fallback: fallback === 'node' ? 'spare' : { type: 'stand-in', data: spec.value } }),
  }
}

const stepOf = (world: World) => (inputs: Record<string, unknown>, ctx: NodeContext) => {
  const spec = ctx.data as unknown as NodeSpec
  const finish = (): unknown => {
    if (spec.writes) write(ctx, spec.value)
    // A node fails for good or in its first attempts; being run again after a cut must not change which.
    if (spec.failures >= spec.attempts || ctx.attempt <= spec.failures) {
      if (spec.how === 'hang') return new Promise(() => undefined)
      throw new Error('planned failure')
    }
    note(world, inputs, ctx)
    const from = isSteady(spec) ? Object.keys(inputs) : []
    return route(spec.value > 0 ? 'true' : 'false', { value: spec.value, from })
  }
  return spec.waits ? Promise.resolve().then(finish) : finish()
}

const standInOf = (world: World) => (inputs: Record<string, unknown>, ctx: NodeContext) => {
  note(world, inputs, ctx)
  ctx.counters.add('stood in')
  return { value: ctx.data, failed: ctx.failure?.name }
}

/** Writes of every kind. What does not commute is written under the node's own name. */
function write(ctx: NodeContext, value: number): void {
  const { nodeId, accumulators, variables, cache, context } = ctx
  ctx.counters.add('count', value)
  ctx.counters.add('count', 0.5)
  accumulators.sum('sum', value)
  accumulators.count('calls')
  accumulators.min('min', value)
  accumulators.max('max', value)
  accumulators.product('product', value > 0 ? 2 : -1)
  accumulators.append(`list of ${nodeId}`, { value, at: new Date(value) })
  accumulators.concat(`text of ${nodeId}`, String(value))
  variables.set(nodeId, { value, at: new Date(value) })
  variables.delete('begun')
  cache.set(nodeId, new Map([[value, nodeId]]))
  cache.set(`${nodeId} for a while`, value, { ttlMs: 1e9 })
  cache.delete('nothing')
  context.variables.set(nodeId, value)
  context.constants.set('constant', 'the same')
  void ctx.usage.add('metered', 2)
}

function note(world: World, inputs: Record<string, unknown>, { nodeId }: NodeContext): void {
  world.effects.set(nodeId, (world.effects.get(nodeId) ?? 0) + 1)
  world.inputs.set(nodeId, JSON.stringify(inputs))
}
