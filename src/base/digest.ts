import { sha256 } from '@noble/hashes/sha2.js'
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js'

/**
 * SHA-256 as 64 lower-case hexadecimal digits, in plain JavaScript so that it is synchronous everywhere.
 *
 * @param data - bytes, or text whose UTF-8 bytes are meant (a lone surrogate counts as U+FFFD)
 * @see FIPS 180-4
 */
export function sha256Hex(data: string | Uint8Array): string {
  return bytesToHex(sha256(typeof data === 'string' ? utf8ToBytes(data) : data))
}
