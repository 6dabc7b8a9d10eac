import { DefinitionError, quote, WaystoneError } from '../base/errors.ts'
import type { Graph } from '../workflow/graph.ts'
import type { Handler } from '../workflow/handler.ts'

/** Handlers by node type. */
export interface Registry {
  /** Adds a type. @throws {DefinitionError} NODE_TYPE_DUPLICATE when it is there already */
  register(type: string, handler: Handler): Registry
  /** Puts a handler in the place of one that is there, or adds it. */
  override(type: string, handler: Handler): Registry
  get(type: string): Handler | undefined
  has(type: string): boolean
  /** All types, in the order they were added. */
  types(): readonly string[]
  /** The types a graph needs and this registry has not, each once, in definition order. */
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
  const registry: Registry = {
    register(type, handler) {
      check(type, handler)
      if (handlers.has(type)) {
        throw new DefinitionError(
          'NODE_TYPE_DUPLICATE',
          `node type ${quote(type)} is registered already; use override to replace it`,
          {
            details: { type },
          },
        )
      }
      handlers.set(type, handler)
      return registry
    },
    override(type, handler) {
      check(type, handler)
      handlers.set(type, handler)
      return registry
    },
    get: (type) => handlers.get(type),
    has: (type) => handlers.has(type),
    types: () => [...handlers.keys()],
    missing: (graph) => missingTypes(graph, (type) => handlers.has(type)),
  }
  if (base !== undefined) {
    const entries = isRegistry(base) ? base.types().map((type) => [type, base.get(type)!] as const) : base
    for (const [type, handler] of entries) registry.register(type, handler)
  }
  return registry
}

/** Whether a value is a registry. */
export function isRegistry(value: unknown): value is Registry {
  return typeof value === 'object' && value !== null && 'register' in value && 'missing' in value && 'override' in value
}

/** The types of a graph that have no handler, each once, in definition order; types of fallbacks too. */
export function missingTypes(graph: Graph, has: (type: string) => boolean): readonly string[] {
  const missing = new Set<string>()
  for (const node of graph.nodes) {
    if (!has(node.type)) missing.add(node.type)
    const { fallback } = node
    if (typeof fallback === 'object' && fallback !== null && !has(fallback.type)) missing.add(fallback.type)
  }
  return [...missing]
}

function check(type: unknown, handler: unknown): void {
  if (typeof type !== 'string' || typeof handler !== 'function') {
    throw new WaystoneError(
      'ARGUMENT_INVALID',
      `register expects a type (string) and a handler (function), got ${quote(type)} and ${quote(handler)}`,
    )
  }
}
