// One process that works on the audit: starts its run when the store has none, else takes it up where its log ends.
// node examples/audit/worker.mjs <folder>, as a child with a message channel
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { auditWorkflow } from './workflow.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const folder = process.argv[2]
if (folder === undefined || process.send === undefined) {
  throw new Error('worker.mjs is started by main.mjs, with the folder of the job')
}

const runId = 'audit'
const audit = auditWorkflow(root)
const store = fileStore(join(folder, 'runs'))
const engine = createEngine({
  store,
  workflows: [audit],
  concurrency: 4,
  services: { witness: join(folder, 'witness.jsonl') },
})

const isNew = (await engine.get(runId)) === null
const { executor, result } = isNew
  ? await engine.start(audit, { root, reportFile: join(folder, 'report.md') }, { runId })
  : await engine.resume(runId)
executor.on('node.completed', ({ data }) => process.send({ completed: data.nodeId }))

const { status, error } = await result
await store.close()
process.send({ settled: status, error: error === null ? null : String(error) }, () => process.disconnect())
