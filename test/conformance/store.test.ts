import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, it } from 'vitest'
import type { Durability } from '../../src/store/file/durability.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import type { Store } from '../../src/store/store.ts'
import { storeSuite } from '../../src/testing/store-suite.ts'

/** Some tests wait for thousands of syncs, which can be slow on a busy disk. */
const runner = {
  describe,
  it: Object.assign((name: string, body: () => Promise<void>) => it(name, { timeout: 300_000 }, body), {
    skip: (name: string, body: () => Promise<void>) => it.skip(name, body),
  }),
}

storeSuite(runner, {
  name: 'memory',
  supports: { durable: false, crossProcessClaims: false, checkpoints: true },
  create: memoryStore,
})

for (const durability of ['sync', 'batch', 'exit'] as const satisfies readonly Durability[]) {
  const folders = new WeakMap<Store, string>()
  const open = (folder: string) => {
    const store = fileStore(folder, durability === 'batch' ? { durability, batchMs: 1 } : { durability })
    folders.set(store, folder)
    return store
  }
  storeSuite(runner, {
    name: `file, ${durability}`,
    supports: { durable: true, crossProcessClaims: true, checkpoints: true },
    create: async () => open(await mkdtemp(join(tmpdir(), 'waystone-store-'))),
    reopen: (store) => open(folders.get(store)!),
    async destroy(store) {
      await store.close()
      await rm(folders.get(store)!, { recursive: true, force: true })
    },
  })
}
