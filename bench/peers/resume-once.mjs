// Leaves a run of which all but the last step is done, or takes one up and prints how long that took: node resume-once.mjs <json>.
// A peer gives `leave(where, graph)` and `takeUp(where, graph)`; the graph counts the steps that are run and notes when the last one is.
import { writeSync } from 'node:fs'
import { checksum, expectedOf, step, upstreamsOf } from '../suite/graphs.mjs'

const { file, way, where, size } = JSON.parse(process.argv[2])
const peer = await import(`./${file}.mjs`)
const upstreams = upstreamsOf(peer.shape ?? 'layered', size)

let ran = 0
let firstAt = null
const graph = {
  upstreams,
  /** What the node of an index does with the values of its upstreams. */
  run(values) {
    ran += 1
    return step(values)
  },
  /** What the last node does: in the first process it dies, in the second the clock stops. */
  last() {
    if (way === 'prepare') graph.crash()
    firstAt ??= performance.now()
    return 0
  },
  crash() {
    writeSync(1, `crashed after ${ran}\n`)
    process.kill(process.pid, 'SIGKILL')
  },
  /** The same graph as a function of steps in sequence, in the order of their definition. */
  async inSequence(runStep) {
    const results = []
    for (const [index, sources] of upstreams.entries()) {
      results.push(await runStep(`n${index}`, async () => graph.run(sources.map((source) => results[source]))))
    }
    await runStep('last', async () => graph.last())
    return checksum(results)
  },
}

if (way === 'prepare') {
  await peer.leave(where, graph)
  throw new Error('the run came to its end, and should have stopped before its last step')
}
const takeUp = await peer.prepareTakeUp(where, graph)
const begin = performance.now()
const found = await takeUp()
if (firstAt === null) throw new Error('the last step was not run')
if (found !== expectedOf(upstreams)) throw new Error('the results that were restored have another checksum')
writeSync(
  1,
  `\n${JSON.stringify({
    loadMs: firstAt - begin,
    processMs: firstAt,
    peakMiB: process.resourceUsage().maxRSS / 1024,
    ranAgain: ran,
  })}\n`,
)
process.exit(0)
