import { invalidArgument, readArgument, unknownOption } from '../argument.ts'
import { DefinitionError, quote, SnapshotLimitError } from '../errors.ts'
import type { JsonObject } from '../json.ts'

/** How far a value may go; the same when it is written and when it is read. Counts are of the encoded form. */
export interface ValueLimits {
  /** Deepest nesting of the encoded form, counted from the value; default 500. A Map adds three levels, other tags one or two. */
  readonly maxDepth: number
  /** Most object members over the whole value; default 4,000,000. */
  readonly maxMembers: number
  /** Most array elements over the whole value; default 4,000,000. */
  readonly maxElements: number
  /** Most members of one plain object; default 200,000. */
  readonly maxKeysPerObject: number
  /** Longest key, in UTF-16 code units; default 65,536. */
  readonly maxKeyLength: number
  /** Longest string, in UTF-16 code units; default 33,554,432. */
  readonly maxStringLength: number
  /** Most decimal digits of a bigint; default 10,000. */
  readonly maxBigIntDigits: number
  /** Largest length of an array with holes or properties of its own; default 1,000,000. */
  readonly maxSparseLength: number
  /** Most bytes of buffers and views over the whole value; default 33,554,432. */
  readonly maxBinaryBytes: number
  /** Longest source of a RegExp, in UTF-16 code units; default 10,000. */
  readonly maxRegExpLength: number
  /** Most references over the whole value; default 1,000,000. */
  readonly maxRefs: number
}

/** The limits of a codec that sets none. */
export const DEFAULT_VALUE_LIMITS: ValueLimits = Object.freeze({
  maxDepth: 500,
  maxMembers: 4_000_000,
  maxElements: 4_000_000,
  maxKeysPerObject: 200_000,
  maxKeyLength: 64 * 1024,
  maxStringLength: 32 * 1024 * 1024,
  maxBigIntDigits: 10_000,
  maxSparseLength: 1_000_000,
  maxBinaryBytes: 32 * 1024 * 1024,
  maxRegExpLength: 10_000,
  maxRefs: 1_000_000,
})

/**
 * The defaults with some of them replaced.
 *
 * @throws {DefinitionError} OPTION_UNKNOWN for a limit nobody reads; ARGUMENT_INVALID unless whole, 0 or more, or Infinity
 */
export function resolveValueLimits(given: Partial<ValueLimits> = {}): ValueLimits {
  const error = DefinitionError
  if (typeof given !== 'object' || given === null) throw invalidArgument('limits', 'an object', given, { error })
  const limits: Record<string, number> = { ...DEFAULT_VALUE_LIMITS }
  const known = Object.keys(DEFAULT_VALUE_LIMITS)
  for (const [name, limit] of readArgument('limits', () => Object.entries<unknown>(given), { error })) {
    if (!known.includes(name)) {
      throw unknownOption('limits', [name], known, { error, details: { parameter: 'limits' } })
    }
    if (limit === undefined) continue
    if (typeof limit !== 'number' || !(limit >= 0) || (limit !== Infinity && !Number.isInteger(limit))) {
      throw invalidArgument(`limits.${name}`, 'a whole number of 0 or more, or Infinity', limit, { error })
    }
    limits[name] = limit
  }
  return Object.freeze(limits) as unknown as ValueLimits
}

/** A value beyond a limit; `where` holds the path and, when a node made the value, its id. */
export function valueLimitError(
  limit: keyof ValueLimits,
  max: number,
  actual: number | null,
  where: JsonObject & { readonly path: string },
  cause?: unknown,
): SnapshotLimitError {
  const found = actual === null ? '' : `, found ${actual}`
  const at = where.path === '' ? 'the value' : `the value at ${quote(where.path)}`
  const message = `${at} is beyond ${limit} (at most ${max}${found}); make the value smaller or raise the limit`
  return new SnapshotLimitError('VALUE_LIMIT', message, { details: { ...where, limit, max, actual }, cause })
}

/** Whether an error is the engine's own: the stack has no room left. Its class differs by engine. */
export function isStackOverflow(error: unknown): boolean {
  return (
    error instanceof Error &&
    (error.name === 'RangeError' || error.name === 'InternalError') &&
    /stack|recursion/i.test(error.message)
  )
}

/** Whether an error is the engine's own: no string can be as long as one would be. */
export function isTooLongText(error: unknown): boolean {
  return error instanceof Error && /string length|allocation size overflow/i.test(error.message)
}
