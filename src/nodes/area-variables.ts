import { type Encoded, isSameEncoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { Dictionary } from '../base/json.ts'
import type { RunContext, VariablesContext } from '../workflow/handler.ts'
import type { AttemptContext } from './context.ts'

/** `ctx.variables` or `ctx.context.variables`. */
export function variablesArea(
  ctx: AttemptContext,
  area: 'variable' | 'contextVariable',
  committed: Dictionary<Encoded>,
): VariablesContext {
  const find = (name: string): Encoded | undefined => {
    const key = ctx.key(area, name)
    const pending = ctx.startedTransaction?.pending(area, key)
    if (pending === undefined) return committed[key]
    return pending.op === 'delete' ? undefined : pending.value
  }
  return Object.freeze({
    get: (name: string) => {
      const value = find(name)
      return value === undefined ? undefined : ctx.decode(value)
    },
    has: (name: string) => find(name) !== undefined,
    set: (name: string, value: unknown) => {
      ctx.assertOpen()
      ctx.transaction.set({ area, op: 'set', key: ctx.key(area, name), value: ctx.encode(value) })
    },
    delete: (name: string) => {
      ctx.assertOpen()
      ctx.transaction.set({ area, op: 'delete', key: ctx.key(area, name) })
    },
  })
}

/** `ctx.context.constants`: set once; setting an equal value again changes nothing, another one fails the node. */
export function constantsArea(ctx: AttemptContext): RunContext['constants'] {
  const area = 'contextConstant'
  const find = (name: string): Encoded | undefined =>
    ctx.state.contextConstants[ctx.key(area, name)] ?? ctx.startedTransaction?.pending(area, name)?.value
  return Object.freeze({
    get: (name: string) => {
      const value = find(name)
      return value === undefined ? undefined : ctx.decode(value)
    },
    has: (name: string) => find(name) !== undefined,
    set: (name: string, value: unknown) => {
      ctx.assertOpen()
      const write = { area, op: 'set', key: ctx.key(area, name), value: ctx.encode(value) } as const
      const present = find(name)
      if (present !== undefined && !isSameEncoded(present, write.value)) throw constantSet(ctx, name)
      ctx.transaction.set(write)
    },
  })
}

function constantSet(ctx: AttemptContext, name: string): NodeError {
  return new NodeError(
    'STATE_CONSTANT_SET',
    `node ${quote(ctx.nodeId)} sets the constant ${quote(name)} again with another value; use a context variable for what changes`,
    { details: { nodeId: ctx.nodeId, key: name } },
  )
}
