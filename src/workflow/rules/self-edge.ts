import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** No edge leads from a node to itself. */
export function selfEdge({ edges, ids, edgeSource, edgeTarget }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  for (let index = 0; index < edges.length; index += 1) {
    const node = edgeSource[index]!
    if (node === -1 || node !== edgeTarget[index]) continue
    const nodeId = ids[node]!
    problems.push({
      code: 'WORKFLOW_SELF_EDGE',
      message: `an edge leads from node ${quote(nodeId)} to itself; a node can not wait for its own output`,
      path: `/edges/${index}`,
      details: { nodeId },
    })
  }
  return problems
}
