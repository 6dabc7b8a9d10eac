import fc from 'fast-check'
import type { JsonValue } from '../../src/base/json.ts'
import { createRegistry, type Registry } from '../../src/nodes/registry.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'

/** What a node is: a call, a wait for a time or a signal, a list of calls, or a run of its own. */
export type ShapeKind = 'step' | 'sleep' | 'ask' | 'race' | 'map' | 'run'

/** One random node; what it does follows from this, its attempt and its visit alone, never from the order of its calls. */
export interface ShapeSpec {
  readonly kind: ShapeKind
  readonly back: readonly number[]
  readonly trigger: 'all' | 'allDone' | 'noneFailed'
  /** Visits; 1: it is not repeated. */
  readonly visits: number
  /** Attempts of a step that fail before one succeeds; as many as `attempts` or more: it fails for good. */
  readonly failures: number
  readonly attempts: number
  readonly onError: 'fail' | 'continue'
  readonly onInterrupted: 'rerun' | 'ask' | 'fail'
  readonly isAsync: boolean
  /** Whether it saves a step and a checkpoint on its way. */
  readonly saves: boolean
  readonly value: number
  /** Of a map node: for each item the attempts that fail. */
  readonly items: readonly number[]
  readonly onItemError: 'fail' | 'skip' | 'settle'
  readonly maximumFailures: number | null
  readonly itemConcurrency: number | null
  readonly isKeyed: boolean
  /** Of a node that is a run. */
  readonly inner: readonly ShapeSpec[]
}

/** What handlers did, kept outside every run: how often each effect was made, by the key that was handed to it. */
export interface ShapeWorld {
  readonly effects: Map<string, number>
  /** Handlers that are being called now, and the most there ever were. */
  active: number
  most: number
}

export const newShapeWorld = (): ShapeWorld => ({ effects: new Map(), active: 0, most: 0 })

/**
 * Random nodes.
 * @param kinds - what they may be; without `race`, what a run comes to is the same however its nodes end and it is cut
 * @param depth - how deep runs are nested
 */
export function shapeSpecs(kinds: readonly ShapeKind[], depth = 2): fc.Arbitrary<readonly ShapeSpec[]> {
  const own = kinds.filter((kind) => kind !== 'run' || depth > 0)
  const spec: fc.Arbitrary<ShapeSpec> = fc.record({
    kind: fc.constantFrom(...own),
    back: fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
    trigger: fc.constantFrom('all', 'all', 'allDone', 'noneFailed'),
    visits: fc.constantFrom(1, 1, 1, 2, 3),
    failures: fc.constantFrom(0, 0, 0, 1, 2, 5),
    attempts: fc.integer({ min: 1, max: 3 }),
    onError: fc.constantFrom('continue', 'continue', 'continue', 'fail'),
    onInterrupted: fc.constantFrom('rerun', 'rerun', 'ask', 'fail'),
    isAsync: fc.boolean(),
    saves: fc.boolean(),
    value: fc.integer({ min: 0, max: 40 }),
    items: fc.array(fc.constantFrom(0, 0, 0, 1, 5), { maxLength: 5 }),
    onItemError: fc.constantFrom('fail', 'skip', 'settle'),
    maximumFailures: fc.constantFrom(null, null, 0, 1),
    itemConcurrency: fc.constantFrom(null, 1, 2),
    isKeyed: fc.boolean(),
    inner: depth > 0 ? shapeSpecs(kinds, depth - 1) : fc.constant([]),
  })
  return fc.array(spec, { minLength: 1, maxLength: depth === 2 ? 6 : 3 })
}

/** The workflow of some specs, named `n0`, `n1` …, with the handlers of all of it, those of nested runs too. */
export function shapesWorkflow(
  specs: readonly ShapeSpec[],
  world: ShapeWorld,
): { readonly flow: Workflow; readonly registry: Registry } {
  const registry = createRegistry([
    ['step', stepOf(world)],
    ['list', (_, ctx) => ctx.data],
    ['item', itemOf(world)],
    ['send', (_, ctx) => ctx.sendSignal((ctx.data as { readonly name: string }).name, { visit: ctx.visit })],
  ])
  return { flow: createWorkflow(shapesDefinition(specs)), registry }
}

/** The same as plain JSON. */
export function shapesDefinition(specs: readonly ShapeSpec[], path = 'w'): object {
  const nodes: object[] = []
  const edges: { readonly source: string; readonly target: string }[] = []
  specs.forEach((spec, index) => {
    const id = `n${index}`
    const sources = new Set(spec.back.filter((back) => back <= index).map((back) => `n${index - back}`))
    // What a map node maps is listed by a node of its own, which waits for its upstreams in its stead.
    const entry = spec.kind === 'map' ? `${id} list` : id
    if (spec.kind === 'map') {
      const data = spec.items.map((failures, place) => ({ key: `k${place}`, failures }))
      nodes.push({ id: entry, type: 'list', data, trigger: spec.trigger })
      edges.push({ source: entry, target: id })
    }
    // Who waits for a signal of its own is sent as many as it waits for.
    if (spec.kind === 'ask') {
      nodes.push({ id: `${id} sends`, type: 'send', data: { name: `${path}/${id}` }, ...repeatOf(spec.visits) })
    }
    for (const source of sources) edges.push({ source, target: entry })
    nodes.push(nodeOf(spec, id, `${path}/${id}`))
  })
  return { id: path, version: '1.0.0', nodes, edges }
}

