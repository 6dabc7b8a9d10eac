import { checkOptions, invalidArgument } from '../../base/argument.ts'
import { StoreError } from '../../base/errors.ts'
import type { ResultCache } from '../../base/ports.ts'

/**
 * Results that runs of this process share, for nodes with `reuse`; the ones put longest ago make place for new ones.
 * Its methods refuse what is no text with STORE_BAD_ARGUMENT.
 *
 * @param options - `maxEntries`: most results kept; 1 or more, default 1,000
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * let calls = 0
 * const flow = workflow('priced').node('price', () => (calls += 1), { reuse: true }).build()
 * const results = memoryResults()
 * await new DagExecutor(flow, { results }).execute()
 * await new DagExecutor(flow, { results }).execute()
 * calls // 1
 */
export function memoryResults(options: { readonly maxEntries?: number } = {}): ResultCache {
  checkOptions(options, ['maxEntries'], 'memoryResults')
  const { maxEntries = 1_000 } = options
  if (!Number.isSafeInteger(maxEntries) || maxEntries < 1) {
    throw invalidArgument('maxEntries', 'a whole number of 1 or more', maxEntries, { of: 'memoryResults' })
  }
  const texts = new Map<string, string>()
  return {
    async get(key) {
      return texts.get(key) ?? null
    },
    async put(key, text) {
      if (typeof key !== 'string') throw refused('key', key)
      if (typeof text !== 'string') throw refused('text', text)
      texts.delete(key)
      texts.set(key, text)
      for (const oldest of texts.keys()) {
        if (texts.size <= maxEntries) break
        texts.delete(oldest)
      }
    },
  }
}

function refused(parameter: string, got: unknown): Error {
  return invalidArgument(parameter, 'a string', got, { error: StoreError, code: 'STORE_BAD_ARGUMENT' })
}
