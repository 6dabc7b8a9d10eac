import type { ErrorCode } from '../base/error-codes.ts'
import type { JsonObject } from '../base/json.ts'
import type { RunEvent, RunEventOf, RunEventType } from './event.ts'
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

/** A rejection. */
export function reject(code: ErrorCode, message: string, details?: JsonObject): Rejection {
  return details === undefined ? { code, message } : { code, message, details }
}

/** The rejection of what a run's status does not allow; `what` completes "can not be ...". */
export function notRunning(run: Run, what: string): Rejection {
  return reject('RUN_REJECTED', `run ${nameOf(run)} is ${run.state.status} and can not be ${what}`)
}

/** A run's id, for messages. */
export function nameOf(run: Run): string {
  return JSON.stringify(run.state.runId)
}

/** A fact at its place in the log: `ahead` facts of the same decision come before it. */
export function fact<Type extends RunEventType>(
  run: Run,
  at: number,
  type: Type,
  data: RunEventOf<Type>['data'],
  ahead = 0,
): RunEvent {
  const { seq, runId } = run.root.state
  const { path } = run
  if (path.length === 0) return { seq: seq + 1 + ahead, runId, at, type, data } as RunEvent
  return { seq: seq + 1 + ahead, runId, at, path, type, data } as RunEvent
}
