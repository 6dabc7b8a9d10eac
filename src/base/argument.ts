import type { ErrorCode } from './error-codes.ts'
import { isWaystoneError, quote, WaystoneError } from './errors.ts'
import type { JsonObject } from './json.ts'

/** What an error about an argument says beside the parameter, what was expected and what came. */
export interface ArgumentParts {
  /** What to do, put after the message. */
  readonly advice?: string
  /** Where: the function or object the parameter belongs to, put before the message. */
  readonly of?: string
  /** More data for programs. */
  readonly details?: JsonObject
  /** What kept the argument from being read. */
  readonly cause?: unknown
  /** The class of the error; default {@link WaystoneError}. */
  readonly error?: typeof WaystoneError
  /** The code; default ARGUMENT_INVALID. */
  readonly code?: ErrorCode
}

/**
 * The error for an argument of the wrong kind or out of range.
 *
 * Shape of its details: `{ parameter: 'leaseMs', expected: 'a number above 0', got: '-1' }`
 * @param parameter - its name, or the path of an option: `limits.maxNodes`
 * @param expected - in words that follow "expects"
 * @param got - the value that came; what is in it is not read
 */
export function invalidArgument(
  parameter: string,
  expected: string,
  got: unknown,
  { advice, of, details, cause, error = WaystoneError, code = 'ARGUMENT_INVALID' }: ArgumentParts = {},
): WaystoneError {
  const shown = quote(got)
  const where = of === undefined ? '' : `${of}: `
  const message = `${where}${parameter} expects ${expected}, got ${shown}${advice === undefined ? '' : `; ${advice}`}`
  return new error(code, message, { details: { parameter, expected, got: shown, ...details }, cause })
}

/**
 * The error for members of an options object that nobody reads.
 *
 * Shape of its details: `{ parameter: 'options', unknown: ['leasMs'], known: ['leaseMs'] }`
 * @param of - whose options: `createEngine`
 */
export function unknownOption(
  of: string,
  unknown: readonly string[],
  known: readonly string[],
  { error = WaystoneError, details, code = 'OPTION_UNKNOWN' }: Pick<ArgumentParts, 'error' | 'details' | 'code'> = {},
): WaystoneError {
  const message = `${of} has no option ${unknown.map(quote).join(', ')}; it has ${known.join(', ')}`
  return new error(code, message, {
    details: { parameter: 'options', unknown: [...unknown], known: [...known], ...details },
  })
}

/**
 * Does what reads an argument; what an accessor or a Proxy of the caller throws meanwhile becomes an error of ours.
 * @throws {WaystoneError} ARGUMENT_INVALID with the cause; errors of ours as they are
 */
export function readArgument<T>(parameter: string, read: () => T, parts: Omit<ArgumentParts, 'cause'> = {}): T {
  try {
    return read()
  } catch (cause) {
    if (isWaystoneError(cause)) throw cause
    const { of, details, error = WaystoneError, code = 'ARGUMENT_INVALID' } = parts
    const where = of === undefined ? '' : `${of}: `
    throw new error(code, `${where}${parameter} throws when it is read: ${quote(reasonOf(cause))}`, {
      details: { parameter, expected: 'what can be read', got: 'what throws', ...details },
      cause,
    })
  }
}

/** The message of what was thrown, which may itself be unreadable. */
function reasonOf(cause: unknown): unknown {
  try {
    return cause instanceof Error ? cause.message : cause
  } catch {
    return cause
  }
}

/**
 * Refuses what is no options object, one that can't be read, and one with members nobody reads.
 * @param of - the function they are given to, for the message
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 */
export function checkOptions(
  options: unknown,
  known: readonly string[],
  of: string,
  parts: Pick<ArgumentParts, 'error' | 'code'> = {},
): void {
  const unknown = readArgument(
    'options',
    () => {
      if (typeof options !== 'object' || options === null || Array.isArray(options)) {
        throw invalidArgument('options', 'an object', options, { of, ...parts })
      }
      // Each is read once here, so that one that throws is told before anything is done.
      for (const name of known) void (options as Readonly<Record<string, unknown>>)[name]
      return Object.keys(options).filter((name) => !known.includes(name))
    },
    { of, ...parts },
  )
  if (unknown.length > 0) throw unknownOption(of, unknown, known, parts)
}
