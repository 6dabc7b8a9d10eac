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

/**
 * SHA-256 over the UTF-8 bytes of texts joined, as 64 lower-case hexadecimal digits.
 * Native where the runtime offers it without an import, several times faster than the portable one; equal everywhere.
 * @param parts - well-formed texts; no part ends within a surrogate pair
 */
export function digestOfText(...parts: readonly string[]): string {
  const native = nativeCrypto()
  if (native === null) return sha256Hex(new TextEncoder().encode(parts.join('')))
  const hash = native.createHash('sha256')
  for (const part of parts) hash.update(part, 'utf8')
  return hash.digest('hex')
}

function nativeCrypto(): NativeCrypto | null {
  try {
    return ((globalThis as BuiltinHost).process?.getBuiltinModule?.('node:crypto') as NativeCrypto | undefined) ?? null
  } catch {
    return null
  }
}
