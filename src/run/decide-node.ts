import type { ErrorCode } from '../base/error-codes.ts'
import { codedError, type SerializedError } from '../base/serialized-error.ts'
import { backoffMs } from './backoff.ts'
import type { NodeComplete, NodeFail, NodeVisit, RunCommand } from './command.ts'
import { limitOutput, limitPart, problemOfWrites } from './decide-writes.ts'
import { type Decision, fact, notRunning, type Rejection, reject } from './decision.ts'
import { itemAt } from './items.ts'
import type { Run } from './run.ts'
import { type WaitState, waitId } from './wait.ts'

/** The last instant a date can name, in epoch ms; what would be due later is due then. */
export const LAST_INSTANT = 8.64e15

/** The name under which started attempts stand in the run's usage. */
const NODE_EXECUTIONS = 'nodeExecutions'

/** An attempt begins, unless the run may start no more. */
export function decideStart(run: Run, index: number, at: number): Decision {
  const { state, graph, frontier } = run
  const node = state.nodes[index]
  if (node === undefined || state.status !== 'running' || run.root.state.pausing || frontier.failing.size > 0) {
    return notRunning(run, `asked to start node ${index} now`)
  }
  if (node.status !== 'pending' && node.status !== 'retrying' && node.status !== 'interrupted') {
    return misfit(run, index, `it is ${node.status} and can not start`)
  }
  const nodeId = graph.ids[index]!
  const attempt = node.attempt + 1
  const error = executionsSpent(run, nodeId)
  if (error !== null) return [fact(run, at, 'node.failed', { nodeId, attempt: attempt - 1, error, onError: 'fail' })]
  return [fact(run, at, 'node.started', { nodeId, attempt })]
}

/** Why the run may start no more attempts; null when it may. */
export function executionsSpent({ state }: Run, nodeId: string): SerializedError | null {
  const max = state.config.limits.maxNodeExecutions
  const used = state.usage[NODE_EXECUTIONS] ?? 0
  if (max === null || used < max) return null
  const message = `node ${JSON.stringify(nodeId)} can not start: the run has started ${used} node attempts and limits.maxNodeExecutions is ${max}`
  return codedError('LIMIT_NODE_EXECUTIONS', message, { limit: 'maxNodeExecutions', max, actual: used + 1 })
}

/** A node's trigger rule can no longer hold. */
export function decideSkip(run: Run, index: number, at: number): Decision {
  const { state, graph, frontier } = run
  const node = state.nodes[index]
  if (node === undefined || state.status !== 'running') return notRunning(run, `asked to skip node ${index} now`)
  if (node.status !== 'pending') return misfit(run, index, `it is ${node.status} and can not be skipped`)
  const isStandIn = graph.isStandIn[index] === 1
  const reason = isStandIn ? 'stand-in' : frontier.isFailureUpstream(index) ? 'upstream-failed' : 'untaken'
  return [fact(run, at, 'node.skipped', { nodeId: graph.ids[index]!, reason })]
}

