import type { OutputUnit, Validator } from '@cfworker/json-schema'
import { type Encoded, encodedText } from '../base/encoded.ts'
import type { JsonValue } from '../base/json.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { isPlainText } from '../base/values/plain.ts'
import { copyJson } from '../workflow/copy-json.ts'

/** One thing that is wrong with a payload. Shape: `{ path: '/amount', message: 'Instance type "string" is invalid. Expected "number".' }` */
export interface PayloadProblem {
  /** JSON Pointer into the payload; `''` is the whole of it. */
  readonly path: string
  readonly message: string
}

/** A payload as a schema sees it: plain JSON, or what keeps it from being that. */
export type PayloadView =
  | { readonly tree: JsonValue; readonly longestList: number }
  | { readonly problems: readonly PayloadProblem[] }

/** Most problems of one payload that are told. */
const MAX_PROBLEMS = 100

/** Longest list a schema with `uniqueItems` takes: every two of its elements are compared. */
const MAX_UNIQUE_ITEMS = 5_000

/** Keywords whose own error only says that there are others, which follow it. */
const WRAPPERS: ReadonlySet<string> = new Set([
  '$ref',
  '$recursiveRef',
  'allOf',
  'properties',
  'patternProperties',
  'additionalProperties',
  'unevaluatedProperties',
  'dependentSchemas',
  'items',
  'prefixItems',
  'unevaluatedItems',
  'if',
])

interface CompiledSchema {
  /** Stops where it can once something is wrong, so it is the one to be asked first. */
  readonly first: Validator
  readonly all: Validator
  readonly isUnique: boolean
}

let checker: typeof import('@cfworker/json-schema') | null = null
const compiledSchemas = new WeakMap<object, CompiledSchema>()

/** Whether schemas can be asked at once. */
export function canCheckSchemas(): boolean {
  return checker !== null
}

/** Loads what interprets schemas: at the first payload that has one, since most programs never need it. */
export async function loadSchemaChecker(): Promise<void> {
  checker ??= await import('@cfworker/json-schema')
}

/** A payload as schemas see it; members that are undefined are left out, as in JSON text. */
export function payloadView(payload: Encoded, codec: ValueCodec): PayloadView {
  let text = encodedText(payload)
  if (!isPlainText(text)) {
    const { value, problems } = copyJson(codec.decode(payload))
    if (problems.length > 0)
      return {
        problems: problems.map(({ path, message }) => ({ path, message: `${message}; a schema describes JSON` })),
      }
    text = JSON.stringify(value)
  }
  const tree = JSON.parse(text) as JsonValue
  return { tree, longestList: dropPrototypes(tree) }
}

/**
 * What is wrong with a payload by a JSON Schema (2020-12); empty when it fits. Call {@link loadSchemaChecker} before.
 * A schema that can't be used fits nothing, and the problem says why.
 */
export function schemaProblems(schema: unknown, view: PayloadView): readonly PayloadProblem[] {
  if (schema === undefined || schema === true) return []
  if ('problems' in view) return view.problems
  if (typeof schema !== 'object' || schema === null) {
    return [{ path: '', message: schema === false ? 'nothing is taken here' : 'its schema is no JSON Schema' }]
  }
  const { tree, longestList } = view
  try {
    const { first, all, isUnique } = compiled(schema)
    if (isUnique && longestList > MAX_UNIQUE_ITEMS) {
      return [{ path: '', message: `has a list of ${longestList}; with uniqueItems ${MAX_UNIQUE_ITEMS} are the most` }]
    }
    const { valid, errors } = first.validate(tree)
    return valid ? [] : told(allErrors(all, tree) ?? errors)
  } catch (error) {
    if (error instanceof RangeError)
      return [{ path: '', message: 'is nested too deep for its schema, or has too many faults' }]
    // A reference that leads nowhere, a pattern that is none.
    const reason = error instanceof Error ? error.message.split('\n')[0]!.slice(0, 200) : String(error)
    return [{ path: '', message: `the schema can not be used: ${reason}` }]
  }
}

function compiled(schema: object): CompiledSchema {
  const known = compiledSchemas.get(schema)
  if (known !== undefined) return known
  const text = JSON.stringify(schema)
  // Each marks the schema it is given, and a definition is frozen.
  const validator = (stopsEarly: boolean) => new checker!.Validator(JSON.parse(text), '2020-12', stopsEarly)
  const made = { first: validator(true), all: validator(false), isUnique: text.includes('"uniqueItems":true') }
  compiledSchemas.set(schema, made)
  return made
}

/** Every error; null when there are more than can be listed. */
function allErrors(all: Validator, tree: JsonValue): readonly OutputUnit[] | null {
  try {
    return all.validate(tree).errors
  } catch {
    return null
  }
}

function told(errors: readonly OutputUnit[]): readonly PayloadProblem[] {
  const own = errors.filter(({ keyword }) => !WRAPPERS.has(keyword))
  return (own.length > 0 ? own : errors).slice(0, MAX_PROBLEMS).map(({ instanceLocation, keyword, error }) => ({
    path: decodeURI(instanceLocation.slice(1)),
    message: keyword === 'false' ? 'is not allowed here' : error,
  }))
}

/**
 * Takes the prototypes off every object, in place, so that `toString` is a member of none that has no such key.
 * @returns how many elements the longest list has
 */
function dropPrototypes(tree: JsonValue): number {
  let longest = 0
  const open: JsonValue[] = [tree]
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (typeof value !== 'object' || value === null) continue
    if (Array.isArray(value)) longest = Math.max(longest, value.length)
    else Object.setPrototypeOf(value, null)
    for (const member of Object.values(value)) open.push(member as JsonValue)
  }
  return longest
}
