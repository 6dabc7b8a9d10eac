// @langchain/langgraph, functional API: an entrypoint that calls tasks, with its checkpoints in a SQLite file.
import { join } from 'node:path'
import { entrypoint, task } from '@langchain/langgraph'
import { SqliteSaver } from '@langchain/langgraph-checkpoint-sqlite'

function open({ folder }, workflow, synchronous) {
  const checkpointer = SqliteSaver.fromConnString(join(folder, 'langgraph.db'))
  if (synchronous !== undefined) checkpointer.db.pragma(`synchronous = ${synchronous}`)
  const flow = entrypoint({ checkpointer, name: 'bench' }, () => workflow((name, run) => task({ name }, run)()))
  const invoke = (input, id) => flow.invoke(input, { configurable: { thread_id: id }, durability: 'sync' })
  return { checkpointer, invoke }
}

/** @param synchronous - the pragma of SQLite; NORMAL by default, which leaves a step in the system's hands */
export function connectWith(synchronous, where, workflow) {
  const { checkpointer, invoke } = open(where, workflow, synchronous)
  return {
    start: async (id) => ({ value: await invoke({ id }, id) }),
    close: async () => checkpointer.db.close(),
  }
}

export const connect = async (where, workflow) => connectWith(undefined, where, workflow)

export const leave = (where, graph) => open(where, graph.inSequence).invoke({ id: 'run' }, 'run')

/** As its pages have it: the same thread again, with null for its input. */
export const prepareTakeUp = async (where, graph) => () => open(where, graph.inSequence).invoke(null, 'run')
