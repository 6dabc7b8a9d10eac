import type { ErrorCode } from '../base/error-codes.ts'
import { isWaystoneError, LimitError, RunError, type WaystoneError } from '../base/errors.ts'
import type { Rejection } from '../run/decision.ts'

/** Whether what a handler returned is still to come. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { readonly then?: unknown }).then === 'function'
  )
}

/** Whether another attempt may help: not when the handler says `retryable: false`, nor for what is wrong with the code itself. */
export function isRetryable(thrown: unknown): boolean {
  try {
    if (
      typeof thrown === 'object' &&
      thrown !== null &&
      (thrown as { readonly retryable?: unknown }).retryable === false
    )
      return false
    return !isWaystoneError(thrown) || thrown.code === 'NODE_TIMEOUT' || thrown.code === 'STORE_IO'
  } catch {
    // What can't even be asked is no error of ours.
    return true
  }
}

const limitCodes: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'LIMIT_USAGE',
  'LIMIT_NODE_EXECUTIONS',
  'LIMIT_RESULT_BYTES',
  'LIMIT_STATE_BYTES',
])

/** A rejected command as the error that is thrown at the public edge. */
export function errorOf({ code, message, details }: Rejection): WaystoneError {
  const parts = details === undefined ? {} : { details }
  return limitCodes.has(code) ? new LimitError(code, message, parts) : new RunError(code, message, parts)
}
