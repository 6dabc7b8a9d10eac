import { LimitError, quote, SnapshotError, WaystoneError } from '../base/errors.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { deserialize } from './deserialize.ts'
import { gzip } from './gzip.ts'
import { DEFAULT_SNAPSHOT_LIMITS, type SnapshotLimits } from './limits.ts'
import { prettyText } from './pretty.ts'
import { Snapshot } from './snapshot.ts'

/** How a snapshot is written. */
export interface SerializeOptions {
  /** Two spaces a level (default), or no needless white space. */
  readonly pretty?: boolean
  /** `gzip` gives bytes instead of text. */
  readonly compress?: 'gzip'
  /** Most bytes of compact text; default the run's `limits.maxSnapshotBytes`. */
  readonly maxBytes?: number
  /** Reads back what was written and compares; default false. */
  readonly verify?: boolean
}

/**
 * Writes a snapshot as JSON text, or as gzip bytes of it. Equal snapshots give equal bytes.
 *
 * @param snapshot - a snapshot, or the plain object of a document, which is checked first
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT; SNAPSHOT_VERIFY_FAILED with `verify`
 * @throws {LimitError} LIMIT_SNAPSHOT_BYTES with the actual and the allowed size, before anything is written
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
  checkOptions(options)
  const known = Snapshot.is(snapshot) ? snapshot : deserialize(snapshot)
  const compact = known.compactText()
  checkSize(compact, options.maxBytes ?? known.config.limits.maxSnapshotBytes)
  const text = options.pretty === false ? compact : prettyText(compact)
  const written = options.compress === 'gzip' ? gzip(new TextEncoder().encode(text)) : text
  if (options.verify === true) verify(written, compact, known.codec)
  return written
}

function verify(written: string | Uint8Array, compact: string, codec: ValueCodec): void {
  let read: string
  try {
    read = deserialize(written, { limits: unlimited, codec }).compactText()
  } catch (cause) {
    throw new SnapshotError('SNAPSHOT_VERIFY_FAILED', 'the snapshot can not be read back; do not rely on it', { cause })
  }
  if (read !== compact)
    throw new SnapshotError(
      'SNAPSHOT_VERIFY_FAILED',
      'the snapshot read back is not the one written; do not rely on it',
    )
}

/** What we wrote ourselves was held to its limits already. */
const unlimited: SnapshotLimits = Object.freeze(
  Object.assign(
    { ...DEFAULT_SNAPSHOT_LIMITS },
    ...Object.keys(DEFAULT_SNAPSHOT_LIMITS).map((limit) => ({ [limit]: Number.POSITIVE_INFINITY })),
  ),
)

function checkSize(compact: string, max: number | null): void {
  // No UTF-16 code unit takes more than three bytes, so most texts need no count.
  if (max === null || compact.length * 3 <= max) return
  const actual = new TextEncoder().encode(compact).length
  if (actual <= max) return
  throw new LimitError(
    'LIMIT_SNAPSHOT_BYTES',
    `the snapshot has ${actual} bytes and limits.maxSnapshotBytes is ${max}; nothing was written`,
    {
      details: { limit: 'maxSnapshotBytes', max, actual },
    },
  )
}

function checkOptions(options: unknown): void {
  const known = ['pretty', 'compress', 'maxBytes', 'verify']
  if (typeof options !== 'object' || options === null) {
    throw new WaystoneError('ARGUMENT_INVALID', `serialize expects options to be an object, got ${quote(options)}`)
  }
  const unknown = Object.keys(options).find((name) => !known.includes(name))
  if (unknown !== undefined)
    throw new WaystoneError('OPTION_UNKNOWN', `serialize has no option ${quote(unknown)}; it has ${known.join(', ')}`)
  const { compress } = options as SerializeOptions
  if (compress !== undefined && compress !== 'gzip') {
    throw new WaystoneError('ARGUMENT_INVALID', `compress expects "gzip", got ${quote(compress)}`)
  }
}
