// One process that works on the survey: starts its run when the store has none, else takes it up where its log ends.
// node examples/sources/worker.mjs <folder of the job> <folder of the package>, as a child with a message channel
import { join } from 'node:path'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { survey } from './workflow.mjs'

const [job, folder] = process.argv.slice(2)
if (folder === undefined || process.send === undefined) {
  throw new Error('worker.mjs is started by main.mjs, with the folder of the job and that of the package')
}

const runId = 'survey'
const store = fileStore(join(job, 'runs'))
const engine = createEngine({ store, workflows: [survey], services: { witness: join(job, 'witness.jsonl') } })

const isNew = (await engine.get(runId)) === null
const { executor, result } = isNew ? await engine.start(survey, { folder }, { runId }) : await engine.resume(runId)
// Told of a file only when its result is on record.
executor.on('item.completed', () => process.send({ completed: 1 }))

const { status, error, output } = await result
await store.close()
process.send({ settled: status, error: error === null ? null : String(error), output }, () => process.disconnect())
