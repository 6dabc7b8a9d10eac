/** The edges at each node: those of node n are `edges` from `start[n]` to `start[n + 1]`, in definition order. */
export interface Adjacency {
  readonly start: Int32Array
  readonly edges: Int32Array
}

/**
 * Groups edges by the node at one end of them, in O(nodes + edges) by counting.
 * @param nodeCount - how many nodes there are
 * @param ends - of each edge, the node it is grouped under; -1 leaves the edge out
 */
export function adjacency(nodeCount: number, ends: Int32Array): Adjacency {
  const start = new Int32Array(nodeCount + 1)
  for (const node of ends) if (node >= 0) start[node + 1]! += 1
  for (let node = 0; node < nodeCount; node += 1) start[node + 1]! += start[node]!
  const next = start.slice(0, nodeCount)
  const edges = new Int32Array(start[nodeCount]!)
  for (let edge = 0; edge < ends.length; edge += 1) {
    const node = ends[edge]!
    if (node >= 0) {
      edges[next[node]!] = edge
      next[node]! += 1
    }
  }
  return { start, edges }
}
