// p-graph: a record of functions and a list of dependencies; functions get nothing, so results go through a closure.
import { PGraph } from 'p-graph'
import { checksum, step } from '../suite/graphs.mjs'

export function prepare(upstreams) {
  const results = new Array(upstreams.length)
  const nodes = Object.fromEntries(
    upstreams.map((sources, index) => [
      `n${index}`,
      {
        run: async () => {
          results[index] = step(sources.map((source) => results[source]))
        },
      },
    ]),
  )
  const dependencies = upstreams.flatMap((sources, index) => sources.map((source) => [`n${source}`, `n${index}`]))
  const graph = new PGraph(nodes, dependencies)
  return async () => {
    await graph.run()
    return checksum(results)
  }
}
