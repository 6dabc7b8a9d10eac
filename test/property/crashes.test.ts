import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { builtins } from '../../src/nodes/builtin/builtins.ts'
import { createRegistry } from '../../src/nodes/registry.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { EdgeDefinition, NodeDefinition, WorkflowDefinition } from '../../src/workflow/definition.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { count } from '../helpers/count.ts'
import { type Life, lives, type Tell } from '../helpers/lives.ts'
import { runs } from '../helpers/property.ts'

/** One random node; what it gives follows from this and its inputs alone. */
interface Spec {
  readonly kind: 'work' | 'steps' | 'sleep' | 'signal' | 'late' | 'map' | 'nested'
  /** How far back its upstreams are. */
  readonly backs: readonly number[]
  /** Its first attempt fails; in a nested run, that run fails with it. */
  readonly isShaky: boolean
  /** It fails for good, and only downstream nodes see it. */
  readonly fails: boolean
  readonly asks: boolean
  readonly visits: 1 | 2 | 3
  /** Of a nested run: its nodes. */
  readonly inner: readonly Spec[]
}

const MOST_DEEP = 2
const NAMES = ['x', 'y']

const specs = (depth: number): fc.Arbitrary<readonly Spec[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom<Spec['kind']>(
        'work',
        'steps',
        'sleep',
        'signal',
        'late',
        'map',
        ...(depth < MOST_DEEP ? (['nested', 'nested'] as const) : []),
      ),
      backs: fc.uniqueArray(fc.integer({ min: 1, max: 3 }), { maxLength: 2 }),
      isShaky: fc.boolean(),
      fails: fc.integer({ min: 0, max: 7 }).map((one) => one === 0),
      asks: fc.integer({ min: 0, max: 4 }).map((one) => one === 0),
      visits: fc.constantFrom(1, 1, 2, 3),
      inner: depth < MOST_DEEP ? specs(depth + 1) : fc.constant([]),
    }),
    { minLength: 1, maxLength: depth === 0 ? 7 : 3 },
  )

/** The definition of some specs, with nodes `n0`, `n1` and so on. */
function definitionOf(specs: readonly Spec[], depth: number): WorkflowDefinition {
  const edges: EdgeDefinition[] = []
  const nodes = specs.map((spec, index): NodeDefinition => {
    const { kind, backs, isShaky, fails, asks, visits, inner } = spec
    const sources = backs.map((back) => index - back).filter((source) => source >= 0)
    for (const source of sources) edges.push({ source: `n${source}`, target: `n${index}` })
    const common = {
      id: `n${index}`,
      trigger: 'allDone' as const,
      onError: 'continue' as const,
      onInterrupted: asks ? ('ask' as const) : ('rerun' as const),
    }
    const retry = { retry: { maximumAttempts: 30, initialIntervalMs: 5 } }
    const repeat =
      visits === 1
        ? {}
        : {
            repeat: {
              until: { operator: 'eq' as const, value: 'never' },
              maximumVisits: visits,
              onLimit: 'complete' as const,
            },
          }
    if (kind === 'sleep') return { ...common, ...repeat, type: 'sleep', data: { durationMs: 50 * (index + 1) } }
    if (kind === 'signal')
      return { ...common, ...repeat, type: 'waitForSignal', data: { name: NAMES[index % NAMES.length]! } }
    if (kind === 'late') {
      return {
        ...common,
        type: 'waitForSignal',
        data: { name: 'never', timeoutMs: 70 * (index + 1), onTimeout: fails ? 'fail' : 'route' },
      }
    }
    if (kind === 'nested' && inner.length > 0) {
      return { ...common, ...retry, ...repeat, type: 'run', nested: { workflow: definitionOf(inner, depth + 1) } }
    }
    if (kind === 'map' && sources.length > 0) {
      const onItemError = fails ? 'settle' : 'fail'
      return {
        ...common,
        ...retry,
        type: isShaky ? 'shaky item' : 'item',
        data: { fails },
        map: { items: '', onItemError, concurrency: 2 },
      }
    }
    // In a nested run what is shaky fails its run, whose node tries it again; at the top it tries itself again.
    const isOwn = depth === 0 || fails
    const failing = fails
      ? { onError: 'continue' as const }
      : { onError: depth === 0 ? ('continue' as const) : ('fail' as const) }
    return {
      ...common,
      ...failing,
      ...(isOwn && !fails ? retry : {}),
      ...repeat,
      type: kind === 'steps' ? 'steps' : 'work',
      data: { isShaky, fails },
    }
  })
  return { id: `level ${depth}`, version: '1.0.0', nodes, edges }
}

