import { invalidArgument, readArgument } from '../base/argument.ts'
import { DefinitionError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { EdgeDefinition, FallbackDefinition, NodeDefinition, WorkflowDefinition } from './definition.ts'
import { mapIdentity, nestedIdentity, repeatIdentity, upstreamTexts } from './fingerprint.ts'
import { type Graph, isGraph } from './graph.ts'
import { sameJson } from './same-json.ts'

/** What of a node can change so that it is another node for a resume. */
export type NodeAspect =
  | 'type'
  | 'data'
  | 'version'
  | 'upstreams'
  | 'trigger'
  | 'onError'
  | 'fallback'
  | 'map'
  | 'repeat'
  | 'nested'

/**
 * One node that is not the same in two workflows.
 *
 * Shape: `{ nodeId: 'total', change: 'changed', what: ['data', 'upstreams'] }`
 */
export interface WorkflowChange {
  readonly nodeId: string
  readonly change: 'added' | 'removed' | 'changed'
  /** What changed of the node; empty when it was added or removed. */
  readonly what: readonly NodeAspect[]
}

/**
 * How a workflow changed from one graph to another; compares what `nodeFingerprint` counts, directly and in linear time.
 *
 * No change does not mean the same order: nodes and edges are matched by id and key, their indexes may differ.
 * @param before - the graph a run or snapshot was made with
 * @param after - the graph at hand
 * @returns nodes changed or removed in the order of `before`, then nodes added in the order of `after`; empty: no change
 * @throws {DefinitionError} ARGUMENT_INVALID
 * @example
 * const before = workflow('flow').node('a', () => 1).build()
 * const after = workflow('flow').node('a', () => 1).node('b', ['a'], () => 2).build()
 * compareWorkflows(before.graph, after.graph) // [{ nodeId: 'b', change: 'added', what: [] }]
 */
export function compareWorkflows(before: Graph, after: Graph): readonly WorkflowChange[] {
  checkGraph('before', before)
  checkGraph('after', after)
  if (before === after || (before.nodes === after.nodes && before.edges === after.edges)) return []
  const changes: WorkflowChange[] = []
  let matched = 0
  for (let index = 0; index < before.ids.length; index += 1) {
    const nodeId = before.ids[index]!
    const other = after.ids[index] === nodeId ? index : after.indexOf.get(nodeId)
    if (other === undefined) {
      changes.push({ nodeId, change: 'removed', what: [] })
      continue
    }
    matched += 1
    const what = changedAspects(before, index, after, other)
    if (what.length > 0) changes.push({ nodeId, change: 'changed', what })
  }
  if (matched < after.ids.length) {
    for (const nodeId of after.ids) {
      if (!before.indexOf.has(nodeId)) changes.push({ nodeId, change: 'added', what: [] })
    }
  }
  return changes
}

function checkGraph(parameter: string, given: unknown): void {
  const error = DefinitionError
  if (readArgument(parameter, () => isGraph(given), { error })) return
  throw invalidArgument(parameter, 'the graph of a workflow', given, { of: 'compareWorkflows', error })
}

/**
 * Whether two definitions have the same nodes and edges in the same order, so that an index over one serves the other.
 * Counts what {@link compareWorkflows} counts, without an index over either; members of nodes that are no part of
 * their identity (retry, time-out, position) may differ.
 */
export function isSameDefinition(a: WorkflowDefinition, b: WorkflowDefinition): boolean {
  if (a === b) return true
  return (
    a.id === b.id &&
    a.nodes.length === b.nodes.length &&
    a.edges.length === b.edges.length &&
    a.nodes.every(
      (node, index) => node.id === b.nodes[index]!.id && settingsChanged(node, b.nodes[index]!).length === 0,
    ) &&
    a.edges.every((edge, index) => isSameEdge(edge, b.edges[index]!))
  )
}

function isSameEdge(a: EdgeDefinition, b: EdgeDefinition): boolean {
  return (
    a.source === b.source &&
    a.target === b.target &&
    a.id === b.id &&
    (a.sourceHandle ?? null) === (b.sourceHandle ?? null) &&
    sameJson(a.condition ?? null, b.condition ?? null)
  )
}

const NOTHING: readonly NodeAspect[] = []

function changedAspects(before: Graph, from: number, after: Graph, to: number): readonly NodeAspect[] {
  const a = before.nodes[from]!
  const b = after.nodes[to]!
  const sameUpstreams = haveSameUpstreams(before, from, after, to)
  const settings = settingsChanged(a, b)
  return sameUpstreams ? settings : inOrder([...settings, 'upstreams'])
}

const ASPECTS: readonly NodeAspect[] = [
  'type',
  'data',
  'version',
  'upstreams',
  'trigger',
  'onError',
  'fallback',
  'map',
  'repeat',
  'nested',
]

function inOrder(aspects: readonly NodeAspect[]): readonly NodeAspect[] {
  return ASPECTS.filter((aspect) => aspects.includes(aspect))
}

/** What changed of a node besides its upstreams. */
function settingsChanged(a: NodeDefinition, b: NodeDefinition): readonly NodeAspect[] {
  if (a === b) return NOTHING
  const what: NodeAspect[] = []
  if (a.type !== b.type) what.push('type')
  if (!sameJson(a.data ?? null, b.data ?? null)) what.push('data')
  if (a.version !== b.version) what.push('version')
  if ((a.trigger ?? 'all') !== (b.trigger ?? 'all')) what.push('trigger')
  if (isForgiving(a) !== isForgiving(b)) what.push('onError')
  if (!isSameFallback(a.fallback, b.fallback)) what.push('fallback')
  if (!isSame(a.map, b.map, mapIdentity)) what.push('map')
  if (!isSame(a.repeat, b.repeat, repeatIdentity)) what.push('repeat')
  if (!isSame(a.nested, b.nested, nestedIdentity)) what.push('nested')
  return what
}

function isSame<T>(a: T | undefined, b: T | undefined, identity: (definition: T) => JsonObject): boolean {
  if (a === undefined || b === undefined || a === b) return a === b
  return sameJson(identity(a), identity(b))
}

function isForgiving({ onError }: NodeDefinition): boolean {
  return onError === 'continue'
}

function isSameFallback(a: FallbackDefinition | undefined, b: FallbackDefinition | undefined): boolean {
  if (typeof a !== 'object' || typeof b !== 'object') return a === b
  return a.type === b.type && sameJson(a.data ?? null, b.data ?? null)
}

/** Edge by edge when they stand in the same order and have no conditions, as is usual; else as sorted texts. */
function haveSameUpstreams(before: Graph, from: number, after: Graph, to: number): boolean {
  const start = before.inStart[from]!
  const otherStart = after.inStart[to]!
  const count = before.inStart[from + 1]! - start
  if (count !== after.inStart[to + 1]! - otherStart) return false
  for (let offset = 0; offset < count; offset += 1) {
    const edge = before.inEdges[start + offset]!
    const other = after.inEdges[otherStart + offset]!
    if (
      before.isConditional[edge] === 1 ||
      after.isConditional[other] === 1 ||
      before.edges[edge]!.source !== after.edges[other]!.source
    ) {
      return sameJson(upstreamTexts(before, from), upstreamTexts(after, to))
    }
  }
  return true
}
