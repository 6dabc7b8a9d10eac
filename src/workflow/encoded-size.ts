import type { JsonValue } from '../base/json.ts'
import { pointer } from '../base/json-pointer.ts'
import type { Problem } from './problem.ts'

/** Deepest nesting of a definition, as a document has it; leaves room in a snapshot, whose own limit is 500. */
export const MAX_DEPTH = 400

/** Most members, and most elements, of a definition as a document has it; those a snapshot adds fit beside them. */
export const MAX_PARTS = 3_999_900

/**
 * Levels an object takes as a list of entries, which documents have in place of one with a name they can't hold: the object,
 * the list and the entry. As many elements stand for a member.
 */
export const TAG_LEVELS = 3

/**
 * What is too deep or too large about a definition once it stands in a document, where an object with the name `__proto__`, or
 * with one that is no well-formed text, is a list of entries; null when nothing is.
 * Iterative: as deep as it may be plain, it may be thrice as deep encoded.
 */
export function encodedProblem(root: JsonValue): Problem | null {
  let members = 0
  let elements = 0
  const open: { readonly value: JsonValue; readonly depth: number; readonly place: Place }[] = []
  open.push({ value: root, depth: 1, place: null })
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, depth, place } = next
    if (typeof value !== 'object' || value === null) continue
    const isList = Array.isArray(value)
    const names = Object.keys(value)
    const isTagged = !isList && names.some((name) => name === '__proto__' || !name.isWellFormed())
    if (depth > MAX_DEPTH) {
      return problem(place, `is nested deeper than ${MAX_DEPTH} levels, as it stands in a document`)
    }
    if (isTagged) {
      members += 2
      elements += names.length * TAG_LEVELS
    } else if (isList) elements += names.length
    else members += names.length
    if (members > MAX_PARTS || elements > MAX_PARTS) {
      return problem(null, `has more than ${MAX_PARTS} members or elements, as it stands in a document`)
    }
    const inner = depth + (isTagged ? TAG_LEVELS : 1)
    for (const name of names) {
      const member = (value as Readonly<Record<string, JsonValue>>)[name]!
      if (typeof member === 'object' && member !== null) {
        open.push({ value: member, depth: inner, place: { key: isList ? Number(name) : name, within: place } })
      }
    }
  }
  return null
}

/** A way to a value, from its end; null is the root. */
type Place = { readonly key: string | number; readonly within: Place } | null

function problem(place: Place, message: string): Problem {
  const path: (string | number)[] = []
  for (let step = place; step !== null; step = step.within) path.unshift(step.key)
  return { code: 'WORKFLOW_SHAPE', message, path: pointer(...path), details: {} }
}
