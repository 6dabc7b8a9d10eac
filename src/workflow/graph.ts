import type { EdgeDefinition, NodeDefinition } from './definition.ts'

/**
 * The index over a workflow's nodes and edges that everything else asks; built once, in O(nodes + edges).
 *
 * Nodes and edges are named by their index in definition order. `outEdges` from `outStart[n]` to `outStart[n + 1]` are the
 * edges that leave node n, in definition order; `inEdges` likewise those that enter it.
 */
export interface Graph {
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
  /** Node ids in definition order. */
  readonly ids: readonly string[]
  readonly indexOf: ReadonlyMap<string, number>
  /** Unique name of each edge: its id, or `source->target` with `:handle` and `#n` where needed to be unique. */
  readonly edgeKeys: readonly string[]
  readonly edgeIndexOf: ReadonlyMap<string, number>
  readonly edgeSource: Int32Array
  readonly edgeTarget: Int32Array
  readonly outStart: Int32Array
  readonly outEdges: Int32Array
  readonly inStart: Int32Array
  readonly inEdges: Int32Array
  /** 1 where an edge has a condition or a handle, so that its being taken is a decision to record. */
  readonly isConditional: Uint8Array
  /** 1 where a node has at least one conditional outgoing edge. */
  readonly decides: Uint8Array
  /** 1 where a node only stands in as another's fallback and is never started by itself. */
  readonly isStandIn: Uint8Array
}
