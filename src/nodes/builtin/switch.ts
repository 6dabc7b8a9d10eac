import { NodeError, quote } from '../../base/errors.ts'
import { evaluateCondition } from '../../workflow/condition.ts'
import type { ConditionDefinition } from '../../workflow/definition.ts'
import type { Handler } from '../../workflow/handler.ts'
import { route } from '../../workflow/routed.ts'
import { dataOf } from './data.ts'
import { soleInput } from './input.ts'

/**
 * Takes the edges of the first case whose condition holds, else those of the default handle. Gives its input on.
 * Data: `{ cases: [{ when: { path, operator, value }, handle }], default: handle }`; the default may be left out, then no edge
 * is taken when no case matches.
 */
export const switchNode: Handler = (inputs, ctx) => {
  const { cases, default: fallback } = dataOf(ctx, 'switch', ['cases'])
  if (!Array.isArray(cases)) {
    throw new NodeError(
      'NODE_BAD_DATA',
      `node ${quote(ctx.nodeId)} of type "switch" expects data.cases to be a list, got ${quote(cases)}`,
    )
  }
  const input = soleInput(inputs)
  for (const [index, entry] of cases.entries()) {
    const { when, handle } = entry as { readonly when?: ConditionDefinition; readonly handle?: unknown }
    if (when === undefined || typeof handle !== 'string') {
      throw new NodeError(
        'NODE_BAD_DATA',
        `node ${quote(ctx.nodeId)} of type "switch" expects data.cases[${index}] to have when and handle (string)`,
      )
    }
    if (evaluateCondition(when, input)) return route(handle, input)
  }
  return route(typeof fallback === 'string' ? fallback : [], input)
}
