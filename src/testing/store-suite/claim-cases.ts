import { expectCode, expectEqual, expectTrue } from './expectation.ts'
import { appendTo, requestOf, SAMPLE_START, sampleTexts, textsOf, writeRun } from './sample-run.ts'
import type { StoreCase } from './store-case.ts'

const LEASE_OVER = SAMPLE_START + 60_000

/** What `claim`, `renew` and `release` promise. */
export const claimCases: readonly StoreCase[] = [
  {
    name: 'claim gives what was asked for, and refuses a second owner until the lease is over',
    async run({ store }) {
      const { claim, repairs } = await store.claim('run', requestOf('first'))
      expectEqual([claim.runId, claim.owner, claim.expiresAt], ['run', 'first', LEASE_OVER], 'the claim')
      expectTrue(Number.isSafeInteger(claim.epoch) && claim.epoch > 0, 'the epoch is no integer above 0')
      expectEqual(repairs, [], 'the repairs of a new run')
      const error = await expectCode(store.claim('run', requestOf('second', LEASE_OVER - 1)), 'STORE_HELD', 'claiming')
      expectEqual([error.details['owner'], error.details['expiresAt']], ['first', LEASE_OVER], 'the details')
      const next = await store.claim('run', requestOf('second', LEASE_OVER))
      expectTrue(next.claim.epoch > claim.epoch, 'the epoch did not grow')
    },
  },
  {
    name: 'claim fences the owner before: it neither appends, renews nor releases any more',
    async run({ store }) {
      const first = await writeRun(store, 'run', 2)
      const { claim: second } = await store.claim('run', requestOf('second', LEASE_OVER))
      await expectCode(appendTo(store, first, 3), 'STORE_FENCED', 'appending under the lost claim')
      await expectCode(store.renew(first, requestOf('writer', LEASE_OVER)), 'STORE_FENCED', 'renewing the lost claim')
      await store.release(first)
      await expectCode(store.claim('run', requestOf('third', LEASE_OVER)), 'STORE_HELD', 'claiming what second holds')
      await appendTo(store, second, 3, 4)
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 4), 'the events')
    },
  },
  {
    name: 'claim succeeds at once after a release',
    async run({ store }) {
      const first = await writeRun(store, 'run', 1)
      await store.release(first)
      await store.release(first)
      await expectCode(appendTo(store, first, 2), 'STORE_FENCED', 'appending after a release')
      await expectCode(store.renew(first, requestOf('writer')), 'STORE_FENCED', 'renewing after a release')
      const { claim } = await store.claim('run', requestOf('second'))
      expectTrue(claim.epoch > first.epoch, 'the epoch did not grow')
      await appendTo(store, claim, 2)
    },
  },
  {
    name: 'claim by the owner itself gives a new epoch',
    async run({ store }) {
      const first = await writeRun(store, 'run', 1)
      const { claim } = await store.claim('run', requestOf('writer'))
      expectTrue(claim.epoch > first.epoch, 'the epoch did not grow')
      await expectCode(appendTo(store, first, 2), 'STORE_FENCED', 'appending under the epoch before')
      await appendTo(store, claim, 2)
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 2), 'the events')
    },
  },
  {
    name: 'renew prolongs a claim and keeps its epoch',
    async run({ store }) {
      const first = await writeRun(store, 'run', 1)
      const renewed = await store.renew(first, requestOf('writer', SAMPLE_START + 50_000))
      expectEqual([renewed.epoch, renewed.expiresAt], [first.epoch, SAMPLE_START + 110_000], 'the renewed claim')
      await expectCode(store.claim('run', requestOf('second', LEASE_OVER)), 'STORE_HELD', 'claiming a renewed run')
      await appendTo(store, renewed, 2)
      await store.claim('run', requestOf('second', renewed.expiresAt))
    },
  },
  {
    name: 'claims of different runs are independent',
    async run({ store }) {
      const [a, b] = await Promise.all([writeRun(store, 'a', 2), writeRun(store, 'b', 2)])
      await store.release(a)
      await appendTo(store, b, 3)
      await expectCode(store.claim('b', requestOf('second')), 'STORE_HELD', 'claiming what is still held')
      await store.claim('a', requestOf('second'))
    },
  },
  {
    name: 'claim is won by exactly one of many that ask at once',
    async run({ store }) {
      const owners = Array.from({ length: 20 }, (_, index) => `owner ${index}`)
      const results = await Promise.allSettled(owners.map((owner) => store.claim('run', requestOf(owner))))
      expectEqual(results.filter(({ status }) => status === 'fulfilled').length, 1, 'the number of winners')
    },
  },
  {
    name: 'claim refuses what is no request',
    async run({ store }) {
      const good = requestOf('writer')
      for (const request of [
        { ...good, owner: '' },
        { ...good, leaseMs: 0 },
        { ...good, now: Number.NaN },
      ]) {
        await expectCode(store.claim('run', request), 'STORE_BAD_ARGUMENT', 'claiming with a bad request')
      }
    },
  },
  {
    name: 'a claim holds against another store over the same medium, and fences across it',
    needs: 'crossProcessClaims',
    async run({ store, neighbour }) {
      const other = await neighbour(store)
      const first = await writeRun(store, 'run', 2)
      await expectCode(other.claim('run', requestOf('second')), 'STORE_HELD', 'claiming from another store')
      await expectCode(appendTo(other, first, 3), 'STORE_FENCED', 'appending where the claim was not made')
      const { claim } = await other.claim('run', requestOf('second', LEASE_OVER))
      await appendTo(other, claim, 3)
      await expectCode(appendTo(store, first, 3, 5), 'STORE_FENCED', 'appending after another store took over')
      await expectCode(store.renew(first, requestOf('writer', LEASE_OVER)), 'STORE_FENCED', 'renewing a lost claim')
      await appendTo(other, claim, 4)
      for (const each of [store, other]) expectEqual(await textsOf(each, 'run'), sampleTexts('run', 4), 'the events')
      expectEqual((await store.get('run'))?.seq, 4, 'the head seen by the store that lost')
      await other.release(claim)
      const { claim: back } = await store.claim('run', requestOf('writer', LEASE_OVER))
      await appendTo(store, back, 5)
      expectEqual(await textsOf(other, 'run'), sampleTexts('run', 5), 'the events after both took turns')
    },
  },
  {
    name: 'a claim asked for by many stores over the same medium at once is won by exactly one',
    needs: 'crossProcessClaims',
    async run({ store, neighbour }) {
      const stores = [store, await neighbour(store), await neighbour(store)]
      for (let round = 0; round < 5; round++) {
        const asked = stores.map((each, index) => each.claim(`run ${round}`, requestOf(`owner ${index}`)))
        const results = await Promise.allSettled(asked)
        expectEqual(results.filter(({ status }) => status === 'fulfilled').length, 1, 'the number of winners')
      }
    },
  },
]
