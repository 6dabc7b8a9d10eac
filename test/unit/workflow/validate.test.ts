import { describe, expect, it } from 'vitest'
import { validateDefinition } from '../../../src/workflow/validate.ts'

const nodes = (...ids: string[]) => ids.map((id) => ({ id, type: 't' }))
const found = (json: unknown) => validateDefinition(json).map(({ code, path }) => `${code} ${path}`)
const oneNode = (members: object) => ({ id: 'w', nodes: [{ id: 'a', type: 't', ...members }] })
const oneEdge = (members: object) => ({
  id: 'w',
  nodes: nodes('a', 'b'),
  edges: [{ source: 'a', target: 'b', ...members }],
})

describe('validateDefinition', () => {
  it('finds nothing wrong with a workflow, however little it says', () => {
    expect(validateDefinition({ id: '' })).toEqual([])
    expect(validateDefinition({ id: 'w', nodes: null, edges: null })).toEqual([])
    expect(
      validateDefinition({
        id: 'w',
        version: '2.0.0-beta.1+build',
        nodes: nodes('__proto__', '', 'toString', 'constructor'),
        edges: [
          { source: '__proto__', target: '', sourceHandle: null },
          { source: '', target: 'toString', sourceHandle: '' },
          { source: '', target: 'toString' },
        ],
        position: { x: 1 },
      }),
    ).toEqual([])
  })

  it.each([null, undefined, 1, 'text', [], () => 1, new Map(), Symbol('s')])('refuses %s as a workflow', (json) => {
    expect(found(json)).toEqual(['WORKFLOW_SHAPE '])
  })

  it('reports all problems at once, each with its own code and place', () => {
    const problems = found({
      id: 7,
      version: 'one',
      nodes: [{ id: 'a', type: 't' }, { id: 'a', type: 't', timeoutMs: 0, trigger: 'some' }, { id: 'b' }, 'node'],
      edges: [
        { source: 'a', target: 'a' },
        { source: 'a', target: 'missing', id: 'e' },
        { source: 'nobody', target: 'b', id: 'e' },
        { source: 'a', target: 'b' },
        { source: 'b', target: 'a', condition: 'total > 1' },
        null,
      ],
    })
    expect(problems).toEqual([
      'WORKFLOW_SHAPE /id',
      'WORKFLOW_SHAPE /nodes/3',
      'WORKFLOW_SHAPE /edges/5',
      'WORKFLOW_SHAPE /nodes/2/type',
      'WORKFLOW_BAD_VERSION /version',
      'WORKFLOW_DUPLICATE_NODE /nodes/1/id',
      'WORKFLOW_DUPLICATE_EDGE /edges/2/id',
      'WORKFLOW_UNKNOWN_NODE /edges/1/target',
      'WORKFLOW_UNKNOWN_NODE /edges/2/source',
      'WORKFLOW_SELF_EDGE /edges/0',
      'WORKFLOW_CYCLE /edges/4',
      'WORKFLOW_SHAPE /nodes/1/trigger',
      'WORKFLOW_SHAPE /nodes/1/timeoutMs',
      'WORKFLOW_BAD_CONDITION /edges/4/condition',
    ])
  })

  it('names the place of what is no JSON once, and reads a definition that throws or contains itself', () => {
    expect(
      found({ id: 'w', nodes: [{ id: () => 1, type: 't', data: { when: new Date(0), n: [Number.NaN, 1n] } }] }),
    ).toEqual([
      'WORKFLOW_SHAPE /nodes/0/id',
      'WORKFLOW_SHAPE /nodes/0/data/when',
      'WORKFLOW_SHAPE /nodes/0/data/n/0',
      'WORKFLOW_SHAPE /nodes/0/data/n/1',
    ])
    const circle: Record<string, unknown> = { id: 'w' }
    circle['self/x'] = circle
    expect(found(circle)).toHaveLength(1)
    const throwing = Object.defineProperty({ id: 'w' }, 'nodes', {
      enumerable: true,
      get: () => {
        throw new Error('no')
      },
    })
    expect(found({ id: 'w', data: throwing })).toEqual(['WORKFLOW_SHAPE /data'])
  })

  it.each(['', '1', 'v1.0.0', ' 1.0.0', '1.0.0 ', '1.0', '01.0.0'])('refuses the version %j', (version) => {
    expect(found({ id: 'w', version })).toEqual(['WORKFLOW_BAD_VERSION /version'])
  })

  it.each([
    [{ id: 1 }, 'WORKFLOW_SHAPE /nodes/0/id'],
    [{ type: null }, 'WORKFLOW_SHAPE /nodes/0/type'],
    [{ version: 2 }, 'WORKFLOW_SHAPE /nodes/0/version'],
    [{ trigger: 'toString' }, 'WORKFLOW_SHAPE /nodes/0/trigger'],
    [{ onError: 'ignore' }, 'WORKFLOW_SHAPE /nodes/0/onError'],
    [{ onInterrupted: true }, 'WORKFLOW_SHAPE /nodes/0/onInterrupted'],
    [{ timeoutMs: '5' }, 'WORKFLOW_SHAPE /nodes/0/timeoutMs'],
    [{ timeoutMs: -1 }, 'WORKFLOW_SHAPE /nodes/0/timeoutMs'],
    [{ retry: 3 }, 'WORKFLOW_BAD_RETRY /nodes/0/retry'],
    [{ retry: {} }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/maximumAttempts'],
    [{ retry: { maximumAttempts: 0 } }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/maximumAttempts'],
    [{ retry: { maximumAttempts: 1.5 } }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/maximumAttempts'],
    [{ retry: { maximumAttempts: 2, initialIntervalMs: -1 } }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/initialIntervalMs'],
    [
      { retry: { maximumAttempts: 2, backoffCoefficient: 0.5 } },
      'WORKFLOW_BAD_RETRY /nodes/0/retry/backoffCoefficient',
    ],
    [{ retry: { maximumAttempts: 2, maximumIntervalMs: '9' } }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/maximumIntervalMs'],
    [{ retry: { maximumAttempts: 2, jitter: 1.1 } }, 'WORKFLOW_BAD_RETRY /nodes/0/retry/jitter'],
    [{ compensation: 'undo' }, 'WORKFLOW_BAD_COMPENSATION /nodes/0/compensation'],
    [{ compensation: { type: 1 } }, 'WORKFLOW_BAD_COMPENSATION /nodes/0/compensation'],
    [{ compensation: { type: 'undo' }, reuse: true }, 'WORKFLOW_BAD_REUSE /nodes/0/reuse'],
    [
      {
        repeat: { until: { operator: 'truthy' }, maximumVisits: 2 },
        nested: {
          workflow: {
            id: 'i',
            version: '1.0.0',
            nodes: [{ id: 'x', type: 'y', compensation: { type: 'z' } }],
            edges: [],
          },
        },
      },
      'WORKFLOW_BAD_COMPENSATION /nodes/0/repeat',
    ],
    [{ reuse: 'yes' }, 'WORKFLOW_BAD_REUSE /nodes/0/reuse'],
    [{ reuse: null }, 'WORKFLOW_BAD_REUSE /nodes/0/reuse'],
    [{ reuse: { maxAgeMs: -1 } }, 'WORKFLOW_BAD_REUSE /nodes/0/reuse'],
    [{ reuse: true, repeat: { until: { operator: 'truthy' }, maximumVisits: 2 } }, 'WORKFLOW_BAD_REUSE /nodes/0/reuse'],
    [{ fallback: 'b' }, 'WORKFLOW_BAD_FALLBACK /nodes/0/fallback'],
    [{ fallback: 'a' }, 'WORKFLOW_BAD_FALLBACK /nodes/0/fallback'],
    [{ fallback: {} }, 'WORKFLOW_BAD_FALLBACK /nodes/0/fallback'],
    [{ fallback: null }, 'WORKFLOW_BAD_FALLBACK /nodes/0/fallback'],
  ])('refuses a node with %j', (members, problem) => {
    expect(found(oneNode(members))).toEqual([problem])
  })

  it('takes every option of a node within its range', () => {
    const retry = { maximumAttempts: 1, initialIntervalMs: 0, backoffCoefficient: 1, maximumIntervalMs: 0, jitter: 0 }
    const options = {
      version: '',
      trigger: 'any',
      onError: 'continue',
      onInterrupted: 'ask',
      timeoutMs: 0.5,
      reuse: { maxAgeMs: 0 },
      data: null,
    }
    expect(found(oneNode({ ...options, retry, fallback: { type: 'x', data: [1] } }))).toEqual([])
  })

  it.each([
    [{ id: 4 }, 'WORKFLOW_SHAPE /edges/0/id'],
    [{ source: 4 }, 'WORKFLOW_SHAPE /edges/0/source'],
    [{ target: undefined }, 'WORKFLOW_SHAPE /edges/0/target'],
    [{ sourceHandle: 4 }, 'WORKFLOW_SHAPE /edges/0/sourceHandle'],
    [{ condition: null }, 'WORKFLOW_BAD_CONDITION /edges/0/condition'],
    [{ condition: { operator: 'eq' } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/value'],
    [{ condition: { operator: 'toString', value: 1 } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/operator'],
    [{ condition: { value: 1 } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/operator'],
    [{ condition: { operator: 'lt', value: true } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/value'],
    [{ condition: { operator: 'in', value: 'abc' } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/value'],
    [{ condition: { operator: 'exists', value: true } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/value'],
    [{ condition: { operator: 'truthy', path: 'a' } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/path'],
    [{ condition: { operator: 'truthy', path: '/~2' } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/path'],
    [{ condition: { operator: 'truthy', kind: 'other' } }, 'WORKFLOW_BAD_CONDITION /edges/0/condition/kind'],
  ])('refuses an edge with %j', (members, problem) => {
    expect(found(oneEdge(members))).toEqual([problem])
  })

  it('takes conditions written as data and the mark of one in code', () => {
    expect(found(oneEdge({ condition: { operator: 'eq', value: null, path: '' } }))).toEqual([])
    expect(found(oneEdge({ condition: { operator: 'in', value: [], path: '/a~1b/0' } }))).toEqual([])
    expect(found(oneEdge({ condition: { kind: 'function' }, sourceHandle: 'yes' }))).toEqual([])
  })

  it('lets a node stand in only when nothing leads to it, from it or on from it', () => {
    const standIn = (members: object, edges: object[] = []) =>
      found({
        id: 'w',
        nodes: [{ id: 'a', type: 't', fallback: 's' }, { id: 's', type: 't', ...members }, ...nodes('b')],
        edges,
      })
    const problem = 'WORKFLOW_BAD_FALLBACK /nodes/0/fallback'
    expect(standIn({})).toEqual([])
    expect(standIn({}, [{ source: 's', target: 'b' }])).toEqual([problem])
    expect(standIn({}, [{ source: 'b', target: 's' }])).toEqual([problem])
    expect(standIn({ fallback: 'b' })).toEqual([problem])
    expect(standIn({ fallback: { type: 'x' } })).toEqual([problem])
  })
})

describe('cycles', () => {
  const graph = (ids: string, pairs: string) => ({
    id: 'w',
    nodes: nodes(...ids),
    edges: pairs.split(' ').map((pair) => ({ source: pair[0], target: pair[1] })),
  })

  it('are named by the path of their ids', () => {
    const [problem, ...others] = validateDefinition(graph('abcd', 'ab bc cd db'))
    expect(others).toEqual([])
    expect(problem).toMatchObject({ code: 'WORKFLOW_CYCLE', path: '/edges/3', details: { cycle: ['b', 'c', 'd'] } })
    expect(problem?.message).toContain('"b" -> "c" -> "d" -> "b"')
  })

  it('are reported once for each knot of nodes, by a shortest path', () => {
    const problems = validateDefinition(graph('abcdefg', 'ab bc ca ba cd de ed ef fg'))
    expect(problems.map(({ details }) => details['cycle'])).toEqual([
      ['a', 'b'],
      ['d', 'e'],
    ])
  })

  it('are not what self-edges, unknown nodes and duplicates are reported as', () => {
    expect(found(graph('aab', 'aa ax xa ab ab'))).toEqual([
      'WORKFLOW_DUPLICATE_NODE /nodes/1/id',
      'WORKFLOW_UNKNOWN_NODE /edges/1/target',
      'WORKFLOW_UNKNOWN_NODE /edges/2/source',
      'WORKFLOW_SELF_EDGE /edges/0',
    ])
  })

  it('of 100,000 nodes are found without overflowing the stack, in a message of modest length', () => {
    const count = 100_000
    const chain = Array.from({ length: count }, (_, index) => ({ id: `n${index}`, type: 't' }))
    const edges = chain.map(({ id }, index) => ({ source: id, target: `n${(index + 1) % count}` }))
    expect(validateDefinition({ id: 'w', nodes: chain, edges: edges.slice(0, -1) })).toEqual([])
    const [problem] = validateDefinition({ id: 'w', nodes: chain, edges })
    expect(problem?.details['cycle']).toHaveLength(count)
    expect(problem?.message.length).toBeLessThan(1_000)
  })
})
