import type { Handler } from '../../workflow/handler.ts'
import { condition } from './condition.ts'
import { constant } from './constant.ts'
import { join } from './join.ts'
import { sleepHandler, sleepUntilHandler } from './sleep.ts'
import { switchNode } from './switch.ts'
import { waitForSignalHandler } from './wait-for-signal.ts'

/**
 * The node types that come with the package, for `createRegistry(builtins)`: `constant`, `condition`, `switch`, `join`,
 * `sleep`, `sleepUntil`, `waitForSignal`.
 *
 * @example
 * createRegistry(builtins).types() // ['constant', 'condition', 'switch', 'join', 'sleep', 'sleepUntil', 'waitForSignal']
 */
export const builtins: readonly (readonly [string, Handler])[] = Object.freeze([
  ['constant', constant],
  ['condition', condition],
  ['switch', switchNode],
  ['join', join],
  ['sleep', sleepHandler],
  ['sleepUntil', sleepUntilHandler],
  ['waitForSignal', waitForSignalHandler],
] as const)
