import type { RunStatus } from '../../run/state.ts'
import type { ListQuery } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'
import { expectCode, expectEqual, expectTrue } from './expectation.ts'
import { appendTo, requestOf, sampleSummary, sampleTexts, textsOf, writeRun } from './sample-run.ts'
import type { StoreCase } from './store-case.ts'

async function idsOf(store: Store, query: Partial<ListQuery> = {}): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page = await store.list({ ...query, cursor })
    ids.push(...page.runs.map(({ runId }) => runId))
    cursor = page.cursor
  } while (cursor !== null)
  return ids
}

/** What `get`, `list`, `delete`, `stats`, `open` and `close` promise. */
export const runCases: readonly StoreCase[] = [
  {
    name: 'get gives the summary of the last append, and null for a run without events',
    async run({ store }) {
      expectEqual(await store.get('run'), null, 'an unknown run')
      const { claim } = await store.claim('run', requestOf('writer'))
      expectEqual(await store.get('run'), null, 'a run that is only claimed')
      await appendTo(store, claim, 1, 3)
      expectEqual(await store.get('run'), sampleSummary('run', 3), 'the summary')
      const options = { status: 'completed', workflowId: 'renamed' } as const
      await appendTo(store, claim, 4, 4, options)
      expectEqual(await store.get('run'), sampleSummary('run', 4, options), 'the summary after a change')
      await store.release(claim)
      await store.claim('run', requestOf('other'))
      expectEqual(await store.get('run'), sampleSummary('run', 4, options), 'the summary after another claim')
    },
  },
  {
    name: 'list gives runs in code unit order, in pages that join up',
    async run({ store }) {
      expectEqual(await store.list(), { runs: [], cursor: null }, 'an empty store')
      const ids = ['b', 'a', 'B', 'a-1', 'ä', '\u{1f9ed}', '\uffee', 'a1']
      for (const runId of ids) await writeRun(store, runId, 1)
      await store.claim('only-claimed', requestOf('writer'))
      ids.sort()
      for (const limit of [1, 3, 7, 8, 9])
        expectEqual(await idsOf(store, { limit }), ids, `the ids in pages of ${limit}`)
      expectEqual((await store.list({ limit: 8 })).cursor, null, 'the cursor of a page that is the last')
    },
  },
  {
    name: 'list keeps to statuses and to a workflow',
    async run({ store }) {
      const statuses: readonly RunStatus[] = ['running', 'completed', 'failed', 'running', 'waiting', 'completed']
      for (const [index, status] of statuses.entries()) {
        await writeRun(store, `run-${index}`, 1, { status, workflowId: `workflow-${index % 2}` })
      }
      expectEqual(await idsOf(store, { statuses: ['running'] }), ['run-0', 'run-3'], 'running runs')
      expectEqual(await idsOf(store, { statuses: ['failed', 'waiting'], limit: 1 }), ['run-2', 'run-4'], 'two statuses')
      expectEqual(await idsOf(store, { statuses: [] }), [], 'no status')
      expectEqual(await idsOf(store, { workflowId: 'workflow-1', limit: 2 }), ['run-1', 'run-3', 'run-5'], 'a workflow')
      expectEqual(await idsOf(store, { workflowId: 'workflow-0', statuses: ['completed'] }), [], 'both')
    },
  },
  {
    name: 'delete removes a run with all it has, and no other',
    async run({ store }) {
      await writeRun(store, 'run', 3)
      await writeRun(store, 'run-2', 2)
      if (store.supports.checkpoints) await store.saveCheckpoint('run', { seq: 2, at: 1, bytes: Uint8Array.of(1) })
      await store.delete('run')
      await store.delete('run')
      expectEqual(await store.get('run'), null, 'the summary')
      expectEqual(await store.read('run'), [], 'the events')
      expectEqual(await idsOf(store), ['run-2'], 'the runs')
      if (store.supports.checkpoints) expectEqual(await store.listCheckpoints('run'), [], 'the checkpoints')
      expectEqual(await textsOf(store, 'run-2'), sampleTexts('run-2', 2), 'the events of the other run')
    },
  },
  {
    name: 'delete ends the claim of a run, and its id can be used anew',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 3)
      await store.delete('run')
      await expectCode(appendTo(store, claim, 4), 'STORE_FENCED', 'appending to a deleted run')
      await expectCode(store.renew(claim, requestOf('writer')), 'STORE_FENCED', 'renewing the claim of a deleted run')
      await writeRun(store, 'run', 2, { note: 'anew' })
      await expectCode(appendTo(store, claim, 3), 'STORE_FENCED', 'appending to the new run under the claim of the old')
      expectEqual(await textsOf(store, 'run'), sampleTexts('run', 2, { note: 'anew' }), 'the events of the new run')
    },
  },
  {
    name: 'stats counts runs and events, and its size grows',
    async run({ store }) {
      const before = await store.stats()
      expectEqual([before.runs, before.events], [0, 0], 'an empty store')
      await writeRun(store, 'run', 3)
      const claim = await writeRun(store, 'run-2', 1)
      const between = await store.stats()
      expectEqual([between.runs, between.events], [2, 4], 'two runs')
      await appendTo(store, claim, 2, 2, { note: 'x'.repeat(10_000) })
      const after = await store.stats()
      expectEqual([after.runs, after.events], [2, 5], 'two runs, grown')
      expectTrue(after.sizeBytes >= between.sizeBytes + 10_000, 'the size does not follow what is stored')
    },
  },
  {
    name: 'close lets what is under way end, and refuses every call after it',
    async run({ store }) {
      const claim = await writeRun(store, 'run', 1)
      const underWay = appendTo(store, claim, 2)
      await Promise.all([store.close(), underWay, store.close()])
      await expectCode(store.read('run'), 'STORE_CLOSED', 'reading')
      await expectCode(appendTo(store, claim, 3), 'STORE_CLOSED', 'appending')
      await expectCode(store.claim('run', requestOf('writer')), 'STORE_CLOSED', 'claiming')
      await expectCode(store.list(), 'STORE_CLOSED', 'listing')
    },
  },
  {
    name: 'a durable store has everything after it was closed and opened again',
    needs: 'durable',
    async run({ store, reopen }) {
      const claim = await writeRun(store, 'run', 5)
      await appendTo(store, claim, 6, 9, { status: 'completed' })
      await store.release(claim)
      if (store.supports.checkpoints) await store.saveCheckpoint('run', { seq: 4, at: 7, bytes: Uint8Array.of(4, 5) })
      const again = await reopen(store)
      expectEqual(await textsOf(again, 'run'), sampleTexts('run', 9), 'the events')
      expectEqual(await again.get('run'), sampleSummary('run', 9, { status: 'completed' }), 'the summary')
      expectEqual(await idsOf(again), ['run'], 'the runs')
      if (again.supports.checkpoints) {
        expectEqual((await again.readCheckpoint('run'))?.bytes, Uint8Array.of(4, 5), 'the checkpoint')
      }
      const next = await again.claim('run', requestOf('later'))
      expectTrue(next.claim.epoch > claim.epoch, 'the epoch did not grow')
      expectEqual(next.repairs, [], 'repairs of a store that was closed')
      await appendTo(again, next.claim, 10)
      expectEqual(await textsOf(again, 'run'), sampleTexts('run', 10), 'the events after an append')
    },
  },
]
