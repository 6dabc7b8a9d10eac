import type { Handler } from '../../workflow/handler.ts'
import { condition } from './condition.ts'
import { constant } from './constant.ts'
import { join } from './join.ts'
import { switchNode } from './switch.ts'

/**
 * The node types that come with the package, for `createRegistry(builtins)`: `constant`, `condition`, `switch`, `join`.
 *
 * @example
 * createRegistry(builtins).types() // ['constant', 'condition', 'switch', 'join']
 */
export const builtins: readonly (readonly [string, Handler])[] = Object.freeze([
  ['constant', constant],
  ['condition', condition],
  ['switch', switchNode],
  ['join', join],
] as const)
