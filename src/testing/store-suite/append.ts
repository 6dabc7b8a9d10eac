import { collect, failsWith, same } from './assertions.ts'
import { request, sampleBatch, sampleEvent, sampleSummary, seqs, startRun, upTo } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `append` has to do. */
export const appendTests: readonly StoreTest[] = [
  {
    name: 'keeps every member of an event',
    async run(store) {
      await startRun(store, 'r', { count: 3 })
      same(
        await store.read('r'),
        [1, 2, 3].map((seq) => sampleEvent('r', seq)),
        'events',
      )
    },
  },
  {
    name: 'keeps a batch of many events, and events without a node',
    async run(store) {
      const { claim } = await store.claim('r', request())
      const { events, summary } = sampleBatch('r', 0, { count: 250 })
      const batch = { events: events.map((event) => ({ ...event, nodeId: event.seq % 2 === 0 ? null : '' })), summary }
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, batch)
      same(await store.read('r'), batch.events, 'events')
    },
  },
  {
    name: 'keeps text that is not laid out like an event, to the character',
    async run(store) {
      const texts = [
        '{}',
        '1e400',
        '{"b":1,"2":0,"b":2}',
        '{"seq":1,"runId":"r","at":0}',
        '"\u2028\ufeff\u00a0"',
        '-0.0',
      ]
      const { claim } = await store.claim('r', request())
      const events = texts.map((text, index) => ({ ...sampleEvent('r', index + 1), text }))
      const batch = { events, summary: sampleSummary('r', texts.length) }
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, batch)
      same(await store.read('r'), events, 'events')
    },
  },
  {
    name: 'keeps Unicode, and names every object inherits',
    async run(store) {
      const nodeIds = [
        '__proto__',
        'constructor',
        '',
        '日本語',
        '👩‍👩‍👧',
        '\ud800',
        'a"b\\c',
        '\u0000\n\t',
        ',"events":[',
      ]
      const { claim } = await store.claim('r', request())
      const events = nodeIds.map((nodeId, index) => ({
        ...sampleEvent('r', index + 1, `é ${nodeId} 😀`),
        nodeId,
      }))
      const batch = { events, summary: sampleSummary('r', nodeIds.length) }
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, batch)
      same(await store.read('r'), events, 'events')
    },
  },
  {
    name: 'keeps an event of 4 MiB, and small ones around it',
    async run(store) {
      const claim = await startRun(store, 'r')
      const large = sampleBatch('r', 1, { output: 'é'.repeat(4 * 1024 * 1024) })
      await store.append('r', { expectedSeq: 1, epoch: claim.epoch }, large)
      await store.append('r', { expectedSeq: 2, epoch: claim.epoch }, sampleBatch('r', 2))
      const events = await collect(store.events('r'))
      same(seqs(events), [1, 2, 3], 'sequences')
      same(events[1]?.text === large.events[0]?.text, true, 'the large text is equal')
      same(await store.get('r'), sampleSummary('r', 3), 'summary')
    },
  },
  {
    name: 'refuses a head that is behind, or ahead, of the log',
    async run(store) {
      const { epoch } = await startRun(store, 'r', { count: 2 })
      const behind = await failsWith('STORE_CONFLICT', () =>
        store.append('r', { expectedSeq: 1, epoch }, sampleBatch('r', 1)),
      )
      same([behind.details['expectedSeq'], behind.details['actualSeq']], [1, 2], 'details')
      await failsWith('STORE_CONFLICT', () => store.append('r', { expectedSeq: 3, epoch }, sampleBatch('r', 3)))
      await failsWith('STORE_CONFLICT', () => store.append('r', { expectedSeq: 0, epoch }, sampleBatch('r', 0)))
      same(seqs(await store.read('r')), [1, 2], 'sequences')
    },
  },
  {
    name: 'goes on after a conflict',
    async run(store) {
      const { epoch } = await startRun(store, 'r', { count: 2 })
      await failsWith('STORE_CONFLICT', () => store.append('r', { expectedSeq: 0, epoch }, sampleBatch('r', 0)))
      await store.append('r', { expectedSeq: 2, epoch }, sampleBatch('r', 2))
      same(seqs(await store.read('r')), [1, 2, 3], 'sequences')
    },
  },
  {
    name: 'appends nothing of a batch it refuses',
    async run(store) {
      const { epoch } = await startRun(store, 'r')
      const { events, summary } = sampleBatch('r', 1, { count: 3 })
      const gap = { events: [events[0]!, events[2]!], summary }
      await failsWith('STORE_BAD_ARGUMENT', () => store.append('r', { expectedSeq: 1, epoch }, gap))
      const late = { events, summary: sampleSummary('r', 3) }
      await failsWith('STORE_BAD_ARGUMENT', () => store.append('r', { expectedSeq: 1, epoch }, late))
      await failsWith('STORE_BAD_ARGUMENT', () => store.append('r', { expectedSeq: 0, epoch }, { events, summary }))
      same(seqs(await store.read('r')), [1], 'sequences')
      same((await store.get('r'))?.seq, 1, 'head')
    },
  },
  {
    name: 'refuses what is no event',
    async run(store) {
      const { epoch } = await startRun(store, 'r')
      const { events, summary } = sampleBatch('r', 1)
      const wrong = [
        { text: '{"a":\n1}' },
        { text: '' },
        { text: '"\ud800"' },
        { at: Number.NaN },
        { type: '' },
        { nodeId: 3 as unknown as string },
      ]
      for (const part of wrong) {
        const batch = { events: [{ ...events[0]!, ...part }], summary }
        await failsWith('STORE_BAD_ARGUMENT', () => store.append('r', { expectedSeq: 1, epoch }, batch))
      }
      await failsWith('STORE_BAD_ARGUMENT', () =>
        store.append('r', { expectedSeq: 1, epoch }, { events: [], summary: sampleSummary('r', 1) }),
      )
      same(seqs(await store.read('r')), [1], 'sequences')
    },
  },
  {
    name: 'takes copies: changing what was appended changes nothing',
    async run(store) {
      const { claim } = await store.claim('r', request())
      const { events, summary } = sampleBatch('r', 0, { count: 2 })
      const mine = events.map((event) => ({ ...event }))
      const mySummary = { ...summary }
      await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, { events: mine, summary: mySummary })
      mine[0]!.text = '"changed"'
      mine.pop()
      mySummary.status = 'failed'
      same(await store.read('r'), events, 'events')
      same(await store.get('r'), summary, 'summary')
    },
  },
  {
    name: 'gives copies: changing what was read changes nothing',
    async run(store) {
      await startRun(store, 'r', { count: 2 })
      const read = await store.read('r')
      for (const event of read) Reflect.set(event, 'text', '"changed"')
      ;(read as unknown[]).length = 0
      Reflect.set((await store.get('r')) as object, 'status', 'failed')
      same(await store.read('r'), [sampleEvent('r', 1), sampleEvent('r', 2)], 'events')
      same(await store.get('r'), sampleSummary('r', 2), 'summary')
    },
  },
  {
    name: 'keeps the order of 10,000 events of one millisecond',
    async run(store) {
      const { claim } = await store.claim('r', request())
      for (let seq = 0; seq < 10_000; seq += 500) {
        const { events, summary } = sampleBatch('r', seq, { count: 500 })
        const batch = { events: events.map((event) => ({ ...event, at: 1 })), summary }
        await store.append('r', { expectedSeq: seq, epoch: claim.epoch }, batch)
      }
      same(seqs(await collect(store.events('r'))), upTo(10_000), 'sequences')
    },
  },
  {
    name: 'keeps events and summaries when the store is closed and opened',
    needs: 'durable',
    async run(store, { reopen }) {
      const claim = await startRun(store, 'r', { count: 3 })
      await store.release(claim)
      const again = await reopen()
      same(
        await again.read('r'),
        [1, 2, 3].map((seq) => sampleEvent('r', seq)),
        'events',
      )
      same(await again.get('r'), sampleSummary('r', 3), 'summary')
      const next = await again.claim('r', request('two'))
      await again.append('r', { expectedSeq: 3, epoch: next.claim.epoch }, sampleBatch('r', 3))
      same(seqs(await again.read('r')), [1, 2, 3, 4], 'sequences')
    },
  },
]
