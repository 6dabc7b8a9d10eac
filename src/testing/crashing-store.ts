import { invalidArgument, readArgument } from '../base/argument.ts'
import { StoreError } from '../base/errors.ts'
import type { Claim, StoreDriver } from '../store/driver.ts'
import { createStore, type Store } from '../store/store.ts'

/** When a process seems to die. */
export interface CrashPoint {
  /** The append at which it dies, from 1. */
  readonly atAppend: number
  /** Whether that append is on record, as when a process dies between the write and hearing of it. */
  readonly isRecorded: boolean
}

/**
 * A store as a process sees it that dies at a chosen append: from then on every call fails with `STORE_IO`, and what
 * it had claimed is free, since its owner is dead. The store underneath lives on; give it to an engine of its own,
 * which stands for the next process.
 *
 * @throws {WaystoneError} ARGUMENT_INVALID
 * @example
 * const store = memoryStore()
 * const flow = workflow('two', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const dying = createEngine({
 *   store: crashingStore(store, { atAppend: 2, isRecorded: true }),
 *   logger: { debug() {}, info() {}, warn() {}, error() {} },
 * })
 * const { result } = await dying.start(flow, undefined, { runId: 'r' })
 * await result.catch(() => 'the process is dead')
 * const next = createEngine({ store, workflows: [flow] })
 * const { output } = await (await next.resume('r')).result
 * output // 2
 */
export function crashingStore(store: Store, point: CrashPoint): Store {
  const { name, supports } = readArgument('store', () => {
    if (typeof store?.append !== 'function' || typeof store.supports !== 'object') {
      throw invalidArgument('store', 'a store', store, { of: 'crashingStore' })
    }
    return { name: store.name, supports: store.supports }
  })
  const { atAppend, isRecorded } = readArgument('point', () => {
    const { atAppend, isRecorded } = (point ?? {}) as Partial<CrashPoint>
    if (Number.isSafeInteger(atAppend) && typeof isRecorded === 'boolean') return point
    throw invalidArgument('point', '{ atAppend, isRecorded }, a whole number and a boolean', point, {
      of: 'crashingStore',
    })
  })
  const claims = new Map<string, Claim>()
  let appends = 0
  let isDead = false

  const die = async (): Promise<never> => {
    isDead = true
    for (const claim of claims.values()) await store.release(claim)
    throw dead()
  }
  const alive = <Arguments extends unknown[], Value>(call: (...given: Arguments) => Promise<Value>) => {
    return async (...given: Arguments): Promise<Value> => {
      if (isDead) throw dead()
      return call(...given)
    }
  }
  const driver: StoreDriver = {
    name,
    supports,
    open: alive(() => store.open()),
    // The store underneath is the disk: it does not close with a process.
    close: async () => undefined,
    append: alive(async (runId, expectation, batch) => {
      appends += 1
      if (appends < atAppend) return store.append(runId, expectation, batch)
      if (isRecorded) await store.append(runId, expectation, batch)
      return die()
    }),
    claim: alive(async (runId, request) => {
      const taken = await store.claim(runId, request)
      if (isDead) {
        await store.release(taken.claim)
        throw dead()
      }
      claims.set(runId, taken.claim)
      return taken
    }),
    renew: alive(async (claim, request) => {
      const renewed = await store.renew(claim, request)
      claims.set(claim.runId, renewed)
      return renewed
    }),
    release: alive(async (claim) => {
      await store.release(claim)
      claims.delete(claim.runId)
    }),
    read: alive((runId, range) => store.read(runId, range)),
    get: alive((runId) => store.get(runId)),
    list: alive((query) => store.list(query)),
    delete: alive((runId) => store.delete(runId)),
    stats: alive(() => store.stats()),
    saveCheckpoint: alive((runId, checkpoint) => store.saveCheckpoint(runId, checkpoint)),
    readCheckpoint: alive((runId, seq) => store.readCheckpoint(runId, seq)),
    listCheckpoints: alive((runId) => store.listCheckpoints(runId)),
    deleteCheckpoints: alive((runId, seqs) => store.deleteCheckpoints(runId, seqs)),
  }
  return createStore(driver)
}

function dead(): StoreError {
  return new StoreError(
    'STORE_IO',
    'the process that used this store has died, as the test asked; use the store itself',
  )
}
