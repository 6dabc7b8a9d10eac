import { collect, failsWith, holds, same } from './assertions.ts'
import { LEASE_MS, NOW, request, sampleBatch, sampleEvent, seqs, startRun, upTo } from './sample.ts'
import type { StoreTest } from './store-test.ts'

const LEASE_OVER = NOW + LEASE_MS

/** What two stores over the same data, both open, have to do. */
export const siblingTests: readonly StoreTest[] = [
  {
    name: 'see what the other has appended, and take a run over from each other',
    needs: 'crossProcessClaims',
    async run(store, { sibling }) {
      const other = await sibling()
      const first = await startRun(store, 'r', { count: 2 })
      same(seqs(await other.read('r')), [1, 2], 'read by the other')
      await failsWith('STORE_HELD', () => other.claim('r', request('two')))
      await failsWith('STORE_FENCED', () =>
        other.append('r', { expectedSeq: 2, epoch: first.epoch }, sampleBatch('r', 2)),
      )
      const { claim } = await other.claim('r', request('two', LEASE_OVER))
      await other.append('r', { expectedSeq: 2, epoch: claim.epoch }, sampleBatch('r', 2))
      await failsWith('STORE_FENCED', () =>
        store.append('r', { expectedSeq: 2, epoch: first.epoch }, sampleBatch('r', 2, { output: 'stale' })),
      )
      await failsWith('STORE_FENCED', () => store.renew(first, request('one', LEASE_OVER)))
      await other.append('r', { expectedSeq: 3, epoch: claim.epoch }, sampleBatch('r', 3))
      await other.release(claim)
      const back = await store.claim('r', request('one', LEASE_OVER))
      holds(back.claim.epoch > claim.epoch, 'a higher epoch')
      await store.append('r', { expectedSeq: 4, epoch: back.claim.epoch }, sampleBatch('r', 4))
      for (const each of [store, other]) {
        same(
          await collect(each.events('r')),
          upTo(5).map((seq) => sampleEvent('r', seq)),
          'events',
        )
        same((await each.get('r'))?.seq, 5, 'head')
      }
    },
  },
  {
    name: 'that claim one run at once: exactly one wins',
    needs: 'crossProcessClaims',
    async run(store, { sibling }) {
      const stores = [store, await sibling(), await sibling()]
      for (const round of upTo(5)) {
        const asked = stores.map((each, index) => each.claim(`run-${round}`, request(`owner-${index}`)))
        const results = await Promise.allSettled(asked)
        same(results.filter(({ status }) => status === 'fulfilled').length, 1, 'winners')
      }
    },
  },
  {
    name: 'end each other’s claims with a deletion, and never show what was deleted',
    needs: 'crossProcessClaims',
    async run(store, { sibling }) {
      const other = await sibling()
      const claim = await startRun(store, 'r', { count: 3 })
      same(seqs(await other.read('r')), [1, 2, 3], 'before')
      await other.delete('r')
      await failsWith('STORE_FENCED', () =>
        store.append('r', { expectedSeq: 3, epoch: claim.epoch }, sampleBatch('r', 3)),
      )
      for (const each of [store, other]) {
        same([await each.get('r'), await each.read('r')], [null, []], 'the deleted run')
        same((await each.list()).runs, [], 'listed')
      }
      await startRun(other, 'r', { workflowId: 'anew' })
      same((await store.get('r'))?.workflowId, 'anew', 'the new run')
      same(seqs(await store.read('r')), [1], 'its events')
    },
  },
]
