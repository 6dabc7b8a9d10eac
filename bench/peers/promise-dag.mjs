// promise-dag: steps by name, each a list of names and last the function that gets their results.
import promiseDag from 'promise-dag'
import { checksum, step } from '../suite/graphs.mjs'

export function prepare(upstreams) {
  const steps = Object.fromEntries(
    upstreams.map((sources, index) => [
      `n${index}`,
      [...sources.map((source) => `n${source}`), async (...values) => step(values)],
    ]),
  )
  const ids = Object.keys(steps)
  return async () => {
    const promises = promiseDag.run(steps)
    return checksum(await Promise.all(ids.map((id) => promises[id])))
  }
}
