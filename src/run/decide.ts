import type { ErrorCode } from '../base/error-codes.ts'
import { assertNever } from '../base/errors.ts'
import { type Dictionary, dictionary, type JsonObject } from '../base/json.ts'
import { codedError, type SerializedError } from '../base/serialized-error.ts'
import { backoffMs } from './backoff.ts'
import type { NodeComplete, NodeFail, RunCommand } from './command.ts'
import { limitOutput, problemOfWrites } from './decide-writes.ts'
import type { RunEvent, RunEventOf, RunEventType } from './event.ts'
import { isEnded } from './reduce.ts'
import type { Run } from './run.ts'

/** Why a command does not fit the state; nothing has happened. */
export interface Rejection {
  readonly code: ErrorCode
  readonly message: string
  readonly details?: JsonObject
}

/** The facts that follow from a command, or why there are none. */
export type Decision = readonly RunEvent[] | Rejection

export function isRejection(decision: Decision): decision is Rejection {
  return !Array.isArray(decision)
}

/**
 * Says which facts follow from what the world asks of a run or reports to it. Pure: time comes with the call.
 * @param at - epoch ms, written into the facts
 */
export function decide(run: Run, command: RunCommand, at: number): Decision {
  const { state } = run
  switch (command.type) {
    case 'run.start':
      if (state.status !== 'pending') return reject('RUN_ACTIVE', `run ${name(run)} has started already`)
      return [
        fact(run, at, 'run.started', {
          workflow: state.workflow,
          fingerprint: state.fingerprint,
          input: state.input,
          config: state.config,
          seed: command.seed,
          variables: copied(state.variables),
          contextVariables: copied(state.contextVariables),
          contextConstants: copied(state.contextConstants),
          parent: state.parent,
        }),
      ]
    case 'run.resume':
      return decideResume(run, command, at)
    case 'run.request-pause':
      if (state.status !== 'running') return notRunning(run, 'paused')
      if (state.pausing) return []
      return [fact(run, at, 'run.pause-requested', { reason: command.reason })]
    case 'run.pause':
      if (state.status !== 'running') return notRunning(run, 'paused')
      return [fact(run, at, 'run.paused', { reason: state.reason ?? 'pause' })]
    case 'run.cut-off': {
      if (state.status !== 'running') return notRunning(run, 'paused')
      const events: RunEvent[] = []
      interruptRunning(run, at, 'pause', events)
      events.push(fact(run, at, 'run.paused', { reason: state.reason ?? 'pause' }, events.length))
      return events
    }
    case 'run.wait':
      if (state.status !== 'running') return notRunning(run, 'put to waiting')
      return [
        fact(run, at, 'run.waiting', {
          nodeIds: [...run.frontier.asking].sort((a, b) => a - b).map((i) => run.graph.ids[i]!),
        }),
      ]
    case 'run.cancel':
      if (isEnded(state)) return reject('RUN_ENDED', `run ${name(run)} is ${state.status} and can not be canceled`)
      if (state.status === 'pending')
        return reject('RUN_NOT_STARTED', `run ${name(run)} has not started, so there is nothing to cancel`)
      return [fact(run, at, 'run.canceled', { reason: command.reason })]
    case 'run.time-out': {
      if (state.status !== 'running') return notRunning(run, 'timed out')
      const events: RunEvent[] = []
      interruptRunning(run, at, 'timeout', events)
      const message = `run ${name(run)} was active longer than limits.runTimeoutMs (${state.config.limits.runTimeoutMs} ms); raise the limit to resume it`
      events.push(fact(run, at, 'run.failed', { error: codedError('RUN_TIMEOUT', message) }, events.length))
      return events
    }
    case 'run.complete':
      return [fact(run, at, 'run.completed', {})]
    case 'run.fail':
      return [fact(run, at, 'run.failed', failureOf(run))]
    case 'node.start':
      return decideStart(run, command.index, at)
    case 'node.skip': {
      const reason =
        run.graph.isStandIn[command.index] === 1
          ? 'stand-in'
          : run.frontier.isFailureUpstream(command.index)
            ? 'upstream-failed'
            : 'untaken'
      return [fact(run, at, 'node.skipped', { nodeId: run.graph.ids[command.index]!, reason })]
    }
    case 'node.complete':
      return decideComplete(run, command, at)
    case 'node.fail':
      return decideFail(run, command, at)
    case 'usage.add': {
      if (!isCurrent(run, command.index, command.attempt)) return lateReport(run, command.index, command.attempt)
      const { resource, amount } = command
      const max = maxUsage(run, resource)
      const actual = (state.usage[resource] ?? 0) + amount
      if (max !== undefined && actual > max) {
        return reject(
          'LIMIT_USAGE',
          `the run may use ${JSON.stringify(resource)} ${max} times (limits.maxUsage); this would make it ${actual}`,
          {
            limit: `maxUsage.${resource}`,
            max,
            actual,
          },
        )
      }
      const nodeId = run.graph.ids[command.index]!
      return [fact(run, at, 'usage.added', { nodeId, attempt: command.attempt, resource, amount })]
    }
    case 'signal.receive':
      if (isEnded(state)) return reject('RUN_ENDED', `run ${name(run)} is ${state.status} and takes no signal`)
      if (state.status === 'pending')
        return reject('RUN_NOT_STARTED', `run ${name(run)} has not started; start it before sending signals`)
      return [fact(run, at, 'signal.received', { name: command.name, payload: command.payload })]
    default:
      return assertNever(command, 'command')
  }
}

