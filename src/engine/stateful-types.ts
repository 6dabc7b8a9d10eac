import { readArgument } from '../base/argument.ts'
import { type Encoded, isSameEncoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { AttemptContext } from '../nodes/context.ts'
import type { Registry, TypeHooks } from '../nodes/registry.ts'
import type { Run } from '../run/run.ts'
import type { StateWrite } from '../run/state-write.ts'
import { typeOf } from './attempt.ts'

/**
 * The node types of a run that keep a state of their own, a rate limiter's window say. It is saved with the completion of
 * each of their nodes, as one more write of it when it has changed, so it is never ahead of what is on record; and it is
 * loaded before the first handler of the type is called.
 */
export class StatefulTypes {
  readonly #registry: Registry
  /** Hooks by type, once they were asked for; undefined for a type that keeps nothing, as most do. */
  readonly #hooks = new Map<string, TypeHooks | undefined>()
  readonly #loaded = new Set<string>()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Gives a type the state it had, once, before a handler of it is called. @throws {NodeError} NODE_TYPE_STATE */
  load(run: Run, ctx: AttemptContext): void {
    const type = typeOf(run, ctx.index)
    const hooks = this.#hooksOf(type)
    if (hooks === undefined || this.#loaded.has(type)) return
    const saved = run.root.state.types[type]
    if (saved !== undefined) call(ctx, type, 'load', () => hooks.load(ctx.decode(saved)))
    this.#loaded.add(type)
  }

  #hooksOf(type: string): TypeHooks | undefined {
    if (!this.#hooks.has(type)) {
      // One of another copy of the package, or of a caller's own, may not have hooks at all.
      this.#hooks.set(
        type,
        readArgument('registry', () => this.#registry.hooks?.(type), { of: 'hooks', error: NodeError }),
      )
    }
    return this.#hooks.get(type)
  }

  /** The writes of an attempt that has completed, with the state of its type where that has changed. @throws {NodeError} NODE_TYPE_STATE */
  save(run: Run, ctx: AttemptContext, writes: readonly StateWrite[] | null): readonly StateWrite[] | null {
    const type = typeOf(run, ctx.index)
    const hooks = this.#hooksOf(type)
    if (hooks === undefined) return writes
    const value: Encoded = ctx.encode(call(ctx, type, 'save', () => hooks.save()))
    const before = run.root.state.types[type]
    if (before !== undefined && isSameEncoded(before, value)) return writes
    return [...(writes ?? []), { area: 'type', op: 'set', key: type, value }]
  }
}

/** The stateful types of a registry; null without one. */
export function statefulTypes(registry: Registry | null): StatefulTypes | null {
  return registry === null ? null : new StatefulTypes(registry)
}

function call<T>(ctx: AttemptContext, type: string, name: keyof TypeHooks, hook: () => T): T {
  try {
    return hook()
  } catch (cause) {
    const message = `${name} of the node type ${quote(type)} threw, so node ${quote(ctx.nodeId)} can not ${name === 'load' ? 'run' : 'complete'}`
    throw new NodeError('NODE_TYPE_STATE', message, { details: { nodeId: ctx.nodeId, type }, cause })
  }
}
