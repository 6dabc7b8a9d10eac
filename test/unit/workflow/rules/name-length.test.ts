import { describe, expect, it } from 'vitest'
import { validateDefinition } from '../../../../src/workflow/validate.ts'

const name = (length: number) => 'n'.repeat(length)
const problems = (nodes: readonly object[], edges: readonly object[] = []) =>
  validateDefinition({ id: 'w', version: '1.0.0', nodes, edges }).map(({ code, path }) => ({ code, path }))

describe('names that are keys of a document', () => {
  it('are as long as a document takes, and no longer', () => {
    expect(problems([{ id: name(65_536), type: 't' }])).toEqual([])
    expect(problems([{ id: name(65_537), type: 't' }])).toEqual([{ code: 'WORKFLOW_SHAPE', path: '/nodes/0/id' }])
    const nodes = [
      { id: 'a', type: 't' },
      { id: 'b', type: 't' },
    ]
    expect(problems(nodes, [{ id: name(65_536), source: 'a', target: 'b' }])).toEqual([])
    expect(problems(nodes, [{ id: name(65_537), source: 'a', target: 'b' }])).toEqual([
      { code: 'WORKFLOW_SHAPE', path: '/edges/0/id' },
    ])
    const edge = { source: 'a', target: 'b' }
    expect(problems(nodes, [{ ...edge, sourceHandle: name(65_500) }])).toEqual([])
    expect(problems(nodes, [{ ...edge, sourceHandle: name(65_536) }])).toEqual([
      { code: 'WORKFLOW_SHAPE', path: '/edges/0' },
    ])
  })

  it('count together where an edge that decides has no id', () => {
    const nodes = [
      { id: name(40_000), type: 't' },
      { id: 'b', type: 't' },
      { id: `b${name(40_000)}`, type: 't' },
    ]
    const edge = { source: nodes[0]!.id, target: nodes[2]!.id }
    expect(problems(nodes, [edge])).toEqual([])
    expect(problems(nodes, [{ ...edge, id: 'e', sourceHandle: 'x' }])).toEqual([])
    expect(problems(nodes, [{ ...edge, sourceHandle: 'x' }])).toEqual([{ code: 'WORKFLOW_SHAPE', path: '/edges/0' }])
  })
})
