// The same tasks with a sync for each commit, as the others have.
import { connectWith } from './langgraph-tasks.mjs'

export const connect = async (where, workflow) => connectWith('FULL', where, workflow)
