import { nodeBuffer } from './brand.ts'

/** The standard alphabet (RFC 4648, section 4), as character codes. */
const ALPHABET = Uint8Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/', (c) =>
  c.charCodeAt(0),
)
const PAD = 0x3d

/** The six bits of each character code; 255 for a character outside the alphabet. */
const SIX_BITS = new Uint8Array(256).fill(255)
for (const [bits, code] of ALPHABET.entries()) SIX_BITS[code] = bits

/** How many character codes are turned to text at once; a call takes its arguments on the stack. */
const SLICE = 8_192

/** From this many bytes on Node's own way is worth asking for: twenty times as fast (bench/codec.mjs, "Uint8Array"). */
const LARGE = 1_024

/** Bytes as standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  if (bytes.length >= LARGE) {
    const text = nodeBuffer()?.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
    if (text !== undefined) return text
  }
  const codes = new Uint8Array(Math.ceil(bytes.length / 3) * 4)
  let out = 0
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const group = (bytes[at]! << 16) | ((left > 1 ? bytes[at + 1]! : 0) << 8) | (left > 2 ? bytes[at + 2]! : 0)
    codes[out] = ALPHABET[group >> 18]!
    codes[out + 1] = ALPHABET[(group >> 12) & 63]!
    codes[out + 2] = left > 1 ? ALPHABET[(group >> 6) & 63]! : PAD
    codes[out + 3] = left > 2 ? ALPHABET[group & 63]! : PAD
    out += 4
  }
  const slices: string[] = []
  for (let at = 0; at < codes.length; at += SLICE) slices.push(String.fromCharCode(...codes.subarray(at, at + SLICE)))
  return slices.join('')
}

/** How many bytes a base64 text of this length and padding stands for; null when no canonical text has them. */
export function base64Size(text: string): number | null {
  if (text.length % 4 !== 0) return null
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  return (text.length / 4) * 3 - padding
}

/**
 * The bytes of a canonical base64 text, in a buffer of their own: padded, no white space, unused bits zero.
 *
 * @returns null for any other text, so that bytes have one spelling
 */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | null {
  const size = base64Size(text)
  if (size === null) return null
  if (size >= LARGE) {
    const buffer = nodeBuffer()?.from(text, 'base64')
    // Node reads any base64 it can make sense of; only canonical text is what it would write again
    if (buffer !== undefined) return buffer.toString('base64') === text ? ownBytes(buffer) : null
  }
  const bytes = new Uint8Array(size)
  let out = 0
  for (let at = 0; at < text.length; at += 4) {
    const count = Math.min(3, size - out)
    let group = 0
    for (let index = 0; index < 4; index += 1) {
      const code = text.charCodeAt(at + index)
      const bits = index > count ? (code === PAD ? 0 : 255) : (SIX_BITS[code] ?? 255)
      if (bits === 255) return null
      group = (group << 6) | bits
    }
    if ((count === 1 && (group & 0xffff) !== 0) || (count === 2 && (group & 0xff) !== 0)) return null
    bytes[out] = group >> 16
    if (count > 1) bytes[out + 1] = (group >> 8) & 255
    if (count > 2) bytes[out + 2] = group & 255
    out += 3
  }
  return bytes
}

/** Bytes in a buffer of their own: copied only out of one that Node shares among small ones. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer } = bytes
  const isAlone = buffer instanceof ArrayBuffer && buffer.byteLength === bytes.byteLength
  return isAlone ? new Uint8Array(buffer) : new Uint8Array(bytes)
}
