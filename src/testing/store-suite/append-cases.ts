import { expectCode, expectEqual, expectTrue } from './expectation.ts'
import {
  appendTo,
  requestOf,
  sampleBatch,
  sampleEvent,
  sampleSummary,
  sampleTexts,
  textsOf,
  writeRun,
} from './sample-run.ts'
import type { StoreCase } from './store-case.ts'

/** Ids that break stores which make paths, keys or queries of them. */
const STRANGE_IDS = [
  '__proto__',
  'constructor',
  'toString',
  '.',
  '..',
  '../outside',
  'a/b\\c',
  'a b\tc\nd\0e',
  'A',
  'a',
  'ä',
  'a\u0308',
  '\u{1f9ed}',
  '%',
  '%2e',
  'CON',
  "'; --",
  'x'.repeat(500),
  `${'x'.repeat(499)}y`,
]

/** What `append` promises. */
export const appendCases: readonly StoreCase[] = [
  {
    name: 'append keeps events as they were given, in order',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 2)
      await appendTo(store, claim, 3, 7)
      expectEqual(await store.read('run'), sampleBatch('run', 1, 7).events, 'the events read')
    },
  },
  {
    name: 'append keeps text that is not laid out like an envelope, byte for byte',
    async run({ store }) {
      const { claim } = await store.claim('run', requestOf('writer'))
      const texts = [
        '{}',
        '[1,2,{"events":[]}]',
        '"],\\"events\\":["',
        '{"seq":4,"runId":"run"',
        ',"events":[',
        '\u2028\u2029ø',
      ]
      const events = texts.map((text, index) => ({ ...sampleEvent('run', index + 1), text }))
      const summary = sampleSummary('run', texts.length)
      await store.append('run', { expectedSeq: 0, epoch: claim.epoch }, { events, summary })
      expectEqual(await store.read('run'), events, 'the events read')
    },
  },
  {
    name: 'append keeps large events',
    async run({ store }) {
      const note = 'ø\u{1f9ed}'.repeat(300_000)
      const claim = await writeRun(store, 'run', 1)
      await appendTo(store, claim, 2, 4, { note })
      await appendTo(store, claim, 5)
      const texts = [
        ...sampleTexts('run', 1),
        ...sampleTexts('run', 4, { note }).slice(1),
        ...sampleTexts('run', 5).slice(4),
      ]
      expectTrue(
        (await textsOf(store, 'run')).every((text, index) => text === texts[index]),
        'large events differ',
      )
      expectEqual((await textsOf(store, 'run')).length, 5, 'the number of events')
    },
  },
  {
    name: 'append refuses a batch that does not build on the head, and keeps none of it',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 3)
      for (const from of [1, 3, 5, 9]) {
        const error = await expectCode(appendTo(store, claim, from, from + 2), 'STORE_CONFLICT', `appending at ${from}`)
        expectEqual(error.details['actualSeq'], 3, 'the head in the details')
      }
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 3), 'the events after refused appends')
      await appendTo(store, claim, 4)
      expectEqual((await store.get('run'))?.seq, 4, 'the head')
    },
  },
  {
    name: 'append keeps its order when calls do not wait for each other',
    async run({ store }) {
      const { claim } = await store.claim('run', requestOf('writer'))
      await Promise.all(Array.from({ length: 50 }, (_, index) => appendTo(store, claim, index + 1)))
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 50), 'the events')
    },
  },
  {
    name: 'append lets one of two writers of the same sequence win',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 1)
      const results = await Promise.allSettled([appendTo(store, claim, 2), appendTo(store, claim, 2, 3)])
      expectEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected'], 'the outcomes')
      const head = results[0]?.status === 'fulfilled' ? 2 : 3
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', head), 'the events')
    },
  },
  {
    name: 'append refuses a run that nobody claimed, and an epoch that was never given',
    async run({ store }) {
      const unclaimed = { runId: 'run', owner: 'writer', epoch: 1, expiresAt: 0 }
      await expectCode(appendTo(store, unclaimed, 1), 'STORE_FENCED', 'appending without a claim')
      const claim = await writeRun(store, 'run', 1)
      for (const epoch of [claim.epoch + 1, claim.epoch + 1000]) {
        await expectCode(appendTo(store, { ...claim, epoch }, 2), 'STORE_FENCED', `appending with epoch ${epoch}`)
      }
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 1), 'the events')
    },
  },
  {
    name: 'append keeps runs of strange ids apart',
    async run({ store }) {
      for (const [index, runId] of STRANGE_IDS.entries()) await writeRun(store, runId, 1 + (index % 3))
      for (const [index, runId] of STRANGE_IDS.entries()) {
        expectEqual(
          await textsOf(store, runId),
          sampleTexts(runId, 1 + (index % 3)),
          `the events of ${JSON.stringify(runId)}`,
        )
      }
      const { runs } = await store.list({ limit: 1000 })
      expectEqual(
        runs.map(({ runId }) => runId),
        [...STRANGE_IDS].sort(),
        'the listed ids',
      )
    },
  },
  {
    name: 'append refuses what is no batch',
    async run({ store }) {
      const { claim } = await store.claim('run', requestOf('writer'))
      const good = sampleBatch('run', 1, 2)
      const [first, second] = [sampleEvent('run', 1), sampleEvent('run', 2)]
      const bad = [
        { ...good, events: [] },
        { ...good, events: [first] },
        { ...good, events: [second, first] },
        { ...good, events: [first, { ...second, text: 'a\nb' }] },
        { ...good, events: [first, { ...second, text: '"\ud800"' }] },
        { ...good, events: [first, { ...second, type: '' }] },
        { ...good, events: [first, { ...second, at: Number.NaN }] },
        { ...good, summary: { ...good.summary, runId: 'other' } },
      ]
      for (const batch of bad) {
        const appended = store.append('run', { expectedSeq: 0, epoch: claim.epoch }, batch)
        await expectCode(appended, 'STORE_BAD_ARGUMENT', 'appending what is no batch')
      }
      await expectCode(store.append('', { expectedSeq: 0, epoch: 1 }, good), 'STORE_BAD_ARGUMENT', 'an empty run id')
      expectEqual(await store.get('run'), null, 'the run')
    },
  },
]
