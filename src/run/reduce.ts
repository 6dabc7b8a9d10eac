import { codedError } from '../base/serialized-error.ts'
import { stateOf } from './compensation-queue.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { rebase } from './rebase.ts'
import { damaged, require } from './reduce-check.ts'
import { isCompensationEvent, reduceCompensation } from './reduce-compensation.ts'
import { reduceNode } from './reduce-node.ts'
import { leaveFailures, reduceEdited, reduceSet, reduceSkipped } from './reduce-operation.ts'
import { openCompensations, type Run, runAt, runsOf, wake } from './run.ts'
import { waitingNode } from './signal-waits.ts'
import type { NodeStatus, RunState } from './state.ts'
import { stateBytesOf } from './state-size.ts'

/**
 * Applies one fact to a run, in place. Deterministic: no clock, no randomness, no I/O; nothing else changes a run's state.
 * @param near - index of the node the fact is probably of, see {@link nodeIndex}; default none
 * @throws {RunError} HISTORY_DAMAGED when the fact can't follow the state, HISTORY_UNKNOWN_EVENT for an unknown type
 */
export function reduce(root: Run, event: RunEvent, near = -1): void {
  // A compensation may be of a run that is no more under way; the root knows whose turn it is.
  const run = event.path === undefined || isCompensationEvent(event) ? root : runAt(root, event.path)
  if (run === undefined) throw damaged(event, 'no nested run is under way there')
  apply(run, event, near)
  root.state.seq = event.seq
  root.state.lastAt = event.at
  // Those it is part of may have waited for it alone.
  if (root.frontier.nested.size > 0) for (let at: Run | null = run; at !== null; at = at.parent) wake(at)
}

function apply(run: Run, event: RunEvent, near: number): void {
  const { state } = run
  if (event.seq !== run.root.state.seq + 1) throw damaged(event, `expected sequence ${run.root.state.seq + 1}`)
  if (event.runId !== state.runId) throw damaged(event, `expected run ${JSON.stringify(state.runId)}`)
  require(event, run.parent === null || !isOfRoot(event.type))
  switch (event.type) {
    // Most facts are one of these two, and the host compares the cases one by one.
    case 'node.started':
    case 'node.completed':
      reduceNode(run, event, near)
      break
    case 'run.started':
      startState(state, event)
      break
    case 'run.resumed':
      require(event, state.status === 'paused' ||
        state.status === 'failed' ||
        state.status === 'waiting' ||
        state.status === 'quarantined' ||
        state.status === 'running')
      if (event.data.config !== undefined) state.config = event.data.config
      if (event.data.workflow !== undefined) rebase(run, event.data.workflow, event.data.fingerprint ?? '')
      state.fruitlessResumes = event.data.reason === 'loaded' ? state.fruitlessResumes + 1 : 0
      state.status = 'running'
      state.pausing = false
      state.endedAt = null
      state.error = null
      state.failedNodeId = null
      state.reason = null
      // A segment that ended without a fact (a crash) is counted up to its last fact.
      endSegment(state, state.lastAt)
      state.activeSince = event.at
      for (const each of runsOf(run)) {
        each.state.config = state.config
        if (event.data.reason === 'failed') leaveFailures(each)
        each.frontier.wentOn(each.state)
        wake(each)
      }
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
    case 'run.quarantined':
      // What was in flight when its process ended still is, until somebody takes the run up.
      require(event, state.status === 'running')
      endRun(state, 'quarantined', state.lastAt)
      state.endedAt = null
      break
    case 'run.waiting':
      requireIdle(run, event)
      endRun(state, 'waiting', event.at)
      state.endedAt = null
      break
    case 'run.canceled':
      require(event, state.status !== 'pending' && !isEnded(state))
      for (const each of runsOf(run)) if (each === run || each.state.status !== 'canceled') cancel(each, event)
      break
    case 'run.compensating':
      reduceCompensating(run, event)
      break
    case 'compensation.started':
    case 'compensation.completed':
    case 'compensation.retry-scheduled':
    case 'compensation.failed':
    case 'compensation.interrupted':
      reduceCompensation(run, event)
      break
    case 'run.completed':
      requireIdle(run, event)
      require(event, run.frontier.unsettled === 0)
      endRun(state, 'completed', event.at)
      tellParent(run)
      break
    case 'run.failed':
      requireIdle(run, event)
      endRun(state, 'failed', event.at)
      state.error = event.data.error
      state.failedNodeId = event.data.nodeId ?? null
      tellParent(run)
      break
    case 'signal.received':
      require(event, state.status !== 'pending' && !isEnded(state))
      reduceSignal(run, event)
      break
    case 'token.issued': {
      const { waitId, digest, expiresAt } = event.data
      require(event, waitingNode(run, waitId) !== null && !isEnded(state))
      state.tokens[digest] = { waitId, expiresAt }
      break
    }
    case 'node.set':
      reduceSet(run, event)
      break
    case 'variable.edited':
      reduceEdited(run, event)
      break
    case 'node.skipped':
      if (event.data.reason === 'operator') reduceSkipped(run, event)
      else reduceNode(run, event, near)
      break
    default:
      reduceNode(run, event, near)
  }
}

