import { RunError } from '../base/errors.ts'
import { codedError } from '../base/serialized-error.ts'
import type { NodeInterrupted, RunEvent, RunEventOf } from './event.ts'
import { rebase } from './rebase.ts'
import { applyWrite } from './reduce-writes.ts'
import { nodeIndex, type Run } from './run.ts'
import type { NodeState, NodeStatus, RunState } from './state.ts'
import { stateBytesOf } from './state-size.ts'

/**
 * Applies one fact to a run, in place. Deterministic: no clock, no randomness, no I/O; nothing else changes a run's state.
 * @param near - index of the node the fact is probably of, see {@link nodeIndex}; default none
 * @throws {RunError} HISTORY_DAMAGED when the fact can't follow the state, HISTORY_UNKNOWN_EVENT for an unknown type
 */
export function reduce(run: Run, event: RunEvent, near = -1): void {
  const { state } = run
  if (event.seq !== state.seq + 1) throw damaged(event, `expected sequence ${state.seq + 1}`)
  if (event.runId !== state.runId) throw damaged(event, `expected run ${JSON.stringify(state.runId)}`)
  switch (event.type) {
    case 'run.started':
      reduceStarted(run, event)
      break
    case 'run.resumed':
      require(event, state.status === 'paused' ||
        state.status === 'failed' ||
        state.status === 'waiting' ||
        state.status === 'running')
      if (event.data.config !== undefined) state.config = event.data.config
      if (event.data.workflow !== undefined) rebase(run, event.data.workflow, event.data.fingerprint ?? '')
      state.status = 'running'
      state.pausing = false
      state.endedAt = null
      state.error = null
      state.failedNodeId = null
      state.reason = null
      // A segment that ended without a fact (a crash) is counted up to its last fact.
      endSegment(state, state.lastAt)
      state.activeSince = event.at
      break
    case 'run.pause-requested':
      require(event, state.status === 'running')
      state.pausing = true
      state.reason = event.data.reason
      break
    case 'run.paused':
      requireIdle(run, event)
      endRun(state, 'paused', event.at)
      state.pausing = false
      state.endedAt = null
      state.reason = event.data.reason
      break
    case 'run.waiting':
      requireIdle(run, event)
      endRun(state, 'waiting', event.at)
      state.endedAt = null
      break
    case 'run.canceled':
      require(event, state.status !== 'pending' && !isEnded(state))
      endRun(state, 'canceled', event.at)
      state.reason = event.data.reason
      state.error = codedError('RUN_CANCELED', `the run was canceled: ${event.data.reason}`)
      for (const node of state.nodes) {
        if (node.status === 'running' || node.status === 'retrying' || node.status === 'interrupted') {
          if (node.status === 'running') node.endedAt = event.at
          node.status = 'canceled'
        }
      }
      run.frontier.running = 0
      break
    case 'run.completed':
      requireIdle(run, event)
      require(event, run.frontier.unsettled === 0)
      endRun(state, 'completed', event.at)
      break
    case 'run.failed':
      requireIdle(run, event)
      endRun(state, 'failed', event.at)
      state.error = event.data.error
      state.failedNodeId = event.data.nodeId ?? null
      break
    case 'node.started': {
      const index = indexOf(run, event, near)
      const node = state.nodes[index]!
      require(event, node.status === 'pending' || node.status === 'retrying' || node.status === 'interrupted')
      require(event, event.data.attempt === node.attempt + 1)
      node.status = 'running'
      node.attempt = event.data.attempt
      node.startedAt = event.at
      node.endedAt = null
      node.dueAt = null
      state.usage['nodeExecutions'] = (state.usage['nodeExecutions'] ?? 0) + 1
      run.frontier.started(index)
      break
    }
    case 'node.completed':
      reduceCompleted(run, indexOf(run, event, near), event)
      break
    case 'node.retry-scheduled': {
      const index = indexOf(run, event, near)
      const node = endAttempt(run, event, index, 'retrying')
      node.failures += 1
      node.error = event.data.error
      node.dueAt = event.data.dueAt
      run.frontier.delayed(index, event.data.dueAt)
      break
    }
    case 'node.fell-back': {
      const index = indexOf(run, event, near)
      const node = endAttempt(run, event, index, 'pending')
      node.failures += 1
      node.error = event.data.error
      node.fallback = true
      run.frontier.reopened(index)
      break
    }
    case 'node.failed':
      reduceFailed(run, indexOf(run, event, near), event)
      break
    case 'node.skipped': {
      const index = indexOf(run, event, near)
      const node = state.nodes[index]!
      require(event, node.status === 'pending')
      node.status = 'skipped'
      node.skipReason = event.data.reason
      node.endedAt = event.at
      run.frontier.settled(index, state)
      break
    }
    case 'node.interrupted':
      reduceInterrupted(run, indexOf(run, event, near), event)
      break
    case 'node.reset': {
      const index = indexOf(run, event, near)
      const node = state.nodes[index]!
      require(event, (node.status === 'failed' && !node.continues) || node.status === 'interrupted')
      node.status = 'pending'
      node.failures = 0
      node.fallback = false
      node.dueAt = null
      run.frontier.reopened(index)
      break
    }
    case 'usage.added':
      requireAttempt(run, event, indexOf(run, event, near))
      state.usage[event.data.resource] = (state.usage[event.data.resource] ?? 0) + event.data.amount
      break
    case 'signal.received':
      require(event, state.status !== 'pending' && !isEnded(state))
      state.signals.push({ seq: event.seq, at: event.at, name: event.data.name, payload: event.data.payload })
      break
    default:
      throw new RunError(
        'HISTORY_UNKNOWN_EVENT',
        `event ${(event as RunEvent).seq} has the type ${JSON.stringify((event as RunEvent).type)}, which this version does not know; read it with a newer version`,
        { details: { seq: (event as RunEvent).seq, type: (event as RunEvent).type } },
      )
  }
  state.seq = event.seq
  state.lastAt = event.at
}

