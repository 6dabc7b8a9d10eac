import { kindOf } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import { pointer } from '../base/json-pointer.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import { encodedProblem, MAX_DEPTH, MAX_PARTS, TAG_LEVELS } from './encoded-size.ts'
import type { Problem } from './problem.ts'

/** Most objects and arrays in a definition, as many as a snapshot may have; ends the walk of a small object graph that is huge as a tree. */
const MAX_VALUES = 4_000_000

const { maxKeyLength: MAX_KEY_LENGTH, maxStringLength: MAX_STRING_LENGTH } = DEFAULT_VALUE_LIMITS

/** A copy made by {@link copyJson}. */
export interface JsonCopy {
  readonly value: JsonValue
  /** What could not be copied; null stands in its place. */
  readonly problems: readonly Problem[]
}

interface Copying {
  readonly problems: Problem[]
  /** Keys from the root to the value being copied. */
  readonly path: (string | number)[]
  values: number
  /** Members and elements so far. */
  parts: number
  deepest: number
}

/**
 * A deep copy of plain JSON data, frozen all the way, that shares nothing with what it was made from.
 *
 * Every own key stays a plain member, `__proto__` too. As in JSON text, members that are undefined are left out and -0
 * is 0. What JSON can't hold (functions, numbers that are not finite, class instances, circles) is a WORKFLOW_SHAPE problem.
 * @param root - anything; never makes this throw
 */
export function copyJson(root: unknown): JsonCopy {
  const copying: Copying = { problems: [], path: [], values: 0, parts: 0, deepest: 0 }
  const value = copy(copying, root)
  // Only what is deep or large can pass the limits in its encoded form, where names that need a tag take more.
  const mayPass = copying.deepest * TAG_LEVELS > MAX_DEPTH || copying.parts * TAG_LEVELS > MAX_PARTS
  if (mayPass && copying.problems.length === 0) {
    const problem = encodedProblem(value)
    if (problem !== null) copying.problems.push(problem)
  }
  return { value, problems: copying.problems }
}

function copy(copying: Copying, value: unknown): JsonValue {
  if (typeof value === 'string') {
    return value.length <= MAX_STRING_LENGTH
      ? value
      : refuse(copying, `a text of ${value.length} characters, more than ${MAX_STRING_LENGTH}`)
  }
  if (typeof value === 'boolean' || value === null) return value
  if (typeof value === 'number') {
    return Number.isFinite(value) ? value + 0 : refuse(copying, `expected a finite number, got ${value}`)
  }
  if (typeof value !== 'object') return refuse(copying, `expected JSON data, got ${kindOf(value)}`)
  if (copying.path.length >= MAX_DEPTH) {
    return refuse(copying, `is nested deeper than ${MAX_DEPTH} levels, or contains itself`)
  }
  if (copying.path.length >= copying.deepest) copying.deepest = copying.path.length + 1
  copying.values += 1
  if (copying.values > MAX_VALUES) {
    return copying.values === MAX_VALUES + 1 ? refuse(copying, `more than ${MAX_VALUES} objects and arrays`) : null
  }
  try {
    return Array.isArray(value) ? copyArray(copying, value) : copyObject(copying, value)
  } catch {
    return refuse(copying, 'reading it threw')
  }
}

function copyAt(copying: Copying, key: string | number, value: unknown): JsonValue {
  copying.path.push(key)
  const copied = copy(copying, value)
  copying.path.pop()
  return copied
}

/** What most members of most nodes and edges are. */
function isShortText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_STRING_LENGTH
}

function copyArray(copying: Copying, array: readonly unknown[]): JsonValue {
  const target: JsonValue[] = []
  copying.parts += array.length
  for (let index = 0; index < array.length; index += 1) {
    target.push(copyAt(copying, index, array[index]))
  }
  return Object.freeze(target)
}

function copyObject(copying: Copying, object: object): JsonValue {
  if (!isPlainObject(object))
    return refuse(copying, `expected JSON data, got an instance of a class (${kindOf(object)})`)
  const target: Record<string, JsonValue> = {}
  for (const key of Object.keys(object)) {
    const member = (object as Record<string, unknown>)[key]
    if (member === undefined) continue
    copying.parts += 1
    if (key.length > MAX_KEY_LENGTH) {
      refuse(copying, `has a name of ${key.length} characters, more than ${MAX_KEY_LENGTH}`)
      continue
    }
    const copied = isShortText(member) ? member : copyAt(copying, key, member)
    // An assignment to __proto__ would change the prototype instead of making a member.
    if (key === '__proto__') Object.defineProperty(target, key, { value: copied, enumerable: true })
    else target[key] = copied
  }
  return Object.freeze(target)
}

function refuse(copying: Copying, message: string): null {
  const path = pointer(...copying.path)
  copying.problems.push({ code: 'WORKFLOW_SHAPE', message, path, details: {} })
  return null
}

/** Whether a value is an object literal, of this realm or another, or an object without a prototype; no array, no instance. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null
}