function nodeOf(spec: ShapeSpec, id: string, path: string): object {
  const { kind, trigger, onError, onInterrupted, attempts, visits, value } = spec
  const common = {
    id,
    onError,
    // A node that fails when it is cut off, and lets the run go on, would end otherwise than in a run without a cut.
    onInterrupted: onInterrupted === 'fail' && onError === 'continue' ? 'ask' : onInterrupted,
    retry: { maximumAttempts: attempts, initialIntervalMs: 10 },
  }
  const wait = { ...common, trigger, ...repeatOf(visits) }
  switch (kind) {
    case 'step':
      return { ...wait, type: 'step', data: dataOf(spec) }
    case 'sleep':
      return { ...wait, type: 'sleep', data: { durationMs: value } }
    case 'ask':
      return { ...wait, type: 'waitForSignal', data: { name: path } }
    case 'race':
      return {
        ...wait,
        type: 'waitForSignal',
        data: { name: 'race', timeoutMs: value, onTimeout: 'route', take: value % 2 === 0 ? 'first' : 'all' },
      }
    case 'map': {
      const { onItemError, maximumFailures, itemConcurrency, isKeyed, isAsync } = spec
      const map = {
        items: `/${id} list`,
        onItemError,
        ...(isKeyed ? { key: '/key' } : {}),
        ...(maximumFailures === null ? {} : { maximumFailures }),
        ...(itemConcurrency === null ? {} : { concurrency: itemConcurrency }),
      }
      return { ...common, type: 'item', data: { isAsync, saves: spec.saves }, map }
    }
    case 'run': {
      const { onInterrupted: _, ...rest } = wait
      return { ...rest, type: 'workflow', nested: { workflow: shapesDefinition(spec.inner, path) } }
    }
  }
}

function repeatOf(visits: number): object {
  if (visits === 1) return {}
  return {
    repeat: { until: { path: '/isLast', operator: 'eq', value: true }, maximumVisits: visits, onLimit: 'complete' },
  }
}

function dataOf({ failures, attempts, isAsync, saves, value }: ShapeSpec): JsonValue {
  return { failures, attempts, isAsync, saves, value }
}

const stepOf = (world: ShapeWorld) => async (_: object, ctx: NodeContext) => {
  const { failures, attempts, isAsync, saves, value } = ctx.data as unknown as ShapeSpec
  return called(world, async () => {
    if (isAsync) await Promise.resolve()
    if (saves) {
      const step = await ctx.step('a step', () => noted(world, `${ctx.idempotencyKey} step`))
      await ctx.checkpoint({ step, attempt: ctx.attempt })
    }
    if (failures >= attempts || ctx.attempt <= failures) throw new Error('planned failure')
    noted(world, ctx.idempotencyKey)
    ctx.counters.add('steps')
    return { value, visit: ctx.visit, isLast: value % 5 === 0 && ctx.visit === 2 }
  })
}

const itemOf = (world: ShapeWorld) => (item: object, ctx: NodeContext) => {
  const { isAsync, saves } = ctx.data as unknown as ShapeSpec
  const { failures } = item as { readonly failures: number }
  return called(world, () => {
    const finish = () => {
      if (ctx.attempt <= failures) throw new Error(`planned failure of ${ctx.item!.key}`)
      noted(world, ctx.idempotencyKey)
      ctx.accumulators.sum('items', 1)
      return { of: ctx.item!.key, at: ctx.item!.index }
    }
    if (saves) return ctx.step('a step', () => noted(world, `${ctx.idempotencyKey} step`)).then(finish)
    return isAsync ? Promise.resolve().then(finish) : finish()
  })
}

/** Counts how many handlers are being called at once. */
function called<T>(world: ShapeWorld, call: () => T | Promise<T>): T | Promise<T> {
  world.active += 1
  world.most = Math.max(world.most, world.active)
  let returned: T | Promise<T>
  try {
    returned = call()
  } catch (error) {
    world.active -= 1
    throw error
  }
  if (returned instanceof Promise) {
    return returned.finally(() => {
      world.active -= 1
    })
  }
  world.active -= 1
  return returned
}

function noted(world: ShapeWorld, key: string): true {
  world.effects.set(key, (world.effects.get(key) ?? 0) + 1)
  return true
}
