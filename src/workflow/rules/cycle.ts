import { quote } from '../../base/errors.ts'
import { type Adjacency, adjacency } from '../adjacency.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** How many ids of a cycle a message shows; `details.cycle` has them all. */
const SHOWN_IDS = 20

/**
 * Edges form no cycle. One problem for each strongly connected component: a shortest cycle through its first node.
 * Edges to nodes that don't exist and from a node to itself are other rules' matter.
 * @see Tarjan 1972, Depth-first search and linear graph algorithms
 */
export function cycle(draft: Draft): readonly Problem[] {
  const { nodes, edges, edgeSource, edgeTarget } = draft
  if (isInOrder(draft)) return []
  const leaving = new Int32Array(edges.length).fill(-1)
  for (let edge = 0; edge < edges.length; edge += 1) {
    const target = edgeTarget[edge]!
    if (target !== -1 && target !== edgeSource[edge]) leaving[edge] = edgeSource[edge]!
  }
  const out = adjacency(nodes.length, leaving)
  const component = components(nodes.length, out, edgeTarget)
  const sizes = new Int32Array(nodes.length)
  for (const name of component) sizes[name]! += 1
  const problems: Problem[] = []
  for (let node = 0; node < nodes.length; node += 1) {
    const name = component[node]!
    if (sizes[name]! < 2) continue
    sizes[name] = 0
    problems.push(report(draft, shortestCycle(node, out, edgeTarget, component)))
  }
  return problems
}

/** Whether every edge leads to a later node, as in most workflows; then none can lead back. */
function isInOrder({ edgeSource, edgeTarget }: Draft): boolean {
  for (let edge = 0; edge < edgeTarget.length; edge += 1) {
    const target = edgeTarget[edge]!
    if (target !== -1 && target < edgeSource[edge]!) return false
  }
  return true
}

/** Of each node, the number of its strongly connected component; the recursion of the algorithm is kept in arrays. */
function components(nodeCount: number, out: Adjacency, edgeTarget: Int32Array): Int32Array {
  const component = new Int32Array(nodeCount).fill(-1)
  const order = new Int32Array(nodeCount)
  const low = new Int32Array(nodeCount)
  const nextEdge = out.start.slice(0, nodeCount)
  const path: number[] = []
  const open: number[] = []
  let visited = 0
  let found = 0
  const enter = (node: number) => {
    visited += 1
    order[node] = visited
    low[node] = visited
    path.push(node)
    open.push(node)
  }
  for (let root = 0; root < nodeCount; root += 1) {
    if (order[root] !== 0) continue
    enter(root)
    while (path.length > 0) {
      const node = path.at(-1)!
      const cursor = nextEdge[node]!
      if (cursor < out.start[node + 1]!) {
        nextEdge[node] = cursor + 1
        const target = edgeTarget[out.edges[cursor]!]!
        if (order[target] === 0) enter(target)
        else if (component[target] === -1) low[node] = Math.min(low[node]!, order[target]!)
        continue
      }
      path.pop()
      const parent = path.at(-1)
      if (parent !== undefined) low[parent] = Math.min(low[parent]!, low[node]!)
      if (low[node] !== order[node]) continue
      for (let member = -1; member !== node; ) {
        member = open.pop()!
        component[member] = found
      }
      found += 1
    }
  }
  return component
}

/** Edges of a shortest cycle through a node of a component with two nodes or more, by breadth-first search. */
function shortestCycle(
  start: number,
  out: Adjacency,
  edgeTarget: Int32Array,
  component: Int32Array,
): readonly number[] {
  const reachedBy = new Map<number, { readonly edge: number; readonly from: number }>()
  const queue = [start]
  for (let head = 0; !reachedBy.has(start); head += 1) {
    const from = queue[head]!
    for (let cursor = out.start[from]!; cursor < out.start[from + 1]!; cursor += 1) {
      const edge = out.edges[cursor]!
      const target = edgeTarget[edge]!
      if (component[target] !== component[start] || reachedBy.has(target)) continue
      reachedBy.set(target, { edge, from })
      queue.push(target)
    }
  }
  const path: number[] = []
  let node = start
  do {
    const step = reachedBy.get(node)!
    path.push(step.edge)
    node = step.from
  } while (node !== start)
  return path.reverse()
}

function report({ ids, edgeSource }: Draft, path: readonly number[]): Problem {
  const nodeIds = path.map((edge) => ids[edgeSource[edge]!]!)
  const shown = nodeIds.slice(0, SHOWN_IDS).map(quote)
  if (nodeIds.length > SHOWN_IDS) shown.push(`... ${nodeIds.length - SHOWN_IDS} more`)
  return {
    code: 'WORKFLOW_CYCLE',
    message: `the edges form a cycle: ${[...shown, quote(nodeIds[0])].join(' -> ')}; remove one of its edges`,
    path: `/edges/${path.at(-1)}`,
    details: { cycle: nodeIds },
  }
}
