import { writeSync } from 'node:fs'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Durability } from '../../src/store/file/durability.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { appendTo, requestOf } from '../helpers/sample-run.ts'

// Appends to many runs at once until it is killed; says run and head once an append is acknowledged.
const [, , folder = '', durability = 'sync', count = '1'] = process.argv
const store = fileStore(folder, { durability: durability as Durability })
await Promise.all(
  Array.from({ length: Number(count) }, async (_, index) => {
    const runId = `run-${index}`
    const { claim } = await store.claim(runId, requestOf(`process ${process.pid}`))
    let head = (await store.get(runId))?.seq ?? 0
    for (;;) {
      const to = head + 1 + (index % 2)
      await appendTo(store, claim, head + 1, to)
      head = to
      writeSync(1, `${runId} ${head}\n`)
      // In exit mode nothing else would give the other runs a turn.
      await nextTurn()
    }
  }),
)
