import { missingTypes } from '../nodes/registry.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import type { Journal } from './journal.ts'
import type { World } from './options.ts'
import type { StoredRun } from './stored-run.ts'

/** An executor for commands to a run that executes nowhere. It runs no node, so no handler has to be there. */
export function bystander({ run }: StoredRun, journal: Journal, world: World): DagExecutor {
  const nobody = () => undefined
  const handlers = new Map(missingTypes(run.graph, () => false).map((type) => [type, nobody] as const))
  const predicates = new Map(run.graph.edgeKeys.map((key) => [key, () => false] as const))
  const functions = new Map(
    run.graph.ids.map((id) => [id, { items: () => [], key: () => 0, until: () => false }] as const),
  )
  const workflow: Workflow = { definition: run.state.workflow, graph: run.graph, handlers, predicates, functions }
  return restoredExecutor(workflow, { run, journal, world, config: null, isWorkflowChanged: false })
}
