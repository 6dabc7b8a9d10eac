import { DefinitionError } from '../base/errors.ts'
import { missingTypes } from '../nodes/registry.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import type { EdgePredicate } from '../workflow/handler.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import { workflowMissing } from './engine-errors.ts'
import type { Journal } from './journal.ts'
import type { World } from './options.ts'
import type { StoredRun } from './stored-run.ts'

/**
 * An executor for commands to a run that executes nowhere. It runs no node, so no handler has to be there.
 * @param registered - the workflow whose conditions in code are asked when a node is given a result; default: none is there
 */
export function bystander({ run }: StoredRun, journal: Journal, world: World, registered?: Workflow): DagExecutor {
  const workflow = withoutHandlers(run.state.workflow, run.graph, registered)
  return restoredExecutor(workflow, { run, journal, world, config: null, isWorkflowChanged: false })
}

/** A workflow with something in the place of all handlers it asks for; its depth is that of the definition, which has a limit. */
function withoutHandlers(definition: WorkflowDefinition, graph: Graph, registered?: Workflow): Workflow {
  const nobody = () => undefined
  const absent = predicateAbsent(definition.id)
  const handlers = new Map(missingTypes(graph, () => false).map((type) => [type, nobody] as const))
  const predicates = new Map(graph.edgeKeys.map((key) => [key, registered?.predicates.get(key) ?? absent] as const))
  const code = { items: () => [], key: () => 0, until: () => false, input: () => null }
  const functions = new Map(graph.ids.map((id) => [id, code] as const))
  const nested = new Map(
    graph.nodes.flatMap(({ id, nested }) =>
      nested === undefined
        ? []
        : [
            [
              id,
              withoutHandlers(nested.workflow, buildGraph(nested.workflow), registered?.nested?.get(id) as Workflow),
            ] as const,
          ],
    ),
  )
  return { definition, graph, handlers, predicates, functions, nested }
}

function predicateAbsent(workflowId: string): EdgePredicate {
  return () => {
    throw new DefinitionError('WORKFLOW_UNKNOWN', `its function is not there: ${workflowMissing(workflowId)}`, {
      details: { workflowId },
    })
  }
}
