import type { RunEvent, RunEventOf } from './event.ts'
import { damaged, require } from './reduce-check.ts'
import { applyWrite } from './reduce-writes.ts'
import { type Run, runsOf } from './run.ts'
import type { NodeState, RunState } from './state.ts'

/** A retry leaves the failures so far as they are, but for those that are reset after it: they fail the run only at its end. */
export function leaveFailures({ state, frontier }: Run): void {
  for (const index of frontier.failing) {
    state.nodes[index]!.operator = 'left'
    frontier.left.add(index)
  }
  frontier.failing.clear()
}

/** Someone skipped a node. */
export function reduceSkipped(run: Run, event: RunEventOf<'node.skipped'>): void {
  const { index, node } = changedNode(run, event)
  node.status = 'skipped'
  node.skipReason = 'operator'
  settle(run, index, event.at)
}

/** Someone gave a node's result. */
export function reduceSet(run: Run, event: RunEventOf<'node.set'>): void {
  const { state } = run
  const { index, node } = changedNode(run, event)
  const { output, decisions } = event.data
  node.status = 'completed'
  node.output = output
  if (decisions !== undefined) for (const key of Object.keys(decisions)) state.decisions[key] = decisions[key]!
  state.completed.push(run.graph.ids[index]!)
  settle(run, index, event.at)
  node.operator = 'set'
}

/** Someone set or deleted a variable of the run as a whole. */
export function reduceEdited({ state }: Run, event: RunEventOf<'variable.edited'>): void {
  require(event, isOperable(state))
  const { name: key, value } = event.data
  applyWrite(
    state,
    value === undefined ? { area: 'variable', op: 'delete', key } : { area: 'variable', op: 'set', key, value },
  )
}

/** Whether a run takes operations: it goes on, but not now. */
export function isOperable({ status, compensating }: RunState): boolean {
  if (compensating !== null) return false
  return status === 'paused' || status === 'failed' || status === 'waiting' || status === 'quarantined'
}

/** Whether a node of such a run takes operations: it has not ended in a way others can go on from. */
export function isChangeable({ status, continues }: NodeState): boolean {
  if (status === 'failed') return !continues
  // In a quarantined run: it was in flight when its process ended.
  if (status === 'running') return true
  return status === 'pending' || status === 'retrying' || status === 'waiting' || status === 'interrupted'
}

function changedNode(run: Run, event: RunEvent & { readonly data: { readonly nodeId: string } }) {
  require(event, isOperable(run.root.state) && (run.parent === null || run.state.status === 'running'))
  const index = run.graph.indexOf.get(event.data.nodeId)
  if (index === undefined) throw damaged(event, `the workflow has no node ${JSON.stringify(event.data.nodeId)}`)
  const node = run.state.nodes[index]!
  require(event, isChangeable(node))
  if (node.status === 'running') run.frontier.running -= 1
  return { index, node }
}

/** A node is settled from outside: it waits for nothing any more, and what it had begun is dropped. */
function settle(run: Run, index: number, at: number): void {
  const { frontier, state } = run
  const node = state.nodes[index]!
  node.endedAt = at
  node.dueAt = null
  node.wait = null
  node.parts = null
  node.operator = null
  frontier.closed(index)
  frontier.running -= frontier.maps.get(index)?.running ?? 0
  const child = frontier.nested.get(index)
  if (child !== undefined) for (const each of runsOf(child)) each.frontier.running = 0
  frontier.waitEnded(index)
  frontier.settled(index, state)
}
