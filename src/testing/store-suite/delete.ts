import { failsWith, holds, same } from './assertions.ts'
import { NOW, request, sampleBatch, seqs, startRun } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `delete` and `stats` have to do. */
export const deleteTests: readonly StoreTest[] = [
  {
    name: 'removes a run with all it has, and no other',
    async run(store) {
      await startRun(store, 'r', { count: 3 })
      await startRun(store, 's', { count: 2 })
      if (store.supports.checkpoints) await store.saveCheckpoint('r', { seq: 2, at: NOW, bytes: new Uint8Array(9) })
      await store.delete('r')
      same([await store.get('r'), await store.read('r')], [null, []], 'the deleted run')
      if (store.supports.checkpoints) same(await store.readCheckpoint('r'), null, 'its checkpoint')
      same(
        (await store.list()).runs.map(({ runId }) => runId),
        ['s'],
        'the runs left',
      )
      same(seqs(await store.read('s')), [1, 2], 'the other run')
    },
  },
  {
    name: 'of an unknown run, or twice, is no error',
    async run(store) {
      await store.delete('nobody')
      await startRun(store, 'r')
      await store.delete('r')
      await store.delete('r')
    },
  },
  {
    name: 'ends the claim: its writer gets nothing in any more',
    async run(store) {
      const claim = await startRun(store, 'r')
      await store.delete('r')
      const append = (seq: number) => store.append('r', { expectedSeq: seq, epoch: claim.epoch }, sampleBatch('r', seq))
      await failsWith('STORE_FENCED', () => append(1))
      await failsWith('STORE_FENCED', () => append(0))
      await failsWith('STORE_FENCED', () => store.renew(claim, request()))
      same(await store.get('r'), null, 'summary')
    },
  },
  {
    name: 'leaves the id free for a new run',
    async run(store) {
      await startRun(store, 'r', { count: 5 })
      same(seqs(await store.read('r', { fromSeq: 4 })), [4, 5], 'before')
      await store.delete('r')
      await startRun(store, 'r', { count: 2, workflowId: 'other' })
      same(seqs(await store.read('r')), [1, 2], 'sequences')
      same((await store.get('r'))?.workflowId, 'other', 'workflow')
    },
  },
  {
    name: 'shows in the stats',
    async run(store) {
      same(await store.stats(), { runs: 0, events: 0, sizeBytes: 0 }, 'empty')
      await startRun(store, 'r', { count: 3 })
      await startRun(store, 's', { count: 2 })
      const { runs, events, sizeBytes } = await store.stats()
      same([runs, events], [2, 5], 'runs and events')
      holds(sizeBytes > 0, 'a size above 0')
      await store.delete('r')
      await store.delete('s')
      same(await store.stats(), { runs: 0, events: 0, sizeBytes: 0 }, 'after deleting')
    },
  },
]
