import { describe, expect, it } from 'vitest'
import { isWaystoneError } from '../../../src/base/errors.ts'
import { nodeType, workflow } from '../../../src/workflow/builder.ts'

const withCode = (code: Parameters<typeof isWaystoneError>[1]) =>
  expect.toSatisfy((error) => isWaystoneError(error, code))

describe('workflow', () => {
  it('writes nodes, options and edges into the definition, and keeps handlers by type', () => {
    const a = () => 1
    const b = () => 2
    const built = workflow('w', '2.0.0')
      .node('a', a, { data: { x: 1 }, version: '3', retry: { maximumAttempts: 2 }, timeoutMs: 5, onError: 'continue' })
      .node('b', ['a'], b, { trigger: 'allDone', onInterrupted: 'ask' })
      .build()
    expect(built.definition).toEqual({
      id: 'w',
      version: '2.0.0',
      nodes: [
        {
          id: 'a',
          type: 'a',
          data: { x: 1 },
          version: '3',
          retry: { maximumAttempts: 2 },
          timeoutMs: 5,
          onError: 'continue',
        },
        { id: 'b', type: 'b', trigger: 'allDone', onInterrupted: 'ask' },
      ],
      edges: [{ source: 'a', target: 'b' }],
    })
    expect([...built.handlers]).toEqual([
      ['a', a],
      ['b', b],
    ])
    expect(Object.isFrozen(built)).toBe(true)
    expect(Object.isFrozen(built.definition.nodes)).toBe(true)
    expect(workflow('w').build().definition).toEqual({ id: 'w', version: '1.0.0', nodes: [], edges: [] })
  })

  it('writes conditional edges down and keeps functions by edge key', () => {
    const large = (output: number) => output > 10
    const small = (output: number) => output <= 10
    const built = workflow('w')
      .node('a', () => 1)
      .node(
        'b',
        [
          { source: 'a', when: large },
          { source: 'a', when: small, sourceHandle: 'x' },
          { source: 'a', when: small },
        ],
        () => 1,
      )
      .node(
        'c',
        [
          { source: 'a', condition: { operator: 'gt', value: 3 } },
          { source: 'b', sourceHandle: 'true' },
        ],
        () => 1,
      )
      .build()
    expect(built.definition.edges).toEqual([
      { source: 'a', target: 'b', condition: { kind: 'function' } },
      { source: 'a', target: 'b', sourceHandle: 'x', condition: { kind: 'function' } },
      { source: 'a', target: 'b', condition: { kind: 'function' } },
      { source: 'a', target: 'c', condition: { operator: 'gt', value: 3 } },
      { source: 'b', target: 'c', sourceHandle: 'true' },
    ])
    expect([...built.predicates]).toEqual([
      ['a->b', large],
      ['a->b:x', small],
      ['a->b#2', small],
    ])
  })

  it('gives nodes of a node type its name, and shares its handler', () => {
    const handler = (inputs: Readonly<Record<string, unknown>>) => Object.keys(inputs).length
    const count = nodeType('count', handler)
    const built = workflow('w')
      .node('a', count)
      .node('b', ['a'], count, { data: 1 })
      .node('c', { type: 'charge-card', data: { amount: 3 } })
      .build()
    expect(built.definition.nodes).toEqual([
      { id: 'a', type: 'count' },
      { id: 'b', type: 'count', data: 1 },
      { id: 'c', type: 'charge-card', data: { amount: 3 } },
    ])
    expect([...built.handlers]).toEqual([['count', handler]])
  })

  it('registers a fallback in code as a type of its own, and takes one of the registry or another node', () => {
    const standIn = () => 0
    const built = workflow('w')
      .node('a', () => 1, { fallback: standIn })
      .node('b', () => 1, { fallback: { type: 'x', data: 1 } })
      .node('c', () => 1, { fallback: 'd' })
      .node('d', () => 1)
      .build()
    expect(built.definition.nodes.map(({ fallback }) => fallback)).toEqual([
      { type: 'a#fallback' },
      { type: 'x', data: 1 },
      'd',
      undefined,
    ])
    expect(built.handlers.get('a#fallback')).toBe(standIn)
    expect([...built.graph.isStandIn]).toEqual([0, 0, 0, 1])
  })

  it('can be built on twice from a common beginning', () => {
    const common = workflow('w').node('a', () => 1)
    const one = common.node('b', ['a'], () => 1).build()
    const two = common.node('c', () => 1).build()
    expect(one.graph.ids).toEqual(['a', 'b'])
    expect(two.graph.ids).toEqual(['a', 'c'])
    expect(common.build().graph.ids).toEqual(['a'])
  })

  it('checks everything at build, all problems at once', () => {
    const broken = workflow('w', 'one')
      .node('a', () => 1, { timeoutMs: -1 })
      // @ts-expect-error taken
      .node('a', () => 2)
      // @ts-expect-error unknown
      .node('b', ['x'], () => 1)
    let codes: unknown
    try {
      broken.build()
    } catch (error) {
      codes = isWaystoneError(error, 'WORKFLOW_INVALID')
        ? (error.details['problems'] as { code: string }[]).map(({ code }) => code)
        : error
    }
    expect(codes).toEqual([
      'WORKFLOW_BAD_VERSION',
      'WORKFLOW_DUPLICATE_NODE',
      'WORKFLOW_UNKNOWN_NODE',
      'WORKFLOW_SHAPE',
      'NODE_TYPE_DUPLICATE',
    ])
  })

  it('refuses one type with two handlers, and two conditions on one edge', () => {
    const shared = workflow('w')
      .node(
        'a',
        nodeType('t', () => 1),
      )
      .node(
        'b',
        nodeType('t', () => 2),
      )
    expect(() => shared.build()).toThrow(withCode('NODE_TYPE_DUPLICATE'))
    const both = workflow('w')
      .node('a', () => 1)
      .node('b', [{ source: 'a', when: () => true, condition: { operator: 'truthy' } }], () => 1)
    expect(() => both.build()).toThrow(withCode('WORKFLOW_BAD_CONDITION'))
  })

  it('refuses at once what nobody reads and what can not run', () => {
    const a = workflow('w').node('a', () => 1)
    // @ts-expect-error timeout is no option
    expect(() => a.node('b', () => 1, { timeout: 1 })).toThrow(withCode('OPTION_UNKNOWN'))
    // the compiler lets a misspelled member of an upstream pass
    expect(() => a.node('b', [{ source: 'a', handle: 'x' }], () => 1)).toThrow(withCode('OPTION_UNKNOWN'))
    // @ts-expect-error no handler
    expect(() => a.node('b', ['a'])).toThrow(withCode('ARGUMENT_INVALID'))
    // @ts-expect-error no handler
    expect(() => a.node('b', 5)).toThrow(withCode('ARGUMENT_INVALID'))
    // @ts-expect-error null is no options
    expect(() => a.node('b', () => 1, null)).toThrow(withCode('ARGUMENT_INVALID'))
  })

  it('takes the names of an object’s own machinery as ids', () => {
    const built = workflow('__proto__')
      .node('__proto__', () => 1)
      .node('', ['__proto__'], () => 1)
      .node('constructor', ['', '__proto__'], () => 1)
      .build()
    expect(built.graph.ids).toEqual(['__proto__', '', 'constructor'])
    expect(built.handlers.size).toBe(3)
  })
})