/** Whether nothing can happen in a run any more. */
export function isEnded(state: RunState): boolean {
  return state.status === 'completed' || state.status === 'canceled'
}

function reduceStarted(run: Run, event: RunEventOf<'run.started'>): void {
  const { state } = run
  require(event, state.status === 'pending')
  const { data } = event
  state.status = 'running'
  state.input = data.input
  state.config = data.config
  state.seed = data.seed
  state.parent = data.parent
  Object.assign(state.variables, data.variables)
  Object.assign(state.contextVariables, data.contextVariables)
  Object.assign(state.contextConstants, data.contextConstants)
  state.stateBytes = stateBytesOf(state)
  state.startedAt = event.at
  state.activeSince = event.at
}

function reduceCompleted(run: Run, index: number, event: RunEventOf<'node.completed'>): void {
  const { state } = run
  const { data } = event
  const node = endAttempt(run, event, index, 'completed')
  node.output = data.output
  if (data.decisions !== undefined) {
    for (const key of Object.keys(data.decisions)) state.decisions[key] = data.decisions[key]!
  }
  if (data.writes !== undefined) for (const write of data.writes) applyWrite(state, write)
  // The workflow's own text of the id: that of an event read from a log would be kept beside it.
  state.completed.push(run.graph.ids[index]!)
  run.frontier.settled(index, state)
}

function reduceFailed(run: Run, index: number, event: RunEventOf<'node.failed'>): void {
  const { state } = run
  const node = state.nodes[index]!
  if (node.status === 'running') endAttempt(run, event, index, 'failed')
  else {
    // A node that may not start any more (a run limit), or was in flight at a crash and says so, fails without an attempt.
    require(event, node.status === 'pending' || node.status === 'retrying' || node.status === 'interrupted')
    node.status = 'failed'
    node.endedAt = event.at
  }
  node.failures += 1
  node.error = event.data.error
  node.dueAt = null
  node.continues = event.data.onError === 'continue'
  run.frontier.asking.delete(index)
  if (node.continues) run.frontier.settled(index, state)
  else run.frontier.failing.add(index)
}

function reduceInterrupted(run: Run, index: number, event: NodeInterrupted): void {
  endAttempt(run, event, index, 'interrupted')
  run.frontier.interrupted(index)
}

type AttemptEvent = Extract<RunEvent, { readonly data: { readonly nodeId: string; readonly attempt: number } }>

/** The state of the node whose running attempt an event must name. */
function requireAttempt(run: Run, event: AttemptEvent, index: number): NodeState {
  const node = run.state.nodes[index]!
  require(event, node.status === 'running' && node.attempt === event.data.attempt)
  return node
}

/** A running attempt ends; the event must name it. */
function endAttempt(run: Run, event: AttemptEvent, index: number, status: NodeStatus): NodeState {
  const node = requireAttempt(run, event, index)
  node.status = status
  node.endedAt = event.at
  run.frontier.running -= 1
  return node
}

function endRun(state: RunState, status: RunState['status'], at: number): void {
  state.status = status
  state.endedAt = at
  endSegment(state, at)
}

function endSegment(state: RunState, at: number): void {
  if (state.activeSince !== null) state.activeMs += Math.max(0, at - state.activeSince)
  state.activeSince = null
}

function indexOf(
  run: Run,
  event: Extract<RunEvent, { readonly data: { readonly nodeId: string } }>,
  near: number,
): number {
  require(event, run.state.status === 'running')
  const index = nodeIndex(run.graph, event.data.nodeId, near)
  if (index === undefined) throw damaged(event, `the workflow has no node ${JSON.stringify(event.data.nodeId)}`)
  return index
}

/** The run goes on, and no attempt with it: the run may come to an end. */
function requireIdle({ state, frontier }: Run, event: RunEvent): void {
  require(event, state.status === 'running' && frontier.running === 0)
}

function require(event: RunEvent, holds: boolean): asserts holds {
  if (!holds) throw damaged(event, "it does not follow from the run's state")
}

function damaged(event: RunEvent, why: string): RunError {
  const node = 'nodeId' in event.data ? ` of node ${JSON.stringify(event.data.nodeId)}` : ''
  return new RunError('HISTORY_DAMAGED', `event ${event.seq} (${event.type}${node}) can not be applied: ${why}`, {
    details: { seq: event.seq, type: event.type },
  })
}
