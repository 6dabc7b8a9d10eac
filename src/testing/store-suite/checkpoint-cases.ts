import { expectCode, expectEqual } from './expectation.ts'
import { writeRun } from './sample-run.ts'
import type { StoreCase } from './store-case.ts'

/** What the checkpoint methods promise. */
export const checkpointCases: readonly StoreCase[] = [
  {
    name: 'checkpoints are read back byte for byte: the latest at or before a sequence',
    needs: 'checkpoints',
    async run({ store }) {
      await writeRun(store, 'run', 1)
      expectEqual(await store.readCheckpoint('run'), null, 'a run without checkpoints')
      const bytes = Uint8Array.from({ length: 70_000 }, (_, index) => (index * 7) & 0xff)
      for (const seq of [10, 0, 20]) await store.saveCheckpoint('run', { seq, at: seq * 2, bytes: bytes.subarray(seq) })
      expectEqual(await store.readCheckpoint('run'), { seq: 20, at: 40, bytes: bytes.subarray(20) }, 'the latest')
      expectEqual((await store.readCheckpoint('run', 20))?.seq, 20, 'at 20')
      expectEqual((await store.readCheckpoint('run', 19))?.seq, 10, 'before 20')
      expectEqual((await store.readCheckpoint('run', 9))?.seq, 0, 'before 10')
      expectEqual(await store.readCheckpoint('other'), null, 'another run')
    },
  },
  {
    name: 'checkpoints are listed newest first, and one at the same sequence is replaced',
    needs: 'checkpoints',
    async run({ store }) {
      expectEqual(await store.listCheckpoints('run'), [], 'an unknown run')
      for (const seq of [9, 100, 1]) await store.saveCheckpoint('run', { seq, at: 5, bytes: new Uint8Array(seq) })
      await store.saveCheckpoint('run', { seq: 9, at: 6, bytes: Uint8Array.of(1, 2) })
      const infos = [
        { seq: 100, at: 5, sizeBytes: 100 },
        { seq: 9, at: 6, sizeBytes: 2 },
        { seq: 1, at: 5, sizeBytes: 1 },
      ]
      expectEqual(await store.listCheckpoints('run'), infos, 'the list')
      expectEqual((await store.readCheckpoint('run', 50))?.bytes, Uint8Array.of(1, 2), 'the one that was replaced')
    },
  },
  {
    name: 'checkpoints are deleted by sequence; unknown ones are no error',
    needs: 'checkpoints',
    async run({ store }) {
      for (const seq of [1, 2, 3]) await store.saveCheckpoint('run', { seq, at: 1, bytes: Uint8Array.of(seq) })
      await store.deleteCheckpoints('run', [3, 1, 77])
      await store.deleteCheckpoints('other', [1])
      expectEqual(
        (await store.listCheckpoints('run')).map(({ seq }) => seq),
        [2],
        'what is left',
      )
      expectEqual((await store.readCheckpoint('run'))?.bytes, Uint8Array.of(2), 'the latest left')
    },
  },
  {
    name: 'checkpoints do not change with the bytes that were handed in or out',
    needs: 'checkpoints',
    async run({ store }) {
      const bytes = Uint8Array.of(1, 2, 3)
      await store.saveCheckpoint('run', { seq: 1, at: 1, bytes })
      bytes.fill(9)
      const first = await store.readCheckpoint('run')
      expectEqual(first?.bytes, Uint8Array.of(1, 2, 3), 'the bytes after a change of what was handed in')
      first?.bytes.fill(9)
      expectEqual((await store.readCheckpoint('run'))?.bytes, Uint8Array.of(1, 2, 3), 'the bytes read again')
    },
  },
  {
    name: 'checkpoints that are none are refused',
    needs: 'checkpoints',
    async run({ store }) {
      const good = { seq: 1, at: 1, bytes: Uint8Array.of(1) }
      for (const bad of [
        { ...good, seq: -1 },
        { ...good, at: Number.NaN },
        { ...good, bytes: Float64Array.of(1) as never },
      ]) {
        await expectCode(store.saveCheckpoint('run', bad), 'STORE_BAD_ARGUMENT', 'saving what is no checkpoint')
      }
      expectEqual(await store.listCheckpoints('run'), [], 'the list')
    },
  },
]
