import { quote } from '../../base/errors.ts'
import type { JsonValue } from '../../base/json.ts'
import { pointerSegments } from '../../base/json-pointer.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

interface Member {
  readonly expected: string
  readonly fits: (value: JsonValue) => boolean
}

const selector: Member = {
  expected: "a JSON Pointer like '/orders' or ''",
  fits: (value) => isPointer(value) || (isJsonObject(value) && value['kind'] === 'function'),
}

/** What each member of `map` must be; a Map, so that no name of an object's prototype is one. */
const members: ReadonlyMap<string, Member> = new Map([
  ['items', selector],
  ['key', selector],
  ['concurrency', { expected: 'a whole number, 1 or more', fits: isCount }],
  [
    'onItemError',
    { expected: 'one of fail, skip, settle', fits: (value) => ['fail', 'skip', 'settle'].includes(value as string) },
  ],
  ['maximumFailures', { expected: 'a whole number, 0 or more', fits: (value) => value === 0 || isCount(value) }],
])

/** Every member of a `map` is of its kind. A map node has no `repeat`: its items can not be visited again. */
export function map({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    const found = node?.['map']
    if (found === undefined) return
    const path = `/nodes/${index}/map`
    if (!isJsonObject(found)) {
      problems.push(problem(path, 'map must be an object like { concurrency: 4 }', found))
      return
    }
    for (const [name, { expected, fits }] of members) {
      const value = found[name]
      if (value !== undefined && !fits(value))
        problems.push(problem(`${path}/${name}`, `${name} must be ${expected}`, value))
    }
    if (node?.['repeat'] !== undefined)
      problems.push(problem(path, 'a node has map or repeat, not both; got both, map', found))
  })
  return problems
}

/** Whether a value is a number of things, 1 or more. */
export function isCount(value: JsonValue): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1
}

function isPointer(value: JsonValue): boolean {
  return typeof value === 'string' && pointerSegments(value) !== null
}

function problem(path: string, expectation: string, found: JsonValue): Problem {
  return { code: 'WORKFLOW_BAD_MAP', message: `${expectation}, got ${quote(found)}`, path, details: { found } }
}
