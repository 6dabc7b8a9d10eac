import stableStringify from 'fast-json-stable-stringify'
import { SnapshotLimitError } from './errors.ts'
import type { JsonValue } from './json.ts'
import { hasToJson } from './values/plain.ts'

/** Deepest tree that is written; well under where the stack ends, and above every tree the codec makes by default. */
const MAX_DEPTH = 1_000

/**
 * The one text of a JSON tree whatever the order of its keys: fingerprints, cache keys and content identity are digests of it.
 * Only for JSON trees (an encoded value's tree): a raw Map, Date or NaN has to be encoded first.
 *
 * @throws {SnapshotLimitError} VALUE_LIMIT when the tree is deeper than 1,000 levels
 * @see RFC 8785, which it equals for what JSON.parse returns
 */
export function canonicalText(tree: JsonValue): string {
  checkDepth(tree)
  // the library asks every value for toJSON, so it is not used while somebody has put one on a shared prototype
  return hasToJson() ? sortedText(tree) : stableStringify(tree)
}

/** Iterative: the tree may be a hostile one. */
function checkDepth(tree: JsonValue): void {
  let level: object[] = typeof tree === 'object' && tree !== null ? [tree] : []
  for (let depth = 1; level.length > 0; depth += 1) {
    if (depth > MAX_DEPTH) {
      const details = { limit: 'maxDepth', max: MAX_DEPTH, actual: depth }
      throw new SnapshotLimitError(
        'VALUE_LIMIT',
        `a tree to be written canonically is deeper than ${MAX_DEPTH} levels`,
        { details },
      )
    }
    const next: object[] = []
    for (const container of level) {
      for (const key of Object.keys(container)) {
        const value = (container as Readonly<Record<string, unknown>>)[key]
        if (typeof value === 'object' && value !== null) next.push(value)
      }
    }
    level = next
  }
}

/** What the library writes, reading own members alone; the depth has been checked. */
function sortedText(tree: JsonValue | undefined): string {
  if (typeof tree === 'number') return Number.isFinite(tree) ? String(tree) : 'null'
  if (typeof tree !== 'object' || tree === null) return JSON.stringify(tree)
  if (Array.isArray(tree)) return `[${tree.map((item) => sortedText(item)).join(',')}]`
  const members: string[] = []
  for (const key of Object.keys(tree).sort()) {
    const value = (tree as Readonly<Record<string, JsonValue | undefined>>)[key]
    if (value !== undefined) members.push(`${JSON.stringify(key)}:${sortedText(value)}`)
  }
  return `{${members.join(',')}}`
}
