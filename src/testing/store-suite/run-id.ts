import type { Store } from '../../store/store.ts'
import { failsWith, same } from './assertions.ts'
import { NOW, sampleEvent, seqs, startRun } from './sample.ts'
import type { StoreTest } from './store-test.ts'

/** Ids that are paths, patterns, control characters, names of devices, or equal but for case or normal form. */
const HOSTILE: readonly string[] = [
  '.',
  '..',
  '../x',
  '..\\x',
  '/',
  '/etc/passwd',
  'a/b',
  'a\\b',
  'C:',
  'con',
  'NUL',
  'aux.txt',
  '~',
  '*',
  '?',
  '%',
  '%2e',
  ' ',
  'a ',
  'a.',
  '-rf',
  '\u0000',
  'a\u0000b',
  '\n',
  '__proto__',
  'constructor',
  'toString',
  'abc',
  'ABC',
  'Abc',
  '\u00e9',
  'e\u0301',
  '\ud800',
  '\udc00',
  '\ud800\ud800',
  '\ufffd',
  "'; drop table runs; --",
  '$(x)',
  '日本語',
  '😀',
]

/** What run ids can be. */
export const runIdTests: readonly StoreTest[] = [
  {
    name: 'can be any text, each a run of its own',
    async run(store) {
      for (const runId of HOSTILE) await startRun(store, runId)
      await checkEach(store, HOSTILE)
    },
  },
  {
    name: 'can be long, and differ in the last character only',
    async run(store) {
      const runIds = ['x', '日', 'X', '/'].flatMap((unit) => [unit.repeat(5000), `${unit.repeat(4999)}!`])
      for (const runId of runIds) await startRun(store, runId)
      await checkEach(store, runIds)
    },
  },
  {
    name: 'stay what they are when the store is closed and opened',
    needs: 'durable',
    async run(store, { reopen }) {
      const runIds = [...HOSTILE, '/'.repeat(3000)]
      for (const runId of runIds) await startRun(store, runId)
      await checkEach(await reopen(), runIds)
    },
  },
  {
    name: 'can be claimed, kept checkpoints of, and deleted, whatever they are',
    async run(store) {
      for (const runId of HOSTILE) {
        const claim = await startRun(store, runId)
        await store.release(claim)
        if (store.supports.checkpoints) {
          await store.saveCheckpoint(runId, { seq: 1, at: NOW, bytes: Uint8Array.from([runId.length]) })
          same((await store.readCheckpoint(runId))?.bytes[0], runId.length, 'checkpoint')
        }
        await store.delete(runId)
        same(await store.get(runId), null, 'summary')
      }
      same((await store.stats()).runs, 0, 'runs left')
    },
  },
  {
    name: 'are not empty and are text',
    async run(store) {
      for (const runId of ['', null, undefined, 7, {}] as string[]) {
        await failsWith('STORE_BAD_ARGUMENT', () => store.get(runId))
        await failsWith('STORE_BAD_ARGUMENT', () => store.delete(runId))
      }
    },
  },
]

async function checkEach(store: Store, runIds: readonly string[]): Promise<void> {
  for (const runId of runIds) same(await store.read(runId), [sampleEvent(runId, 1)], JSON.stringify(runId.slice(0, 20)))
  const { runs } = await store.list({ limit: 1000 })
  same(
    runs.map(({ runId }) => runId),
    [...runIds].sort(),
    'listed',
  )
  same(
    seqs(runs),
    runIds.map(() => 1),
    'heads',
  )
}
