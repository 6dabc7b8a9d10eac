import { kindOf, SnapshotError, SnapshotSyntaxError } from '../base/errors.ts'
import { gunzip, isGzip } from './gzip.ts'
import { overLimit, type SnapshotLimits } from './limits.ts'

/**
 * The text of a document, from text, bytes (gzip is detected by its magic bytes) or the plain object of one.
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT
 * @throws {SnapshotSyntaxError} SNAPSHOT_BAD_UTF8, SNAPSHOT_BAD_GZIP
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT
 */
export function documentTextOf(input: unknown, limits: SnapshotLimits): string {
  if (typeof input === 'string') {
    // A UTF-16 code unit takes a byte at least, so a longer text is over the limit in any case.
    if (input.length > limits.maxBytes) throw overLimit(limits, 'maxBytes', input.length, 'characters')
    if (!input.isWellFormed()) throw badUtf8('it has a lone surrogate')
    return input
  }
  const bytes = bytesOf(input)
  if (bytes !== null) return textOfBytes(bytes, limits)
  if (typeof input !== 'object' || input === null || Array.isArray(input)) throw notASnapshot(input)
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch (cause) {
    throw new SnapshotError('SNAPSHOT_ARGUMENT', 'the object given is no document: it can not be written as JSON', { cause })
  }
  if (typeof text !== 'string') throw notASnapshot(input)
  return documentTextOf(text, limits)
}

function textOfBytes(given: Uint8Array, limits: SnapshotLimits): string {
  const bytes = isGzip(given) ? gunzip(given, limits) : given
  if (bytes.length > limits.maxBytes) throw overLimit(limits, 'maxBytes', bytes.length, 'bytes')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) throw badUtf8('it begins with a byte order mark')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw badUtf8('its bytes are not valid UTF-8', cause)
  }
}

function bytesOf(input: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(input)) return new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
  const kind = Object.prototype.toString.call(input)
  return kind === '[object ArrayBuffer]' ? new Uint8Array(input as ArrayBuffer) : null
}

function notASnapshot(input: unknown): SnapshotError {
  return new SnapshotError('SNAPSHOT_ARGUMENT', `expected a snapshot, its JSON text, its bytes or the object of its document, got ${kindOf(input)}`)
}

function badUtf8(why: string, cause?: unknown): SnapshotSyntaxError {
  return new SnapshotSyntaxError('SNAPSHOT_BAD_UTF8', `the document is not UTF-8 text: ${why}; take another copy of it`, { cause })
}
