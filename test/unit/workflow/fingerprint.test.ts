import { describe, expect, it } from 'vitest'
import { compareWorkflows } from '../../../src/workflow/compare-workflows.ts'
import { nodeFingerprint, workflowFingerprint } from '../../../src/workflow/fingerprint.ts'
import { parseWorkflow } from '../../../src/workflow/parse.ts'

type Json = Record<string, unknown>

const base = () => ({
  id: 'w',
  version: '1.0.0',
  nodes: [
    { id: 'a', type: 'number', data: { value: 1, list: [1, { x: 1, y: 2 }] } } as Json,
    { id: 'b', type: 'number' } as Json,
    { id: 'c', type: 'sum', fallback: { type: 'zero' } } as Json,
    { id: 's', type: 'zero' } as Json,
  ],
  edges: [
    { source: 'a', target: 'c' } as Json,
    { source: 'b', target: 'c', sourceHandle: 'yes' } as Json,
    { source: 'a', target: 'b', condition: { operator: 'gt', value: 1 } } as Json,
  ],
})
type Base = ReturnType<typeof base>

function changed(edit: (json: Base) => void) {
  const json = base()
  edit(json)
  const before = parseWorkflow(base())
  const after = parseWorkflow(json)
  const changes = compareWorkflows(before.graph, after.graph)
  expect(workflowFingerprint(before) === workflowFingerprint(after)).toBe(changes.length === 0)
  return changes.map(({ nodeId, change, what }) => [nodeId, change, ...what].join(' '))
}

