import { invalidArgument, readArgument } from '../base/argument.ts'
import { builtins } from '../nodes/builtin/builtins.ts'
import { missingTypes, type Registry } from '../nodes/registry.ts'
import type { InspectOptions } from '../run/inspect.ts'
import { listed } from '../run/listed.ts'
import type { RunState } from '../run/state.ts'
import { type NodeReasons, whyNode } from '../run/why.ts'
import type { Graph } from '../workflow/graph.ts'
import type { Workflow } from '../workflow/workflow.ts'

/** A node of a run: its id; of a nested run the ids that lead to it, from the outermost node on. */
export type NodePath = string | readonly string[]

const NODE = 'the id of a node, or the ids that lead to it'

/** @throws {WaystoneError} ARGUMENT_INVALID for a node the workflow does not have */
export function explain(graph: Graph, state: RunState, node: NodePath, options: InspectOptions): NodeReasons {
  const path = pathOf(node, 'why')
  const reasons = whyNode(graph, state, path, options)
  if (reasons !== null) return reasons
  throw invalidArgument('node', NODE, node, { of: 'why', advice: `the workflow has ${listed(graph.ids)}` })
}

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

/** The ids that lead to a node, its own last. @throws {WaystoneError} ARGUMENT_INVALID */
export function pathOf(node: NodePath, of: string): readonly string[] {
  return readArgument(
    'node',
    () => {
      const ids: unknown = typeof node === 'string' ? [node] : node
      if (Array.isArray(ids) && ids.length > 0 && ids.every((id) => typeof id === 'string')) return [...ids]
      throw invalidArgument('node', NODE, node, { of })
    },
    { of },
  )
}
