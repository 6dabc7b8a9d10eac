import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type FileStoreOptions, fileStore } from '../../src/store/file/file-store.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { storeSuite, storeSuiteCases } from '../../src/testing/store-suite/store-suite.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const runner = { describe, it, skip: it.skip }

storeSuite(runner, {
  name: 'memory',
  supports: { durable: false, crossProcessClaims: false, checkpoints: true },
  create: () => memoryStore(),
})

for (const durability of ['sync', 'batch', 'exit'] as const) fileSuite(`file, durability ${durability}`, { durability })

function fileSuite(name: string, options: FileStoreOptions): void {
  const root = temporaryFolder()
  const folders = new WeakMap<Store, string>()
  let count = 0
  const open = (folder: string): Store => {
    const store = fileStore(folder, options)
    folders.set(store, folder)
    return store
  }
  storeSuite(runner, {
    name,
    supports: { durable: true, crossProcessClaims: true, checkpoints: true },
    create: () => open(join(root, String(++count), 'made', 'on first use')),
    sibling: (store) => open(folders.get(store) ?? ''),
  })
}

describe('the store suite itself', () => {
  it('names every case once', () => {
    expect(new Set(storeSuiteCases).size).toBe(storeSuiteCases.length)
  })

  it('refuses a gap that names no case', () => {
    const subject = {
      name: 'x',
      supports: memoryStore().supports,
      create: memoryStore,
      gaps: [{ test: 'y', reason: 'z' }],
    }
    expect(() => storeSuite(runner, subject)).toThrow(expect.objectContaining({ code: 'STORE_BAD_ARGUMENT' }))
  })

  it('shows what a store lacks, and finds a store that breaks a promise', async () => {
    const tests = new Map<string, () => Promise<void>>()
    const skipped: string[] = []
    const noCheckpoints = { durable: false, crossProcessClaims: false, checkpoints: false }
    storeSuite(
      {
        describe: (_name, body) => body(),
        it: (name, body) => tests.set(name, body),
        skip: (name) => skipped.push(name),
      },
      {
        name: 'broken',
        supports: noCheckpoints,
        create() {
          const inner = memoryStore()
          return createStore({
            name: 'broken',
            supports: noCheckpoints,
            open: () => inner.open(),
            close: () => inner.close(),
            // Keeps the head of the first half when a batch is large: neither all nor none.
            append: (runId, expectation, batch) => {
              const events = batch.events.slice(0, 3)
              const summary = { ...batch.summary, seq: expectation.expectedSeq + events.length }
              return inner.append(runId, expectation, { events, summary })
            },
            read: (runId, range) => inner.read(runId, range),
            get: (runId) => inner.get(runId),
            list: (query) => inner.list(query),
            delete: (runId) => inner.delete(runId),
            stats: () => inner.stats(),
            claim: (runId, request) => inner.claim(runId, request),
            renew: (claim, request) => inner.renew(claim, request),
            release: (claim) => inner.release(claim),
            saveCheckpoint: (runId, checkpoint) => inner.saveCheckpoint(runId, checkpoint),
            readCheckpoint: (runId, seq) => inner.readCheckpoint(runId, seq),
            listCheckpoints: (runId) => inner.listCheckpoints(runId),
            deleteCheckpoints: (runId, seqs) => inner.deleteCheckpoints(runId, seqs),
          })
        },
      },
    )
    expect(skipped.filter((name) => name.endsWith('(supports.checkpoints is false)'))).toHaveLength(5)
    const failed: string[] = []
    for (const [name, body] of tests) {
      await body().catch((error: unknown) => {
        expect(error).toMatchObject({ code: 'STORE_CONTRACT' })
        failed.push(name)
      })
    }
    expect(failed).toContain('append keeps events as they were given, in order')
    expect(failed.length).toBeLessThan(tests.size / 2)
  })
})
