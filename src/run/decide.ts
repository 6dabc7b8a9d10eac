import { assertNever } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import { codedError } from '../base/serialized-error.ts'
import type { RunCommand, SignalReceive } from './command.ts'
import { decideChild, decideChildFail } from './decide-child.ts'
import {
  compensationInterruptions,
  decideCancel,
  decideCompensated,
  decideCompensationEnd,
  decideCompensationFail,
  decideCompensationStart,
  failOrCompensate,
} from './decide-compensation.ts'
import {
  decideItemComplete,
  decideItemFail,
  decideItemStart,
  decideItemsComplete,
  decideItemsFail,
  decideList,
} from './decide-items.ts'
import {
  decideCheckpoint,
  decideComplete,
  decideFail,
  decideSkip,
  decideStart,
  decideStep,
  decideUsage,
  decideVisit,
  decideWait,
} from './decide-node.ts'
import { decideOperation } from './decide-operation.ts'
import { decideResume } from './decide-resume.ts'
import { type Decision, fact, nameOf, notRunning, type Rejection, reject } from './decision.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { inspectRun } from './inspect.ts'
import { runningItems } from './items.ts'
import { isEnded } from './reduce.ts'
import { type Run, runsOf } from './run.ts'
import { waitingNode } from './signal-waits.ts'

/** How many nodes the error of a stuck run names. */
const SHOWN_IDS = 10

/**
 * Says which facts follow from what the world asks of a run or reports to it. Pure: time comes with the call.
 * @param at - epoch ms, written into the facts
 */
export function decide(run: Run, command: RunCommand, at: number): Decision {
  const { state, frontier } = run
  const isRunning = state.status === 'running'
  const isIdle = run.activity.running === 0
  switch (command.type) {
    // Most commands are one of these two, and the host compares the cases one by one.
    case 'node.start':
      return decideStart(run, command.index, at)
    case 'node.complete':
      return decideComplete(run, command, at)
    case 'run.start':
      return decideRunStart(run, command.seed, at)
    case 'run.resume':
      return decideResume(run, command, at)
    case 'run.request-pause':
      if (!isRunning) return notRunning(run, 'paused')
      if (state.pausing) return []
      return [fact(run, at, 'run.pause-requested', { reason: command.reason })]
    case 'run.pause':
      if (!isRunning || !state.pausing || !isIdle) return notRunning(run, 'paused now')
      return [fact(run, at, 'run.paused', { reason: state.reason ?? 'pause' })]
    case 'run.cut-off':
      // Only what is in flight ends; the plan then says whether the run is paused, or has failed or completed meanwhile.
      if (!isRunning || !state.pausing) return notRunning(run, 'cut off: no pause was asked for')
      return interruptions(run, at, 'pause')
    case 'run.wait':
      if (!isRunning || !isIdle) return notRunning(run, 'put to waiting')
      return decideRunWait(run, at)
    case 'run.cancel':
      return decideCancel(run, command.reason, command.compensate, at)
    case 'compensation.start':
      return decideCompensationStart(run, at)
    case 'compensation.complete':
      return decideCompensated(run, command, at)
    case 'compensation.fail':
      return decideCompensationFail(run, command, at)
    case 'compensation.end':
      return decideCompensationEnd(run, at)
    case 'run.time-out':
      return isRunning ? decideTimeOut(run, at) : notRunning(run, 'timed out')
    case 'run.complete':
      if (!isRunning || frontier.unsettled > 0) return notRunning(run, 'completed')
      return [fact(run, at, 'run.completed', {})]
    case 'run.fail':
      if (
        !isRunning ||
        !isIdle ||
        state.compensating !== null ||
        (frontier.unsettled === 0 && frontier.failing.size === 0)
      )
        return notRunning(run, 'failed')
      return [failOrCompensate(run, at, failureOf(run, at))]
    case 'node.skip':
      return decideSkip(run, command.index, at)
    case 'node.fail':
      return decideFail(run, command, at)
    case 'usage.add':
      return decideUsage(run, command, at)
    case 'signal.receive':
      // Whoever sends a signal again that came need not know what became of the run since.
      if (command.idempotencyKey !== undefined && state.signalKeys[command.idempotencyKey] !== undefined) return []
      if (isEnded(state)) return reject('RUN_ENDED', `run ${nameOf(run)} is ${state.status} and takes no signal`)
      if (state.status === 'pending')
        return reject('RUN_NOT_STARTED', `run ${nameOf(run)} has not started; start it before sending signals`)
      return decideSignal(run, command, at)
    case 'operator.skip':
    case 'operator.set':
    case 'operator.edit':
      return decideOperation(run, command, at)
    case 'token.issue': {
      if (isEnded(state)) return reject('RUN_ENDED', `run ${nameOf(run)} is ${state.status} and waits for nothing`)
      const { waitId, digest, expiresAt } = command
      return refuseAnswer(run, waitId) ?? [fact(run, at, 'token.issued', { waitId, digest, expiresAt })]
    }
    case 'node.wait':
      return decideWait(run, command, at)
    case 'node.visit':
      return decideVisit(run, command, at)
    case 'step.complete':
      return decideStep(run, command, at)
    case 'node.checkpoint':
      return decideCheckpoint(run, command, at)
    case 'child.start':
      return decideChild(run, command, at)
    case 'child.fail':
      return decideChildFail(run, command, at)
    case 'items.list':
      return decideList(run, command, at)
    case 'items.complete':
      return decideItemsComplete(run, command, at)
    case 'items.fail':
      return decideItemsFail(run, command, at)
    case 'item.start':
      return decideItemStart(run, command, at)
    case 'item.complete':
      return decideItemComplete(run, command, at)
    case 'item.fail':
      return decideItemFail(run, command, at)
    default:
      return assertNever(command, 'command')
  }
}

