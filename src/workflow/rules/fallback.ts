import { quote } from '../../base/errors.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** A fallback is a node type, or names another node that has no edges and no fallback: one that only ever stands in. */
export function fallback(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  let hasEdges: Uint8Array | undefined
  draft.nodes.forEach((node, index) => {
    const found = node?.['fallback']
    if (found === undefined) return
    const report = (message: string) =>
      problems.push({ code: 'WORKFLOW_BAD_FALLBACK', message, path: `/nodes/${index}/fallback`, details: { found } })
    if (typeof found !== 'string') {
      if (isJsonObject(found) && typeof found['type'] === 'string') return
      report(`a fallback must be a node id or an object like { type: 'name', data }, got ${quote(found)}`)
      return
    }
    const standIn = draft.indexOf.get(found)
    if (standIn === undefined) {
      report(`the fallback ${quote(found)} is no node of the workflow`)
      return
    }
    if (found === draft.ids[index]) {
      report(`node ${quote(found)} is its own fallback; name another node`)
      return
    }
    hasEdges ??= nodesWithEdges(draft)
    if (hasEdges[standIn] === 1) {
      report(`the fallback ${quote(found)} has edges of its own, but a node that stands in for another must have none`)
    }
    if (draft.nodes[standIn]?.['fallback'] !== undefined) {
      report(`the fallback ${quote(found)} has a fallback itself; only one node can stand in for another`)
    }
  })
  return problems
}

function nodesWithEdges({ nodes, edgeSource, edgeTarget }: Draft): Uint8Array {
  const marks = new Uint8Array(nodes.length)
  for (const node of edgeSource) if (node >= 0) marks[node] = 1
  for (const node of edgeTarget) if (node >= 0) marks[node] = 1
  return marks
}
