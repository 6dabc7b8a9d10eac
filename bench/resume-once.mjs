// Takes one prepared run up and prints how long that took: node resume-once.mjs <store|snapshot> <path> <nodes done>.
import { readFileSync } from 'node:fs'
import { createEngine, loadSnapshot } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { checksum, expectedOf, idsOf, upstreamsOf, workflowOf } from './suite/graphs.mjs'

const [way, path, given] = process.argv.slice(2)
const size = Number(given)
const upstreams = upstreamsOf('layered', size)
let firstAt = 0
const begin = performance.now()
let ranAgain = 0
const flow = workflowOf(
  upstreams,
  () => {
    ranAgain += 1
    throw new Error('a node that was done has been called again')
  },
  {
    more: [
      {
        node: 'last',
        upstream: `n${size - 1}`,
        run: () => {
          firstAt = performance.now()
        },
      },
    ],
  },
)
const built = performance.now()

let store
let outcome
if (way === 'store') {
  store = fileStore(path)
  const engine = createEngine({ store, workflows: [flow] })
  const { result } = await engine.resume('run')
  outcome = await result
} else {
  outcome = await loadSnapshot(readFileSync(path), flow).execute()
}
if (outcome.status !== 'completed') throw new Error(`the run is ${outcome.status}`)
const found = checksum(idsOf(upstreams).map((id) => outcome.results[id]))
if (found !== expectedOf(upstreams)) throw new Error('the results that were restored have another checksum')
await store?.close()
process.stdout.write(
  JSON.stringify({
    loadMs: firstAt - built,
    buildMs: built - begin,
    processMs: firstAt,
    ranAgain,
    peakMiB: process.resourceUsage().maxRSS / 1024,
  }),
)
