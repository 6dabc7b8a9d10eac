import { collect, failsWith, same } from './assertions.ts'
import { request, sampleBatch, sampleSummary, seqs, startRun } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `open` and `close` have to do. */
export const lifecycleTests: readonly StoreTest[] = [
  {
    name: 'opens itself on first use, and again is no error',
    async run(store) {
      same(await store.get('r'), null, 'summary')
      await store.open()
      await store.open()
    },
  },
  {
    name: 'opens once for many calls at once',
    async run(store) {
      await Promise.all([store.get('a'), store.list(), store.open(), startRun(store, 'r'), store.stats()])
      same(await store.get('r'), sampleSummary('r', 1), 'summary')
    },
  },
  {
    name: 'refuses everything after it was closed',
    async run(store) {
      const claim = await startRun(store, 'r')
      await store.close()
      const calls: (() => Promise<unknown>)[] = [
        () => store.open(),
        () => store.get('r'),
        () => store.read('r'),
        () => collect(store.events('r')),
        () => store.list(),
        () => store.stats(),
        () => store.delete('r'),
        () => store.claim('r', request()),
        () => store.renew(claim, request()),
        () => store.release(claim),
        () => store.append('r', { expectedSeq: 1, epoch: claim.epoch }, sampleBatch('r', 1)),
      ]
      for (const call of calls) await failsWith('STORE_CLOSED', call)
    },
  },
  {
    name: 'closes twice, and unopened, without an error',
    async run(store) {
      await Promise.all([store.close(), store.close()])
      await store.close()
    },
  },
  {
    name: 'finishes appends that were under way when it was closed',
    needs: 'durable',
    async run(store, { reopen }) {
      const { epoch } = await startRun(store, 'r')
      const appends = [1, 2, 3].map((seq) => store.append('r', { expectedSeq: seq, epoch }, sampleBatch('r', seq)))
      const again = reopen()
      const results = await Promise.allSettled(appends)
      same(
        results.map(({ status }) => status),
        ['fulfilled', 'fulfilled', 'fulfilled'],
        'appends',
      )
      same(seqs(await (await again).read('r')), [1, 2, 3, 4], 'sequences')
    },
  },
]
