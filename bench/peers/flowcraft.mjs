// flowcraft: a flow of functions with explicit inputs, run in memory by a runtime; what a run that waits is, it gives as text.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createFlow, FlowRuntime } from 'flowcraft'
import { checksum, step } from '../suite/graphs.mjs'

function flowOf(upstreams, work) {
  const flow = createFlow('bench')
  for (const [index, sources] of upstreams.entries()) {
    const inputs = Object.fromEntries(sources.map((source) => [`n${source}`, `n${source}`]))
    const run = async ({ input }) => ({ output: work(sources.map((source) => input[`n${source}`])) })
    flow.node(`n${index}`, run, sources.length === 0 ? {} : { inputs })
  }
  for (const [index, sources] of upstreams.entries()) {
    for (const source of sources) flow.edge(`n${source}`, `n${index}`)
  }
  return flow
}

function sumOf(upstreams, { status, context }) {
  if (status !== 'completed') throw new Error(`flowcraft ended as ${status}`)
  return checksum(upstreams.map((_, index) => context[`_outputs.n${index}`] ?? context[`n${index}`]))
}

export function prepare(upstreams) {
  const flow = flowOf(upstreams, step)
  const runtime = new FlowRuntime()
  return async () => sumOf(upstreams, await flow.run(runtime, {}))
}

/** Its way to stop is a node that waits, here for all others; the last one comes after it. */
function waitingFlow({ upstreams, run, last }) {
  const flow = flowOf(upstreams, run)
  flow.wait('gate')
  flow.node('last', async () => ({ output: last() }))
  const isSource = new Set(upstreams.flat())
  for (const index of upstreams.keys()) if (!isSource.has(index)) flow.edge(`n${index}`, 'gate')
  flow.edge('gate', 'last')
  return flow
}

export async function leave({ folder }, graph) {
  const { status, serializedContext } = await waitingFlow(graph).run(new FlowRuntime(), {})
  if (status !== 'awaiting') throw new Error(`flowcraft ended as ${status}`)
  writeFileSync(join(folder, 'context.json'), serializedContext)
  graph.crash()
}

export async function prepareTakeUp({ folder }, graph) {
  const flow = waitingFlow(graph)
  const runtime = new FlowRuntime()
  return async () => {
    const text = readFileSync(join(folder, 'context.json'), 'utf8')
    return sumOf(graph.upstreams, await flow.resume(runtime, text, { output: 'on' }, 'gate'))
  }
}
