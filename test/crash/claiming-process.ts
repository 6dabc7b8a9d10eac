import { createInterface } from 'node:readline'
import { isWaystoneError } from '../../src/base/errors.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { requestOf } from '../helpers/sample-run.ts'

// Claims each run it is told, at the time it is told, and says whether it won.
const [, , folder = ''] = process.argv
const store = fileStore(folder)
await store.open()
console.log('ready')
for await (const line of createInterface({ input: process.stdin })) {
  const [runId = '', at = '0'] = line.split(' ')
  while (Date.now() < Number(at)) {
    // Both processes leave the starting line in the same millisecond.
  }
  try {
    const { claim } = await store.claim(runId, requestOf(`process ${process.pid}`))
    console.log(`won ${claim.epoch}`)
  } catch (error) {
    console.log(isWaystoneError(error) ? error.code : String(error))
  }
}
