import { isWaystoneError } from '../../base/errors.ts'
import type { Store } from '../../store/store.ts'
import { collect, failsWith, same } from './assertions.ts'
import { NOW, request, sampleBatch, sampleEvent, sampleSummary, seqs, startRun, upTo } from './sample.ts'
import type { StoreTest } from './store-test.ts'

const EVENTS_EACH = 1000

/** What has to hold when appends meet. */
export const concurrencyTests: readonly StoreTest[] = [
  {
    name: 'two writers of 1,000 events each: nothing is lost, nothing doubled',
    async run(store) {
      const { claim } = await store.claim('r', request())
      const write = async (writer: string) => {
        let conflicts = 0
        for (let index = 0; index < EVENTS_EACH; ) {
          const head = (await store.get('r'))?.seq ?? 0
          const event = sampleEvent('r', head + 1, `${writer}${index}`)
          const batch = { events: [event], summary: sampleSummary('r', head + 1) }
          try {
            await store.append('r', { expectedSeq: head, epoch: claim.epoch }, batch)
            index += 1
          } catch (error) {
            if (!isWaystoneError(error, 'STORE_CONFLICT')) throw error
            conflicts += 1
          }
        }
        return conflicts
      }
      const conflicts = await Promise.all([write('a'), write('b')])
      same(conflicts[0] + conflicts[1] > 0, true, 'the writers did meet')
      const events = await collect(store.events('r'))
      same(seqs(events), upTo(2 * EVENTS_EACH), 'sequences')
      for (const writer of ['a', 'b']) {
        const outputs = events.map(({ text }) => JSON.parse(text).data.output as string)
        const own = outputs.filter((output) => output.startsWith(writer))
        same(
          own,
          Array.from({ length: EVENTS_EACH }, (_, index) => `${writer}${index}`),
          `events of ${writer}`,
        )
      }
    },
  },
  {
    name: 'of appends that expect the same head exactly one wins',
    async run(store) {
      const { epoch } = await startRun(store, 'r')
      const results = await Promise.allSettled(
        upTo(20).map((number) =>
          store.append('r', { expectedSeq: 1, epoch }, sampleBatch('r', 1, { output: `try ${number}` })),
        ),
      )
      const failures = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      same(failures.length, 19, 'failures')
      for (const failure of failures) same(isWaystoneError(failure, 'STORE_CONFLICT'), true, 'code')
      same(seqs(await store.read('r')), [1, 2], 'sequences')
    },
  },
  {
    name: 'appends that are sent without waiting arrive in order',
    async run(store) {
      const { epoch } = await startRun(store, 'r')
      await Promise.all(
        upTo(50).map((seq) => store.append('r', { expectedSeq: seq, epoch }, sampleBatch('r', seq, { count: 1 }))),
      )
      same(seqs(await collect(store.events('r'))), upTo(51), 'sequences')
    },
  },
  {
    name: 'many runs are written at once without touching each other',
    async run(store) {
      const runIds = upTo(40).map((number) => `run-${number}`)
      await Promise.all(runIds.map((runId) => startRun(store, runId, { count: 10 })))
      for (const runId of runIds) {
        same(
          await store.read(runId),
          upTo(10).map((seq) => sampleEvent(runId, seq)),
          runId,
        )
      }
    },
  },
  {
    name: 'writers that take over from each other leave one whole history',
    async run(store) {
      let head = 0
      for (let turn = 0; turn < 10; turn++) {
        const { claim } = await store.claim('r', request(`owner-${turn}`, NOW + turn * 60_000))
        for (let index = 0; index < 5; index++, head++) {
          await store.append('r', { expectedSeq: head, epoch: claim.epoch }, sampleBatch('r', head))
        }
      }
      await checkWhole(store, 50)
    },
  },
  {
    name: 'an overtaken writer gets nothing in while its successor writes',
    async run(store) {
      const old = await startRun(store, 'r')
      const { claim } = await store.claim('r', request('two', NOW + 60_000))
      for (let seq = 1; seq < 10; seq++) {
        const stale = failsWith('STORE_FENCED', () =>
          store.append('r', { expectedSeq: seq, epoch: old.epoch }, sampleBatch('r', seq, { output: 'stale' })),
        )
        await store.append('r', { expectedSeq: seq, epoch: claim.epoch }, sampleBatch('r', seq))
        await stale
      }
      await checkWhole(store, 10)
    },
  },
]

async function checkWhole(store: Store, count: number): Promise<void> {
  same(
    await collect(store.events('r')),
    upTo(count).map((seq) => sampleEvent('r', seq)),
    'events',
  )
}
