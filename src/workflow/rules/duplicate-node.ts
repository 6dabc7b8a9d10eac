import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** No two nodes have the same id; each node but the first of an id is reported. */
export function duplicateNode({ ids, indexOf }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  if (indexOf.size === ids.length) return problems
  ids.forEach((nodeId, index) => {
    if (nodeId === null) return
    const first = indexOf.get(nodeId)!
    if (first === index) return
    problems.push({
      code: 'WORKFLOW_DUPLICATE_NODE',
      message: `the node id ${quote(nodeId)} belongs to /nodes/${first} already; give each node its own`,
      path: `/nodes/${index}/id`,
      details: { nodeId, first: `/nodes/${first}` },
    })
  })
  return problems
}
