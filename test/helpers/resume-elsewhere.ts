import { readFileSync } from 'node:fs'
import { createRegistry, loadSnapshot } from '../../src/index.ts'
import { ManualClock } from './manual-clock.ts'

/** Run as a process: takes up the run of the file given, and says which handlers it called and what came of it. */
const text = readFileSync(process.argv[2]!, 'utf8')
const calls: string[] = []
const registry = createRegistry()
const { workflow } = JSON.parse(text) as { workflow: { nodes: { type: string }[] } }
for (const { type } of workflow.nodes) {
  if (registry.get(type) !== undefined) continue
  registry.register(type, ({ a }: { a?: { list: number[] } }, { nodeId }) => {
    calls.push(nodeId)
    return a?.list.length
  })
}
const executor = loadSnapshot(text, registry, { clock: new ManualClock(0) })
const { status, results } = await executor.execute()
console.log(JSON.stringify({ calls, status, results, document: executor.saveSnapshot() }))