/** A handler returned: its result, its writes and its decisions become one fact, or fail the node together. */
export function decideComplete(run: Run, command: NodeComplete, at: number): Decision {
  const { index, attempt, writes, decisions, signals, reused } = command
  if (!isOpen(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const output = limitOutput(run.state.config, nodeId, command.output)
  const problem = output.problem ?? (writes === null ? null : problemOfWrites(run.state, nodeId, writes))
  if (problem !== null)
    return decideFail(run, { type: 'node.fail', index, attempt, error: problem, retryable: false }, at)
  const data = { nodeId, attempt, output: output.value }
  if (writes === null && decisions === null && signals === undefined && reused === undefined)
    return [fact(run, at, 'node.completed', data)]
  return [
    fact(run, at, 'node.completed', {
      ...data,
      ...(reused === undefined ? {} : { reused }),
      ...(writes === null ? {} : { writes }),
      ...(signals === undefined ? {} : { signals }),
      ...(decisions === null ? {} : { decisions }),
    }),
  ]
}

/** A repeated node's handler returned, and its node goes on to the next visit. */
export function decideVisit(run: Run, command: NodeVisit, at: number): Decision {
  const { index, attempt, writes, signals } = command
  if (!isOpen(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const { value: output, problem } = limitPart(run.state.config, nodeId, command.output)
  const error = problem ?? (writes === null ? null : problemOfWrites(run.state, nodeId, writes))
  if (error !== null) return decideFail(run, { type: 'node.fail', index, attempt, error, retryable: false }, at)
  const visit = (run.state.nodes[index]!.parts?.visits ?? 0) + 1
  return [
    fact(run, at, 'node.visited', {
      nodeId,
      attempt,
      visit,
      output,
      ...(writes === null ? {} : { writes }),
      ...(signals === undefined ? {} : { signals }),
    }),
  ]
}

/** A handler asks for a wait instead of giving a result. */
export function decideWait(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'node.wait' }>,
  at: number,
): Decision {
  const { index, attempt } = command
  if (!isCurrent(run, index, attempt)) return lateReport(run, index, attempt)
  const { dueAt, ...request } = command.wait
  const wait: WaitState = { ...request, id: waitId(run.root.state.seq + 1) }
  const nodeId = run.graph.ids[index]!
  return [
    fact(run, at, 'node.waiting', {
      nodeId,
      attempt,
      wait,
      dueAt: dueAt === null ? null : Math.min(LAST_INSTANT, dueAt),
    }),
  ]
}

/** A handler's step has ended. */
export function decideStep(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'step.complete' }>,
  at: number,
): Decision {
  const { index, attempt, item, name, output } = command
  if (!isActive(run, index, attempt, item)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const { problem } = limitPart(run.state.config, nodeId, output)
  if (problem !== null) return reject(problem.code as ErrorCode, problem.message, problem.details)
  return [fact(run, at, 'step.completed', { nodeId, attempt, ...(item === null ? {} : { item }), name, output })]
}

/** A handler saves how far it is. */
export function decideCheckpoint(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'node.checkpoint' }>,
  at: number,
): Decision {
  const { index, attempt, item, value } = command
  if (!isActive(run, index, attempt, item)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const { problem } = limitPart(run.state.config, nodeId, value)
  if (problem !== null) return reject(problem.code as ErrorCode, problem.message, problem.details)
  return [fact(run, at, 'node.checkpointed', { nodeId, attempt, ...(item === null ? {} : { item }), value })]
}

/** An attempt failed: another follows, the fallback's, or none. */
export function decideFail(run: Run, command: NodeFail, at: number): Decision {
  const { index, attempt, error, retryable } = command
  if (!isOpen(run, index, attempt)) return lateReport(run, index, attempt)
  const { state, graph } = run
  const node = state.nodes[index]!
  const definition = graph.nodes[index]!
  const nodeId = graph.ids[index]!
  const failures = node.failures + 1
  const { retry, fallback } = definition
  if (retryable && !node.fallback && retry !== undefined && failures < retry.maximumAttempts) {
    const delayMs = backoffMs(retry, failures, state.seed, index)
    const dueAt = Math.min(LAST_INSTANT, at + delayMs)
    return [fact(run, at, 'node.retry-scheduled', { nodeId, attempt, error, delayMs, dueAt })]
  }
  if (fallback !== undefined && !node.fallback) {
    const standIn = typeof fallback === 'string' ? fallback : fallback.type
    return [fact(run, at, 'node.fell-back', { nodeId, attempt, error, fallback: standIn })]
  }
  return [fact(run, at, 'node.failed', { nodeId, attempt, error, onError: definition.onError ?? 'fail' })]
}

/** A handler counts use of a resource, before it uses it. */
export function decideUsage(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'usage.add' }>,
  at: number,
): Decision {
  const { index, attempt, item = null, resource, amount } = command
  if (!isActive(run, index, attempt, item)) return lateReport(run, index, attempt)
  if (resource === NODE_EXECUTIONS) {
    const message = `"${NODE_EXECUTIONS}" is what the run itself counts; give the resource another name`
    return reject('ARGUMENT_INVALID', message, { parameter: 'resource', got: JSON.stringify(resource), resource })
  }
  const { maxUsage } = run.state.config.limits
  const actual = (run.state.usage[resource] ?? 0) + amount
  const max = Object.hasOwn(maxUsage, resource) ? maxUsage[resource] : undefined
  if (max !== undefined && actual > max) {
    const message = `the run may use ${JSON.stringify(resource)} ${max} times (limits.maxUsage); this would make it ${actual}`
    return reject('LIMIT_USAGE', message, { limit: `maxUsage.${resource}`, max, actual })
  }
  if (!(amount >= 0) || !Number.isFinite(actual)) {
    const message = `use of ${JSON.stringify(resource)} can not grow by ${amount} to ${actual}; amounts are finite and 0 or more`
    return reject('STATE_NOT_FINITE', message, { resource })
  }
  const nodeId = run.graph.ids[index]!
  return [fact(run, at, 'usage.added', { nodeId, attempt, ...(item === null ? {} : { item }), resource, amount })]
}

/** Whether a report is about the attempt that runs now; the reports of canceled and timed-out attempts are not. */
export function isCurrent(run: Run, index: number, attempt: number): boolean {
  const node = run.state.nodes[index]
  return node !== undefined && node.status === 'running' && node.attempt === attempt && isOn(run)
}

/** Whether a report is about the attempt of a node, or of an item of it, that runs now. */
function isActive(run: Run, index: number, attempt: number, item: number | null): boolean {
  return item === null ? isCurrent(run, index, attempt) : isItemCurrent(run, index, item, attempt)
}

/** Whether a report is about the attempt at an item that runs now. */
export function isItemCurrent(run: Run, index: number, item: number, attempt: number): boolean {
  const state = itemAt(run, index, item)
  return state?.status === 'running' && state.attempt === attempt && run.frontier.maps.has(index) && isOn(run)
}

/** Whether a report may be about a node: its attempt runs, or what it waits for can be over. */
export function isOpen(run: Run, index: number, attempt: number): boolean {
  if (isCurrent(run, index, attempt)) return true
  const { state, frontier } = run
  const node = state.nodes[index]
  if (node === undefined || node.status !== 'waiting' || node.attempt !== attempt || !isOn(run)) return false
  const isOver = frontier.maps.get(index)?.isOver ?? frontier.nested.get(index)?.state.status !== 'running'
  return node.wait !== null || isOver
}

/** Whether a run goes on, as one that has stopped does not: a report that comes late is of no use to it. */
function isOn({ state, root }: Run): boolean {
  return state.status === 'running' && root.state.status === 'running'
}

export function lateReport(run: Run, index: number, attempt: number): Rejection {
  return misfit(run, index, `attempt ${attempt} is over, and its report is dropped`, attempt)
}

export function misfit(run: Run, index: number, why: string, attempt?: number): Rejection {
  const nodeId = run.graph.ids[index] ?? null
  const details = attempt === undefined ? { nodeId } : { nodeId, attempt }
  return reject('RUN_REJECTED', `node ${JSON.stringify(nodeId)}: ${why}`, details)
}
