import { quote } from '../../base/errors.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** No two edges have the same id; edges without one are told apart by their ends. */
export function duplicateEdge({ edges }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  const firstOf = new Map<string, number>()
  edges.forEach((edge, index) => {
    const edgeId = edge?.['id']
    if (typeof edgeId !== 'string') return
    const first = firstOf.get(edgeId)
    if (first === undefined) {
      firstOf.set(edgeId, index)
      return
    }
    problems.push({
      code: 'WORKFLOW_DUPLICATE_EDGE',
      message: `the edge id ${quote(edgeId)} belongs to /edges/${first} already; give each edge its own, or none`,
      path: `/edges/${index}/id`,
      details: { edgeId, first: `/edges/${first}` },
    })
  })
  return problems
}
