import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

const choices: readonly (readonly [name: string, allowed: readonly string[]])[] = [
  ['trigger', ['all', 'any', 'allDone', 'noneFailed']],
  ['onError', ['fail', 'continue']],
  ['onInterrupted', ['rerun', 'fail', 'ask']],
]

/** Members of a node that are one of a few words are one of them. */
export function choice({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    if (node === null) return
    if (node['trigger'] === undefined && node['onError'] === undefined && node['onInterrupted'] === undefined) return
    for (const [name, allowed] of choices) {
      const found = node[name]
      if (found === undefined || (typeof found === 'string' && allowed.includes(found))) continue
      problems.push({
        code: 'WORKFLOW_SHAPE',
        message: `${name} must be one of ${allowed.join(', ')}, got ${quote(found)}`,
        path: `/nodes/${index}/${name}`,
        details: { found, allowed },
      })
    }
  })
  return problems
}
