import { sha256Hex } from '../base/digest.ts'

/** The part of `node:crypto` that is used, where there is one. */
interface NativeCrypto {
  createHash(algorithm: 'sha256'): NativeHash
}

interface NativeHash {
  update(text: string, encoding: 'utf8'): NativeHash
  digest(encoding: 'hex'): string
}

/** `process` where the runtime has built-in modules that need no import. */
interface BuiltinHost {
  readonly process?: { readonly getBuiltinModule?: (name: string) => unknown }
}

/** Characters hashed at once: to turn all of a large text into bytes first takes as long as its hash (bench/resume-once.mjs). */
const PIECE_LENGTH = 65_536

/**
 * SHA-256 over the UTF-8 bytes of texts joined, as 64 lower-case hexadecimal digits.
 * Native where the runtime offers it without an import, several times faster than the portable one; equal everywhere.
 * @param parts - well-formed texts; no part ends within a surrogate pair
 */
export function digestOfText(...parts: readonly string[]): string {
  const native = nativeCrypto()
  if (native === null) return sha256Hex(new TextEncoder().encode(parts.join('')))
  const hash = native.createHash('sha256')
  for (const part of parts) {
    for (let start = 0; start < part.length; ) {
      const end = pieceEnd(part, start + PIECE_LENGTH)
      hash.update(part.slice(start, end), 'utf8')
      start = end
    }
  }
  return hash.digest('hex')
}

/** The end of a piece, at the latest; two halves of a character stay together, since each alone would be another one. */
function pieceEnd(text: string, latest: number): number {
  if (latest >= text.length) return text.length
  const last = text.charCodeAt(latest - 1)
  return last >= 0xd800 && last <= 0xdbff ? latest - 1 : latest
}

function nativeCrypto(): NativeCrypto | null {
  try {
    return ((globalThis as BuiltinHost).process?.getBuiltinModule?.('node:crypto') as NativeCrypto | undefined) ?? null
  } catch {
    return null
  }
}
