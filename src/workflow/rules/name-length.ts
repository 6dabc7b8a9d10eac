import { DEFAULT_VALUE_LIMITS } from '../../base/values/limits.ts'
import type { Draft } from '../draft.ts'
import type { Problem } from '../problem.ts'

const MAX_LENGTH = DEFAULT_VALUE_LIMITS.maxKeyLength

/** Most characters that make a key unlike those before it: `->`, `:`, `#` and a number. */
const KEY_SIGNS = 16

/** Node ids and the keys of edges are short enough to be names in a document. */
export function nameLength({ nodes, edges }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    const length = lengthOf(node?.['id'])
    if (length > MAX_LENGTH) problems.push(tooLong(length, `/nodes/${index}/id`, 'the node id'))
  })
  edges.forEach((edge, index) => {
    if (edge === null) return
    if (typeof edge['id'] === 'string') {
      const length = lengthOf(edge['id'])
      if (length > MAX_LENGTH) problems.push(tooLong(length, `/edges/${index}/id`, 'the edge id'))
      return
    }
    // Decisions alone are kept by key.
    if (typeof edge['sourceHandle'] !== 'string' && edge['condition'] === undefined) return
    const length = lengthOf(edge['source']) + lengthOf(edge['target']) + lengthOf(edge['sourceHandle']) + KEY_SIGNS
    if (length <= MAX_LENGTH) return
    problems.push(tooLong(length, `/edges/${index}`, 'the key of the edge, made of its source, target and handle,'))
  })
  return problems
}

function tooLong(length: number, path: string, what: string): Problem {
  return {
    code: 'WORKFLOW_SHAPE',
    message: `${what} has ${length} characters, and at most ${MAX_LENGTH} fit a document; give it a shorter name`,
    path,
    details: { length, max: MAX_LENGTH },
  }
}

function lengthOf(name: unknown): number {
  return typeof name === 'string' ? name.length : 0
}
