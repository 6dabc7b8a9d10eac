import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { canonicalText } from '../../src/base/canonical.ts'
import { sha256Hex } from '../../src/base/digest.ts'
import type { JsonValue } from '../../src/base/json.ts'
import { compareWorkflows, isSameDefinition } from '../../src/workflow/compare-workflows.ts'
import { evaluateCondition } from '../../src/workflow/condition.ts'
import type { ConditionOperator } from '../../src/workflow/definition.ts'
import { nodeFingerprint, workflowFingerprint } from '../../src/workflow/fingerprint.ts'
import { parseWorkflow } from '../../src/workflow/parse.ts'
import { runs } from '../helpers/property.ts'

type Json = Record<string, unknown>
interface Draft extends Json {
  id: string
  nodes: Json[]
  edges: Json[]
}

const data = fc.jsonValue({ maxDepth: 3 })
const nodeMembers = fc.record(
  {
    type: fc.constantFrom('a', 'b', '__proto__'),
    data,
    version: fc.constantFrom('1', '2'),
    trigger: fc.constantFrom('all', 'any', 'allDone', 'noneFailed'),
    onError: fc.constantFrom('fail', 'continue'),
    fallback: fc.record({ type: fc.constantFrom('x', 'y'), data }, { requiredKeys: ['type'] }),
  },
  { requiredKeys: ['type'] },
)
const edgeMembers = fc.record(
  {
    sourceHandle: fc.constantFrom('yes', 'no', null),
    condition: fc.oneof(
      fc.record(
        { operator: fc.constantFrom('eq', 'ne'), value: data, path: fc.constantFrom('', '/a') },
        { requiredKeys: ['operator', 'value'] },
      ),
      fc.constant({ kind: 'function' }),
    ),
  },
  { requiredKeys: [] },
)

/** A workflow with at most one edge between two nodes, so that the order of edges means nothing. */
const draftArbitrary: fc.Arbitrary<Draft> = fc
  .record({
    members: fc.array(nodeMembers, { minLength: 2, maxLength: 6 }),
    edges: fc.uniqueArray(fc.record({ a: fc.nat(5), b: fc.nat(5), members: edgeMembers }), {
      maxLength: 8,
      selector: ({ a, b }) => `${Math.min(a, b)} ${Math.max(a, b)}`,
    }),
  })
  .map(({ members, edges }) => ({
    id: 'w',
    nodes: members.map((node, index) => ({ id: `n${index}`, ...node })),
    edges: edges
      .map(({ a, b, members: more }) => ({ source: `n${Math.min(a, b)}`, target: `n${Math.max(a, b)}`, ...more }))
      .filter(({ source, target }) => source !== target && Number(target.slice(1)) < members.length),
  }))

