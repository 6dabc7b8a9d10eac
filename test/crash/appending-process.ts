import { writeSync } from 'node:fs'
import { fileStore } from '../../src/store/file/file-store.ts'
import { appendTo, requestOf } from '../helpers/sample-run.ts'

// Appends to one run until it is killed; says each head once its append is acknowledged.
const [, , folder = '', runId = ''] = process.argv
const store = fileStore(folder)
const { claim } = await store.claim(runId, requestOf(`process ${process.pid}`))
let head = (await store.get(runId))?.seq ?? 0
writeSync(1, `claimed ${head}\n`)
for (let round = 0; ; round++) {
  const to = head + 1 + (round % 3)
  // Every tenth batch is long enough to be cut in the middle.
  await appendTo(store, claim, head + 1, to, round % 10 === 9 ? { note: 'x'.repeat(400_000) } : {})
  head = to
  writeSync(1, `${head}\n`)
}
