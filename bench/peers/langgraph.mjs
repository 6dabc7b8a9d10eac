// @langchain/langgraph: a state graph with one channel of results; nodes with several upstreams wait for all of them.
import { Annotation, END, START, StateGraph } from '@langchain/langgraph'
import { checksum, step } from '../suite/graphs.mjs'

/** Merging in place is kinder than the copy its pages show, which costs more with every result there is. */
const State = Annotation.Root({
  results: Annotation({ reducer: (before, more) => Object.assign(before, more), default: () => ({}) }),
})

/**
 * The graph of a list of upstreams.
 * @param work - what each node gives for the values of its upstreams
 * @param last - what a node after all others does, whose result does not count
 */
export function graphOf(upstreams, work, last) {
  const graph = new StateGraph(State)
  const isSource = new Set(upstreams.flat())
  const sinks = upstreams.flatMap((_, index) => (isSource.has(index) ? [] : [`n${index}`]))
  for (const [index, sources] of upstreams.entries()) {
    graph.addNode(`n${index}`, async ({ results }) => ({
      results: { [`n${index}`]: work(sources.map((source) => results[`n${source}`])) },
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
  }
  if (last === undefined) for (const sink of sinks) graph.addEdge(sink, END)
  else {
    graph.addNode('last', async () => {
      last()
      return { results: {} }
    })
    graph.addEdge(sinks, 'last')
    graph.addEdge('last', END)
  }
  return graph
}

/** The checksum of what a run gave. */
export const sumOf = (upstreams, { results }) => checksum(upstreams.map((_, index) => results[`n${index}`]))

/** How many supersteps a run may take, and the thread its checkpoints are kept by. */
export const configOf = (upstreams, thread) => ({
  recursionLimit: upstreams.length + 10,
  configurable: { thread_id: thread },
})

/** @param checkpointer - where checkpoints go, a thread for each run; none by default */
export function prepare(upstreams, checkpointer) {
  const compiled = graphOf(upstreams, step).compile(checkpointer === undefined ? {} : { checkpointer })
  let runs = 0
  return async () => {
    runs += 1
    const thread = `run-${runs}`
    const result = await compiled.invoke({ results: {} }, configOf(upstreams, thread))
    await checkpointer?.deleteThread(thread)
    return sumOf(upstreams, result)
  }
}
