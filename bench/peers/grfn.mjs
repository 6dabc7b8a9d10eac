// grfn: vertices by function, with the functions they depend on; gives the value of the one nobody depends on.
import grfn from 'grfn'
import { checksum, step } from '../suite/graphs.mjs'

export function prepare(upstreams) {
  const results = new Array(upstreams.length)
  const functions = upstreams.map((_, index) => async (...values) => {
    results[index] = step(upstreams[index].length === 0 ? [] : values)
    return results[index]
  })
  // It wants a single last function, so one that depends on all others gathers them.
  const last = async () => checksum(results)
  const run = grfn([
    ...functions.map((each, index) =>
      upstreams[index].length === 0 ? each : [each, upstreams[index].map((source) => functions[source])],
    ),
    [last, functions],
  ])
  return () => run()
}