/** The same JSON with the members of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed)
  if (typeof value !== 'object' || value === null) return value
  const copy: Json = {}
  for (const [key, member] of Object.entries(value).reverse()) {
    Object.defineProperty(copy, key, { value: reversed(member), enumerable: true, configurable: true, writable: true })
  }
  return copy
}

const edits: readonly ((draft: Draft) => boolean)[] = [
  ({ nodes }) => set(nodes[0]!, 'type', 'another'),
  ({ nodes }) => set(nodes[0]!, 'data', { changed: nodes[0]!['data'] ?? null }),
  ({ nodes }) => set(nodes.at(-1)!, 'version', '3'),
  ({ nodes }) => set(nodes.at(-1)!, 'trigger', nodes.at(-1)!['trigger'] === 'any' ? 'allDone' : 'any'),
  ({ nodes }) => set(nodes[0]!, 'onError', nodes[0]!['onError'] === 'continue' ? 'fail' : 'continue'),
  ({ nodes }) => set(nodes[0]!, 'fallback', { type: 'z' }),
  ({ nodes }) => nodes.push({ id: 'more', type: 'a' }) > 0,
  ({ nodes, edges }) => {
    const gone = nodes.pop()!['id']
    const kept = edges.filter(({ source, target }) => source !== gone && target !== gone)
    edges.splice(0, edges.length, ...kept)
    return true
  },
  ({ nodes, edges }) => edges.push({ source: nodes[0]!['id'], target: nodes[1]!['id'], id: 'new' }) > 0,
  ({ edges }) => edges.shift() !== undefined,
  ({ edges }) => edges[0] !== undefined && set(edges[0], 'sourceHandle', 'another'),
  ({ edges }) => edges[0] !== undefined && set(edges[0], 'condition', { operator: 'exists' }),
]

function set(target: Json, name: string, value: unknown): boolean {
  target[name] = value
  return true
}

describe('fingerprints', () => {
  it('do not change with the order of keys, nodes and edges, nor with members we do not know', () => {
    fc.assert(
      fc.property(draftArbitrary, data, (draft, extra) => {
        const before = parseWorkflow(draft)
        const other = reversed(structuredClone(draft)) as Draft
        other.nodes.reverse()
        other.edges.reverse()
        for (const part of [other, ...other.nodes, ...other.edges]) part['position'] = extra
        const after = parseWorkflow(other)
        expect(workflowFingerprint(after)).toBe(workflowFingerprint(before))
        expect(compareWorkflows(before.graph, after.graph)).toEqual([])
      }),
      runs('fingerprint invariance', 1_000),
    )
  })

  it('change with every change of meaning, and the comparison names a node', () => {
    fc.assert(
      fc.property(draftArbitrary, fc.constantFrom(...edits), (draft, edit) => {
        const changed = structuredClone(draft)
        fc.pre(edit(changed))
        const before = parseWorkflow(draft)
        const after = parseWorkflow(changed)
        expect(workflowFingerprint(after)).not.toBe(workflowFingerprint(before))
        expect(compareWorkflows(before.graph, after.graph)).not.toEqual([])
        expect(compareWorkflows(after.graph, before.graph)).not.toEqual([])
        expect(isSameDefinition(before.definition, after.definition)).toBe(false)
      }),
      runs('fingerprint sensitivity', 1_000),
    )
  })

  it('agree with the comparison for any two workflows', () => {
    fc.assert(
      fc.property(draftArbitrary, draftArbitrary, (one, two) => {
        const [a, b] = [parseWorkflow(one), parseWorkflow(two)]
        expect(compareWorkflows(a.graph, b.graph).length === 0).toBe(workflowFingerprint(a) === workflowFingerprint(b))
        const copy = parseWorkflow(structuredClone(one))
        expect(isSameDefinition(a.definition, copy.definition)).toBe(true)
        if (isSameDefinition(a.definition, b.definition)) expect(compareWorkflows(a.graph, b.graph)).toEqual([])
      }),
      runs('fingerprint and comparison', 500),
    )
  })

  it('are digests of canonical JSON', () => {
    fc.assert(
      fc.property(data, (value) => {
        const { graph } = parseWorkflow({
          id: 'w',
          nodes: [{ id: 'n', type: 't', version: '1', data: value, trigger: 'any' }],
        })
        const seen = JSON.parse(JSON.stringify(value)) as JsonValue
        const tree = { id: 'n', type: 't', version: '1', trigger: 'any', ...(seen === null ? {} : { data: seen }) }
        expect(nodeFingerprint(graph, 0)).toBe(sha256Hex(canonicalText(tree)))
      }),
      runs('fingerprint text', 300),
    )
  })
})

describe('conditions', () => {
  const operators: ConditionOperator[] = [
    'eq',
    'ne',
    'lt',
    'lte',
    'gt',
    'gte',
    'in',
    'notIn',
    'contains',
    'exists',
    'truthy',
  ]

  it('give a boolean for any output, and opposites are opposite', () => {
    fc.assert(
      fc.property(fc.anything(), data, fc.constantFrom('', '/a', '/0', '/__proto__'), (output, json, path) => {
        const value = json as JsonValue
        const ask = (operator: ConditionOperator, operand = value) =>
          evaluateCondition({ path, operator, value: operand }, output)
        for (const operator of operators) expect(typeof ask(operator)).toBe('boolean')
        expect(ask('ne')).toBe(!ask('eq'))
        expect(ask('notIn', [value])).toBe(!ask('in', [value]))
        expect(ask('in', [value])).toBe(ask('eq'))
        expect(ask('lt') && ask('gte')).toBe(false)
        if (ask('truthy') || ask('eq')) expect(ask('exists')).toBe(true)
      }),
      runs('conditions', 1_000),
    )
  })

  it('find any JSON equal to a copy of itself, whatever the order of keys', () => {
    fc.assert(
      fc.property(data, (json) => {
        const value = JSON.parse(JSON.stringify(json)) as JsonValue
        expect(evaluateCondition({ operator: 'eq', value }, reversed(value))).toBe(true)
      }),
      runs('condition equality', 300),
    )
  })
})
