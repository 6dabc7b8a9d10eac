import { NodeError, quote } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json.ts'
import type { NodeContext } from '../../workflow/handler.ts'

/**
 * The data object of a built-in node, with the members it must have.
 * @throws {NodeError} NODE_BAD_DATA
 */
export function dataOf(ctx: NodeContext, type: string, members: readonly string[]): JsonObject {
  const { data } = ctx
  const isObject = typeof data === 'object' && data !== null && !Array.isArray(data)
  const missing = isObject ? members.filter((member) => !Object.hasOwn(data, member)) : members
  if (isObject && missing.length === 0) return data as JsonObject
  throw new NodeError(
    'NODE_BAD_DATA',
    `node ${quote(ctx.nodeId)} of type "${type}" expects data with ${members.join(', ')}, got ${isObject ? `none of ${missing.join(', ')}` : quote(data)}`,
    { details: { nodeId: ctx.nodeId, missing } },
  )
}
