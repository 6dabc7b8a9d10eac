import { DefinitionError } from '../base/errors.ts'
import type { EdgeDefinition, NodeDefinition, WorkflowDefinition } from './definition.ts'
import { buildGraph } from './graph.ts'
import { problemsError } from './problem.ts'
import { checkDefinition } from './validate.ts'
import type { Workflow } from './workflow.ts'

/** The version of a workflow that states none. */
export const DEFAULT_WORKFLOW_VERSION = '1.0.0'

/**
 * A checked, frozen copy of a definition, every unknown member kept.
 * A missing `version` becomes `'1.0.0'`, missing or null `nodes` and `edges` become empty lists.
 * @param json - JSON text, or the object parsed from it
 * @throws {DefinitionError} WORKFLOW_SYNTAX for text that is not JSON; the code of the problem when there is one problem,
 * WORKFLOW_INVALID when there are more; `details.problems` lists all
 */
export function parseDefinition(json: string | object): WorkflowDefinition {
  const { root, problems } = checkDefinition(typeof json === 'string' ? parseText(json) : json)
  if (root === null || problems.length > 0) throw problemsError(problems)
  const version = root['version'] ?? DEFAULT_WORKFLOW_VERSION
  const nodes = (root['nodes'] ?? Object.freeze([])) as unknown as readonly NodeDefinition[]
  const edges = (root['edges'] ?? Object.freeze([])) as unknown as readonly EdgeDefinition[]
  if (root['version'] === version && root['nodes'] === nodes && root['edges'] === edges) {
    return root as unknown as WorkflowDefinition
  }
  return withMembers(root as unknown as WorkflowDefinition, { version: version as string, nodes, edges })
}

/**
 * A workflow from plain JSON. It has no handlers: a registry of node types brings them.
 * @param json - JSON text, or the object parsed from it
 * @throws {DefinitionError} like {@link parseDefinition}
 * @example
 * parseWorkflow('{"id":"greet","nodes":[{"id":"hello","type":"text","data":{"text":"Hello"}}]}').definition.version // '1.0.0'
 */
export function parseWorkflow(json: string | object): Workflow {
  const definition = parseDefinition(json)
  return Object.freeze({ definition, graph: buildGraph(definition), handlers: new Map(), predicates: new Map() })
}

function parseText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DefinitionError('WORKFLOW_SYNTAX', `expected the JSON text of a workflow: ${(cause as Error).message}`, {
      cause,
    })
  }
}

/** A frozen copy with some members set; spread keeps an own `__proto__` member what it is. */
function withMembers(root: WorkflowDefinition, members: Partial<WorkflowDefinition>): WorkflowDefinition {
  return Object.freeze({ ...root, ...members })
}
