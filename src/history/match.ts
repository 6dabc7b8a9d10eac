import { invalidArgument } from '../base/argument.ts'
import type { JsonValue } from '../base/json.ts'
import type { RunEvent } from '../run/event.ts'
import { copyJson, isPlainObject } from '../workflow/copy-json.ts'

/** What an event has to look like, and how its text tells at once that it does not. */
export interface EventPattern {
  readonly tree: JsonValue
  /** What the text of every event that has the pattern has in it, and what it has in it unless a value of it has a tag. */
  readonly always: readonly string[]
  readonly untagged: readonly (readonly [asMember: string, asPair: string])[]
}

/** A part of a pattern, what is held against it, and whether that may have more members. */
type Pair = readonly [pattern: JsonValue | undefined, value: unknown, isExact: boolean]

/** What every value has in its text that is no plain JSON. */
const TAG = '"#type":'

/**
 * A pattern made of what a caller gave, as it is now. It is JSON and has no code in it.
 * @throws {WaystoneError} ARGUMENT_INVALID
 */
export function patternOf(given: unknown): EventPattern {
  const { value, problems } = copyJson(given)
  const [problem] = problems
  if (problem !== undefined || !isPlainObject(given)) {
    const where = problem === undefined || problem.path === '' ? '' : `; at ${problem.path}: ${problem.message}`
    throw invalidArgument('match', `an object of JSON, part of the events to find${where}`, given, { of: 'search' })
  }
  return { tree: value, ...textsOf(value) }
}

/** Whether the text of an event leaves open that it has a pattern; to look at a text is far cheaper than to read it. */
export function mayMatch({ always, untagged }: EventPattern, text: string): boolean {
  if (!always.every((part) => text.includes(part))) return false
  return untagged.every(([member, pair]) => text.includes(member) || text.includes(pair)) || text.includes(TAG)
}

/**
 * Whether an event has a pattern: objects have at least its members, arrays exactly its elements, and all else is the same.
 * Values of users that are no plain JSON (a Date, a Map) are like nothing.
 */
export function matches({ tree }: EventPattern, event: RunEvent): boolean {
  const pairs: Pair[] = [[tree, event, false]]
  for (let pair = pairs.pop(); pair !== undefined; pair = pairs.pop()) {
    if (!isLike(pair, pairs)) return false
  }
  return true
}

/** Whether a value is what a part of a pattern says, but for the parts of both, which are left for later. */
function isLike([pattern, value, isExact]: Pair, later: Pair[]): boolean {
  if (typeof pattern !== 'object' || pattern === null) return pattern === value
  if (Array.isArray(pattern)) {
    if (!Array.isArray(value) || value.length !== pattern.length) return false
    for (const [index, element] of pattern.entries()) later.push([element, value[index], true])
    return true
  }
  if (!isPlainObject(value)) return false
  const names = Object.keys(pattern)
  if (isExact && Object.keys(value).length !== names.length) return false
  for (const name of names) {
    if (!Object.hasOwn(value, name)) return false
    later.push([(pattern as Readonly<Record<string, JsonValue>>)[name], value[name], isExact])
  }
  return true
}

/** A part of a pattern, and the names that lead to it. */
type Place = readonly [pattern: JsonValue | undefined, path: readonly string[]]

function textsOf(tree: JsonValue): Pick<EventPattern, 'always' | 'untagged'> {
  const always: string[] = []
  const untagged: [string, string][] = []
  const places: Place[] = [[tree, []]]
  for (let place = places.pop(); place !== undefined; place = places.pop()) {
    const [pattern, path] = place
    if (typeof pattern !== 'object' || pattern === null) {
      const name = JSON.stringify(path.at(-1))
      const value = JSON.stringify(pattern)
      if (isPlain(pattern, path)) always.push(`${name}:${value}`)
      else untagged.push([`${name}:${value}`, `${name},${value}`])
    } else if (!Array.isArray(pattern)) {
      for (const [name, member] of Object.entries(pattern)) places.push([member, [...path, name]])
    }
  }
  return { always, untagged }
}

/** Members of the data of events in which values of users are. */
const OF_USERS = new Set([
  'output',
  'value',
  'payload',
  'input',
  'writes',
  'decisions',
  'variables',
  'contextVariables',
  'contextConstants',
])

/** Whether a part of a pattern stands in the text of an event as it is: always, or only when no value around it has a tag. */
function isPlain(pattern: JsonValue | undefined, path: readonly string[]): boolean {
  // -0 has a tag, and so has a text that is not well-formed.
  if (pattern === 0 || (typeof pattern === 'string' && !pattern.isWellFormed())) return false
  return path[0] !== 'data' || path.length === 2 || !OF_USERS.has(path[1]!)
}
