import type { NodeState } from '../run/state.ts'

/**
 * Puts the node states of a keyframe in the place of equal ones of the keyframe after it: of a large run most nodes stay as
 * they are from one to the next. Those with parts are left alone.
 */
export function shareNodes(nodes: NodeState[], before: readonly NodeState[]): void {
  const size = Math.min(nodes.length, before.length)
  for (let index = 0; index < size; index += 1) {
    if (isSame(nodes[index]!, before[index]!)) nodes[index] = before[index]!
  }
}

/** Whether two states have the very same members; those that are no primitives never change. */
function isSame(a: NodeState, b: NodeState): boolean {
  return (
    a.parts === null &&
    b.parts === null &&
    a.status === b.status &&
    a.attempt === b.attempt &&
    a.output === b.output &&
    a.endedAt === b.endedAt &&
    a.startedAt === b.startedAt &&
    a.failures === b.failures &&
    a.error === b.error &&
    a.dueAt === b.dueAt &&
    a.continues === b.continues &&
    a.fallback === b.fallback &&
    a.skipReason === b.skipReason &&
    a.operator === b.operator &&
    a.wait === b.wait
  )
}
