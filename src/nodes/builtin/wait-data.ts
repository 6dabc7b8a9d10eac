import { NodeError, quote } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json.ts'
import { resolvePointer } from '../../base/json-pointer.ts'
import type { OnLoad } from '../../run/wait.ts'
import type { NodeContext } from '../../workflow/handler.ts'

/** A refusal of a member of a built-in wait's data, or of what it leads to. */
export function badData(ctx: NodeContext, type: string, expected: string, got: unknown): NodeError {
  const message = `node ${quote(ctx.nodeId)} of type "${type}" expects ${expected}, got ${quote(got)}`
  return new NodeError('NODE_BAD_DATA', message, { details: { nodeId: ctx.nodeId } })
}

/** A member that is a text of some, or is not there. */
export function choiceOf<T extends string>(
  ctx: NodeContext,
  type: string,
  data: JsonObject,
  member: string,
  choices: readonly T[],
): T {
  const found = data[member] ?? choices[0]!
  if (choices.includes(found as T)) return found as T
  throw badData(ctx, type, `data.${member} to be one of ${choices.join(', ')}`, found)
}

/** How a timer goes on after a load. */
export function onLoadOf(ctx: NodeContext, type: string, data: JsonObject): OnLoad {
  return choiceOf(ctx, type, data, 'onLoad', ['deadline', 'remaining', 'restart'])
}

/** What a member holds, or what the pointer in its place leads to in the node's inputs: `{ "path": "/order/dueAt" }`. */
export function valueOf(inputs: Readonly<Record<string, unknown>>, given: unknown): unknown {
  const path = typeof given === 'object' && given !== null ? (given as { readonly path?: unknown }).path : undefined
  return typeof path === 'string' ? resolvePointer(inputs, path) : given
}

/** A duration in milliseconds, 0 or more. */
export function durationOf(ctx: NodeContext, type: string, member: string, value: unknown): number {
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value
  throw badData(ctx, type, `data.${member} to be a number of milliseconds, 0 or more`, value)
}

/** An instant in epoch milliseconds: from a Date, epoch milliseconds, or ISO 8601 text with an offset. */
export function instantOf(ctx: NodeContext, type: string, member: string, value: unknown): number {
  const at = value instanceof Date ? value.getTime() : typeof value === 'string' ? instant(value) : value
  if (typeof at === 'number' && Number.isFinite(at)) return at
  throw badData(
    ctx,
    type,
    `data.${member} to be an instant (ISO 8601 with an offset, epoch milliseconds or a Date)`,
    value,
  )
}

/** Text without an offset would be another instant in another time zone. */
function instant(text: string): number {
  return /(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN
}
