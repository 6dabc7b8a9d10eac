// Starts an order, and ends when its run waits for an answer: the run is on disk, and no process has anything to do with it.
// node examples/approval/start.mjs <folder> <run id> <input as JSON>
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { order } from './workflow.mjs'

const [folder, runId, input] = process.argv.slice(2)
const store = fileStore(folder)
const engine = createEngine({ store, workflows: [order] })
const { result } = await engine.start(order, JSON.parse(input), { runId })
const { status, results } = await result
await store.close()
console.log(
  `offered: ${results.offer.pieces} ${results.offer.article} for ${results.offer.cents} cents; the run is ${status}`,
)
