import type { StoredEvent } from '../../store/driver.ts'
import { collect, failsWith, same } from './assertions.ts'
import { NOW, request, sampleBatch, seqs, startRun, upTo } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `read`, `events` and `get` have to do. */
export const readTests: readonly StoreTest[] = [
  {
    name: 'gives an empty page and no summary for an unknown run',
    async run(store) {
      same(await store.read('nobody'), [], 'page')
      same(await collect(store.events('nobody')), [], 'events')
      same(await store.get('nobody'), null, 'summary')
    },
  },
  {
    name: 'gives no summary for a run that was claimed only',
    async run(store) {
      await store.claim('r', request())
      same(await store.get('r'), null, 'summary')
      same(await store.read('r'), [], 'page')
    },
  },
  {
    name: 'gives the part between two sequences, both inclusive',
    async run(store) {
      await startRun(store, 'r', { count: 10 })
      same(seqs(await store.read('r', { fromSeq: 3, toSeq: 7 })), [3, 4, 5, 6, 7], '3 to 7')
      same(seqs(await store.read('r', { fromSeq: 10 })), [10], 'from 10')
      same(seqs(await store.read('r', { toSeq: 1 })), [1], 'to 1')
      same(seqs(await store.read('r', { fromSeq: 5, toSeq: 4 })), [], 'nothing between')
      same(seqs(await store.read('r', { fromSeq: 11 })), [], 'past the head')
    },
  },
  {
    name: 'cuts pages inside a batch',
    async run(store) {
      const { claim } = await store.claim('r', request())
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, sampleBatch('r', 0, { count: 10 }))
      await store.append('r', { expectedSeq: 10, epoch: claim.epoch }, sampleBatch('r', 10, { count: 10 }))
      same(seqs(await store.read('r', { fromSeq: 4, limit: 3 })), [4, 5, 6], 'inside the first')
      same(seqs(await store.read('r', { fromSeq: 9, limit: 4 })), [9, 10, 11, 12], 'across both')
    },
  },
  {
    name: 'goes through the same events with a cursor, from any of them on',
    async run(store) {
      const read = store.readCursor?.bind(store)
      if (read === undefined) return
      same((await read('nobody')).next(), false, 'an unknown run')
      const { claim } = await store.claim('r', request())
      for (let seq = 0; seq < 30; seq += 10) {
        await store.append('r', { expectedSeq: seq, epoch: claim.epoch }, sampleBatch('r', seq, { count: 10 }))
      }
      const events = await store.read('r')
      for (const first of [1, 5, 10, 11, 30, 31]) {
        const found: StoredEvent[] = []
        for (let isMore = true; isMore; ) {
          const cursor = await read('r', { fromSeq: first + found.length, limit: 4 })
          const before = found.length
          while (cursor.next()) {
            const { seq, at, type, nodeId } = cursor
            found.push(cursor.event())
            same({ ...cursor.event(), seq, at, type, nodeId }, found.at(-1), `event ${seq}`)
          }
          isMore = !cursor.isAtHead
          same(isMore && found.length === before, false, 'a page without events that is not at the head')
        }
        same(found, events.slice(first - 1), `from ${first}`)
      }
    },
  },
  {
    name: 'never gives more than the limit, and pages follow each other',
    async run(store) {
      const { claim } = await store.claim('r', request())
      for (let seq = 0; seq < 100; seq += 7) {
        await store.append('r', { expectedSeq: seq, epoch: claim.epoch }, sampleBatch('r', seq, { count: 7 }))
      }
      const all: number[] = []
      for (;;) {
        const page = await store.read('r', { fromSeq: all.length + 1, limit: 9 })
        if (page.length === 0) break
        same(page.length <= 9, true, 'page size')
        all.push(...seqs(page))
      }
      same(all, upTo(105), 'sequences')
    },
  },
  {
    name: 'walks all events whatever the page size',
    async run(store) {
      await startRun(store, 'r', { count: 25 })
      for (const pageLimit of [1, 7, 25, 1000]) {
        same(seqs(await collect(store.events('r', { pageLimit }))), upTo(25), `pages of ${pageLimit}`)
      }
      same(seqs(await collect(store.events('r', { fromSeq: 5, toSeq: 9, pageLimit: 2 }))), [5, 6, 7, 8, 9], '5 to 9')
    },
  },
  {
    name: 'walks the events of a span of time, both ends inclusive',
    async run(store) {
      await startRun(store, 'r', { count: 10 })
      same(seqs(await collect(store.events('r', { fromAt: NOW + 3, toAt: NOW + 5 }))), [3, 4, 5], 'sequences')
    },
  },
  {
    name: 'shows events that were appended between two pages',
    async run(store) {
      const { epoch } = await startRun(store, 'r', { count: 3 })
      same(seqs(await store.read('r')), [1, 2, 3], 'before')
      await store.append('r', { expectedSeq: 3, epoch }, sampleBatch('r', 3))
      same(seqs(await store.read('r', { fromSeq: 4 })), [4], 'after')
    },
  },
  {
    name: 'gives the summary of the last append',
    async run(store) {
      const { epoch } = await startRun(store, 'r')
      const batch = sampleBatch('r', 1, { count: 2, status: 'completed' })
      const summary = { ...batch.summary, updatedAt: NOW + 99, workflowVersion: '2.0.0' }
      await store.append('r', { expectedSeq: 1, epoch }, { ...batch, summary })
      same(await store.get('r'), summary, 'summary')
    },
  },
  {
    name: 'refuses ranges that are none',
    async run(store) {
      for (const range of [{ fromSeq: 0 }, { fromSeq: 1.5 }, { toSeq: -1 }, { limit: 0 }, { limit: Number.NaN }]) {
        await failsWith('STORE_BAD_ARGUMENT', () => store.read('r', range))
      }
    },
  },
]
