import { DefinitionError, quote } from '../base/errors.ts'
import { builtins } from '../nodes/builtin/builtins.ts'
import { missingTypes, type Registry } from '../nodes/registry.ts'
import { missingFunctions, missingPredicates } from '../workflow/create-workflow.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph } from '../workflow/graph.ts'
import type { Handler } from '../workflow/handler.ts'
import type { AnyWorkflow } from '../workflow/workflow.ts'
import type { Code } from './attempt.ts'
import { type StatefulTypes, statefulTypes } from './stateful-types.ts'

const builtinHandlers: ReadonlyMap<string, Handler> = new Map(builtins)

/**
 * The code of a workflow: its own handlers first, then the registry's, then the built-in types.
 * @param advice - what to do when code is missing, for the message; default: to register it
 * @throws {DefinitionError} NODE_TYPE_MISSING with all types nobody handles, before anything runs;
 * WORKFLOW_BAD_CONDITION when an edge has a condition in code that the workflow does not bring
 */
export function codeOf(
  workflow: AnyWorkflow,
  registry: Registry | null,
  advice: string | null = null,
  stateful: StatefulTypes | null = statefulTypes(registry),
): Code {
  const handler = (type: string) => workflow.handlers.get(type) ?? registry?.get(type) ?? builtinHandlers.get(type)
  const types = missingTypes(workflow.graph, (type) => handler(type) !== undefined)
  if (types.length > 0) {
    const list = types.map(quote).join(', ')
    const isOne = types.length === 1
    throw new DefinitionError(
      'NODE_TYPE_MISSING',
      `no handler is registered for ${isOne ? 'the node type' : 'the node types'} ${list}; ${advice ?? `register ${isOne ? 'it' : 'them'} and try again`}`,
      { details: { types } },
    )
  }
  const edges = missingPredicates(workflow.graph, workflow.predicates)
  if (edges.length > 0) {
    const list = edges.map(quote).join(', ')
    const what = edges.length === 1 ? `the edge ${list} has a condition` : `the edges ${list} have conditions`
    throw new DefinitionError(
      'WORKFLOW_BAD_CONDITION',
      `${what} in code; ${advice ?? 'give the workflow that has the functions, instead of its definition or a registry'}`,
      { details: { edges } },
    )
  }
  const nested = new Map<string, Code>()
  for (const index of workflow.graph.composites) {
    const { id, nested: definition } = workflow.graph.nodes[index]!
    if (definition === undefined) continue
    nested.set(id, codeOf(workflow.nested?.get(id) ?? bareWorkflow(definition.workflow), registry, advice, stateful))
  }
  const lacking = missingFunctions(workflow)
  if (lacking.length > 0) {
    throw new DefinitionError(
      'WORKFLOW_BAD_CONDITION',
      `${lacking.length === 1 ? 'the node' : 'the nodes'} ${lacking.map(quote).join(', ')} map or repeat by a function in code; ${advice ?? 'give the workflow that has the functions, instead of its definition or a registry'}`,
      { details: { nodes: lacking } },
    )
  }
  return {
    handler,
    predicate: (edgeKey) => workflow.predicates.get(edgeKey),
    functions: (nodeId) => workflow.functions?.get(nodeId),
    nested: (nodeId) => nested.get(nodeId)!,
    stateful,
  }
}

/** A workflow whose code is all in a registry. */
function bareWorkflow(definition: WorkflowDefinition): AnyWorkflow {
  return { definition, graph: buildGraph(definition), handlers: new Map(), predicates: new Map() }
}
