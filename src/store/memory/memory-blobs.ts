import type { BlobStore } from '../../base/ports.ts'

/**
 * Large results kept in this process, for tests and runs that end with it.
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
      if (!blobs.has(digest)) blobs.set(digest, Uint8Array.from(bytes))
    },
    async get(digest) {
      return blobs.get(digest)?.slice() ?? null
    },
  }
}
