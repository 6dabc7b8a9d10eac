// Runs or resumes a run without a store until it is killed; after every completed node it writes a snapshot to a file.
import { appendFileSync, existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createWorkflow, DagExecutor, loadSnapshot, serialize } from 'waystone'

const [file, witness] = process.argv.slice(2)
const NODES = 50

const nodes = Array.from({ length: NODES }, (_, index) => ({ id: `n${index}`, type: 'step' }))
// Two chains side by side that meet every ten nodes.
const edges = nodes.flatMap((_, index) => [
  ...(index >= 2 ? [{ source: `n${index - 2}`, target: `n${index}` }] : []),
  ...(index % 10 === 9 ? [{ source: `n${index - 1}`, target: `n${index}` }] : []),
])
const step = async (inputs, ctx) => {
  appendFileSync(witness, `${ctx.nodeId}\n`)
  await sleep(Math.random() * 4)
  ctx.counters.add('done')
  return Object.values(inputs).reduce((sum, value) => sum + value, 1) % 1000
}
const flow = createWorkflow({ id: 'kill', version: '1.0.0', nodes, edges }, { handlers: { step } })
const executor = existsSync(file) ? loadSnapshot(readFileSync(file), flow) : new DagExecutor(flow)
// A rename puts the whole file in place or nothing: a reader never sees half of one.
executor.on('node.completed', () => {
  writeFileSync(`${file}.new`, serialize(executor.saveSnapshot()))
  renameSync(`${file}.new`, file)
})
process.stdout.write('started\n')
const { status, results } = await executor.execute()
const { counters } = executor.saveSnapshot().document
process.stdout.write(`end ${status} ${counters.done} ${JSON.stringify(results)}\n`)
