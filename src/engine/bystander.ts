import { missingTypes } from '../nodes/registry.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import type { Journal } from './journal.ts'
import type { World } from './options.ts'
import type { StoredRun } from './stored-run.ts'

/** An executor for commands to a run that executes nowhere. It runs no node, so no code has to be there. */
export function bystander({ run }: StoredRun, journal: Journal, world: World): DagExecutor {
  const workflow = withoutCode(run.state.workflow, run.graph)
  return restoredExecutor(workflow, { run, journal, world, config: null, isWorkflowChanged: false })
}

/** A workflow with something in the place of all code it asks for; its depth is that of the definition, which has a limit. */
function withoutCode(definition: WorkflowDefinition, graph: Graph): Workflow {
  const nobody = () => undefined
  const handlers = new Map(missingTypes(graph, () => false).map((type) => [type, nobody] as const))
  const predicates = new Map(graph.edgeKeys.map((key) => [key, () => false] as const))
  const code = { items: () => [], key: () => 0, until: () => false, input: () => null }
  const functions = new Map(graph.ids.map((id) => [id, code] as const))
  const nested = new Map(
    graph.nodes.flatMap(({ id, nested }) =>
      nested === undefined ? [] : [[id, withoutCode(nested.workflow, buildGraph(nested.workflow))] as const],
    ),
  )
  return { definition, graph, handlers, predicates, functions, nested }
}