/** Whether a fact is of a run as a whole, and never of one nested in it. */
function isOfRoot(type: RunEvent['type']): boolean {
  if (type === 'signal.received' || type === 'token.issued') return true
  return type.startsWith('run.') && type !== 'run.completed' && type !== 'run.failed'
}

/** A nested run has come to its end: its node can come to its own. */
function tellParent({ parent, host }: Run): void {
  if (parent === null) return
  parent.frontier.nestedEnded(host)
  wake(parent)
}

function cancel(run: Run, event: RunEventOf<'run.canceled'>): void {
  const { state, compensations } = run
  const { at, data } = event
  endRun(state, 'canceled', at)
  state.reason = data.reason
  state.error = data.error ?? codedError('RUN_CANCELED', `the run was canceled: ${data.reason}`)
  const compensation = compensations?.next === undefined ? undefined : stateOf(compensations.next)
  if (compensation?.status === 'running') compensation.status = 'interrupted'
  cancelNodes(run, at)
}

/** A run begins to compensate: nothing else of it, or of those nested in it, goes on. */
function reduceCompensating(run: Run, event: RunEventOf<'run.compensating'>): void {
  const { state } = run
  const { cause, error, nodeId = null, reason = null } = event.data
  require(event, state.status !== 'pending' && !isEnded(state) && state.compensating === null)
  if (cause === 'failure') requireIdle(run, event)
  else {
    for (const each of runsOf(run).slice(1)) {
      endRun(each.state, 'canceled', event.at)
      each.state.reason = reason
      each.state.error = error
      cancelNodes(each, event.at)
    }
    cancelNodes(run, event.at)
    // Nobody drives a run that does not run: its compensations wait for whoever takes it up.
    if (state.status !== 'running') {
      state.status = 'paused'
      state.endedAt = null
      state.error = null
      state.failedNodeId = null
      state.reason = reason
    }
  }
  state.compensating = { cause, error, nodeId, reason }
  openCompensations(run)
}

function cancelNodes({ state, frontier }: Run, at: number): void {
  for (const node of state.nodes) {
    if (!isOpen(node.status)) continue
    if (node.status === 'running') node.endedAt = at
    node.status = 'canceled'
  }
  frontier.running = 0
}

/** Whether a node has begun and not ended. */
function isOpen(status: NodeStatus): boolean {
  return status === 'running' || status === 'retrying' || status === 'interrupted' || status === 'waiting'
}

/** Whether nothing can happen in a run any more. */
export function isEnded({ status, compensating }: RunState): boolean {
  return status === 'completed' || status === 'canceled' || (status === 'failed' && compensating !== null)
}

/** Applies the first fact to a state, but for its sequence. */
export function startState(state: RunState, event: RunEventOf<'run.started'>): void {
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

function reduceSignal(run: Run, { seq, at, data }: RunEventOf<'signal.received'>): void {
  const { name, payload, idempotencyKey, waitId, fits } = data
  const { state } = run
  state.signals.push({
    seq,
    at,
    name,
    payload,
    ...(waitId === undefined ? {} : { waitId }),
    ...(fits === undefined ? {} : { fits }),
  })
  if (idempotencyKey !== undefined) state.signalKeys[idempotencyKey] = seq
  for (const each of runsOf(run)) {
    if (each.frontier.waits.received(name)) wake(each)
  }
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

/** The run goes on, and no attempt with it: the run may come to an end. */
function requireIdle({ state, activity }: Run, event: RunEvent): void {
  require(event, state.status === 'running' && activity.running === 0)
}
