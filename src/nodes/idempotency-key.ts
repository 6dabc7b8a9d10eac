import { sha256Hex } from '../base/digest.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'

/** What an idempotency key is for, beside its run and node. */
export interface KeyOf {
  /** Of a map node: the item's key; null for others. */
  readonly item: string | null
  /** Of a repeated node: which visit; 1 for others. */
  readonly visit: number
  /** The nodes that lead to a nested run; empty for others. */
  readonly path: readonly string[]
}

/**
 * A key that is the same over all attempts and resumes of a node in a run, and of no other node or run:
 * hand it to whatever must happen once. An item of a map node, a visit of a repeated one and a node of a nested run have
 * keys of their own.
 *
 * Shape: `waystone/<run id>/<node id>`; `waystone-item/<run id>/<node id>/<key>`; `waystone-visit/<run id>/<node id>/<visit>`;
 * of a nested run `waystone-nested…` with the number of nodes that lead to it before the run id and their ids after it. `%` and
 * `/` are escaped in all parts but the last, so no two of them share a key.
 */
export function idempotencyKey(runId: string, nodeId: string, { item, visit, path }: KeyOf): string {
  const run = path.length === 0 ? escaped(runId) : `${path.length}/${[runId, ...path].map(escaped).join('/')}`
  const of = path.length === 0 ? '' : '-nested'
  if (item !== null) return `waystone${of}-item/${run}/${escaped(nodeId)}/${item}`
  if (visit > 1) return `waystone${of}-visit/${run}/${escaped(nodeId)}/${visit}`
  return `waystone${of}/${run}/${nodeId}`
}

/**
 * A key for a signal of a name that a handler sends under a key of its own: sent again by a later attempt, it is the same.
 * One that is longer than a key of a document may be is told by its digest.
 */
export function signalKey(name: string, key: string): string {
  const whole = `waystone-signal/${escaped(name)}/${key}`
  if (whole.length <= DEFAULT_VALUE_LIMITS.maxKeyLength) return whole
  // As JSON, since two lone surrogates would be the same bytes.
  return `waystone-signal/${sha256Hex(JSON.stringify(whole))}`
}

/**
 * The key of the compensation of a node, which is no key of what the node itself does.
 *
 * Shape: `waystone-compensation/<run id>/<node id>`; of a nested run `waystone-nested-compensation` as that of a node.
 */
export function compensationKey(runId: string, nodeId: string, path: readonly string[]): string {
  const run = path.length === 0 ? escaped(runId) : `${path.length}/${[runId, ...path].map(escaped).join('/')}`
  return `waystone${path.length === 0 ? '' : '-nested'}-compensation/${run}/${nodeId}`
}

function escaped(part: string): string {
  return part.replaceAll('%', '%25').replaceAll('/', '%2F')
}
