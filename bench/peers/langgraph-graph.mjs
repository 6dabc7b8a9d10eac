// The state graph with its checkpoints in a SQLite file, one at every superstep.
import { join } from 'node:path'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'
import { configOf, graphOf, sumOf } from './langgraph.mjs'

function open({ folder }, { upstreams, run, last }) {
  const checkpointer = SqliteSaver.fromConnString(join(folder, 'langgraph.db'))
  const compiled = graphOf(upstreams, run, last).compile({ checkpointer })
  return async (input) =>
    sumOf(upstreams, await compiled.invoke(input, { ...configOf(upstreams, 'run'), durability: 'sync' }))
}

export const leave = (where, graph) => open(where, graph)({ results: {} })

/** As its pages have it: the same thread again, with null for its input. */
export async function prepareTakeUp(where, graph) {
  const invoke = open(where, graph)
  return () => invoke(null)
}
