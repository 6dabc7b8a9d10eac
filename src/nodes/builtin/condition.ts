import { evaluateCondition } from '../../workflow/condition.ts'
import type { ConditionDefinition } from '../../workflow/definition.ts'
import type { Handler } from '../../workflow/handler.ts'
import { route } from '../../workflow/routed.ts'
import { dataOf } from './data.ts'
import { soleInput } from './input.ts'

/**
 * Tests its input and takes the edges of the handle `true` or `false`. Gives its input on.
 * Data: `{ condition: { path, operator, value } }`.
 */
export const condition: Handler = (inputs, ctx) => {
  const { condition } = dataOf(ctx, 'condition', ['condition'])
  const input = soleInput(inputs)
  return route(String(evaluateCondition(condition as unknown as ConditionDefinition, input)), input)
}
