import { isWaystoneError } from '../../base/errors.ts'
import { failsWith, holds, same } from './assertions.ts'
import { LEASE_MS, NOW, request, sampleBatch, seqs, startRun, upTo } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `claim`, `renew` and `release` have to do. */
export const claimTests: readonly StoreTest[] = [
  {
    name: 'gives the owner, an epoch and the end of the lease',
    async run(store) {
      const { claim, repairs } = await store.claim('r', request())
      same([claim.runId, claim.owner, claim.expiresAt], ['r', 'one', NOW + LEASE_MS], 'claim')
      holds(Number.isSafeInteger(claim.epoch) && claim.epoch >= 1, 'an epoch of 1 or more')
      same(repairs, [], 'repairs')
    },
  },
  {
    name: 'is refused to another owner while the lease lasts',
    async run(store) {
      await store.claim('r', request())
      const error = await failsWith('STORE_HELD', () => store.claim('r', request('two', NOW + LEASE_MS - 1)))
      same([error.details['owner'], error.details['expiresAt']], ['one', NOW + LEASE_MS], 'details')
    },
  },
  {
    name: 'passes to another owner when the lease is over, with a higher epoch',
    async run(store) {
      const first = await store.claim('r', request())
      const second = await store.claim('r', request('two', NOW + LEASE_MS))
      holds(second.claim.epoch > first.claim.epoch, 'a higher epoch')
      same(second.claim.owner, 'two', 'owner')
    },
  },
  {
    name: 'passes to another owner at once when it was released',
    async run(store) {
      const first = await store.claim('r', request())
      await store.release(first.claim)
      const second = await store.claim('r', request('two'))
      holds(second.claim.epoch > first.claim.epoch, 'a higher epoch')
    },
  },
  {
    name: 'can be made again by the same owner, and ends the one before',
    async run(store) {
      const first = await startRun(store, 'r')
      const { claim } = await store.claim('r', request())
      holds(claim.epoch > first.epoch, 'a higher epoch')
      await failsWith('STORE_FENCED', () =>
        store.append('r', { expectedSeq: 1, epoch: first.epoch }, sampleBatch('r', 1)),
      )
      await store.append('r', { expectedSeq: 1, epoch: claim.epoch }, sampleBatch('r', 1))
    },
  },
  {
    name: 'of many that ask at once exactly one gets it',
    async run(store) {
      const results = await Promise.allSettled(upTo(10).map((number) => store.claim('r', request(`owner-${number}`))))
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      same(failures.length, 9, 'failures')
      for (const failure of failures) same(isWaystoneError(failure, 'STORE_HELD'), true, 'code')
    },
  },
  {
    name: 'is prolonged by a renewal',
    async run(store) {
      const { claim } = await store.claim('r', request())
      const renewed = await store.renew(claim, request('one', NOW + 20_000))
      same([renewed.epoch, renewed.expiresAt], [claim.epoch, NOW + 20_000 + LEASE_MS], 'renewed')
      await failsWith('STORE_HELD', () => store.claim('r', request('two', NOW + LEASE_MS + 1)))
      await store.append('r', { expectedSeq: 0, epoch: renewed.epoch }, sampleBatch('r', 0))
    },
  },
  {
    name: 'can not be renewed once it was lost or released',
    async run(store) {
      const first = await store.claim('r', request())
      const second = await store.claim('r', request('two', NOW + LEASE_MS))
      await failsWith('STORE_FENCED', () => store.renew(first.claim, request('one', NOW + LEASE_MS)))
      await store.release(second.claim)
      await failsWith('STORE_FENCED', () => store.renew(second.claim, request('two', NOW + LEASE_MS)))
    },
  },
  {
    name: 'lets nobody append without one',
    async run(store) {
      await failsWith('STORE_FENCED', () => store.append('r', { expectedSeq: 0, epoch: 1 }, sampleBatch('r', 0)))
      await failsWith('STORE_BAD_ARGUMENT', () => store.append('r', { expectedSeq: 0, epoch: 0 }, sampleBatch('r', 0)))
      same(await store.get('r'), null, 'summary')
    },
  },
  {
    name: 'lets nobody append under one that was released, or under another epoch',
    async run(store) {
      const claim = await startRun(store, 'r')
      const append = (epoch: number) => store.append('r', { expectedSeq: 1, epoch }, sampleBatch('r', 1))
      await failsWith('STORE_FENCED', () => append(claim.epoch + 1))
      await store.release(claim)
      await failsWith('STORE_FENCED', () => append(claim.epoch))
      same(seqs(await store.read('r')), [1], 'sequences')
    },
  },
  {
    name: 'still allows appends after the lease when nobody took over',
    async run(store) {
      const { claim } = await store.claim('r', { owner: 'one', leaseMs: 1, now: NOW })
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, sampleBatch('r', 0))
      same(seqs(await store.read('r')), [1], 'sequences')
    },
  },
  {
    name: 'that was lost is no error to release, and its release changes nothing',
    async run(store) {
      const first = await store.claim('r', request())
      const second = await store.claim('r', request('two', NOW + LEASE_MS))
      await store.release(first.claim)
      await failsWith('STORE_HELD', () => store.claim('r', request('three', NOW + LEASE_MS)))
      await store.append('r', { expectedSeq: 0, epoch: second.claim.epoch }, sampleBatch('r', 0))
      await store.release({ runId: 'nobody', owner: 'one', epoch: 1, expiresAt: NOW })
    },
  },
  {
    name: 'of one run does not hold another',
    async run(store) {
      await store.claim('r', request())
      await store.claim('s', request('two'))
      await failsWith('STORE_HELD', () => store.claim('s', request()))
    },
  },
  {
    name: 'survives closing and opening, and its epoch goes on',
    needs: 'durable',
    async run(store, { reopen }) {
      const claim = await startRun(store, 'r')
      const again = await reopen()
      await failsWith('STORE_FENCED', () =>
        again.append('r', { expectedSeq: 1, epoch: claim.epoch }, sampleBatch('r', 1)),
      )
      await failsWith('STORE_HELD', () => again.claim('r', request('two')))
      const next = await again.claim('r', request('two', NOW + LEASE_MS))
      holds(next.claim.epoch > claim.epoch, 'a higher epoch')
    },
  },
  {
    name: 'is refused for requests that are none',
    async run(store) {
      const wrong = [{ owner: '' }, { leaseMs: 0 }, { leaseMs: Number.NaN }, { now: Number.POSITIVE_INFINITY }]
      for (const part of wrong) {
        await failsWith('STORE_BAD_ARGUMENT', () => store.claim('r', { ...request(), ...part }))
      }
    },
  },
]
