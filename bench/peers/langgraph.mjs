// @langchain/langgraph: a state graph with one channel of results; nodes with several upstreams wait for all of them.
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { checksum, step } from '../suite/graphs.mjs'

/** Merging in place is kinder than the copy its pages show, which costs more with every result there is. */
const State = Annotation.Root({
  results: Annotation({ reducer: (before, more) => Object.assign(before, more), default: () => ({}) }),
})

/** @param checkpointer - where checkpoints go, a thread for each run; none by default */
export function prepare(upstreams, checkpointer) {
  const graph = new StateGraph(State)
  const isSource = new Set(upstreams.flat())
  for (const [index, sources] of upstreams.entries()) {
    graph.addNode(`n${index}`, async ({ results }) => ({
      results: { [`n${index}`]: step(sources.map((source) => results[`n${source}`])) },
    }))
  }
  for (const [index, sources] of upstreams.entries()) {
    if (sources.length === 0) graph.addEdge(START, `n${index}`)
    else if (sources.length === 1) graph.addEdge(`n${sources[0]}`, `n${index}`)
    else
      graph.addEdge(
        sources.map((source) => `n${source}`),
        `n${index}`,
      )
    if (!isSource.has(index)) graph.addEdge(`n${index}`, END)
  }
  const compiled = graph.compile(checkpointer === undefined ? {} : { checkpointer })
  let runs = 0
  return async () => {
    runs += 1
    const thread = `run-${runs}`
    const config = { recursionLimit: upstreams.length + 10, configurable: { thread_id: thread } }
    const { results } = await compiled.invoke({ results: {} }, config)
    await checkpointer?.deleteThread(thread)
    return checksum(upstreams.map((_, index) => results[`n${index}`]))
  }
}
