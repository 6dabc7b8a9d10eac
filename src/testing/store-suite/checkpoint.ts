import { failsWith, same } from './assertions.ts'
import { NOW, startRun } from './sample.ts'
import type { StoreTest } from './store-test.ts'

const bytesOf = (...bytes: number[]) => Uint8Array.from(bytes)

/** What checkpoints have to do. */
export const checkpointTests: readonly StoreTest[] = [
  {
    name: 'gives none of an unknown run',
    needs: 'checkpoints',
    async run(store) {
      same(await store.readCheckpoint('nobody'), null, 'checkpoint')
      same(await store.listCheckpoints('nobody'), [], 'list')
      await store.deleteCheckpoints('nobody', [1, 2])
    },
  },
  {
    name: 'gives the latest at or before a sequence',
    needs: 'checkpoints',
    async run(store) {
      await startRun(store, 'r', { count: 3 })
      for (const seq of [10, 2, 9])
        await store.saveCheckpoint('r', { seq, at: NOW + seq, bytes: bytesOf(seq, 0, 10, 255) })
      const seqAt = async (atOrBefore?: number) => (await store.readCheckpoint('r', atOrBefore))?.seq ?? null
      same(
        [await seqAt(1), await seqAt(2), await seqAt(8), await seqAt(9), await seqAt(99), await seqAt()],
        [null, 2, 2, 9, 10, 10],
        'sequences',
      )
      const latest = await store.readCheckpoint('r')
      same([latest?.at, [...(latest?.bytes ?? [])]], [NOW + 10, [10, 0, 10, 255]], 'checkpoint')
    },
  },
  {
    name: 'replaces one at the same sequence',
    needs: 'checkpoints',
    async run(store) {
      await store.saveCheckpoint('r', { seq: 5, at: NOW, bytes: bytesOf(1, 2, 3) })
      await store.saveCheckpoint('r', { seq: 5, at: NOW + 1, bytes: bytesOf(4) })
      same([...((await store.readCheckpoint('r'))?.bytes ?? [])], [4], 'bytes')
      same(await store.listCheckpoints('r'), [{ seq: 5, at: NOW + 1, sizeBytes: 1 }], 'list')
    },
  },
  {
    name: 'copies bytes on the way in and out',
    needs: 'checkpoints',
    async run(store) {
      const bytes = bytesOf(1, 2, 3)
      await store.saveCheckpoint('r', { seq: 1, at: NOW, bytes })
      bytes[0] = 99
      const read = await store.readCheckpoint('r')
      same([...(read?.bytes ?? [])], [1, 2, 3], 'after changing what was saved')
      read?.bytes.fill(0)
      same([...((await store.readCheckpoint('r'))?.bytes ?? [])], [1, 2, 3], 'after changing what was read')
    },
  },
  {
    name: 'lists newest first and deletes by sequence',
    needs: 'checkpoints',
    async run(store) {
      for (const seq of [1, 3, 20, 100]) await store.saveCheckpoint('r', { seq, at: NOW, bytes: new Uint8Array(seq) })
      same(
        (await store.listCheckpoints('r')).map(({ seq, sizeBytes }) => [seq, sizeBytes]),
        [
          [100, 100],
          [20, 20],
          [3, 3],
          [1, 1],
        ],
        'list',
      )
      await store.deleteCheckpoints('r', [3, 100, 7])
      same(
        (await store.listCheckpoints('r')).map(({ seq }) => seq),
        [20, 1],
        'list after deleting',
      )
      same((await store.readCheckpoint('r'))?.seq, 20, 'latest')
    },
  },
  {
    name: 'keeps empty and large ones, and views into larger buffers',
    needs: 'checkpoints',
    async run(store) {
      await store.saveCheckpoint('r', { seq: 0, at: 0, bytes: new Uint8Array(0) })
      same((await store.readCheckpoint('r'))?.bytes.length, 0, 'empty')
      const large = Uint8Array.from({ length: 3_000_001 }, (_, index) => index % 251)
      await store.saveCheckpoint('r', { seq: 1, at: 0.5, bytes: large.subarray(1) })
      const read = await store.readCheckpoint('r')
      same([read?.bytes.length, read?.at], [3_000_000, 0.5], 'length and time')
      same(
        read?.bytes.every((byte, index) => byte === (index + 1) % 251),
        true,
        'bytes',
      )
    },
  },
  {
    name: 'survive closing and opening',
    needs: 'durable',
    async run(store, { reopen }) {
      await startRun(store, 'r')
      await store.saveCheckpoint('r', { seq: 1, at: NOW, bytes: bytesOf(7) })
      same([...((await (await reopen()).readCheckpoint('r'))?.bytes ?? [])], [7], 'bytes')
    },
  },
  {
    name: 'that are none are refused',
    needs: 'checkpoints',
    async run(store) {
      const checkpoint = { seq: 1, at: NOW, bytes: bytesOf(1) }
      const wrong = [{ seq: -1 }, { at: Number.NaN }, { bytes: 'text' as unknown as Uint8Array }]
      for (const part of wrong) {
        await failsWith('STORE_BAD_ARGUMENT', () => store.saveCheckpoint('r', { ...checkpoint, ...part }))
      }
    },
  },
]
