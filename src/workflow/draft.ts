import type { JsonObject, JsonValue } from '../base/json.ts'

/**
 * A definition that is not checked yet, as the rules see it: each rule looks at the parts it understands,
 * so that one broken part hides no problem of another.
 */
export interface Draft {
  readonly root: JsonObject
  /** The entries of `nodes` in order; null where an entry is no object. */
  readonly nodes: readonly (JsonObject | null)[]
  readonly edges: readonly (JsonObject | null)[]
  /** The id of each node; null where it has none. */
  readonly ids: readonly (string | null)[]
  /** The first node of each id. */
  readonly indexOf: ReadonlyMap<string, number>
  /** The node each edge leaves and enters; -1 where it names none that exists. */
  readonly edgeSource: Int32Array
  readonly edgeTarget: Int32Array
}

/** The draft of a JSON object; lists that are null, missing or of another kind are empty. */
export function draftOf(root: JsonObject): Draft {
  const nodes = entries(root['nodes'])
  const edges = entries(root['edges'])
  const ids = Object.freeze(nodes.map((node) => textOf(node?.['id'])))
  const indexOf = new Map<string, number>()
  for (let index = 0; index < ids.length; index += 1) {
    const id = ids[index]!
    if (id !== null && !indexOf.has(id)) indexOf.set(id, index)
  }
  const edgeSource = new Int32Array(edges.length)
  const edgeTarget = new Int32Array(edges.length)
  for (let index = 0; index < edges.length; index += 1) {
    // Only texts are keys; whatever else an end may be is none.
    edgeSource[index] = indexOf.get(edges[index]?.['source'] as string) ?? -1
    edgeTarget[index] = indexOf.get(edges[index]?.['target'] as string) ?? -1
  }
  return { root, nodes, edges, ids, indexOf, edgeSource, edgeTarget }
}

/** Whether a JSON value is an object. */
export function isJsonObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function entries(list: JsonValue | undefined): readonly (JsonObject | null)[] {
  if (!Array.isArray(list)) return []
  if (list.every(isJsonObject)) return list
  return list.map((entry: JsonValue) => (isJsonObject(entry) ? entry : null))
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === 'string' ? value : null
}
