// Runs or resumes a run on a file store until it is killed; every handler's effect is appended to a witness file.
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { createEngine, createWorkflow } from 'waystone'
import { fileStore } from 'waystone/store/file'

const [directory, witness, runId] = process.argv.slice(2)
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
const engine = createEngine({ store: fileStore(directory), workflows: [flow] })
const known = await engine.get(runId)
const { result } = known === null ? await engine.start(flow, null, { runId }) : await engine.resume(runId)
process.stdout.write('started\n')
const { status, results } = await result
process.stdout.write(`end ${status} ${JSON.stringify(results)}\n`)
