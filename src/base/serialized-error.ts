import type { ErrorCode } from './error-codes.ts'
import { isWaystoneError, quote, WaystoneError } from './errors.ts'
import type { JsonObject } from './json.ts'

/**
 * An error as it is kept in events and documents: plain JSON, with its chain of causes.
 *
 * Shape: `{ name: 'TypeError', message: 'x is not a function', code?: 'E', stack?: '…', details?: {}, cause?: {…} }`
 */
export interface SerializedError {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: JsonObject
  readonly cause?: SerializedError
}

/** How many causes of an error are kept. */
const MAX_CAUSES = 16

/** An error, or whatever was thrown instead of one, as plain JSON. Never throws. */
export function serializeError(thrown: unknown, depth = 0): SerializedError {
  try {
    if (!(thrown instanceof Error) && !isErrorLike(thrown)) {
      return { name: 'NonError', code: 'NODE_FAILED', message: `a value that is no Error was thrown: ${quote(thrown)}` }
    }
    const { name, message, code, cause } = thrown as Error & { readonly code?: unknown }
    return Object.freeze({
      name: typeof name === 'string' && name !== '' ? name.toWellFormed() : 'Error',
      message: String(message).toWellFormed(),
      ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code).toWellFormed() } : {}),
      ...(isWaystoneError(thrown) && Object.keys(thrown.details).length > 0
        ? { details: frozenCopy(thrown.details) }
        : {}),
      ...(cause !== undefined && depth < MAX_CAUSES ? { cause: serializeError(cause, depth + 1) } : {}),
    })
  } catch {
    return { name: 'NonError', code: 'NODE_FAILED', message: 'a value that can not be read was thrown' }
  }
}

/** An error object again, for `result.error`; its class is `WaystoneError`'s subclass of the caller's choice or Error. */
export function reviveError(error: SerializedError): Error {
  const cause = error.cause === undefined ? undefined : reviveError(error.cause)
  const revived = new Error(error.message, cause === undefined ? undefined : { cause })
  Object.defineProperty(revived, 'name', { value: error.name, configurable: true, writable: true })
  if (error.code !== undefined) Object.assign(revived, { code: error.code })
  if (error.details !== undefined) Object.assign(revived, { details: structuredClone(error.details) })
  return revived
}

/** A serialized error made from a code of ours. */
export function codedError(
  code: ErrorCode,
  message: string,
  details?: JsonObject,
  cause?: SerializedError,
): SerializedError {
  return Object.freeze({
    name: 'WaystoneError',
    message,
    code,
    ...(details === undefined ? {} : { details: frozenCopy(details) }),
    ...(cause === undefined ? {} : { cause }),
  })
}

/** Details as they stand now: whoever holds the error that was thrown, or reads the event, can't change the past. */
function frozenCopy(details: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(details), (_key, member: unknown) => Object.freeze(member)) as JsonObject
}

function isErrorLike(value: unknown): boolean {
  return (
    value instanceof WaystoneError ||
    (typeof value === 'object' && value !== null && Object.prototype.toString.call(value) === '[object Error]')
  )
}
