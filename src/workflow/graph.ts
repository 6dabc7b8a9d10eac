import { DefinitionError, quote } from '../base/errors.ts'
import { adjacency } from './adjacency.ts'
import type { EdgeDefinition, NodeDefinition, WorkflowDefinition } from './definition.ts'
import { knownLinks, type Links } from './links.ts'

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
  /**
   * Unique name of each edge: its id, or `source->target` with `:handle` and `#n` where needed to be unique.
   * Made at the first look, since only decisions need them, and a large graph without any is built in less time.
   */
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
  /** Nodes that map, repeat, or are runs of other workflows, in definition order. */
  readonly composites: readonly number[]
  /** 1 where one edge may be enough for a node to start. */
  readonly startsEarly: Uint8Array
  /** 1 where a node only stands in as another's fallback and is never started by itself. */
  readonly isStandIn: Uint8Array
}

/** Whether a value is such an index. */
export function isGraph(value: unknown): value is Graph {
  if (typeof value !== 'object' || value === null) return false
  const { nodes, edges, ids, indexOf } = value as Readonly<Partial<Record<keyof Graph, unknown>>>
  return Array.isArray(nodes) && Array.isArray(edges) && Array.isArray(ids) && indexOf instanceof Map
}

/**
 * The index over a definition's nodes and edges, in O(nodes + edges).
 * @param definition - one that `validateDefinition` finds nothing wrong with; only what would break the index is checked again
 * @throws {DefinitionError} WORKFLOW_DUPLICATE_NODE, WORKFLOW_DUPLICATE_EDGE or WORKFLOW_UNKNOWN_NODE
 */
export function buildGraph(definition: Pick<WorkflowDefinition, 'nodes' | 'edges'>): Graph {
  const { nodes, edges } = definition
  const { ids, indexOf, edgeSource, edgeTarget } = knownLinks(definition) ?? linksOf(definition)
  const isConditional = new Uint8Array(edges.length)
  const decides = new Uint8Array(nodes.length)
  for (let index = 0; index < edges.length; index += 1) {
    const edge = edges[index]!
    if (typeof edge.sourceHandle === 'string' || edge.condition !== undefined) {
      isConditional[index] = 1
      decides[edgeSource[index]!] = 1
    }
  }
  const isStandIn = new Uint8Array(nodes.length)
  const startsEarly = new Uint8Array(nodes.length)
  const composites: number[] = []
  for (let index = 0; index < nodes.length; index += 1) {
    const { fallback, map, repeat, nested, trigger } = nodes[index]!
    if (trigger === 'any') startsEarly[index] = 1
    if (typeof fallback === 'string') isStandIn[indexOf.get(fallback) ?? -1] = 1
    if (map !== undefined || repeat !== undefined || nested !== undefined) composites.push(index)
  }
  checkEdgeIds(edges)
  let edgeKeys: readonly string[] | undefined
  let edgeIndexOf: ReadonlyMap<string, number> | undefined
  const out = adjacency(nodes.length, edgeSource)
  const entering = adjacency(nodes.length, edgeTarget)
  return Object.freeze({
    nodes,
    edges,
    ids,
    indexOf,
    get edgeKeys(): readonly string[] {
      edgeKeys ??= Object.freeze(nameEdges(edges))
      return edgeKeys
    },
    get edgeIndexOf(): ReadonlyMap<string, number> {
      edgeIndexOf ??= new Map(this.edgeKeys.map((key, index) => [key, index]))
      return edgeIndexOf
    },
    edgeSource,
    edgeTarget,
    outStart: out.start,
    outEdges: out.edges,
    inStart: entering.start,
    inEdges: entering.edges,
    isConditional,
    decides,
    isStandIn,
    startsEarly,
    composites: Object.freeze(composites),
  })
}

function linksOf({ nodes, edges }: Pick<WorkflowDefinition, 'nodes' | 'edges'>): Links {
  const ids = nodes.map((node) => node.id)
  const indexOf = indexNodes(ids)
  const edgeSource = new Int32Array(edges.length)
  const edgeTarget = new Int32Array(edges.length)
  for (let index = 0; index < edges.length; index += 1) {
    edgeSource[index] = nodeAt(indexOf, edges[index]!.source, index)
    edgeTarget[index] = nodeAt(indexOf, edges[index]!.target, index)
  }
  return { ids: Object.freeze(ids), indexOf, edgeSource, edgeTarget }
}

function indexNodes(ids: readonly string[]): Map<string, number> {
  const indexOf = new Map<string, number>()
  for (let index = 0; index < ids.length; index += 1) indexOf.set(ids[index]!, index)
  if (indexOf.size < ids.length) {
    const nodeId = ids.find((id, index) => indexOf.get(id) !== index)!
    throw new DefinitionError('WORKFLOW_DUPLICATE_NODE', `two nodes have the id ${quote(nodeId)}; give each its own`, {
      details: { nodeId },
    })
  }
  return indexOf
}

function nodeAt(indexOf: ReadonlyMap<string, number>, nodeId: string, edge: number): number {
  const index = indexOf.get(nodeId)
  if (index !== undefined) return index
  throw new DefinitionError(
    'WORKFLOW_UNKNOWN_NODE',
    `edge ${edge} names the node ${quote(nodeId)}, which does not exist`,
    {
      details: { nodeId, edge },
    },
  )
}

function checkEdgeIds(edges: readonly EdgeDefinition[]): void {
  const taken = new Set<string>()
  for (const { id } of edges) {
    if (id === undefined) continue
    if (taken.has(id)) {
      throw new DefinitionError('WORKFLOW_DUPLICATE_EDGE', `two edges have the id ${quote(id)}; give each its own`, {
        details: { edgeId: id },
      })
    }
    taken.add(id)
  }
}

/** Keys for all edges; ids come first, so that a made-up name never takes the place of one. */
function nameEdges(edges: readonly EdgeDefinition[]): string[] {
  const taken = new Set<string>()
  for (const { id } of edges) if (id !== undefined) taken.add(id)
  // The last number tried for each base, so that many parallel edges cost one step each.
  const tried = new Map<string, number>()
  return edges.map(({ id, source, target, sourceHandle }) => {
    if (id !== undefined) return id
    const base = typeof sourceHandle === 'string' ? `${source}->${target}:${sourceHandle}` : `${source}->${target}`
    let number = tried.get(base) ?? 1
    let key = number === 1 ? base : `${base}#${number}`
    while (taken.has(key)) {
      number += 1
      key = `${base}#${number}`
    }
    tried.set(base, number)
    taken.add(key)
    return key
  })
}
