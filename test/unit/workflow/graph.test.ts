import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import type { EdgeDefinition, NodeDefinition } from '../../../src/workflow/definition.ts'
import { buildGraph, type Graph } from '../../../src/workflow/graph.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'

const node = (id: string, more: Partial<NodeDefinition> = {}): NodeDefinition => ({ id, type: 't', ...more })

function leaving(graph: Graph, id: string): readonly string[] {
  const index = graph.indexOf.get(id)!
  return [...graph.outEdges.subarray(graph.outStart[index]!, graph.outStart[index + 1]!)].map(
    (edge) => graph.edgeKeys[edge]!,
  )
}

function entering(graph: Graph, id: string): readonly string[] {
  const index = graph.indexOf.get(id)!
  return [...graph.inEdges.subarray(graph.inStart[index]!, graph.inStart[index + 1]!)].map(
    (edge) => graph.edgeKeys[edge]!,
  )
}

describe('buildGraph', () => {
  it('lists the edges at a node in definition order', () => {
    const graph = buildGraph({
      nodes: ['a', 'b', 'c'].map((id) => node(id)),
      edges: [
        { source: 'b', target: 'c' },
        { source: 'a', target: 'c' },
        { source: 'a', target: 'b' },
      ],
    })
    expect(leaving(graph, 'a')).toEqual(['a->c', 'a->b'])
    expect(entering(graph, 'c')).toEqual(['b->c', 'a->c'])
    expect(leaving(graph, 'c')).toEqual([])
  })

  it('names each edge uniquely: by its id, else by its ends and handle, with a number where needed', () => {
    const edges: EdgeDefinition[] = [
      { source: 'a', target: 'b' },
      { source: 'a', target: 'b' },
      { source: 'a', target: 'b', sourceHandle: 'yes' },
      { source: 'a', target: 'b', sourceHandle: null },
      { source: 'a', target: 'b', id: 'a->b' },
      { source: 'a', target: 'b', id: '' },
    ]
    const graph = buildGraph({ nodes: [node('a'), node('b')], edges })
    expect(graph.edgeKeys).toEqual(['a->b#2', 'a->b#3', 'a->b:yes', 'a->b#4', 'a->b', ''])
    expect([...graph.edgeIndexOf.values()]).toEqual([0, 1, 2, 3, 4, 5])
  })

  it('marks conditional edges, nodes that decide, and nodes that only stand in', () => {
    const graph = buildGraph({
      nodes: [node('a'), node('b', { fallback: 'd' }), node('c', { fallback: { type: 'd' } }), node('d')],
      edges: [
        { source: 'a', target: 'b', sourceHandle: '' },
        { source: 'a', target: 'c' },
        { source: 'b', target: 'c', condition: { operator: 'truthy' } },
        { source: 'c', target: 'a', sourceHandle: null },
      ],
    })
    expect([...graph.isConditional]).toEqual([1, 0, 1, 0])
    expect([...graph.decides]).toEqual([1, 1, 0, 0])
    expect([...graph.isStandIn]).toEqual([0, 0, 0, 1])
  })

  it('takes the names of an object’s own machinery as ids', () => {
    const ids = ['__proto__', 'constructor', '', 'toString', 'x'.repeat(10_000)]
    const graph = buildGraph({
      nodes: ids.map((id) => node(id)),
      edges: ids.slice(1).map((target) => ({ source: '__proto__', target })),
    })
    expect(graph.ids).toEqual(ids)
    expect(leaving(graph, '__proto__')).toHaveLength(4)
    expect(entering(graph, '')).toEqual(['__proto__->'])
    expect(graph.indexOf.get('hasOwnProperty')).toBeUndefined()
  })

  it('is the same over a definition that was checked and over the same that was not', () => {
    const plain = {
      id: 'w',
      version: '1.0.0',
      nodes: ['a', '__proto__', 'b', ''].map((id) => node(id)),
      edges: [
        { source: 'b', target: '__proto__' },
        { source: 'a', target: '' },
        { source: '__proto__', target: '', sourceHandle: 'x' },
      ],
    }
    const checked = buildGraph(parseDefinition(plain))
    expect({ ...checked }).toEqual({ ...buildGraph(plain) })
    expect(Object.isFrozen(checked.ids)).toBe(true)
    // Other edges over the same nodes are looked up again.
    const other = buildGraph({ nodes: checked.nodes, edges: [{ source: 'a', target: 'b' }] })
    expect([...other.edgeSource, ...other.edgeTarget]).toEqual([0, 2])
  })

  it('refuses what would break it, with a code', () => {
    const thrown = (edges: EdgeDefinition[], nodes = [node('a'), node('b')]) => {
      try {
        buildGraph({ nodes, edges })
        return null
      } catch (error) {
        return isWaystoneError(error) ? error.code : error
      }
    }
    expect(thrown([{ source: 'a', target: 'x' }])).toBe('WORKFLOW_UNKNOWN_NODE')
    expect(thrown([], [node('a'), node('a')])).toBe('WORKFLOW_DUPLICATE_NODE')
    expect(
      thrown([
        { source: 'a', target: 'b', id: 'e' },
        { source: 'a', target: 'b', id: 'e' },
      ]),
    ).toBe('WORKFLOW_DUPLICATE_EDGE')
  })

  it('indexes a chain, a star and parallel edges of 100,000', () => {
    const count = 100_000
    const nodes = Array.from({ length: count }, (_, index) => node(`n${index}`))
    const chain = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }))
    const star = nodes.slice(1).map(({ id }) => ({ source: 'n0', target: id }))
    const parallel = nodes.map(() => ({ source: 'n0', target: 'n1' }))
    expect(leaving(buildGraph({ nodes, edges: chain }), 'n99998')).toEqual(['n99998->n99999'])
    expect(leaving(buildGraph({ nodes, edges: star }), 'n0')).toHaveLength(count - 1)
    expect(buildGraph({ nodes, edges: parallel }).edgeKeys.at(-1)).toBe(`n0->n1#${count}`)
  })
})
