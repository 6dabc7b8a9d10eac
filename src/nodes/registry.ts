import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { DefinitionError, quote } from '../base/errors.ts'
import { type Graph, isGraph } from '../workflow/graph.ts'
import type { Handler } from '../workflow/handler.ts'

/**
 * How a node type keeps a state of its own, beside what its nodes write: a rate limiter its window, say. A registry with such a
 * type serves one run at a time, unless the type tells runs apart itself.
 */
export interface TypeHooks {
  /** The state now, a value the codec takes; asked when a node of the type completes, and recorded with it when it has changed. */
  save(): unknown
  /** Takes the state recorded last; called once, before the first node of the type runs. Not called when there is none. */
  load(state: unknown): void
}

/** Handlers by node type. */
export interface Registry {
  /**
   * Adds a type.
   * @param hooks - of a type that keeps a state of its own
   * @throws {DefinitionError} NODE_TYPE_DUPLICATE when it is there already
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  register(type: string, handler: Handler, hooks?: TypeHooks): Registry
  /** Puts a handler in the place of one that is there, or adds it. @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
  override(type: string, handler: Handler, hooks?: TypeHooks): Registry
  /** How a type keeps its state; undefined for one that keeps none. */
  hooks(type: string): TypeHooks | undefined
  get(type: string): Handler | undefined
  has(type: string): boolean
  /** All types, in the order they were added. */
  types(): readonly string[]
  /** The types a graph needs and this registry has not, each once, in definition order. @throws {WaystoneError} ARGUMENT_INVALID */
  missing(graph: Graph): readonly string[]
}

/**
 * A registry of node types.
 *
 * @param base - handlers to begin with: another registry, or entries of type and handler; default none
 * @example
 * const registry = createRegistry(builtins).register('charge-card', (_inputs, ctx) => ctx.idempotencyKey)
 * registry.has('charge-card') // true
 */
export function createRegistry(base?: Registry | Iterable<readonly [string, Handler]>): Registry {
  const handlers = new Map<string, Handler>()
  const hooksOf = new Map<string, TypeHooks>()
  const registry: Registry = {
    register(type, handler, hooks) {
      check('register', type, handler, hooks)
      if (handlers.has(type)) {
        throw new DefinitionError(
          'NODE_TYPE_DUPLICATE',
          `node type ${quote(type)} is registered already; use override to replace it`,
          {
            details: { type },
          },
        )
      }
      return put(type, handler, hooks)
    },
    override(type, handler, hooks) {
      check('override', type, handler, hooks)
      return put(type, handler, hooks)
    },
    hooks: (type) => hooksOf.get(type),
    get: (type) => handlers.get(type),
    has: (type) => handlers.has(type),
    types: () => [...handlers.keys()],
    missing(graph) {
      if (!readArgument('graph', () => isGraph(graph))) throw invalidArgument('graph', 'the graph of a workflow', graph)
      return missingTypes(graph, (type) => handlers.has(type))
    },
  }
  if (base !== undefined) {
    for (const [type, handler] of entriesOf(base)) {
      registry.register(type, handler, isRegistry(base) ? base.hooks?.(type) : undefined)
    }
  }
  return registry

  function put(type: string, handler: Handler, hooks: TypeHooks | undefined): Registry {
    handlers.set(type, handler)
    if (hooks === undefined) hooksOf.delete(type)
    else hooksOf.set(type, { save: () => hooks.save(), load: (state) => hooks.load(state) })
    return registry
  }
}

/** Whether a value is a registry. */
export function isRegistry(value: unknown): value is Registry {
  if (typeof value !== 'object' || value === null) return false
  try {
    return 'register' in value && 'missing' in value && 'override' in value
  } catch {
    // A Proxy that can't be read.
    return false
  }
}

/** The types of a graph that have no handler, each once, in definition order; types of fallbacks and compensations too. */
export function missingTypes(graph: Graph, has: (type: string) => boolean): readonly string[] {
  const missing = new Set<string>()
  // Most have the type of the one before.
  let last: string | null = null
  // Asked before every run, and so by index: an iterator makes an object a node.
  for (let index = 0; index < graph.nodes.length; index += 1) {
    const node = graph.nodes[index]!
    // A node that is a run has no handler: the nodes of that run have.
    if (node.type !== last && node.nested === undefined) {
      if (!has(node.type)) missing.add(node.type)
      last = node.type
    }
    const { fallback, compensation } = node
    if (compensation !== undefined && !has(compensation.type)) missing.add(compensation.type)
    if (typeof fallback === 'object' && fallback !== null && !has(fallback.type)) missing.add(fallback.type)
  }
  return [...missing]
}

/** The entries of what a registry begins with, read once. */
function entriesOf(base: unknown): readonly (readonly [string, Handler])[] {
  const of = 'createRegistry'
  return readArgument(
    'base',
    () => {
      if (isRegistry(base)) return base.types().map((type) => [type, base.get(type)!] as const)
      const entries = typeof base === 'object' ? (base as Partial<Iterable<unknown>> | null) : null
      if (typeof entries?.[Symbol.iterator] !== 'function') throw noEntries(base)
      return Array.from(entries as Iterable<readonly [string, Handler]>, (entry) => {
        if (!Array.isArray(entry)) throw noEntries(entry)
        return [entry[0], entry[1]] as const
      })
    },
    { of },
  )

  function noEntries(got: unknown): Error {
    return invalidArgument('base', 'a registry, or entries of type and handler such as builtins', got, { of })
  }
}

function check(of: 'register' | 'override', type: unknown, handler: unknown, hooks: unknown): void {
  if (typeof type !== 'string') throw invalidArgument('type', 'a string', type, { of })
  if (typeof handler !== 'function') throw invalidArgument('handler', 'a function', handler, { of })
  if (hooks === undefined) return
  const advice =
    of === 'register' ? 'to replace a handler call override(type, handler)' : 'override takes no other options'
  checkOptions(hooks, ['save', 'load'], of)
  for (const name of ['save', 'load'] as const) {
    const hook = (hooks as Partial<TypeHooks>)[name]
    if (typeof hook !== 'function') throw invalidArgument(`hooks.${name}`, 'a function', hook, { of, advice })
  }
}
