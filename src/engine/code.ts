import { DefinitionError } from '../base/errors.ts'
import { builtins } from '../nodes/builtin/builtins.ts'
import { missingTypes, type Registry } from '../nodes/registry.ts'
import { missingPredicates } from '../workflow/create-workflow.ts'
import type { Handler } from '../workflow/handler.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { Code } from './attempt.ts'

const builtinHandlers: ReadonlyMap<string, Handler> = new Map(builtins)

/**
 * The code of a workflow: its own handlers first, then the registry's, then the built-in types.
 * @throws {DefinitionError} NODE_TYPE_MISSING with all types nobody handles, before anything runs;
 * NODE_CONDITION_FAILED when an edge has a condition in code that the workflow does not bring
 */
export function codeOf(workflow: Workflow, registry: Registry | null): Code {
  const handler = (type: string) => workflow.handlers.get(type) ?? registry?.get(type) ?? builtinHandlers.get(type)
  const types = missingTypes(workflow.graph, (type) => handler(type) !== undefined)
  if (types.length > 0) {
    const list = types.map((type) => JSON.stringify(type)).join(', ')
    throw new DefinitionError(
      'NODE_TYPE_MISSING',
      `no handler is registered for ${types.length === 1 ? 'the node type' : 'the node types'} ${list}; register ${types.length === 1 ? 'it' : 'them'} and try again`,
      {
        details: { types },
      },
    )
  }
  const edges = missingPredicates(workflow.graph, workflow.predicates)
  if (edges.length > 0) {
    const list = edges.map((edge) => JSON.stringify(edge)).join(', ')
    throw new DefinitionError(
      'NODE_CONDITION_FAILED',
      `the edges ${list} have conditions in code; give the workflow that has them instead of a registry`,
      {
        details: { edges },
      },
    )
  }
  return { handler, predicate: (edgeKey) => workflow.predicates.get(edgeKey) }
}
