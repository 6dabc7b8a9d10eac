import { checkOptions } from '../base/argument.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { CacheEntry } from '../run/state.ts'
import type { CacheContext } from '../workflow/handler.ts'
import type { AttemptContext } from './context.ts'

/** `ctx.cache`. One rule for reading, saving and loading: an entry is alive while now < expiry. */
export function cacheArea(ctx: AttemptContext): CacheContext {
  const find = (name: string): CacheEntry | undefined => {
    const key = ctx.key('cache', name)
    const pending = ctx.startedTransaction?.pending('cache', key)
    const entry = pending === undefined ? ctx.state.cache[key] : pending.op === 'delete' ? undefined : pending
    return entry !== undefined && (entry.expiresAt === null || ctx.now() < entry.expiresAt) ? entry : undefined
  }
  return Object.freeze({
    get: (key: string) => {
      const entry = find(key)
      return entry === undefined ? undefined : ctx.decode(entry.value)
    },
    has: (key: string) => find(key) !== undefined,
    set: (key: string, value: unknown, options: { readonly ttlMs?: number } = {}) => {
      ctx.assertOpen()
      checkOptions(options, ['ttlMs'], 'cache.set', { error: NodeError })
      const { ttlMs } = options
      if (ttlMs !== undefined && !(typeof ttlMs === 'number' && ttlMs > 0 && Number.isFinite(ttlMs))) {
        throw new NodeError(
          'STATE_BAD_TTL',
          `cache entry ${quote(key)} of node ${quote(ctx.nodeId)} expects a ttlMs above 0, got ${quote(ttlMs)}`,
        )
      }
      const expiresAt = ttlMs === undefined ? null : Math.round(ctx.now() + ttlMs)
      ctx.transaction.set({ area: 'cache', op: 'set', key: ctx.key('cache', key), value: ctx.encode(value), expiresAt })
    },
    delete: (key: string) => {
      ctx.assertOpen()
      ctx.transaction.set({ area: 'cache', op: 'delete', key: ctx.key('cache', key) })
    },
  })
}
