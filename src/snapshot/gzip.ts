import { Gunzip, Gzip } from 'fflate'
import { SnapshotSyntaxError, WaystoneError } from '../base/errors.ts'
import { overLimit, type SnapshotLimits } from './limits.ts'

const WRITE_SLICE = 64 * 1024
const READ_SLICE = 4 * 1024

/** Deflate can't make more of a byte than this. */
const MAX_RATIO = 1032

/** Header and trailer of a gzip member, without optional fields. */
const FRAME_BYTES = 18

/** Whether bytes begin as a gzip member does. */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b
}

/** Bytes as one gzip member, level 6, without a time in its header, so that equal bytes give equal bytes. */
export function gzip(bytes: Uint8Array): Uint8Array {
  const chunks: Uint8Array[] = []
  const stream = new Gzip({ level: 6, mtime: 0 }, (chunk) => chunks.push(chunk))
  for (let from = 0; from < bytes.length || from === 0; from += WRITE_SLICE) {
    stream.push(bytes.subarray(from, from + WRITE_SLICE), from + WRITE_SLICE >= bytes.length)
  }
  return joined(chunks)
}

/**
 * The content of one gzip member.
 * The size that its trailer gives is checked first, and decompression ends as soon as there is more: memory follows
 * what is allowed, not what the bytes claim.
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT over `maxCompressedBytes` or `maxBytes`
 * @throws {SnapshotSyntaxError} SNAPSHOT_BAD_GZIP for damaged bytes, a wrong checksum or length, several members
 */
export function gunzip(bytes: Uint8Array, limits: SnapshotLimits): Uint8Array {
  if (bytes.length > limits.maxCompressedBytes) {
    throw overLimit(limits, 'maxCompressedBytes', bytes.length, 'bytes of compressed data')
  }
  if (bytes.length < FRAME_BYTES) throw damaged(`it has ${bytes.length} bytes, a gzip member at least ${FRAME_BYTES}`)
  if (bytes[2] !== 8) throw damaged('its compression method is not deflate')
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8)
  const size = trailer.getUint32(4, true)
  if (size > bytes.length * MAX_RATIO)
    throw damaged(`${bytes.length} bytes can not hold the ${size} its trailer promises`)
  if (size > limits.maxBytes) throw overLimit(limits, 'maxBytes', size, 'bytes after decompression')

  const content = new Uint8Array(size)
  let length = 0
  const stream = new Gunzip((chunk) => {
    if (length + chunk.length > size) throw damaged(`it holds more than the ${size} bytes its trailer promises`)
    content.set(chunk, length)
    length += chunk.length
  })
  stream.onmember = () => {
    throw damaged('it has several members; a compressed snapshot has one')
  }
  try {
    for (let from = 0; from < bytes.length; from += READ_SLICE) {
      stream.push(bytes.subarray(from, from + READ_SLICE), from + READ_SLICE >= bytes.length)
    }
  } catch (cause) {
    throw cause instanceof WaystoneError ? cause : damaged('it can not be decompressed', cause)
  }
  if (length !== size) throw damaged(`it holds ${length} bytes, its trailer promises ${size}`)
  if (crc32(content) !== trailer.getUint32(0, true)) throw damaged('its checksum is not that of its content')
  return content
}

let crcTable: Uint32Array | undefined

/** CRC-32 as gzip uses it (ISO 3309, reflected polynomial EDB88320). */
export function crc32(bytes: Uint8Array): number {
  crcTable ??= Uint32Array.from({ length: 256 }, (_, byte) => {
    let value = byte
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1
    return value
  })
  let crc = 0xffffffff
  for (let at = 0; at < bytes.length; at += 1) crc = crcTable[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8)
  return (crc ^ 0xffffffff) >>> 0
}

function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    bytes.set(chunk, at)
    at += chunk.length
  }
  return bytes
}

function damaged(why: string, cause?: unknown): SnapshotSyntaxError {
  return new SnapshotSyntaxError(
    'SNAPSHOT_BAD_GZIP',
    `the compressed document is damaged: ${why}; take another copy of it`,
    { cause },
  )
}