function decideResume(run: Run, command: Extract<RunCommand, { readonly type: 'run.resume' }>, at: number): Decision {
  const { state, graph } = run
  const { config, workflow } = command
  const { status } = state
  if (status === 'pending') return reject('RUN_NOT_STARTED', `run ${name(run)} has not started`)
  if (isEnded(state)) return reject('RUN_ENDED', `run ${name(run)} is ${status}; there is nothing to resume`)
  const reason = status === 'paused' ? 'paused' : status === 'failed' || status === 'waiting' ? 'failed' : 'loaded'
  const events: RunEvent[] = [
    fact(run, at, 'run.resumed', {
      reason,
      ...(config === undefined ? {} : { config }),
      ...(workflow === undefined ? {} : { workflow: workflow.definition, fingerprint: workflow.fingerprint }),
    }),
  ]
  const remains = workflow === undefined ? null : new Set(workflow.definition.nodes.map((node) => node.id))
  for (let index = 0; index < graph.nodes.length; index += 1) {
    const node = state.nodes[index]!
    const nodeId = graph.ids[index]!
    if (remains !== null && !remains.has(nodeId)) continue
    if (node.status === 'running') {
      events.push(fact(run, at, 'node.interrupted', { nodeId, attempt: node.attempt, reason: 'crash' }, events.length))
      if (graph.nodes[index]!.onInterrupted === 'fail') {
        const error = codedError(
          'NODE_INTERRUPTED',
          `node ${JSON.stringify(nodeId)} was in flight when its process ended, and its onInterrupted is "fail"`,
        )
        events.push(
          fact(
            run,
            at,
            'node.failed',
            { nodeId, attempt: node.attempt, error, onError: graph.nodes[index]!.onError ?? 'fail' },
            events.length,
          ),
        )
      }
    } else if (reason === 'failed' && (run.frontier.failing.has(index) || run.frontier.asking.has(index))) {
      events.push(fact(run, at, 'node.reset', { nodeId }, events.length))
    }
  }
  return events
}

function decideStart(run: Run, index: number, at: number): Decision {
  const { state, graph } = run
  const nodeId = graph.ids[index]!
  const attempt = state.nodes[index]!.attempt + 1
  const max = state.config.limits.maxNodeExecutions
  const used = state.usage['nodeExecutions'] ?? 0
  if (max !== null && used >= max) {
    const error = codedError(
      'LIMIT_NODE_EXECUTIONS',
      `node ${JSON.stringify(nodeId)} can not start: the run has started ${used} node attempts and limits.maxNodeExecutions is ${max}`,
      {
        limit: 'maxNodeExecutions',
        max,
        actual: used + 1,
      },
    )
    return [fact(run, at, 'node.failed', { nodeId, attempt: attempt - 1, error, onError: 'fail' })]
  }
  return [fact(run, at, 'node.started', { nodeId, attempt })]
}

