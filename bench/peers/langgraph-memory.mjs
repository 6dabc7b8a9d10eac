// The same graph with a checkpoint in memory at every superstep.
import { MemorySaver } from '@langchain/langgraph'
import { prepare as prepareGraph } from './langgraph.mjs'

export const prepare = (upstreams) => prepareGraph(upstreams, new MemorySaver())