describe('fingerprints and compareWorkflows', () => {
  it.each<[string, (json: Base) => void, string[]]>([
    ['nothing', () => {}, []],
    [
      'key order and unknown members',
      (json) => {
        json.nodes[0] = {
          position: { x: 1 },
          data: { list: [1, { y: 2, x: 1 }], value: 1 },
          type: 'number',
          id: 'a',
          label: 'A',
        }
        json.edges[0] = { target: 'c', animated: true, source: 'a', sourceHandle: null }
        Object.assign(json, { viewport: { zoom: 2 } })
      },
      [],
    ],
    [
      'order of nodes and edges',
      (json) => {
        json.nodes.reverse()
        json.edges.reverse()
      },
      [],
    ],
    [
      'id of an unconditional edge',
      (json) => {
        json.edges[0]!['id'] = 'e'
      },
      [],
    ],
    [
      'defaults spelled out',
      (json) => {
        Object.assign(json.nodes[1]!, { trigger: 'all', onError: 'fail', data: null })
      },
      [],
    ],
    [
      'how often and long it is tried',
      (json) => {
        Object.assign(json.nodes[1]!, { retry: { maximumAttempts: 3 }, timeoutMs: 5, onInterrupted: 'ask' })
      },
      [],
    ],
    [
      'workflow version',
      (json) => {
        json.version = '2.0.0'
      },
      [],
    ],
    [
      'type',
      (json) => {
        json.nodes[0]!['type'] = 'text'
      },
      ['a changed type'],
    ],
    [
      'data',
      (json) => {
        json.nodes[0]!['data'] = { value: 1, list: [1, { x: 1, y: 3 }] }
      },
      ['a changed data'],
    ],
    [
      'data that becomes null',
      (json) => {
        json.nodes[0]!['data'] = null
      },
      ['a changed data'],
    ],
    [
      'order in a list',
      (json) => {
        json.nodes[0]!['data'] = { value: 1, list: [{ x: 1, y: 2 }, 1] }
      },
      ['a changed data'],
    ],
    [
      'node version',
      (json) => {
        json.nodes[1]!['version'] = '2'
      },
      ['b changed version'],
    ],
    [
      'trigger',
      (json) => {
        json.nodes[2]!['trigger'] = 'any'
      },
      ['c changed trigger'],
    ],
    [
      'onError',
      (json) => {
        json.nodes[0]!['onError'] = 'continue'
      },
      ['a changed onError'],
    ],
    [
      'fallback',
      (json) => {
        json.nodes[2]!['fallback'] = 's'
      },
      ['c changed fallback'],
    ],
    [
      'data of the fallback',
      (json) => {
        json.nodes[2]!['fallback'] = { type: 'zero', data: 1 }
      },
      ['c changed fallback'],
    ],
    [
      'an edge more',
      (json) => {
        json.edges.push({ source: 'b', target: 's' })
      },
      ['s changed upstreams'],
    ],
    [
      'an edge twice',
      (json) => {
        json.edges.push({ source: 'a', target: 'c' })
      },
      ['c changed upstreams'],
    ],
    [
      'a handle',
      (json) => {
        json.edges[1]!['sourceHandle'] = 'no'
      },
      ['c changed upstreams'],
    ],
    [
      'a handle less',
      (json) => {
        delete json.edges[1]!['sourceHandle']
      },
      ['c changed upstreams'],
    ],
    [
      'a condition',
      (json) => {
        json.edges[2]!['condition'] = { operator: 'gt', value: 2 }
      },
      ['b changed upstreams'],
    ],
    [
      'a condition in code',
      (json) => {
        json.edges[2]!['condition'] = { kind: 'function' }
      },
      ['b changed upstreams'],
    ],
    [
      'an edge turned elsewhere',
      (json) => {
        json.edges[0]!['target'] = 's'
      },
      ['c changed upstreams', 's changed upstreams'],
    ],
    [
      'a node more',
      (json) => {
        json.nodes.push({ id: '__proto__', type: 't' })
      },
      ['__proto__ added'],
    ],
    [
      'a node less',
      (json) => {
        json.nodes.pop()
      },
      ['s removed'],
    ],
    [
      'another name',
      (json) => {
        json.nodes[3]!['id'] = 'z'
      },
      ['s removed', 'z added'],
    ],
    [
      'everything of a node',
      (json) => {
        json.nodes[1] = {
          id: 'b',
          type: 'x',
          data: 1,
          version: '1',
          trigger: 'any',
          onError: 'continue',
          fallback: 's',
        }
        json.edges.pop()
      },
      ['b changed type data version upstreams trigger onError fallback'],
    ],
  ])('%s', (_name, edit, changes) => {
    expect(changed(edit)).toEqual(changes)
  })

  it('count the workflow’s id', () => {
    expect(workflowFingerprint(parseWorkflow({ ...base(), id: 'x' }))).not.toBe(
      workflowFingerprint(parseWorkflow(base())),
    )
  })

  it('are the same for ever: documents hold them', () => {
    expect(workflowFingerprint(parseWorkflow(base()))).toBe(
      '91e2faf4d04b83cc6b1ff93410eacc706427b6d9675c0b6769af6f951fa61f7f',
    )
    expect(nodeFingerprint(parseWorkflow(base()).graph, 2)).toBe(
      'fa6f0955cf7e0ca02aea570e20be1a47b94499fd86998147a7cd7d372d50f4de',
    )
  })

  it('of a node change with that node alone', () => {
    const before = parseWorkflow(base()).graph
    const json = base()
    json.nodes[0]!['type'] = 'text'
    const after = parseWorkflow(json).graph
    const differing = before.ids.filter(
      (_id, index) => nodeFingerprint(before, index) !== nodeFingerprint(after, index),
    )
    expect(differing).toEqual(['a'])
  })

  it('compare 100,000 nodes in other order', () => {
    const nodes = Array.from({ length: 100_000 }, (_, index) => ({ id: `n${index}`, type: 't', data: { index } }))
    const edges = nodes.slice(1).map(({ id }) => ({ source: 'n0', target: id }))
    const before = parseWorkflow({ id: 'w', nodes, edges }).graph
    const after = parseWorkflow({ id: 'w', nodes: [...nodes].reverse(), edges: [...edges].reverse() }).graph
    expect(compareWorkflows(before, after)).toEqual([])
  })
})
