import { RunError } from '../base/errors.ts'
import { NO_ITEM } from './due-heap.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { gatherItems } from './gather.ts'
import { noParts, noProgress, type Progress } from './parts.ts'
import { damaged, require } from './reduce-check.ts'
import { reduceChild } from './reduce-child.ts'
import { isItemEventFitting, reduceItem, reduceListed, reopenItems } from './reduce-items.ts'
import { applyWrite } from './reduce-writes.ts'
import { nodeIndex, type Run } from './run.ts'
import type { NodeState, NodeStatus, RunState } from './state.ts'

/**
 * Applies one fact about a node, in place; see `reduce`.
 * @throws {RunError} HISTORY_DAMAGED, HISTORY_UNKNOWN_EVENT
 */
export function reduceNode(
  run: Run,
  event: Exclude<
    RunEvent,
    {
      readonly type:
        | `run.${string}`
        | `compensation.${string}`
        | 'signal.received'
        | 'token.issued'
        | 'node.set'
        | 'variable.edited'
    }
  >,
  near: number,
): void {
  const { state } = run
  switch (event.type) {
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
      leaveWait(run, index)
      node.dueAt = event.data.dueAt
      run.frontier.delayed(index, event.data.dueAt)
      break
    }
    case 'node.waiting': {
      const index = indexOf(run, event, near)
      requireAttempt(run, event, index)
      const node = endAttempt(run, event, index, 'waiting')
      run.root.state.fruitlessResumes = 0
      node.endedAt = null
      node.wait = event.data.wait
      node.dueAt = event.data.dueAt
      run.frontier.waiting(index, state)
      break
    }
    case 'node.deferred':
      reduceDeferred(run, indexOf(run, event, near), event)
      break
    case 'node.visited': {
      const index = indexOf(run, event, near)
      const node = endAttempt(run, event, index, 'pending')
      run.root.state.fruitlessResumes = 0
      const parts = node.parts ?? noParts()
      require(event, event.data.visit === parts.visits + 1)
      node.parts = { ...noParts(), visits: event.data.visit, previous: event.data.output }
      node.failures = 0
      leaveWait(run, index)
      if (event.data.signals !== undefined) takeSignals(state, event.data.signals)
      if (event.data.writes !== undefined) for (const write of event.data.writes) applyWrite(state, write)
      run.frontier.reopened(index)
      break
    }
    case 'step.completed': {
      const progress = progressOf(run, event, indexOf(run, event, near))
      require(event, progress.steps[event.data.name] === undefined)
      progress.steps[event.data.name] = event.data.output
      break
    }
    case 'node.checkpointed':
      progressOf(run, event, indexOf(run, event, near)).checkpoint = event.data.value
      break
    case 'child.started': {
      const index = indexOf(run, event, near)
      requireAttempt(run, event, index)
      require(event, run.graph.nodes[index]!.nested !== undefined)
      reduceChild(run, index, event)
      break
    }
    case 'items.listed': {
      const index = indexOf(run, event, near)
      requireAttempt(run, event, index)
      require(event, run.graph.nodes[index]!.map !== undefined)
      reduceListed(run, index, event)
      break
    }
    case 'item.started':
    case 'item.completed':
    case 'item.retry-scheduled':
    case 'item.failed':
    case 'item.interrupted': {
      const index = indexOf(run, event, near)
      require(event, isItemEventFitting(state.nodes[index]!, event))
      reduceItem(run, index, event)
      break
    }
    case 'node.fell-back': {
      const index = indexOf(run, event, near)
      const node = endAttempt(run, event, index, 'pending')
      node.failures += 1
      node.error = event.data.error
      node.fallback = true
      leaveWait(run, index)
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
      const map = run.frontier.maps.get(index)
      if (map !== undefined) {
        require(event, map.running === 0)
        reopenItems(node)
        run.frontier.closeMap(index)
        run.frontier.openMap(index, state)
        break
      }
      require(event, (node.status === 'failed' && !node.continues) || node.status === 'interrupted')
      reopenItems(node)
      node.status = 'pending'
      node.operator = null
      node.failures = 0
      node.fallback = false
      node.dueAt = null
      run.frontier.reopened(index)
      break
    }
    case 'usage.added':
      requireActive(run, event, indexOf(run, event, near))
      state.usage[event.data.resource] = (state.usage[event.data.resource] ?? 0) + event.data.amount
      break
    default:
      throw new RunError(
        'HISTORY_UNKNOWN_EVENT',
        `event ${(event as RunEvent).seq} has the type ${JSON.stringify((event as RunEvent).type)}, which this version does not know; read it with a newer version`,
        { details: { seq: (event as RunEvent).seq, type: (event as RunEvent).type } },
      )
  }
}

