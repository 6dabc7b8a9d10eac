import type { Graph } from '../workflow/graph.ts'
import type { RunState } from './state.ts'

/**
 * Counts how many incoming edges each node has, and how many of them come from nodes that have completed and are taken. Of
 * a run that is resumed most nodes have completed: in a fresh process a call for each of their edges takes longer than
 * what it does (bench/resume.mjs).
 * @param unresolved - takes, by node, the edges whose source has not completed; zeros before
 * @param taken - takes, by node, the edges that are taken; zeros before
 * @returns the nodes that have not completed, in order
 */
export function countUpstreams(
  graph: Graph,
  state: RunState,
  unresolved: Int32Array,
  taken: Int32Array,
): readonly number[] {
  const { nodes, inStart, outStart, outEdges, edgeTarget, isConditional } = graph
  const others: number[] = []
  for (let index = 0; index < nodes.length; index += 1) {
    // Some may be resolved already, by sources that stand before.
    unresolved[index]! += inStart[index + 1]! - inStart[index]!
    if (state.nodes[index]!.status !== 'completed') {
      others.push(index)
      continue
    }
    const end = outStart[index + 1]!
    for (let at = outStart[index]!; at < end; at += 1) {
      const edge = outEdges[at]!
      const target = edgeTarget[edge]!
      unresolved[target]! -= 1
      if (isConditional[edge] === 0 || state.decisions[graph.edgeKeys[edge]!] === true) taken[target]! += 1
    }
  }
  return others
}
