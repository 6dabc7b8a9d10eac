import { createRegistry, type Registry } from '../registry.ts'
import { condition } from './condition.ts'
import { constant } from './constant.ts'
import { join } from './join.ts'
import { switchNode } from './switch.ts'

/** The node types that come with the package: `constant`, `condition`, `switch`, `join`. */
export const builtins: Registry = Object.freeze(
  createRegistry([
    ['constant', constant],
    ['condition', condition],
    ['switch', switchNode],
    ['join', join],
  ]),
)