function reduceCompleted(run: Run, index: number, event: RunEventOf<'node.completed'>): void {
  const { state } = run
  const { data } = event
  const { map } = run.graph.nodes[index]!
  const items = state.nodes[index]!.parts?.items ?? null
  require(event, data.output !== undefined || (map !== undefined && items !== null))
  require(event, run.frontier.maps.get(index)?.isThrough !== false)
  const node = endAttempt(run, event, index, 'completed')
  run.root.state.fruitlessResumes = 0
  node.output = data.output === undefined ? gatherItems(map!, items!) : data.output
  if (node.wait !== null || node.parts !== null) leaveWait(run, index)
  if (node.parts !== null) node.parts = node.parts.child === null ? null : { ...noParts(), child: node.parts.child }
  if (data.signals !== undefined) takeSignals(state, data.signals)
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
  if (node.status === 'running' || node.status === 'waiting') endAttempt(run, event, index, 'failed')
  else {
    // A node that may not start any more (a run limit), or was in flight at a crash and says so, fails without an attempt.
    require(event, node.status === 'pending' || node.status === 'retrying' || node.status === 'interrupted')
    node.status = 'failed'
    node.endedAt = event.at
  }
  node.failures += 1
  node.error = event.data.error
  leaveWait(run, index)
  node.continues = event.data.onError === 'continue'
  run.frontier.asking.delete(index)
  if (node.continues) run.frontier.settled(index, state)
  else run.frontier.failing.add(index)
}

function reduceDeferred(run: Run, index: number, event: RunEventOf<'node.deferred'>): void {
  const { dueAt, item = NO_ITEM } = event.data
  const node = run.state.nodes[index]!
  const target = item === NO_ITEM ? node : node.parts?.items?.list[item]
  require(event, target !== undefined && target.dueAt !== null)
  target.dueAt = dueAt
  run.frontier.delayed(index, dueAt, item)
}

/** Signals that a node has taken are gone; in place, since the runs of a tree share them. */
function takeSignals({ signals }: RunState, taken: readonly number[]): void {
  const [first] = taken
  if (taken.length === 1) {
    const at = signals.findIndex(({ seq }) => seq === first)
    if (at >= 0) signals.splice(at, 1)
    return
  }
  const seqs = new Set(taken)
  let kept = 0
  for (const signal of signals) {
    if (seqs.has(signal.seq)) continue
    signals[kept] = signal
    kept += 1
  }
  signals.length = kept
}

/** A node waits for nothing any more. */
function leaveWait(run: Run, index: number): void {
  const node = run.state.nodes[index]!
  if (node.wait?.kind === 'signal') dropTokens(run.root.state.tokens, node.wait.id)
  node.wait = null
  node.dueAt = null
  run.frontier.waitEnded(index)
}

/** Tokens are for one wait, and for none once that is over. */
function dropTokens(tokens: Run['state']['tokens'], waitId: string): void {
  for (const digest of Object.keys(tokens)) if (tokens[digest]!.waitId === waitId) delete tokens[digest]
}

type AttemptEvent = Extract<RunEvent, { readonly data: { readonly nodeId: string; readonly attempt: number } }>

/** What the attempt a fact is of has left to the next one. */
function progressOf(run: Run, event: AttemptEvent, index: number): Progress {
  requireActive(run, event, index)
  run.root.state.fruitlessResumes = 0
  const node = run.state.nodes[index]!
  if (!('item' in event.data) || event.data.item === undefined) {
    node.parts ??= noParts()
    return node.parts
  }
  const item = node.parts!.items!.list[event.data.item]!
  item.progress ??= noProgress()
  return item.progress
}

/** The state of the node whose running attempt an event must name. */
function requireAttempt(run: Run, event: AttemptEvent, index: number): NodeState {
  const node = run.state.nodes[index]!
  require(event, node.status === 'running' && node.attempt === event.data.attempt)
  return node
}

/** An attempt runs that an event must name: of the node, or of an item of it. */
function requireActive(run: Run, event: AttemptEvent, index: number): void {
  const place = 'item' in event.data ? event.data.item : undefined
  if (place === undefined) {
    requireAttempt(run, event, index)
    return
  }
  const item = run.state.nodes[index]!.parts?.items?.list[place]
  require(event, item?.status === 'running' && item.attempt === event.data.attempt)
}

/** A running or waiting attempt ends; the event must name it. */
function endAttempt(run: Run, event: AttemptEvent, index: number, status: NodeStatus): NodeState {
  const node = run.state.nodes[index]!
  const isRunning = node.status === 'running'
  require(event, (isRunning || isWaitingOnly(run, index)) && node.attempt === event.data.attempt)
  node.status = status
  node.endedAt = event.at
  if (isRunning) run.frontier.running -= 1
  return node
}

/** Whether a node waits, and nothing of it runs: no item of it, and not the run it is. */
function isWaitingOnly({ state, frontier }: Run, index: number): boolean {
  if (state.nodes[index]!.status !== 'waiting') return false
  return (frontier.maps.get(index)?.running ?? 0) === 0 && frontier.nested.get(index)?.state.status !== 'running'
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

function reduceInterrupted(run: Run, index: number, event: RunEventOf<'node.interrupted'>): void {
  requireAttempt(run, event, index)
  endAttempt(run, event, index, 'interrupted')
  run.frontier.interrupted(index)
}