/** Handlers whose results follow from their inputs; each tells what it does. */
function registryOf(tell: Tell) {
  const begin = (inputs: unknown, ctx: NodeContext) => {
    tell(ctx.idempotencyKey)
    ctx.counters.add('done')
    ctx.variables.set(ctx.nodeId, ctx.visit)
    const { isShaky, fails } = (ctx.data ?? {}) as { readonly isShaky?: boolean; readonly fails?: boolean }
    if (fails === true) throw new Error('never')
    if (isShaky === true && ctx.attempt === 1) throw new Error('not at once')
    return `${ctx.nodeId}.${ctx.visit}(${checksum(inputs)})`
  }
  return createRegistry(builtins)
    .register('run', () => null)
    .register('work', (inputs, ctx) => [begin(inputs, ctx), ctx.nodeId])
    .register('item', (item, ctx) => {
      tell(ctx.idempotencyKey)
      ctx.accumulators.sum('items', ctx.item!.index)
      const { fails } = ctx.data as { readonly fails: boolean }
      if (fails && ctx.item!.index === 0) throw new Error('never')
      return checksum(item)
    })
    .register('shaky item', async (item, ctx) => {
      tell(ctx.idempotencyKey)
      const kept = await ctx.step('kept', () => {
        tell(`${ctx.idempotencyKey} step kept`)
        return checksum(item)
      })
      if (ctx.attempt === 1) throw new Error('not at once')
      return kept
    })
    .register('steps', async (inputs, ctx) => {
      const first = await ctx.step('first', () => {
        tell(`${ctx.idempotencyKey} step first`)
        return checksum(inputs)
      })
      await ctx.checkpoint(first)
      const given = begin(inputs, ctx)
      return [first, await ctx.step('second', async () => `${given} ${String(ctx.restored)}`)]
    })
}

function checksum(value: unknown): number {
  let sum = 0
  for (const char of JSON.stringify(value) ?? '') sum = (Math.imul(sum, 31) + char.charCodeAt(0)) | 0
  return sum
}

function lifeOf(definition: WorkflowDefinition): Life {
  return {
    flow: () => createWorkflow(definition),
    registry: registryOf,
    // Every third time nobody says anything, and what waits for a time has its turn.
    say: (told) => (told < 300 ? [NAMES[told % NAMES.length]!, 'said'] : null),
  }
}

const ways = fc.record({
  appends: fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
  isRecorded: fc.boolean(),
  concurrency: fc.constantFrom(1, 2, 16),
  checkpointEvents: fc.constantFrom(1, 10_000),
})

describe('any workflow of nodes that wait, repeat, map and are runs', () => {
  it('ends the same however often its processes die, and does nothing again that is on record', async () => {
    let crashed = 0
    await fc.assert(
      fc.asyncProperty(specs(0), ways, async (specs, way) => {
        const life = lifeOf(definitionOf(specs, 0))
        const expected = await lives(life, { appends: [], isRecorded: true })
        const { crashes, end, done } = await lives(life, way)
        crashed += crashes
        expect(end).toEqual(expected.end)
        expect([...done]).toEqual([...expected.done])
      }),
      runs('random workflows whose processes die', 400),
    )
    count('processes of random workflows that died', crashed)
  })
})
