import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** Both ends of every edge are nodes that exist. */
export function unknownNode({ edges, edgeSource, edgeTarget }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  edges.forEach((edge, index) => {
    if (edge === null || (edgeSource[index] !== -1 && edgeTarget[index] !== -1)) return
    for (const end of ['source', 'target'] as const) {
      const nodeId = edge[end]
      if (typeof nodeId !== 'string' || (end === 'source' ? edgeSource : edgeTarget)[index] !== -1) continue
      problems.push({
        code: 'WORKFLOW_UNKNOWN_NODE',
        message: `the edge's ${end} ${quote(nodeId)} is no node of the workflow; add the node or correct the edge`,
        path: `/edges/${index}/${end}`,
        details: { nodeId },
      })
    }
  })
  return problems
}
