import { invalidArgument } from '../../base/argument.ts'
import { StoreError } from '../../base/errors.ts'
import type { BlobStore } from '../../base/ports.ts'

/**
 * Large results kept in this process, for tests and runs that end with it.
 * Its methods refuse what is no digest text or no Uint8Array with STORE_BAD_ARGUMENT.
 *
 * @example
 * const flow = workflow('large', '1.0.0').node('a', () => 'x'.repeat(5_000)).node('b', ['a'], ({ a }) => a.length).build()
 * const executor = new DagExecutor(flow, {
 *   limits: { maxResultBytes: 1_000 },
 *   oversizedResults: 'reference',
 *   blobs: memoryBlobs(),
 * })
 * const { output } = await executor.execute()
 * output // 5000
 */
export function memoryBlobs(): BlobStore {
  const blobs = new Map<string, Uint8Array>()
  return {
    async put(digest, bytes) {
      if (typeof digest !== 'string') throw refused('digest', 'a string', digest)
      if (!ArrayBuffer.isView(bytes)) throw refused('bytes', 'a Uint8Array', bytes)
      if (!blobs.has(digest)) blobs.set(digest, Uint8Array.from(bytes))
    },
    async get(digest) {
      return blobs.get(digest)?.slice() ?? null
    },
  }
}

function refused(parameter: string, expected: string, got: unknown): Error {
  return invalidArgument(parameter, expected, got, { error: StoreError, code: 'STORE_BAD_ARGUMENT' })
}
