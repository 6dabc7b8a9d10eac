import { assertNever } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import { resolvePointer } from '../base/json-pointer.ts'
import type { CodeCondition, ConditionDefinition } from './definition.ts'
import { sameJson } from './same-json.ts'

/** Whether an edge's condition is the mark of a function in code, rather than a test written as data: it has a `kind`. */
export function isCodeCondition(condition: ConditionDefinition | CodeCondition): condition is CodeCondition {
  return Object.hasOwn(condition, 'kind')
}

/**
 * Whether a test written as data holds for a node's output. Strict: nothing is converted, `1` is not `'1'`. Never throws.
 *
 * `path` is followed over own properties only, array elements by index; what it does not lead to is missing, as is
 * undefined and what can't be read. For what is missing only `ne` and `notIn` hold.
 * - `eq`, `ne`: equal as JSON, members in any order; a Map, Date or class instance equals nothing.
 * - `lt`, `lte`, `gt`, `gte`: both numbers, or both strings (by UTF-16 code units); else false. NaN is in no order.
 * - `in`, `notIn`: equal to an element of `value`, or to none.
 * - `contains`: an array with an element equal to `value`, or a string with the string `value` in it.
 * - `exists`: not missing; null exists. `truthy`: what `if` takes: not missing, null, false, 0, NaN, 0n or ''.
 * @param condition - one that validation finds nothing wrong with
 * @param output - the node's output, any value
 */
export function evaluateCondition(condition: ConditionDefinition, output: unknown): boolean {
  const found = find(condition.path ?? '', output)
  const value = condition.value ?? null
  switch (condition.operator) {
    case 'eq':
      return equals(value, found)
    case 'ne':
      return !equals(value, found)
    case 'lt':
      return inOrder(found, value, (a, b) => a < b)
    case 'lte':
      return inOrder(found, value, (a, b) => a <= b)
    case 'gt':
      return inOrder(found, value, (a, b) => a > b)
    case 'gte':
      return inOrder(found, value, (a, b) => a >= b)
    case 'in':
      return isIn(found, value)
    case 'notIn':
      return !isIn(found, value)
    case 'contains':
      return contains(found, value)
    case 'exists':
      return found !== undefined
    case 'truthy':
      return Boolean(found)
    default:
      return assertNever(condition.operator, 'condition operator')
  }
}

/** What the path leads to; undefined for what is missing or can't be read. */
function find(path: string, output: unknown): unknown {
  try {
    return resolvePointer(output, path)
  } catch {
    return undefined
  }
}

function equals(value: JsonValue, found: unknown): boolean {
  try {
    return sameJson(value, found)
  } catch {
    return false
  }
}

function inOrder(
  found: unknown,
  value: JsonValue,
  compare: (a: number | string, b: number | string) => boolean,
): boolean {
  if (typeof found === 'number' && typeof value === 'number') return compare(found, value)
  return typeof found === 'string' && typeof value === 'string' && compare(found, value)
}

function isIn(found: unknown, list: JsonValue): boolean {
  return Array.isArray(list) && list.some((element: JsonValue) => equals(element, found))
}

function contains(found: unknown, value: JsonValue): boolean {
  if (typeof found === 'string') return typeof value === 'string' && found.includes(value)
  try {
    return Array.isArray(found) && found.some((element) => equals(value, element))
  } catch {
    return false
  }
}
