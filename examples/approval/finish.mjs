// Takes an order up where it waits, and says how it ended.
// node examples/approval/finish.mjs <folder> <run id>
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { order } from './workflow.mjs'

const [folder, runId] = process.argv.slice(2)
const store = fileStore(folder)
const engine = createEngine({ store, workflows: [order] })
const { result } = await engine.resume(runId)
const { status, output, results } = await result
await store.close()
console.log(`${status}: ${output}`)
console.log(`ran: ${Object.keys(results).join(', ')}`)
