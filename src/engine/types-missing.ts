import { builtins } from '../nodes/builtin/builtins.ts'
import { missingTypes, type Registry } from '../nodes/registry.ts'
import type { Graph } from '../workflow/graph.ts'
import type { Workflow } from '../workflow/workflow.ts'

/** The types of a graph for which neither a workflow, nor a registry, nor Waystone has a handler. */
export function typesMissing(
  graph: Graph,
  workflow: Workflow | undefined,
  registry: Registry | null,
): ReadonlySet<string> {
  return new Set(
    missingTypes(
      graph,
      (type) =>
        workflow?.handlers.has(type) === true ||
        registry?.has(type) === true ||
        builtins.some(([name]) => name === type),
    ),
  )
}
