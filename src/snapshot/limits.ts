import { invalidArgument, readArgument } from '../base/argument.ts'
import { SnapshotLimitError } from '../base/errors.ts'
import { DEFAULT_VALUE_LIMITS, resolveValueLimits, type ValueLimits } from '../base/values/limits.ts'

/**
 * What a document may hold, in both directions: what is over a limit is neither written nor read.
 * Those of {@link ValueLimits} hold for each value. Members and elements are counted once more for the workflow and once
 * for what stands around it and the values; maps of the engine's own (results, nodes, variables …) have a
 * million names, or `maxSlots` where that is more.
 */
export interface SnapshotLimits extends ValueLimits {
  /** Bytes of text, after decompression; default 64 MiB. */
  readonly maxBytes: number
  /** Bytes of a compressed document; default 16 MiB. */
  readonly maxCompressedBytes: number
  /** User values (results, state entries, items, payloads), and the items of map nodes that have none yet; default 1,000,000. */
  readonly maxSlots: number
}

/** Levels a document has around its values. */
export const DOCUMENT_LEVELS = 16

const DOCUMENT_LIMITS = Object.freeze({
  maxBytes: 64 * 1024 * 1024,
  maxCompressedBytes: 16 * 1024 * 1024,
  maxSlots: 1_000_000,
})

/** Most names in one map of the engine's: `maxSlots`, and never fewer than its default, since nodes without a result have names too. */
export function maxOwnKeys({ maxSlots }: SnapshotLimits): number {
  return Math.max(maxSlots, DOCUMENT_LIMITS.maxSlots)
}

/** The limits of a reader or writer that sets none. */
export const DEFAULT_SNAPSHOT_LIMITS: SnapshotLimits = Object.freeze({ ...DEFAULT_VALUE_LIMITS, ...DOCUMENT_LIMITS })

/** The limits for what we wrote ourselves, which was held to its limits already. */
export const UNLIMITED: SnapshotLimits = Object.freeze(
  Object.assign(
    { ...DEFAULT_SNAPSHOT_LIMITS },
    ...Object.keys(DEFAULT_SNAPSHOT_LIMITS).map((limit) => ({ [limit]: Number.POSITIVE_INFINITY })),
  ),
)

/**
 * All limits, from those that were given and the defaults.
 * @throws {WaystoneError} OPTION_UNKNOWN for a limit nobody reads, ARGUMENT_INVALID for one that is no whole number
 */
export function resolveLimits(given: Partial<SnapshotLimits> | undefined): SnapshotLimits {
  if (given === undefined) return DEFAULT_SNAPSHOT_LIMITS
  if (typeof given !== 'object' || given === null) {
    throw invalidArgument('limits', 'an object', given)
  }
  const { maxBytes, maxCompressedBytes, maxSlots, ...ofValues } = readArgument('limits', () => ({ ...given }))
  const ofDocument = { maxBytes, maxCompressedBytes, maxSlots }
  for (const [name, value] of Object.entries(ofDocument)) {
    if (value !== undefined && !(value === Number.POSITIVE_INFINITY || (Number.isSafeInteger(value) && value >= 0))) {
      throw invalidArgument(`limits.${name}`, 'a whole number of 0 or more, or Infinity', value)
    }
  }
  return Object.freeze({
    ...resolveValueLimits(ofValues),
    maxBytes: maxBytes ?? DOCUMENT_LIMITS.maxBytes,
    maxCompressedBytes: maxCompressedBytes ?? DOCUMENT_LIMITS.maxCompressedBytes,
    maxSlots: maxSlots ?? DOCUMENT_LIMITS.maxSlots,
  })
}

/** Holds a document to the number of values its reader takes. @throws {SnapshotLimitError} SNAPSHOT_LIMIT */
export function checkValueCount(values: number, limits: SnapshotLimits): void {
  if (values > limits.maxSlots) throw overLimit(limits, 'maxSlots', values, 'values')
}

/** The error for a document over a limit. */
export function overLimit(
  limits: SnapshotLimits,
  limit: keyof SnapshotLimits,
  actual: number,
  what: string,
): SnapshotLimitError {
  return new SnapshotLimitError(
    'SNAPSHOT_LIMIT',
    `the document has ${actual} ${what}, more than limits.${limit} allows (${limits[limit]}); raise limits.${limit} if the document is wanted`,
    { details: { limit, max: limits[limit], actual } },
  )
}

/**
 * Whether a string that stands at a place of a text is the long spelling of bytes or text that are within their own limits,
 * which the codec holds.
 */
export function isSpelledOut(text: string, at: number, length: number, limits: SnapshotLimits): boolean {
  const { maxBinaryBytes, maxStringLength } = limits
  if (text.startsWith('"base64":', at - 9)) return length <= Math.ceil(maxBinaryBytes / 3) * 4
  return text.startsWith('"utf16":', at - 8) && length <= maxStringLength * 4
}
