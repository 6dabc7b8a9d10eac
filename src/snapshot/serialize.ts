import { checkOptions, invalidArgument } from '../base/argument.ts'
import { LimitError, SnapshotError } from '../base/errors.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { deserialize } from './deserialize.ts'
import { gzip } from './gzip.ts'
import { DEFAULT_SNAPSHOT_LIMITS, overLimit, resolveLimits, type SnapshotLimits, UNLIMITED } from './limits.ts'
import { prettyText } from './pretty.ts'
import { Snapshot } from './snapshot.ts'

/** How a snapshot is written. */
export interface SerializeOptions {
  /** Two spaces a level (default), or no needless white space. */
  readonly pretty?: boolean
  /** `gzip` gives bytes instead of text. */
  readonly compress?: 'gzip'
  /** Most bytes of text; default the run's `limits.maxSnapshotBytes`. */
  readonly maxBytes?: number
  /**
   * Limits of the reader this is written for, where they are not the defaults; what is within one value was held to those
   * of the run's codec. By default a document is written only when
   * `deserialize` reads it without options; where the run's `limits` or `maxBytes` are raised, the reader needs the same.
   */
  readonly limits?: Partial<SnapshotLimits>
  /** Reads back what was written and compares; default false. */
  readonly verify?: boolean
}

/**
 * Writes a snapshot as JSON text, or as gzip bytes of it. Equal snapshots give equal bytes.
 *
 * @param snapshot - a snapshot, or the plain object of a document, which is checked first
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT; SNAPSHOT_VERIFY_FAILED with `verify`
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @throws {LimitError} LIMIT_SNAPSHOT_BYTES with the actual and the allowed size
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT for what its reader would refuse: too many values, too many compressed bytes
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const text = serialize(new DagExecutor(flow).saveSnapshot())
 */
export function serialize(
  snapshot: Snapshot | object,
  options: SerializeOptions & { readonly compress: 'gzip' },
): Uint8Array
export function serialize(
  snapshot: Snapshot | object,
  options?: SerializeOptions & { readonly compress?: undefined },
): string
export function serialize(snapshot: Snapshot | object, options?: SerializeOptions): string | Uint8Array
export function serialize(snapshot: Snapshot | object, options: SerializeOptions = {}): string | Uint8Array {
  checkSerializeOptions(options)
  const known = Snapshot.is(snapshot) ? snapshot : deserialize(snapshot)
  const compact = known.compactText()
  const limits = limitsOf(known, options)
  checkSize(compact, limits.maxBytes)
  known.checkReadable(limits)
  const text = options.pretty === false ? compact : prettyWithin(compact, limits.maxBytes)
  const written = options.compress === 'gzip' ? compressed(text, limits) : text
  if (options.verify === true) verify(written, compact, known.codec)
  return written
}

function verify(written: string | Uint8Array, compact: string, codec: ValueCodec): void {
  let read: string
  try {
    read = deserialize(written, { limits: UNLIMITED, codec }).compactText()
  } catch (cause) {
    throw new SnapshotError('SNAPSHOT_VERIFY_FAILED', 'the snapshot can not be read back; do not rely on it', { cause })
  }
  if (read !== compact)
    throw new SnapshotError(
      'SNAPSHOT_VERIFY_FAILED',
      'the snapshot read back is not the one written; do not rely on it',
    )
}

/** The limits of the reader a document is written for: higher than the defaults only where the run's own are. */
function limitsOf(known: Snapshot, { maxBytes, limits: given }: SerializeOptions): SnapshotLimits {
  const resolved = resolveLimits(given)
  const { maxSnapshotBytes, maxNodes } = known.config.limits
  const bytes = maxBytes ?? given?.maxBytes ?? maxSnapshotBytes ?? Number.POSITIVE_INFINITY
  return {
    ...resolved,
    maxBytes: bytes,
    maxCompressedBytes:
      given?.maxCompressedBytes ??
      (bytes > DEFAULT_SNAPSHOT_LIMITS.maxBytes ? bytes : DEFAULT_SNAPSHOT_LIMITS.maxCompressedBytes),
    maxSlots: given?.maxSlots ?? Math.max(DEFAULT_SNAPSHOT_LIMITS.maxSlots, maxNodes ?? Number.POSITIVE_INFINITY),
  }
}

function prettyWithin(compact: string, maxBytes: number): string {
  const text = prettyText(compact, maxBytes)
  if (typeof text === 'string') checkSize(text, maxBytes, PRETTY_ADVICE)
  else throw tooLarge(text.length, maxBytes, PRETTY_ADVICE)
  return text
}

/** What to do about a text that is too long with its white space, and short enough without. */
const PRETTY_ADVICE = '. Without its white space it fits: write it with pretty: false'

function compressed(text: string, limits: SnapshotLimits): Uint8Array {
  const bytes = gzip(new TextEncoder().encode(text))
  if (bytes.length > limits.maxCompressedBytes) {
    throw overLimit(limits, 'maxCompressedBytes', bytes.length, 'bytes of compressed data')
  }
  return bytes
}

function checkSize(text: string, max: number, advice = ''): void {
  // No UTF-16 code unit takes more than three bytes, so most texts need no count.
  if (text.length * 3 <= max) return
  const actual = new TextEncoder().encode(text).length
  if (actual > max) throw tooLarge(actual, max, advice)
}

function tooLarge(actual: number, max: number, advice: string): LimitError {
  return new LimitError(
    'LIMIT_SNAPSHOT_BYTES',
    `the snapshot has ${actual} bytes and limits.maxSnapshotBytes is ${max}; nothing was written${advice}`,
    {
      details: { limit: 'maxSnapshotBytes', max, actual },
    },
  )
}

function checkSerializeOptions(options: SerializeOptions): void {
  checkOptions(options, ['pretty', 'compress', 'maxBytes', 'limits', 'verify'], 'serialize')
  const { compress, maxBytes } = options
  if (compress !== undefined && compress !== 'gzip') throw invalidArgument('compress', '"gzip"', compress)
  if (maxBytes !== undefined && !(typeof maxBytes === 'number' && maxBytes >= 0)) {
    throw invalidArgument('maxBytes', 'a number of 0 or more', maxBytes)
  }
}
