import type { JsonObject } from '../base/json.ts'
import { codedError, type SerializedError } from '../base/serialized-error.ts'
import { backoffMs } from './backoff.ts'
import type { CompensationComplete, CompensationFail } from './command.ts'
import { CompensationQueue, type CompensationStep, isAt, stateOf } from './compensation-queue.ts'
import { LAST_INSTANT } from './decide-node.ts'
import { problemOfWrites } from './decide-writes.ts'
import { type Decision, fact, nameOf, notRunning, type Rejection, reject } from './decision.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { isEnded } from './reduce.ts'
import type { Run } from './run.ts'

/** What compensations draw their jitter by is told apart from what their nodes do. */
const COMPENSATION_SALT = 0x2f2f2f2f

/** How many failures of compensations an error lists. */
const LISTED_FAILURES = 100

/** The failure of a run, or the compensations that come before it. */
export function failOrCompensate(run: Run, at: number, failure: RunEventOf<'run.failed'>['data'], ahead = 0): RunEvent {
  const { state } = run
  const isAsked = run.parent === null && (state.config.compensateOn ?? []).includes('failure')
  if (!isAsked || new CompensationQueue(state).next === undefined) return fact(run, at, 'run.failed', failure, ahead)
  return fact(run, at, 'run.compensating', { cause: 'failure', ...failure }, ahead)
}

/** Someone cancels the run: its end, or the compensations that come before it. */
export function decideCancel(run: Run, reason: string, compensate: boolean | undefined, at: number): Decision {
  const { state } = run
  if (isEnded(state)) return reject('RUN_ENDED', `run ${nameOf(run)} is ${state.status} and can not be canceled`)
  if (state.status === 'pending')
    return reject('RUN_NOT_STARTED', `run ${nameOf(run)} has not started, so there is nothing to cancel`)
  const isAsked = compensate ?? (state.config.compensateOn ?? []).includes('cancel')
  // What runs already leads to an end; only whoever wants none of it is told apart.
  if (isAsked && state.compensating !== null) return []
  if (!isAsked || new CompensationQueue(state).next === undefined) return [fact(run, at, 'run.canceled', { reason })]
  return [fact(run, at, 'run.compensating', { cause: 'cancel', error: canceled(reason), reason })]
}

/** The error of a run that was canceled. */
export function canceled(reason: string): SerializedError {
  return codedError('RUN_CANCELED', `the run was canceled: ${reason}`)
}

/** The next compensation begins. */
export function decideCompensationStart(run: Run, at: number): Decision {
  const step = run.compensations?.next
  if (run.state.status !== 'running' || run.state.pausing || step === undefined || run.activity.running > 0)
    return notRunning(run, 'asked to compensate for a node now')
  const attempt = (stateOf(step)?.attempt ?? 0) + 1
  return [stepFact(run, step, at, 'compensation.started', { attempt })]
}

/** A compensation has returned: it and its writes become one fact, or fail together. */
export function decideCompensated(run: Run, command: CompensationComplete, at: number): Decision {
  const step = currentStep(run, command)
  if (step === undefined) return late(command)
  const { attempt, writes } = command
  if (writes === null) return [stepFact(run, step, at, 'compensation.completed', { attempt })]
  const error = problemOfWrites(step.state, command.nodeId, writes)
  if (error !== null) {
    const { path, nodeId } = command
    return decideCompensationFail(
      run,
      { type: 'compensation.fail', path, nodeId, attempt, error, retryable: false },
      at,
    )
  }
  return [stepFact(run, step, at, 'compensation.completed', { attempt, writes })]
}

/** An attempt at a compensation failed: another follows, or none. */
export function decideCompensationFail(run: Run, command: CompensationFail, at: number): Decision {
  const step = currentStep(run, command)
  if (step === undefined) return late(command)
  const { attempt, error, retryable } = command
  const { retry } = step.definition
  const failures = stateOf(step)!.failures + 1
  if (retryable && retry !== undefined && failures < retry.maximumAttempts) {
    const delayMs = backoffMs(retry, failures, step.state.seed, step.index + COMPENSATION_SALT)
    const dueAt = Math.min(LAST_INSTANT, at + delayMs)
    return [stepFact(run, step, at, 'compensation.retry-scheduled', { attempt, error, delayMs, dueAt })]
  }
  return [stepFact(run, step, at, 'compensation.failed', { attempt, error })]
}

/** All compensations are through: the run comes to the end it would have had. */
export function decideCompensationEnd(run: Run, at: number): Decision {
  const { state, compensations } = run
  const { compensating } = state
  if (compensating === null || state.status !== 'running' || compensations?.next !== undefined)
    return notRunning(run, 'ended now: not everything is compensated for')
  const { cause, nodeId, reason } = compensating
  const failures = (compensations?.steps ?? []).filter((step) => stateOf(step)?.status === 'failed')
  const error = failures.length === 0 ? compensating.error : withFailures(compensating.error, failures)
  if (cause === 'cancel') {
    const more = failures.length === 0 ? {} : { error }
    return [fact(run, at, 'run.canceled', { reason: reason ?? 'canceled', ...more })]
  }
  return [fact(run, at, 'run.failed', { error, ...(nodeId === null ? {} : { nodeId }) })]
}

/** The compensation in flight is cut off; empty when none is. */
export function compensationInterruptions(
  run: Run,
  at: number,
  reason: RunEventOf<'compensation.interrupted'>['data']['reason'],
  ahead: number,
): readonly RunEvent[] {
  const step = run.compensations?.next
  const state = step === undefined ? undefined : stateOf(step)
  if (step === undefined || state?.status !== 'running') return []
  return [stepFact(run, step, at, 'compensation.interrupted', { attempt: state.attempt, reason }, ahead)]
}

type CompensationType = Extract<RunEvent['type'], `compensation.${string}`>

/** A fact about the compensation of a step, which may be in a run that is no more under way. */
function stepFact<Type extends CompensationType>(
  run: Run,
  { path, definition }: CompensationStep,
  at: number,
  type: Type,
  data: Omit<RunEventOf<Type>['data'], 'nodeId'>,
  ahead = 0,
): RunEvent {
  const event = fact(run, at, type, { nodeId: definition.id, ...data } as RunEventOf<Type>['data'], ahead)
  return path.length === 0 ? event : ({ ...event, path } as RunEvent)
}

/** The step a report is of; undefined when that attempt is over. */
function currentStep(
  run: Run,
  { path, nodeId, attempt }: Pick<CompensationFail, 'path' | 'nodeId' | 'attempt'>,
): CompensationStep | undefined {
  const step = run.compensations?.next
  if (run.state.status !== 'running' || step === undefined || !isAt(step, path, nodeId)) return undefined
  const state = stateOf(step)
  return state?.status === 'running' && state.attempt === attempt ? step : undefined
}

function late({ nodeId, attempt }: Pick<CompensationFail, 'nodeId' | 'attempt'>): Rejection {
  const message = `node ${JSON.stringify(nodeId)}: attempt ${attempt} at its compensation is over, and its report is dropped`
  return reject('RUN_REJECTED', message, { nodeId, attempt })
}

function withFailures(error: SerializedError, failed: readonly CompensationStep[]): SerializedError {
  const compensationFailures = failed.slice(0, LISTED_FAILURES).map((step): JsonObject => {
    const { message, code } = stateOf(step)!.error!
    return {
      nodeId: step.definition.id,
      ...(step.path.length === 0 ? {} : { path: [...step.path] }),
      message,
      ...(code === undefined ? {} : { code }),
    }
  })
  return { ...error, details: { ...error.details, compensationFailures, compensationFailureCount: failed.length } }
}
