import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** A node's `timeoutMs` is more than 0. */
export function timeout({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    const found = node?.['timeoutMs']
    if (found === undefined || (typeof found === 'number' && found > 0)) return
    problems.push({
      code: 'WORKFLOW_SHAPE',
      message: `timeoutMs must be a number of milliseconds above 0, got ${quote(found)}; leave it out for no limit`,
      path: `/nodes/${index}/timeoutMs`,
      details: { found },
    })
  })
  return problems
}
