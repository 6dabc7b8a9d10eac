import { describe, expect, it } from 'vitest'
import { isWaystoneError, type WaystoneError } from '../../../src/base/errors.ts'
import { parseWorkflow } from '../../../src/workflow/parse.ts'

function refusal(json: string | object): WaystoneError {
  try {
    parseWorkflow(json)
  } catch (error) {
    if (isWaystoneError(error)) return error
    throw error
  }
  throw new Error('it was accepted')
}

const full = {
  id: 'w',
  version: '1.2.3',
  nodes: [
    {
      id: 'a',
      type: 'number',
      data: { value: 1, deep: [{ style: null }] },
      position: { x: 1, y: 2 },
      style: { color: 'red' },
    },
    { id: 'b', type: 'my-own', data: 'text', measured: true },
  ],
  edges: [{ id: 'e', source: 'a', target: 'b', sourceHandle: null, animated: true, markerEnd: { type: 'arrow' } }],
  viewport: { zoom: 1 },
}

describe('parseWorkflow', () => {
  it('keeps every member, known or not, from text and from an object', () => {
    expect(parseWorkflow(full).definition).toEqual(full)
    expect(parseWorkflow(JSON.stringify(full)).definition).toEqual(full)
    expect(JSON.stringify(parseWorkflow(full).definition)).toBe(JSON.stringify(full))
  })

  it('shares nothing with what it was given, and can not be changed', () => {
    const json = structuredClone(full)
    const { definition } = parseWorkflow(json)
    json.nodes[0]!.position!.x = 99
    json.edges.pop()
    expect(definition).toEqual(full)
    expect(Object.isFrozen(definition)).toBe(true)
    expect(Object.isFrozen(definition.nodes[0]?.['position'])).toBe(true)
    expect(Object.isFrozen((definition.nodes[0]!.data as { deep: object }).deep)).toBe(true)
  })

  it('reads missing and null lists as empty, and a missing version as 1.0.0', () => {
    expect(parseWorkflow({ id: 'w' }).definition).toEqual({ id: 'w', version: '1.0.0', nodes: [], edges: [] })
    expect(parseWorkflow('{"edges":null,"id":"w","nodes":null,"x":1}').definition).toEqual({
      id: 'w',
      version: '1.0.0',
      nodes: [],
      edges: [],
      x: 1,
    })
  })

  it('keeps an own __proto__ a member at every level, and no prototype changes', () => {
    const text =
      '{"__proto__":{"polluted":1},"id":"w","version":"1.0.0","nodes":[{"__proto__":[],"id":"__proto__","type":"constructor","data":{"__proto__":{"polluted":2}}}],"edges":[]}'
    for (const given of [text, text.replace('"version":"1.0.0",', '')]) {
      const { definition } = parseWorkflow(given)
      const data = definition.nodes[0]?.data as object
      expect(Object.hasOwn(definition, '__proto__')).toBe(true)
      expect(Object.keys(data)).toEqual(['__proto__'])
      for (const part of [definition, definition.nodes[0]!, data]) {
        expect(Object.getPrototypeOf(part)).toBe(Object.prototype)
      }
      expect('polluted' in data).toBe(false)
    }
    expect(JSON.stringify(parseWorkflow(text).definition)).toBe(text)
  })

  it('throws the code of the only problem, with its place', () => {
    const error = refusal({ id: 'w', nodes: [{ id: 'a', type: 't' }], edges: [{ source: 'a', target: 'b' }] })
    expect(error.code).toBe('WORKFLOW_UNKNOWN_NODE')
    expect(error.name).toBe('DefinitionError')
    expect(error.message).toContain('/edges/0/target')
    expect(error.details).toMatchObject({
      nodeId: 'b',
      path: '/edges/0/target',
      problems: [{ code: 'WORKFLOW_UNKNOWN_NODE' }],
    })
  })

  it('throws one error that lists all problems when there are several', () => {
    const error = refusal({ nodes: [{ id: 'a', type: 't' }], edges: Array(20).fill({ source: 'a', target: 'a' }) })
    expect(error.code).toBe('WORKFLOW_INVALID')
    expect(error.details['problems']).toHaveLength(21)
    expect(error.message).toContain('and 11 more')
    expect(JSON.parse(JSON.stringify(error.details))).toEqual(error.details)
  })

  it.each(['', '{', '{"id":}', 'undefined'])('refuses the text %j, which is no JSON', (text) => {
    expect(refusal(text).code).toBe('WORKFLOW_SYNTAX')
  })

  it.each(['null', '[]', '"w"', '1'])('refuses the JSON %s, which is no workflow', (text) => {
    expect(refusal(text).code).toBe('WORKFLOW_SHAPE')
  })

  it('reads 100,000 nodes in a chain', () => {
    const nodes = Array.from({ length: 100_000 }, (_, index) => ({ id: `n${index}`, type: 't', data: { index } }))
    const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }))
    expect(parseWorkflow({ id: 'w', nodes, edges }).graph.ids).toHaveLength(100_000)
  })

  it('refuses nesting without end, and a small graph that is huge as a tree', () => {
    expect(refusal(`{"id":"w","x":${'['.repeat(5_000)}${']'.repeat(5_000)}}`).code).toBe('WORKFLOW_SHAPE')
    let tree: unknown = []
    for (let level = 0; level < 60; level += 1) tree = [tree, tree]
    expect(refusal({ id: 'w', tree }).code).toBe('WORKFLOW_SHAPE')
  })
})