function decideComplete(run: Run, command: NodeComplete, at: number): Decision {
  const { index, attempt, writes, decisions } = command
  if (!isCurrent(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const output = limitOutput(run.state.config, nodeId, command.output)
  const problem = output.problem ?? (writes === null ? null : problemOfWrites(run.state, nodeId, writes))
  if (problem !== null)
    return decideFail(run, { type: 'node.fail', index, attempt, error: problem, retryable: false }, at)
  return [
    fact(run, at, 'node.completed', {
      nodeId,
      attempt,
      output: output.value,
      ...(writes === null ? {} : { writes }),
      ...(decisions === null ? {} : { decisions }),
    }),
  ]
}

function decideFail(run: Run, command: NodeFail, at: number): Decision {
  const { index, attempt, error, retryable } = command
  if (!isCurrent(run, index, attempt)) return lateReport(run, index, attempt)
  const { state, graph } = run
  const node = state.nodes[index]!
  const definition = graph.nodes[index]!
  const nodeId = graph.ids[index]!
  const failures = node.failures + 1
  const { retry, fallback } = definition
  if (retryable && !node.fallback && retry !== undefined && failures < retry.maximumAttempts) {
    const delayMs = backoffMs(retry, failures, state.seed, index)
    return [fact(run, at, 'node.retry-scheduled', { nodeId, attempt, error, delayMs, dueAt: at + delayMs })]
  }
  if (fallback !== undefined && !node.fallback) {
    const standIn = typeof fallback === 'string' ? fallback : fallback.type
    return [fact(run, at, 'node.fell-back', { nodeId, attempt, error, fallback: standIn })]
  }
  return [fact(run, at, 'node.failed', { nodeId, attempt, error, onError: definition.onError ?? 'fail' })]
}

function failureOf(run: Run): RunEventOf<'run.failed'>['data'] {
  const index = Math.min(...run.frontier.failing)
  const nodeId = run.graph.ids[index]!
  const cause: SerializedError | null = run.state.nodes[index]!.error
  const message = `node ${JSON.stringify(nodeId)} failed: ${cause?.message ?? 'no reason is recorded'}`
  return { nodeId, error: codedError('RUN_NODE_FAILED', message, { nodeId }, cause ?? undefined) }
}

function interruptRunning(run: Run, at: number, reason: 'pause' | 'timeout', events: RunEvent[]): void {
  run.state.nodes.forEach((node, index) => {
    if (node.status !== 'running') return
    const nodeId = run.graph.ids[index]!
    events.push(fact(run, at, 'node.interrupted', { nodeId, attempt: node.attempt, reason }, events.length))
  })
}

/** Whether a report is about the attempt that runs now; the reports of canceled and timed-out attempts are not. */
function isCurrent(run: Run, index: number, attempt: number): boolean {
  const node = run.state.nodes[index]!
  return node.status === 'running' && node.attempt === attempt
}

function lateReport(run: Run, index: number, attempt: number): Rejection {
  const nodeId = run.graph.ids[index]!
  return reject('RUN_REJECTED', `attempt ${attempt} of node ${JSON.stringify(nodeId)} is over; its report is dropped`, {
    nodeId,
    attempt,
  })
}

function maxUsage(run: Run, resource: string): number | undefined {
  const { maxUsage } = run.state.config.limits
  return Object.hasOwn(maxUsage, resource) ? maxUsage[resource] : undefined
}

function notRunning(run: Run, what: string): Rejection {
  return reject('RUN_REJECTED', `run ${name(run)} is ${run.state.status} and can not be ${what}`)
}

function reject(code: ErrorCode, message: string, details?: JsonObject): Rejection {
  return details === undefined ? { code, message } : { code, message, details }
}

function name(run: Run): string {
  return JSON.stringify(run.state.runId)
}

function copied<T>(entries: Dictionary<T>): Dictionary<T> {
  return Object.assign(dictionary<T>(), entries)
}

/** A fact at its place in the log: `ahead` facts of the same decision come before it. */
function fact<Type extends RunEventType>(
  run: Run,
  at: number,
  type: Type,
  data: RunEventOf<Type>['data'],
  ahead = 0,
): RunEvent {
  return { seq: run.state.seq + 1 + ahead, runId: run.state.runId, at, type, data } as RunEvent
}
