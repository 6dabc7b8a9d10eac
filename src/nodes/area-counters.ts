import { NodeError, quote } from '../base/errors.ts'
import type { CountersContext } from '../workflow/handler.ts'
import type { AttemptContext } from './context.ts'

/** `ctx.counters`. */
export function countersArea(ctx: AttemptContext): CountersContext {
  return Object.freeze({
    get: (name: string) =>
      (ctx.state.counters[ctx.key('counter', name)] ?? 0) +
      (ctx.startedTransaction?.pending('counter', name)?.value ?? 0),
    add: (name: string, by = 1) => {
      ctx.assertOpen()
      ctx.transaction.add(ctx.key('counter', name), finite(ctx, name, by))
    },
  })
}

/** A number that may be summed. @throws {NodeError} STATE_NOT_FINITE */
export function finite(ctx: AttemptContext, name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value + 0
  throw new NodeError(
    'STATE_NOT_FINITE',
    `node ${quote(ctx.nodeId)} gives ${quote(name)} a value that is no finite number: ${quote(value)}`,
    { details: { nodeId: ctx.nodeId, key: name } },
  )
}
