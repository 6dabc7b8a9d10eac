import type { JsonObject, JsonValue } from '../json.ts'
import { hasToJson } from './plain.ts'

/** A primitive as JSON; for these no toJSON is looked for, whatever prototypes have. */
const primitiveText = JSON.stringify as (primitive: string | number | boolean | null) => string

/** The compact text of a JSON tree without accessors and without a toJSON of its own. */
export function treeText(tree: JsonValue): string {
  // asked last of all: whatever code of the user's ran, ran before
  return hasToJson() ? ownText(tree) : JSON.stringify(tree)
}

/** What JSON.stringify would write if it did not ask prototypes for toJSON; recursion follows a depth that was checked. */
function ownText(tree: JsonValue): string {
  if (typeof tree !== 'object' || tree === null) return primitiveText(tree)
  if (Array.isArray(tree)) return `[${tree.map(ownText).join(',')}]`
  const object = tree as JsonObject
  const members = Object.keys(object).map((key) => `${primitiveText(key)}:${ownText(object[key]!)}`)
  return `{${members.join(',')}}`
}
