import type { NodeState } from './state.ts'

/** Whether a node has ended in a way its downstream nodes can go on from. */
export function isSettled(node: NodeState): boolean {
  return node.status === 'completed' || node.status === 'skipped' || (node.status === 'failed' && node.continues)
}

/** What a settled node is for the nodes after it. */
export type Meaning = 'completed' | 'skipped' | 'failed'

export function meaningOf({ status, skipReason }: NodeState): Meaning {
  if (status === 'failed' || skipReason === 'upstream-failed') return 'failed'
  return status === 'completed' ? 'completed' : 'skipped'
}
