import { kindOf, quote, SnapshotError, SnapshotSyntaxError } from '../base/errors.ts'
import { gunzip, isGzip } from './gzip.ts'
import { overLimit, type SnapshotLimits } from './limits.ts'

/**
 * The text of whatever a document is given as: text, bytes (compressed or not) or the object parsed from it.
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT, and the errors of the first steps of reading
 */
export function inputText(input: unknown, limits: SnapshotLimits): string {
  if (typeof input === 'string') return checkedText(input, limits)
  const bytes = bytesOf(input)
  if (bytes !== null) return checkedText(decodedText(bytes, limits), limits)
  if (isObject(input)) {
    return checkedText(objectText(input), limits)
  }
  throw notASnapshot(input)
}

/** The error for something that can't be a snapshot. */
export function notASnapshot(input: unknown): SnapshotError {
  const found = typeof input === 'object' ? kindOf(input) : quote(input)
  return new SnapshotError(
    'SNAPSHOT_ARGUMENT',
    `expected a snapshot, or the text, bytes or object of its document, got ${found}`,
    { details: { actual: kindOf(input) } },
  )
}

function isObject(input: unknown): input is object {
  try {
    return typeof input === 'object' && input !== null && !Array.isArray(input) && !ArrayBuffer.isView(input)
  } catch {
    // A Proxy that was revoked.
    return false
  }
}

const bufferLength = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, 'byteLength')!.get!
const viewName = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), Symbol.toStringTag)!.get!

/** Bytes of this realm or another; told by what they are inside, not by their names. */
function bytesOf(input: unknown): Uint8Array | null {
  if (ArrayBuffer.isView(input)) {
    if (viewName.call(input) !== 'Uint8Array') return null
    // A copy when other threads may write: what is checked has to be what is read.
    const bytes = new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
    return isBuffer(input.buffer) ? bytes : bytes.slice()
  }
  return isBuffer(input) ? new Uint8Array(input) : null
}

function isBuffer(value: unknown): value is ArrayBuffer {
  try {
    bufferLength.call(value)
    return true
  } catch {
    return false
  }
}

function decodedText(bytes: Uint8Array, limits: SnapshotLimits): string {
  let content = bytes
  if (isGzip(bytes)) content = gunzip(bytes, limits)
  else if (bytes.length > limits.maxBytes) throw overLimit(limits, 'maxBytes', bytes.length, 'bytes')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(content)
  } catch (cause) {
    throw new SnapshotSyntaxError('SNAPSHOT_BAD_UTF8', 'the document is no valid UTF-8 text; take another copy of it', {
      cause,
    })
  }
}

function checkedText(text: string, limits: SnapshotLimits): string {
  // No UTF-16 code unit takes more than three bytes, so most texts need no count.
  if (text.length > limits.maxBytes) throw overLimit(limits, 'maxBytes', text.length, 'bytes')
  if (text.length * 3 > limits.maxBytes) {
    const length = new TextEncoder().encode(text).length
    if (length > limits.maxBytes) throw overLimit(limits, 'maxBytes', length, 'bytes')
  }
  if (text.charCodeAt(0) === 0xfeff) {
    throw new SnapshotSyntaxError(
      'SNAPSHOT_BAD_UTF8',
      'the document begins with a byte order mark; write it without one',
    )
  }
  if (!text.isWellFormed()) {
    throw new SnapshotSyntaxError(
      'SNAPSHOT_BAD_UTF8',
      'the text of the document has half a surrogate pair, which no UTF-8 text has',
    )
  }
  return text
}

function objectText(input: object): string {
  let text: string | undefined
  try {
    text = JSON.stringify(input)
  } catch (cause) {
    throw new SnapshotError(
      'SNAPSHOT_ARGUMENT',
      'the object given is no JSON, so it is not the document of a snapshot',
      { cause },
    )
  }
  if (typeof text !== 'string') throw notASnapshot(input)
  return text
}
