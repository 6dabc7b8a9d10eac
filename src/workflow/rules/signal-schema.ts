import { quote } from '../../base/errors.ts'
import type { JsonObject, JsonValue } from '../../base/json.ts'
import { pointer, resolvePointer } from '../../base/json-pointer.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

const TYPES: readonly unknown[] = ['array', 'boolean', 'integer', 'null', 'number', 'object', 'string']

/** Keywords that hold schemas: one, several, or several by name. */
const holders: ReadonlyMap<string, 'one' | 'list' | 'map'> = new Map([
  ...['additionalProperties', 'unevaluatedProperties', 'propertyNames', 'not', 'if', 'then', 'else', 'contains'].map(
    one,
  ),
  ...['items', 'unevaluatedItems'].map(one),
  ...['allOf', 'anyOf', 'oneOf', 'prefixItems'].map((name) => [name, 'list'] as const),
  ...['properties', 'patternProperties', 'dependentSchemas', '$defs'].map((name) => [name, 'map'] as const),
])

function one(name: string): readonly [string, 'one'] {
  return [name, 'one']
}

interface Keyword {
  readonly expected: string
  readonly fits: (value: JsonValue) => boolean
}

const isCount = (value: JsonValue) => Number.isSafeInteger(value) && (value as number) >= 0
const isNumber = (value: JsonValue) => typeof value === 'number'
const isTexts = (value: JsonValue) => Array.isArray(value) && value.every((entry) => typeof entry === 'string')
const count: Keyword = { expected: 'a whole number, 0 or more', fits: isCount }
const number: Keyword = { expected: 'a number', fits: isNumber }
const unfollowed: Keyword = { expected: 'absent: it is not followed, use $ref', fits: () => false }

/** What every other keyword must be that has a say in what fits. */
const keywords: ReadonlyMap<string, Keyword> = new Map<string, Keyword>([
  ...['minLength', 'maxLength', 'minItems', 'maxItems', 'minProperties', 'maxProperties'].map(
    (name) => [name, count] as const,
  ),
  ...['minContains', 'maxContains'].map((name) => [name, count] as const),
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].map((name) => [name, number] as const),
  ['multipleOf', { expected: 'a number above 0', fits: (value) => isNumber(value) && (value as number) > 0 }],
  ['type', { expected: `one or several of ${TYPES.join(', ')}`, fits: isType }],
  ['enum', { expected: 'an array', fits: Array.isArray }],
  ['required', { expected: 'an array of strings', fits: isTexts }],
  [
    'dependentRequired',
    {
      expected: 'an object of arrays of strings',
      fits: (value) => isJsonObject(value) && (Object.values(value) as JsonValue[]).every(isTexts),
    },
  ],
  ['uniqueItems', { expected: 'true or false', fits: (value) => typeof value === 'boolean' }],
  ['pattern', { expected: 'a regular expression', fits: (value) => typeof value === 'string' && isPattern(value) }],
  ['$ref', { expected: 'a string', fits: (value) => typeof value === 'string' }],
  ['$dynamicRef', unfollowed],
  ['$recursiveRef', unfollowed],
])

/** The schema of a wait for a signal is one: what is wrong with it would else be told to whoever sends the signal. */
export function signalSchema({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    if (node === null) return
    check(node, `/nodes/${index}`, problems)
    if (isJsonObject(node['fallback'])) check(node['fallback'], `/nodes/${index}/fallback`, problems)
  })
  return problems
}

function check({ type, data }: JsonObject, path: string, problems: Problem[]): void {
  if (type !== 'waitForSignal' || !isJsonObject(data) || data['schema'] === undefined) return
  const root = data['schema']
  const open: { readonly schema: JsonValue; readonly at: string }[] = [{ schema: root, at: `${path}/data/schema` }]
  for (const { schema, at } of open) {
    if (typeof schema === 'boolean') continue
    if (!isJsonObject(schema)) {
      problems.push(problem(at, 'a schema must be an object, true or false', schema))
      continue
    }
    for (const [name, value] of Object.entries(schema) as [string, JsonValue][]) {
      const place = `${at}${pointer(name)}`
      const holder = holders.get(name)
      const keyword = keywords.get(name)
      if (keyword !== undefined && !keyword.fits(value))
        problems.push(problem(place, `${name} must be ${keyword.expected}`, value))
      else if (name === '$ref' && leadsNowhere(value as string, root))
        problems.push(problem(place, '$ref must lead to a place in this schema', value))
      else if (holder === 'one') open.push({ schema: value, at: place })
      else if (holder !== undefined) problems.push(...within(holder, name, value, place, open))
    }
  }
}

/** Goes on to the schemas a list or map of them holds. */
function within(
  holder: 'list' | 'map',
  name: string,
  value: JsonValue,
  place: string,
  open: { readonly schema: JsonValue; readonly at: string }[],
): readonly Problem[] {
  if (holder === 'list' ? !Array.isArray(value) || value.length === 0 : !isJsonObject(value)) {
    return [
      problem(place, `${name} must be ${holder === 'list' ? 'an array of schemas' : 'an object of schemas'}`, value),
    ]
  }
  const problems: Problem[] = []
  for (const [key, schema] of Object.entries(value as object) as [string, JsonValue][]) {
    const at = `${place}${pointer(key)}`
    if (name === 'patternProperties' && !isPattern(key))
      problems.push(problem(at, 'its name must be a regular expression', key))
    open.push({ schema, at })
  }
  return problems
}

/** Whether a reference by JSON Pointer leads to nothing; those by name are looked up when a payload comes. */
function leadsNowhere(reference: string, root: JsonValue): boolean {
  if (!reference.startsWith('#/')) return false
  try {
    return resolvePointer(root, decodeURIComponent(reference.slice(1))) === undefined
  } catch {
    return true
  }
}

function isType(value: JsonValue): boolean {
  return Array.isArray(value) ? value.length > 0 && value.every((type) => TYPES.includes(type)) : TYPES.includes(value)
}

function isPattern(text: string): boolean {
  try {
    return new RegExp(text, 'u') !== null
  } catch {
    return false
  }
}

function problem(path: string, expectation: string, found: JsonValue): Problem {
  return { code: 'WORKFLOW_BAD_SCHEMA', message: `${expectation}, got ${quote(found)}`, path, details: { found } }
}
