import fc from 'fast-check'
import { builtins } from '../../src/nodes/builtin/builtins.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { AnyWorkflow, NodeFunctions, Workflow } from '../../src/workflow/workflow.ts'

/** How deep workflows are nested at most. */
const MAX_DEPTH = 3

/** What a node of a random workflow is and does. */
export interface FlowNode {
  readonly kind:
    | 'work'
    | 'steps'
    | 'sleep'
    | 'signal'
    | 'deadline'
    | 'map'
    | 'repeat'
    | 'repeat-sleep'
    | 'nested'
    | 'repeat-nested'
  /** How many nodes before it are its upstreams, and where they begin. */
  readonly upstreams: number
  readonly from: number
  /** How it fails: never, at its first attempt, or always, which a fallback or the run bears, or someone outside gives its result. */
  readonly fails: 'never' | 'once' | 'fallback' | 'borne' | 'operator'
  readonly count: number
  readonly concurrency: number
  /** Which signal it waits for; two nodes may wait for one name. */
  readonly signal: number
  /** Milliseconds it takes or sleeps. */
  readonly ms: number
  readonly policy: 'fail' | 'skip' | 'settle'
  readonly inner: readonly FlowNode[]
}

/** A node that may be nested up to a depth. */
export function flowNode(depth = MAX_DEPTH): fc.Arbitrary<FlowNode> {
  const plain = ['work', 'work', 'steps', 'sleep', 'signal', 'deadline', 'map', 'repeat', 'repeat-sleep'] as const
  const kinds = depth > 0 ? ([...plain, 'nested', 'nested', 'repeat-nested'] as const) : plain
  return fc.record({
    kind: fc.constantFrom(...kinds),
    upstreams: fc.nat({ max: 2 }),
    from: fc.nat({ max: 4 }),
    fails: fc.constantFrom('never', 'never', 'never', 'once', 'fallback', 'borne', 'operator'),
    count: fc.nat({ max: 3 }),
    concurrency: fc.constantFrom(1, 2, 5),
    signal: fc.nat({ max: 2 }),
    ms: fc.constantFrom(0, 1, 5, 20),
    policy: fc.constantFrom('fail', 'skip', 'settle'),
    inner: depth > 0 ? fc.array(flowNode(depth - 1), { minLength: 1, maxLength: 3 }) : fc.constant([]),
  })
}

/** What the handlers of a run have done, and what of it is on record. */
export class Effects {
  /** Every call by the key of what it was for. */
  readonly calls: string[] = []
  /** What must never be called again. */
  readonly done: Set<string>
  /** Calls that were made although they must not. */
  readonly wrong: string[] = []
  readonly #latest = new Map<string, string>()

  constructor(done: Iterable<string> = []) {
    this.done = new Set(done)
  }

  call(path: readonly string[], ctx: NodeContext): void {
    const key = ctx.idempotencyKey
    this.#latest.set(unitOf(path, ctx.nodeId, ctx.item?.index), key)
    this.#note(key)
  }

  step(ctx: NodeContext, name: string): void {
    this.#note(`${ctx.idempotencyKey} step ${name}`)
  }

  /** Takes in a fact: what has completed is never to be called again. */
  record({ type, path = [], data }: RunEvent): void {
    if (type === 'node.completed' || type === 'node.visited') this.#finish(unitOf(path, data.nodeId, undefined))
    if (type === 'item.completed') this.#finish(unitOf(path, data.nodeId, data.item))
    if (type === 'step.completed') {
      const key = this.#latest.get(unitOf(path, data.nodeId, data.item))
      if (key !== undefined) this.done.add(`${key} step ${data.name}`)
    }
  }

  #note(key: string): void {
    this.calls.push(key)
    if (this.done.has(key)) this.wrong.push(key)
  }

  #finish(unit: string): void {
    const key = this.#latest.get(unit)
    if (key !== undefined) this.done.add(key)
  }
}

function unitOf(path: readonly string[], nodeId: string, item: number | undefined): string {
  return JSON.stringify([path, nodeId, item ?? null])
}

/** The names of signals that nodes wait for without a deadline, here and in what is nested. */
export function signalsOf(nodes: readonly FlowNode[]): ReadonlySet<string> {
  const names = new Set<string>()
  const open = [...nodes]
  for (const node of open) {
    if (node.kind === 'signal') names.add(`s${node.signal}`)
    if (node.kind === 'nested' || node.kind === 'repeat-nested') open.push(...node.inner)
  }
  return names
}

/**
 * The workflow of some nodes; whatever their handlers do is told to `effects`.
 * @param breaks - whether its first attempt at its first node fails the run, which then is to go on from there
 */
