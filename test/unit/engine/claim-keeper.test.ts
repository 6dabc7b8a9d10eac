import { describe, expect, it } from 'vitest'
import { StoreError } from '../../../src/base/errors.ts'
import { ClaimKeeper } from '../../../src/engine/claim-keeper.ts'
import { StoreJournal } from '../../../src/engine/store-journal.ts'
import { memoryStore } from '../../../src/store/memory/memory-driver.ts'
import type { Store } from '../../../src/store/store.ts'
import { ManualClock } from '../../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, recordingLogger, tick } from '../../helpers/run-control.ts'

guardRejections()

async function kept(store: Store) {
  const clock = new ManualClock()
  const logger = recordingLogger()
  const keeper = new ClaimKeeper(store, clock, logger, 3_000)
  const { claim } = await store.claim('r', { owner: 'me', leaseMs: 3_000, now: clock.now() })
  const journal = new StoreJournal(store, claim)
  const lost: unknown[] = []
  journal.onLost((error) => lost.push(error))
  keeper.keep(journal)
  return { clock, logger, keeper, journal, lost }
}

describe('a claim keeper', () => {
  it('prolongs a claim at each third of its lease, and stops with the last one', async () => {
    const { clock, keeper, journal } = await kept(memoryStore())
    const first = journal.claim.expiresAt
    clock.advance(999)
    await tick()
    expect(journal.claim.expiresAt).toBe(first)
    clock.advance(1)
    await tick()
    expect(journal.claim.expiresAt).toBe(first + 1_000)
    await keeper.release(journal)
    expect(clock.pending).toBe(0)
  })

  it('tells of a lost claim once, and nothing is written under it any more', async () => {
    const store = memoryStore()
    const { clock, journal, lost, logger } = await kept(store)
    await store.claim('r', { owner: 'other', leaseMs: 1, now: clock.now() + 10_000 })
    clock.advance(1_000)
    await tick()
    expect(lost).toEqual([expect.objectContaining({ code: 'STORE_FENCED' })])
    await expect(journal.append([], {} as never)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(logger.lines).toEqual([expect.stringContaining('was lost')])
  })

  it('does not take a renewal that fails for a loss', async () => {
    const store = intercepted(memoryStore(), {
      renew: async () => {
        throw new StoreError('STORE_IO', 'busy')
      },
    })
    const { clock, lost, logger } = await kept(store)
    clock.advance(2_000)
    await tick()
    expect([lost, logger.lines.length]).toEqual([[], 1])
    clock.advance(1_000)
    await tick()
    expect([lost, logger.lines.length]).toEqual([[], 2])
  })

  it('says nothing of a renewal that fails after the claim was let go', async () => {
    const gate = deferred()
    const inner = memoryStore()
    const store = intercepted(inner, {
      renew: async (next) => {
        await gate.promise
        return next()
      },
    })
    const { clock, keeper, journal, lost, logger } = await kept(store)
    clock.advance(1_000)
    await keeper.release(journal)
    gate.resolve()
    await tick()
    expect([lost, logger.lines]).toEqual([[], []])
  })
})
