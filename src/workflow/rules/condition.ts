import { quote } from '../../base/errors.ts'
import type { JsonValue } from '../../base/json.ts'
import { pointerSegments } from '../../base/json-pointer.ts'
import type { ConditionOperator } from '../definition.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

interface Operand {
  readonly expected: string
  readonly fits: (value: JsonValue | undefined) => boolean
}

const given: Operand = { expected: 'a value', fits: (value) => value !== undefined }
const ordered: Operand = {
  expected: 'a number or string as value',
  fits: (value) => typeof value === 'number' || typeof value === 'string',
}
const listed: Operand = { expected: 'an array as value', fits: Array.isArray }
const none: Operand = { expected: 'no value', fits: (value) => value === undefined }

/** What each operator compares with; a Map, so that no name of an object's prototype is an operator. */
const operands: ReadonlyMap<string, Operand> = new Map(
  Object.entries({
    eq: given,
    ne: given,
    lt: ordered,
    lte: ordered,
    gt: ordered,
    gte: ordered,
    in: listed,
    notIn: listed,
    contains: given,
    exists: none,
    truthy: none,
  } satisfies Record<ConditionOperator, Operand>),
)

/** A condition on an edge is the mark of a function in code, or a test that {@link conditionProblems} finds nothing wrong with. */
export function condition({ edges }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  for (let index = 0; index < edges.length; index += 1) {
    const found = edges[index]?.['condition']
    if (found === undefined || (isJsonObject(found) && found['kind'] === 'function')) continue
    problems.push(...conditionProblems(found, `/edges/${index}/condition`))
  }
  return problems
}

/**
 * What is wrong with a condition written as data: it needs an operator we know, a path that is a JSON Pointer, a value that fits.
 * @param found - the condition, or anything else
 * @param path - JSON Pointer of the condition, for the problems
 */
export function conditionProblems(found: JsonValue, path: string): readonly Problem[] {
  const problems: Problem[] = []
  const report = (message: string, member = '') =>
    problems.push({ code: 'WORKFLOW_BAD_CONDITION', message, path: `${path}${member}`, details: { found } })
  if (!isJsonObject(found)) {
    report(`a condition must be an object like { path: '/total', operator: 'gt', value: 100 }, got ${quote(found)}`)
    return problems
  }
  if (found['kind'] !== undefined)
    report(`a condition's kind can only be function, got ${quote(found['kind'])}`, '/kind')
  const pointer = found['path']
  if (pointer !== undefined && (typeof pointer !== 'string' || pointerSegments(pointer) === null)) {
    report(`a condition's path must be a JSON Pointer like '/total' or '', got ${quote(pointer)}`, '/path')
  }
  const operator = found['operator']
  const operand = typeof operator === 'string' ? operands.get(operator) : undefined
  if (operand === undefined) {
    const got = operator === undefined ? 'nothing' : quote(operator)
    report(`a condition's operator must be one of ${[...operands.keys()].join(', ')}, got ${got}`, '/operator')
  } else if (!operand.fits(found['value'])) {
    const got = found['value'] === undefined ? 'none' : quote(found['value'])
    report(`the operator ${String(operator)} needs ${operand.expected}, got ${got}`, '/value')
  }
  return problems
}