function decideRunWait(run: Run, at: number): Decision {
  const { graph } = run
  const indexes = new Set<number>()
  for (const each of runsOf(run)) {
    const { asking, waits } = each.frontier
    if (each === run) for (const index of [...asking, ...waits.indexes()]) indexes.add(index)
    else if (asking.size + waits.size > 0) indexes.add(graph.indexOf.get(each.path[0]!)!)
  }
  if (indexes.size === 0) return notRunning(run, 'put to waiting')
  const nodeIds = [...indexes].sort((a, b) => a - b).map((index) => graph.ids[index]!)
  return [fact(run, at, 'run.waiting', { nodeIds })]
}

/** A signal for a wait of its own is taken only while that wait is open, and once. */
function decideSignal(run: Run, command: SignalReceive, at: number): Decision {
  const { type: _, ...data } = command
  const refusal = data.waitId === undefined ? null : refuseAnswer(run, data.waitId)
  return refusal ?? [fact(run, at, 'signal.received', data)]
}

/** Why a wait takes no answer; null when it does. */
function refuseAnswer(run: Run, waitId: string): Rejection | null {
  const nodeId = waitingNode(run, waitId)
  if (nodeId === null) {
    const message = `run ${nameOf(run)} has no open wait ${JSON.stringify(waitId)}: it was answered, is over, or never was; inspect the run for what it waits for`
    return reject('WAIT_UNKNOWN', message, { waitId })
  }
  if (!run.state.signals.some((signal) => signal.waitId === waitId)) return null
  const message = `the wait ${JSON.stringify(waitId)} of node ${JSON.stringify(nodeId)} has been answered already`
  return reject('WAIT_UNKNOWN', message, { waitId, nodeId })
}

function decideRunStart(run: Run, seed: number, at: number): Decision {
  const { state } = run
  if (state.status !== 'pending') return reject('RUN_ACTIVE', `run ${nameOf(run)} has started already`)
  const { workflow, fingerprint, input, config, parent } = state
  return [
    fact(run, at, 'run.started', {
      workflow,
      fingerprint,
      input,
      config,
      seed,
      variables: copied(state.variables),
      contextVariables: copied(state.contextVariables),
      contextConstants: copied(state.contextConstants),
      parent,
    }),
  ]
}

function decideTimeOut(run: Run, at: number): Decision {
  // A run that is at its end already is given the time to undo what it did.
  if (run.state.compensating !== null) return []
  const events = interruptions(run, at, 'timeout')
  const message = `run ${nameOf(run)} was active longer than limits.runTimeoutMs (${run.state.config.limits.runTimeoutMs} ms); raise the limit to resume it`
  events.push(failOrCompensate(run, at, { error: codedError('RUN_TIMEOUT', message) }, events.length))
  return events
}

/** Why the run fails: the first node, in definition order, that failed it; without one, nothing can happen any more. */
function failureOf(run: Run, at: number): RunEventOf<'run.failed'>['data'] {
  const { state, graph, frontier } = run
  let index = graph.ids.length
  for (const failed of [frontier.failing, frontier.left]) for (const other of failed) if (other < index) index = other
  if (index === graph.ids.length) return { error: stuckError(run, at) }
  const nodeId = graph.ids[index]!
  const cause = state.nodes[index]!.error
  const message = `node ${JSON.stringify(nodeId)} failed: ${cause?.message ?? 'no reason is recorded'}`
  return { nodeId, error: codedError('RUN_NODE_FAILED', message, { nodeId }, cause ?? undefined) }
}

/** No state that the run's own facts lead to is stuck; a document from elsewhere can be. */
function stuckError({ state, graph }: Run, at: number) {
  const { nodes } = inspectRun(graph, state, { at })
  const shown = nodes.slice(0, SHOWN_IDS).map(({ status, sentence }) => `${sentence} (${status})`)
  const more = nodes.length > SHOWN_IDS ? `; and ${nodes.length - SHOWN_IDS} more` : ''
  const message = `nothing can start and nothing is waited for, but these nodes have not ended: ${shown.join('; ')}${more}; the run's state was not made by its facts`
  return codedError('RUN_STUCK', message, { nodeIds: nodes.slice(0, SHOWN_IDS).map(({ nodeId }) => nodeId) })
}

function interruptions(run: Run, at: number, reason: 'pause' | 'timeout'): RunEvent[] {
  const events: RunEvent[] = []
  for (const each of runsOf(run)) {
    each.state.nodes.forEach(({ status, attempt }, index) => {
      if (status !== 'running') return
      const nodeId = each.graph.ids[index]!
      events.push(fact(each, at, 'node.interrupted', { nodeId, attempt, reason }, events.length))
    })
    for (const { nodeId, item, attempt } of runningItems(each))
      events.push(fact(each, at, 'item.interrupted', { nodeId, item, attempt, reason }, events.length))
  }
  events.push(...compensationInterruptions(run, at, reason, events.length))
  return events
}

function copied<T>(entries: Dictionary<T>): Dictionary<T> {
  return Object.assign(dictionary<T>(), entries)
}
