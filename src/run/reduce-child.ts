import type { RunEventOf } from './event.ts'
import { noParts } from './parts.ts'
import { reopenItems } from './reduce-items.ts'
import { openChild, pendingState, type Run } from './run.ts'
import type { NodeState, RunState } from './state.ts'

/** A node begins to be a run, or goes on with the run it was, whose failed nodes are tried again. */
export function reduceChild(run: Run, index: number, event: RunEventOf<'child.started'>): void {
  const node = run.state.nodes[index]!
  const parts = node.parts ?? noParts()
  node.parts = parts
  if (parts.child === null) parts.child = newChild(run, index, event)
  else reopen(parts.child)
  node.status = 'waiting'
  run.frontier.running -= 1
  openChild(run, index, parts.child)
}

function newChild(run: Run, index: number, { seq, at, data }: RunEventOf<'child.started'>): RunState {
  const { workflow } = run.graph.nodes[index]!.nested!
  const state = pendingState({
    runId: run.state.runId,
    workflow,
    // The definition is part of that of the run, whose fingerprint counts it.
    fingerprint: '',
    ...(data.input === undefined ? {} : { input: data.input }),
    parent: Object.freeze({ runId: run.state.runId, seq, kind: 'child' }),
  })
  state.status = 'running'
  state.startedAt = at
  state.seed = (run.state.seed + Math.imul(index + 1, 0x9e3779b9)) >>> 0
  return state
}

/** A failed run goes on: what failed in it, however deep, is tried again. */
function reopen(state: RunState): void {
  state.status = 'running'
  state.endedAt = null
  state.error = null
  state.failedNodeId = null
  for (const node of state.nodes) {
    if (node.status === 'failed' && !node.continues) reset(node)
  }
}

function reset(node: NodeState): void {
  reopenItems(node)
  node.status = 'pending'
  node.operator = null
  node.failures = 0
  node.fallback = false
  node.dueAt = null
}
