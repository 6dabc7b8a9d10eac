import { canonicalText } from '../base/canonical.ts'
import { sha256Hex } from '../base/digest.ts'
import type { JsonObject, JsonValue } from '../base/json.ts'
import { isCodeCondition } from './condition.ts'
import type {
  CodeCondition,
  ConditionDefinition,
  MapDefinition,
  NestedDefinition,
  RepeatDefinition,
} from './definition.ts'
import { buildGraph, type Graph } from './graph.ts'
import type { Workflow } from './workflow.ts'

/** Fingerprints by definition; a definition never changes, and every run of it records its fingerprint. */
const known = new WeakMap<object, string>()

/**
 * The fingerprint of one node: what it is and where its inputs come from.
 *
 * Counts: id, type, data, declared version, trigger, onError, fallback, map (but its concurrency), repeat, nested workflow, and the edges that enter it with their handles and
 * conditions. Does not count: layout and other unknown members, the order of keys and edges, how often and how long it is
 * tried (`retry`, `timeoutMs`, `onInterrupted`), the text of functions. A change of code alone is declared by `version`.
 * @param index - of the node in the graph
 * @returns SHA-256 in lower-case hex
 */
export function nodeFingerprint(graph: Graph, index: number): string {
  return sha256Hex(nodeText(graph, index))
}

/**
 * The fingerprint of a workflow: its id and its nodes, as in {@link nodeFingerprint}, in any order.
 * The workflow's version does not count: it stands beside the fingerprint wherever one is kept.
 * Two workflows of one id have the same fingerprint exactly when `compareWorkflows` finds no change.
 * @returns SHA-256 in lower-case hex
 */
export function workflowFingerprint(workflow: Pick<Workflow, 'definition' | 'graph'>): string {
  const { definition, graph } = workflow
  const before = known.get(definition)
  if (before !== undefined) return before
  const nodes = graph.ids.map((id, index) => ({ id, index })).sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0))
  const texts = nodes.map(({ index }) => nodeText(graph, index))
  const fingerprint = sha256Hex(`{"id":${JSON.stringify(definition.id)},"nodes":[${texts.join(',')}]}`)
  known.set(definition, fingerprint)
  return fingerprint
}

/** What counts of a node, as canonical JSON text: members sorted by name, those with their default left out. */
function nodeText(graph: Graph, index: number): string {
  const node = graph.nodes[index]!
  let text = '{'
  if (node.data !== undefined && node.data !== null) text += `"data":${jsonText(node.data)},`
  if (node.fallback !== undefined) text += `"fallback":${fallbackText(node.fallback)},`
  text += `"id":${JSON.stringify(node.id)}`
  if (node.map !== undefined) text += `,"map":${canonicalText(mapIdentity(node.map))}`
  if (node.nested !== undefined) text += `,"nested":${canonicalText(nestedIdentity(node.nested))}`
  if (node.onError === 'continue') text += ',"onError":"continue"'
  if (node.repeat !== undefined) text += `,"repeat":${canonicalText(repeatIdentity(node.repeat))}`
  if (node.trigger !== undefined && node.trigger !== 'all') text += `,"trigger":${JSON.stringify(node.trigger)}`
  text += `,"type":${JSON.stringify(node.type)}`
  const upstreams = upstreamTexts(graph, index)
  if (upstreams.length > 0) text += `,"upstreams":[${upstreams.join(',')}]`
  if (node.version !== undefined) text += `,"version":${JSON.stringify(node.version)}`
  return `${text}}`
}

/** What of a `map` makes a node another node: not how many items run at once. */
export function mapIdentity({ items, key, onItemError, maximumFailures }: MapDefinition): JsonObject {
  return {
    items: markOf(items),
    key: markOf(key),
    onItemError: onItemError ?? 'fail',
    maximumFailures: maximumFailures ?? null,
  }
}

/** What of a nested workflow makes a node another node: what makes the nested workflow another. */
export function nestedIdentity({ workflow, input }: NestedDefinition): JsonObject {
  return { workflow: workflowFingerprint({ definition: workflow, graph: buildGraph(workflow) }), input: markOf(input) }
}

/** What of a `repeat` makes a node another node. */
export function repeatIdentity({ until, maximumVisits, onLimit }: RepeatDefinition): JsonObject {
  return { until: conditionIdentity(until), maximumVisits, onLimit: onLimit ?? 'fail' }
}

function markOf(selector: string | CodeCondition | undefined): JsonValue {
  return typeof selector === 'object' ? { kind: 'function' } : (selector ?? null)
}

function conditionIdentity(condition: ConditionDefinition | CodeCondition): JsonObject {
  if (isCodeCondition(condition)) return { kind: 'function' }
  return { path: condition.path ?? '', operator: condition.operator, value: condition.value ?? null }
}

/** Only the members we know; a fallback's data is null when it has none. */
function fallbackText(fallback: NonNullable<Graph['nodes'][number]['fallback']>): string {
  if (typeof fallback === 'string') return JSON.stringify(fallback)
  return `{"data":${jsonText(fallback.data ?? null)},"type":${JSON.stringify(fallback.type)}}`
}

/**
 * The edges that enter a node, each as canonical JSON text, sorted.
 * A conditional edge counts with its key, since its function and its recorded decision are found by it.
 */
export function upstreamTexts(graph: Graph, index: number): readonly string[] {
  const texts: string[] = []
  for (let cursor = graph.inStart[index]!; cursor < graph.inStart[index + 1]!; cursor += 1) {
    texts.push(upstreamText(graph, graph.inEdges[cursor]!))
  }
  return texts.sort()
}

function upstreamText(graph: Graph, edge: number): string {
  const { source, sourceHandle, condition } = graph.edges[edge]!
  if (graph.isConditional[edge] === 0) return `{"source":${JSON.stringify(source)}}`
  return canonicalText({
    source,
    key: graph.edgeKeys[edge]!,
    handle: sourceHandle ?? null,
    condition: condition === undefined ? null : conditionIdentity(condition),
  })
}

/** Canonical text; most data is small or plain, and a string or number needs no walk. */
function jsonText(value: JsonValue): string {
  return typeof value === 'object' ? canonicalText(value) : JSON.stringify(value)
}
