// flowcraft: a flow of functions with explicit inputs, run in memory by a runtime.
import { createFlow, FlowRuntime } from 'flowcraft'
import { checksum, step } from '../suite/graphs.mjs'

export function prepare(upstreams) {
  const flow = createFlow('bench')
  for (const [index, sources] of upstreams.entries()) {
    const inputs = Object.fromEntries(sources.map((source) => [`n${source}`, `n${source}`]))
    const run = async ({ input }) => ({ output: step(sources.map((source) => input[`n${source}`])) })
    flow.node(`n${index}`, run, sources.length === 0 ? {} : { inputs })
  }
  for (const [index, sources] of upstreams.entries()) {
    for (const source of sources) flow.edge(`n${source}`, `n${index}`)
  }
  const runtime = new FlowRuntime()
  return async () => {
    const { status, context } = await flow.run(runtime, {})
    if (status !== 'completed') throw new Error(`flowcraft ended as ${status}`)
    return checksum(upstreams.map((_, index) => context[`_outputs.n${index}`] ?? context[`n${index}`]))
  }
}
