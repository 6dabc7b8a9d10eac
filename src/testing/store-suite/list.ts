import type { ListQuery } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'
import { failsWith, same } from './assertions.ts'
import { sampleSummary, startRun } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** What `list` has to do. */
export const listTests: readonly StoreTest[] = [
  {
    name: 'gives nothing of an empty store',
    async run(store) {
      same(await store.list(), { runs: [], cursor: null }, 'page')
    },
  },
  {
    name: 'gives summaries by run id in code unit order',
    async run(store) {
      const runIds = ['b', 'a', 'Z', 'a-b', 'a%', 'ä', '日', '😀', '\uffff', '10', '9']
      for (const runId of runIds) await startRun(store, runId)
      const { runs, cursor } = await store.list()
      same(
        runs,
        [...runIds].sort().map((runId) => sampleSummary(runId, 1)),
        'runs',
      )
      same(cursor, null, 'cursor')
    },
  },
  {
    name: 'pages through all runs, each once',
    async run(store) {
      const runIds = Array.from({ length: 23 }, (_, index) => `run-${String(index).padStart(2, '0')}`)
      for (const runId of runIds) await startRun(store, runId)
      for (const limit of [1, 5, 22, 23, 24]) same(await listAll(store, { limit }), runIds, `pages of ${limit}`)
    },
  },
  {
    name: 'keeps its place when runs come and go between pages',
    async run(store) {
      for (const runId of ['b', 'd', 'f', 'h']) await startRun(store, runId)
      const first = await store.list({ limit: 2 })
      same(
        first.runs.map(({ runId }) => runId),
        ['b', 'd'],
        'first page',
      )
      await store.delete('d')
      await startRun(store, 'a')
      await startRun(store, 'e')
      const second = await store.list({ limit: 10, cursor: first.cursor })
      same(
        second.runs.map(({ runId }) => runId),
        ['e', 'f', 'h'],
        'second page',
      )
    },
  },
  {
    name: 'filters by status and by workflow',
    async run(store) {
      await startRun(store, 'a', { status: 'running' })
      await startRun(store, 'b', { status: 'completed' })
      await startRun(store, 'c', { status: 'failed', workflowId: 'other' })
      await startRun(store, 'd', { status: 'completed', workflowId: 'other' })
      same(await listAll(store, { statuses: ['completed'] }), ['b', 'd'], 'completed')
      same(await listAll(store, { statuses: ['completed', 'failed'] }), ['b', 'c', 'd'], 'completed or failed')
      same(await listAll(store, { statuses: [] }), [], 'no status')
      same(await listAll(store, { workflowId: 'other' }), ['c', 'd'], 'other workflow')
      same(await listAll(store, { workflowId: 'other', statuses: ['completed'] }), ['d'], 'both')
      same(await listAll(store, { workflowId: 'flow', limit: 1 }), ['a', 'b'], 'in pages')
    },
  },
  {
    name: 'leaves out runs that were claimed only',
    async run(store) {
      await store.claim('claimed', { owner: 'one', leaseMs: 1000, now: 0 })
      await startRun(store, 'started')
      same(await listAll(store, {}), ['started'], 'runs')
    },
  },
  {
    name: 'refuses queries that are none',
    async run(store) {
      await failsWith('STORE_BAD_ARGUMENT', () => store.list({ limit: 0 }))
      await failsWith('STORE_BAD_ARGUMENT', () => store.list({ statuses: ['done' as 'completed'] }))
      await failsWith('STORE_BAD_ARGUMENT', () => store.list({ cursor: 1 as unknown as string }))
    },
  },
]

async function listAll(store: Store, query: Partial<ListQuery>): Promise<string[]> {
  const runIds: string[] = []
  let cursor: string | null = null
  do {
    const page: Awaited<ReturnType<Store['list']>> = await store.list({ ...query, cursor })
    runIds.push(...page.runs.map(({ runId }) => runId))
    cursor = page.cursor
  } while (cursor !== null)
  return runIds
}