export function randomFlow(
  nodes: readonly FlowNode[],
  effects: Effects,
  path: readonly string[] = [],
  breaks = false,
): Workflow {
  const definitions: object[] = []
  const edges: object[] = []
  const handlers: Record<string, (inputs: never, ctx: never) => unknown> = {}
  const functions: Record<string, NodeFunctions> = {}
  const nested: Record<string, AnyWorkflow> = {}
  nodes.forEach((given, index) => {
    const id = `n${index}`
    // Only nodes of the root can be operated on.
    const node = given.fails === 'operator' && path.length > 0 ? { ...given, fails: 'borne' as const } : given
    const at = Math.min(node.from, index)
    for (let upstream = at; upstream < Math.min(index, at + node.upstreams); upstream += 1) {
      edges.push({ source: `n${upstream}`, target: id })
    }
    // What becomes of an item that fails is said by its node, and not by the run.
    const isBreaking = breaks && index === 0 && node.kind !== 'map'
    const act = async (inputs: unknown, ctx: NodeContext) => {
      effects.call(path, ctx)
      if (node.ms > 0) await pause(ctx, node.ms)
      if (node.kind === 'steps') {
        await ctx.step('first', () => effects.step(ctx, 'first'))
        await ctx.checkpoint({ at: 1 })
        await ctx.step('second', () => effects.step(ctx, 'second'))
      }
      if (isBreaking && ctx.attempt === 1) throw new Error('this time')
      const isFailing = !isBreaking && (node.fails === 'once' ? ctx.attempt === 1 : node.fails !== 'never')
      if (isFailing && (ctx.item === undefined || ctx.item.index === 1)) throw new Error('as it must')
      // Which items still end when one fails its node depends on when the run is cut, as it does for nodes when a run fails.
      if (node.kind !== 'map' || node.policy !== 'fail' || node.fails === 'never' || node.fails === 'once') {
        ctx.counters.add(`of ${id}`)
        ctx.accumulators.sum('all', index + 1)
      }
      return { node: id, sum: sumOf(inputs), item: ctx.item?.key ?? null, visit: ctx.visit }
    }
    const policies = {
      ...(node.fails === 'once' && !isBreaking ? { retry: { maximumAttempts: 5, initialIntervalMs: 3 } } : {}),
      ...(node.fails === 'fallback' && !isBreaking ? { fallback: { type: 'spare' } } : {}),
      ...(node.fails === 'borne' && !isBreaking ? { onError: 'continue' } : {}),
    }
    const repeat = { until: { kind: 'function' }, maximumVisits: node.count + 1, onLimit: 'complete' }
    const until = () => false
    handlers[id] = act as never
    switch (node.kind) {
      case 'sleep':
        definitions.push({ id, ...reference(sleep({ durationMs: node.ms * 100 })) })
        break
      case 'repeat-sleep':
        definitions.push({ id, ...reference(sleep({ durationMs: node.ms * 10 })), repeat })
        functions[id] = { until }
        break
      case 'signal':
        definitions.push({ id, ...reference(waitForSignal({ name: `s${node.signal}` })) })
        break
      case 'deadline':
        definitions.push({
          id,
          ...reference(
            waitForSignal({
              name: 'never',
              timeoutMs: node.ms * 50,
              onTimeout: node.fails === 'never' ? 'route' : 'fail',
            }),
          ),
          ...(node.fails === 'never' ? {} : { onError: 'continue' }),
        })
        break
      case 'map':
        definitions.push({
          id,
          type: id,
          map: { items: { kind: 'function' }, concurrency: node.concurrency, onItemError: node.policy, key: '/k' },
          ...policies,
        })
        functions[id] = { items: () => Array.from({ length: node.count + 1 }, (_, k) => ({ k: `k${k}` })) }
        break
      case 'repeat':
        definitions.push({ id, type: id, repeat, ...policies })
        functions[id] = { until }
        break
      case 'nested':
      case 'repeat-nested': {
        const inner = randomFlow(node.inner, effects, [...path, id], node.fails === 'once')
        nested[id] = inner
        const retry = node.fails === 'once' ? { retry: { maximumAttempts: 6, initialIntervalMs: 2 } } : {}
        const more = node.kind === 'nested' ? {} : { repeat: { ...repeat, maximumVisits: 2 } }
        if (node.kind === 'repeat-nested') functions[id] = { until }
        definitions.push({
          id,
          type: 'workflow',
          nested: { workflow: inner.definition },
          ...more,
          ...retry,
          onError: 'continue',
        })
        break
      }
      default:
        definitions.push({ id, type: id, ...policies })
    }
  })
  handlers['spare'] = ((_: unknown, ctx: NodeContext) => {
    effects.call(path, ctx)
    return { spare: true }
  }) as never
  for (const [type, handler] of builtins) handlers[type] = handler as never
  return createWorkflow(
    { id: 'flow', version: '1.0.0', nodes: definitions, edges },
    { handlers, functions, nested },
  ) as Workflow
}

function reference({ type, data }: { readonly type: string; readonly data?: unknown }): object {
  return { type, data }
}

/** Numbers found in what upstreams gave, so that wrong inputs give wrong outputs. */
function sumOf(inputs: unknown): number {
  return (JSON.stringify(inputs).match(/\d+/g) ?? []).reduce(
    (sum, digits) => (sum * 31 + Number(digits)) % 1_000_003,
    7,
  )
}

function pause(ctx: NodeContext, ms: number): Promise<void> {
  const { setTimer } = ctx.services as { readonly setTimer: (ms: number, done: () => void) => () => void }
  return new Promise((resolve) => {
    setTimer(ms, resolve)
  })
}
