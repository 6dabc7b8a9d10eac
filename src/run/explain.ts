import { invalidArgument } from '../base/argument.ts'
import type { Graph } from '../workflow/graph.ts'
import type { InspectOptions } from './inspect.ts'
import { listed } from './listed.ts'
import { NODE_PATH, type NodePath, pathOf } from './node-path.ts'
import type { RunState } from './state.ts'
import { type NodeReasons, whyNode } from './why.ts'

/** Why a node of a run ran, was skipped, failed or waits. @throws {WaystoneError} ARGUMENT_INVALID for a node the workflow does not have */
export function explain(graph: Graph, state: RunState, node: NodePath, options: InspectOptions): NodeReasons {
  const path = pathOf(node, 'why')
  const reasons = whyNode(graph, state, path, options)
  if (reasons !== null) return reasons
  throw invalidArgument('node', NODE_PATH, node, { of: 'why', advice: `the workflow has ${listed(graph.ids)}` })
}
