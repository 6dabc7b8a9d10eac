import type { StoredEvent } from '../../store/driver.ts'
import { expectCode, expectEqual, expectTrue } from './expectation.ts'
import { appendTo, SAMPLE_START, sampleBatch, sampleTexts, textsOf, writeRun } from './sample-run.ts'
import type { StoreCase } from './store-case.ts'

/** What `read` and `events` promise. */
export const readCases: readonly StoreCase[] = [
  {
    name: 'read gives nothing for an unknown run and past the head',
    async run({ store }) {
      expectEqual(await store.read('nobody'), [], 'the events of an unknown run')
      await writeRun(store, 'run', 3)
      expectEqual(await store.read('run', { fromSeq: 4 }), [], 'the events past the head')
      expectEqual(await store.read('run', { fromSeq: 3, toSeq: 2 }), [], 'the events of an empty range')
    },
  },
  {
    name: 'read gives every range of a run, whatever batches it was appended in',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 1)
      for (const [from, to] of [
        [2, 4],
        [5, 5],
        [6, 9],
      ] as const)
        await appendTo(store, claim, from, to)
      const all = sampleBatch('run', 1, 9).events
      for (let fromSeq = 1; fromSeq <= 9; fromSeq++) {
        for (let toSeq = fromSeq; toSeq <= 10; toSeq++) {
          const page = await store.read('run', { fromSeq, toSeq })
          expectEqual(page, all.slice(fromSeq - 1, toSeq), `the events ${fromSeq} to ${toSeq}`)
        }
      }
    },
  },
  {
    name: 'read gives at most the events of its limit, and pages join up',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 1)
      await appendTo(store, claim, 2, 40)
      const all = sampleTexts('run', 40)
      for (const limit of [1, 3, 40, 100]) {
        const read: StoredEvent[] = []
        for (;;) {
          const page = await store.read('run', { fromSeq: read.length + 1, limit })
          if (page.length === 0) break
          expectTrue(page.length <= limit, `a page of limit ${limit} has ${page.length} events`)
          read.push(...page)
        }
        expectEqual(
          read.map(({ text }) => text),
          all,
          `the events in pages of ${limit}`,
        )
      }
    },
  },
  {
    name: 'read finds its place again when the run grew meanwhile',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 1)
      for (let seq = 2; seq <= 30; seq++) {
        await appendTo(store, claim, seq)
        expectEqual(
          (await store.read('run', { fromSeq: seq })).map((event) => event.seq),
          [seq],
          'the newest event',
        )
        const middle = Math.ceil(seq / 2)
        const page = await store.read('run', { fromSeq: middle, limit: 1 })
        expectEqual(page, sampleBatch('run', middle, middle).events, 'an event in the middle')
      }
    },
  },
  {
    name: 'events walks a run by sequence and by time',
    async run({ store }) {
      await writeRun(store, 'run', 12)
      const seqsOf = async (walk: Parameters<typeof store.events>[1]) => {
        const seqs: number[] = []
        for await (const { seq } of store.events('run', walk)) seqs.push(seq)
        return seqs
      }
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 12), 'all events')
      expectEqual(await seqsOf({ fromSeq: 3, toSeq: 6, pageLimit: 2 }), [3, 4, 5, 6], 'events by sequence')
      const times = { fromAt: SAMPLE_START + 9, toAt: SAMPLE_START + 11, pageLimit: 5 }
      expectEqual(await seqsOf(times), [9, 10, 11], 'events by time')
    },
  },
  {
    name: 'read hands out events that can not change the store',
    async run({ store }) {
      await writeRun(store, 'run', 2)
      const page = (await store.read('run')) as StoredEvent[]
      try {
        Object.assign(page[0] ?? {}, { text: 'changed' })
        page.pop()
      } catch (error) {
        expectTrue(error instanceof TypeError, 'a frozen event refuses changes with a TypeError')
      }
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 2), 'the events read again')
    },
  },
  {
    name: 'read refuses a range that is none',
    async run({ store }) {
      for (const range of [{ fromSeq: 0 }, { fromSeq: 1.5 }, { limit: 0 }, { toSeq: -1 }, { fromSeq: Number.NaN }]) {
        await expectCode(store.read('run', range), 'STORE_BAD_ARGUMENT', `reading ${JSON.stringify(range)}`)
      }
    },
  },
]
