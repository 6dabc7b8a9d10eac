import type { ErrorCode } from './error-codes.ts'
import type { JsonObject } from './json.ts'

const BRAND = Symbol.for('waystone.error')

/** What an error is made of beside its code and message. */
export interface ErrorParts {
  /** JSON data for programs: ids, paths, limits, found and expected values. */
  readonly details?: JsonObject
  /** The failure this one was made from. */
  readonly cause?: unknown
}

/**
 * The one base class of everything Waystone throws.
 * Recognise errors with {@link isWaystoneError} and a code: that survives two copies of the package and other realms.
 */
export class WaystoneError extends Error {
  /** Stable, listed in `docs/errors.md`. */
  readonly code: ErrorCode
  /** JSON data for programs. */
  readonly details: JsonObject

  constructor(code: ErrorCode, message: string, { details = {}, cause }: ErrorParts = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
    this.details = details
    Object.defineProperty(this, 'name', { value: new.target.name, configurable: true, writable: true })
    Object.defineProperty(this, BRAND, { value: true })
  }
}

/** A workflow, node, edge or registry that can't be used as it was given. */
export class DefinitionError extends WaystoneError {}

/** A command or call that does not fit the run's state. */
export class RunError extends WaystoneError {}

/** A node that failed by rule: time-out, limit, refused value, wrong use of its context. */
export class NodeError extends WaystoneError {}

/** A limit that was reached; `details.limit`, `details.max`, `details.actual`. */
export class LimitError extends WaystoneError {}

/** A store that could not do, or refused to do, what it was asked. */
export class StoreError extends WaystoneError {}

/** A document or value that can't be written or read; `details.path` is a JSON Pointer. */
export class SnapshotError extends WaystoneError {}

/** A value the codec refuses; thrown when the node that made it completes. */
export class UnserializableValueError extends SnapshotError {}

/** A document or value beyond a limit; `details.limit`, `details.max`, `details.actual`. */
export class SnapshotLimitError extends SnapshotError {}

/** Bytes that are no JSON we accept; `details.offset` where known. */
export class SnapshotSyntaxError extends SnapshotError {}

/** A document of another format or version; `details.found`, `details.supported`. */
export class SnapshotVersionError extends SnapshotError {}

/** A document that does not match the published schema, or contradicts itself; `details.problems`. */
export class SnapshotSchemaError extends SnapshotError {}

/** A document whose content is not what its digest says; `details.expected`, `details.actual`. */
export class SnapshotIntegrityError extends SnapshotError {}

/** A tagged value that can't be decoded. */
export class SnapshotDecodeError extends SnapshotError {}

/** A command line that can't be understood. */
export class UsageError extends WaystoneError {}

/**
 * Whether this is one of our errors, and, when a code is given, that one. Also of another copy of the package or another realm.
 *
 * @param code - default: any
 * @example
 * const error = new WaystoneError('STORE_CLOSED', 'the store is closed')
 * isWaystoneError(error, 'STORE_CLOSED') // true
 * isWaystoneError(new TypeError('of another hand')) // false
 */
export function isWaystoneError(error: unknown, code?: ErrorCode): error is WaystoneError {
  if (typeof error !== 'object' || error === null) return false
  const candidate = error as { readonly code?: unknown; readonly [BRAND]?: unknown }
  try {
    return candidate[BRAND] === true && (code === undefined || candidate.code === code)
  } catch {
    // A Proxy that can't be read; none of ours.
    return false
  }
}

/** Ends a switch over a closed union; the compiler shows every place that must answer when the union grows. */
export function assertNever(value: never, what = 'value'): never {
  throw new WaystoneError('INTERNAL_UNREACHABLE', `unexpected ${what}: ${quote(value)}`)
}

/** A value as text for a message: at most 100 characters, never a throw. */
export function quote(value: unknown): string {
  let text: string
  try {
    text = typeof value === 'string' ? JSON.stringify(value) : typeof value === 'object' ? kindOf(value) : String(value)
  } catch {
    text = typeof value
  }
  return text.length > 100 ? `${text.slice(0, 97).toWellFormed()}...` : text
}

/** What kind of thing a value is, in words for a message: `null`, `array`, `Map`, `function`. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (typeof value !== 'object') return typeof value
  try {
    if (Array.isArray(value)) return 'array'
    const tag = Object.prototype.toString.call(value).slice(8, -1)
    return tag.toLowerCase() === 'object' ? 'object' : tag
  } catch {
    // A Proxy that can't be read, or was revoked.
    return 'object'
  }
}
