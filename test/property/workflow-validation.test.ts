import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ErrorCode } from '../../src/base/error-codes.ts'
import { buildGraph } from '../../src/workflow/graph.ts'
import { parseWorkflow } from '../../src/workflow/parse.ts'
import { validateDefinition } from '../../src/workflow/validate.ts'
import { runs } from '../helpers/property.ts'

type Json = Record<string, unknown>
interface Draft {
  id: string
  version: string
  nodes: Json[]
  edges: Json[]
}

const hostileIds = ['__proto__', 'constructor', '', 'toString', 'hasOwnProperty', '~/', 'a->b', 'a->b#2', '\ud800']
const anyId = fc.oneof(fc.constantFrom(...hostileIds), fc.string({ unit: 'binary', maxLength: 4 }))

/** A definition without problems: edges lead forward. Its last two nodes have no edges. */
const soundDraft: fc.Arbitrary<Draft> = fc
  .record({
    ids: fc.uniqueArray(anyId, { minLength: 5, maxLength: 12 }),
    pairs: fc.array(fc.tuple(fc.nat(), fc.nat(), fc.option(fc.constantFrom('', 'true', 'b#2'), { nil: undefined })), {
      maxLength: 25,
    }),
    data: fc.jsonValue({ maxDepth: 3 }),
  })
  .map(({ ids, pairs, data }) => {
    const linked = ids.length - 2
    const edges = pairs.flatMap(([a, b, sourceHandle]) => {
      const [source, target] = [a % linked, b % linked].sort((x, y) => x - y) as [number, number]
      if (source === target) return []
      return [{ source: ids[source], target: ids[target], ...(sourceHandle === undefined ? {} : { sourceHandle }) }]
    })
    return { id: 'w', version: '1.0.0', nodes: ids.map((id) => ({ id, type: 't', data })), edges }
  })

/** Breaks a definition in one way and tells what must be found; faults of different kinds don't touch. */
interface Fault {
  readonly name: string
  readonly breakIt: (draft: Draft) => readonly (readonly [code: ErrorCode, path: string])[]
}

const faults: readonly Fault[] = [
  {
    name: 'unknown target and source',
    breakIt: ({ edges, nodes }) => {
      const at = edges.push(
        { source: nodes[0]!['id'], target: 'no such node' },
        { source: 'nor this', target: nodes[1]!['id'] },
      )
      return [
        ['WORKFLOW_UNKNOWN_NODE', `/edges/${at - 2}/target`],
        ['WORKFLOW_UNKNOWN_NODE', `/edges/${at - 1}/source`],
      ]
    },
  },
  {
    name: 'duplicate node',
    breakIt: ({ nodes }) => [['WORKFLOW_DUPLICATE_NODE', `/nodes/${nodes.push({ ...nodes[0] }) - 1}/id`]],
  },
  {
    name: 'duplicate edge',
    breakIt: ({ edges, nodes }) => {
      const edge = { id: 'twice', source: nodes[0]!['id'], target: nodes[1]!['id'] }
      return [['WORKFLOW_DUPLICATE_EDGE', `/edges/${edges.push(edge, { ...edge }) - 1}/id`]]
    },
  },
  {
    name: 'self-edge',
    breakIt: ({ edges, nodes }) => [
      ['WORKFLOW_SELF_EDGE', `/edges/${edges.push({ source: nodes[2]!['id'], target: nodes[2]!['id'] }) - 1}`],
    ],
  },
  {
    name: 'cycle apart from all else',
    breakIt: ({ edges, nodes }) => {
      nodes.push({ id: 'ring 1', type: 't' }, { id: 'ring 2', type: 't' }, { id: 'ring 3', type: 't' })
      const at = edges.push(
        { source: 'ring 1', target: 'ring 2' },
        { source: 'ring 2', target: 'ring 3' },
        { source: 'ring 3', target: 'ring 1' },
      )
      return [['WORKFLOW_CYCLE', `/edges/${at - 1}`]]
    },
  },
  {
    name: 'retry policy',
    breakIt: ({ nodes }) => {
      nodes[1]!['retry'] = { maximumAttempts: 0, jitter: 2 }
      return [
        ['WORKFLOW_BAD_RETRY', '/nodes/1/retry/maximumAttempts'],
        ['WORKFLOW_BAD_RETRY', '/nodes/1/retry/jitter'],
      ]
    },
  },
  {
    name: 'timeout and trigger',
    breakIt: ({ nodes }) => {
      Object.assign(nodes[2]!, { timeoutMs: -1, trigger: 'constructor' })
      return [
        ['WORKFLOW_SHAPE', '/nodes/2/timeoutMs'],
        ['WORKFLOW_SHAPE', '/nodes/2/trigger'],
      ]
    },
  },
  {
    name: 'condition',
    breakIt: ({ edges, nodes }) => {
      const edge = {
        source: nodes[0]!['id'],
        target: nodes[2]!['id'],
        condition: { path: 'x', operator: 'in', value: 1 },
      }
      const at = edges.push(edge) - 1
      return [
        ['WORKFLOW_BAD_CONDITION', `/edges/${at}/condition/path`],
        ['WORKFLOW_BAD_CONDITION', `/edges/${at}/condition/value`],
      ]
    },
  },
  {
    name: 'fallback',
    breakIt: ({ nodes }) => {
      nodes[0]!['fallback'] = 'no such stand-in'
      return [['WORKFLOW_BAD_FALLBACK', '/nodes/0/fallback']]
    },
  },
  {
    name: 'version',
    breakIt: (draft) => {
      draft.version = '1'
      return [['WORKFLOW_BAD_VERSION', '/version']]
    },
  },
  {
    name: 'no type, no object',
    breakIt: ({ nodes }) => {
      const at = nodes.push({ id: 'without type' }, [] as unknown as Json)
      return [
        ['WORKFLOW_SHAPE', `/nodes/${at - 2}/type`],
        ['WORKFLOW_SHAPE', `/nodes/${at - 1}`],
      ]
    },
  },
]

const sorted = (found: readonly (readonly [string, string])[]) => found.map(([code, path]) => `${code} ${path}`).sort()

describe('validation', () => {
  it('reports every fault of a definition and no other', () => {
    fc.assert(
      fc.property(soundDraft, fc.subarray([...faults]), (draft, chosen) => {
        const broken = structuredClone(draft)
        const expected = chosen.flatMap(({ breakIt }) => breakIt(broken))
        const found = validateDefinition(broken).map(({ code, path }) => [code, path] as const)
        expect(sorted(found)).toEqual(sorted(expected))
      }),
      runs('validation reports every fault', 1_000),
    )
  })

  it('finds a cycle exactly where one node leads back to itself', () => {
    const edges = fc.array(fc.tuple(fc.nat(7), fc.nat(7)), { maxLength: 14 })
    fc.assert(
      fc.property(edges, (pairs) => {
        const nodes = Array.from({ length: 8 }, (_, index) => ({ id: String(index), type: 't' }))
        const definition = { id: 'w', nodes, edges: pairs.map(([a, b]) => ({ source: String(a), target: String(b) })) }
        const reaches = reachability(pairs.filter(([a, b]) => a !== b))
        const knots = new Set(
          nodes.flatMap((_node, a) =>
            reaches[a]![a] ? [nodes.findIndex((_other, b) => reaches[a]![b]! && reaches[b]![a]!)] : [],
          ),
        )
        const cycles = validateDefinition(definition).filter(({ code }) => code === 'WORKFLOW_CYCLE')
        expect(cycles).toHaveLength(knots.size)
        for (const { details } of cycles) {
          const path = details['cycle'] as string[]
          expect(new Set(path).size).toBe(path.length)
          path.forEach((id, index) => {
            expect(pairs).toContainEqual([Number(id), Number(path[(index + 1) % path.length])])
          })
        }
      }),
      runs('cycles', 1_000),
    )
  })

  it('never throws and changes nothing, whatever it is given', () => {
    const anything = fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSparseArray: true,
    })
    const workflowish = fc.record({
      id: anything,
      nodes: fc.oneof(
        anything,
        fc.array(fc.record({ id: anything, type: anything, retry: anything, fallback: anything })),
      ),
      edges: fc.oneof(anything, fc.array(fc.record({ source: anything, target: anything, condition: anything }))),
    })
    fc.assert(
      fc.property(fc.oneof(anything, workflowish), (json) => {
        const before = Object.getOwnPropertyNames(Object.prototype).join()
        for (const { message, path } of validateDefinition(json))
          expect(typeof message + typeof path).toBe('stringstring')
        expect(Object.getOwnPropertyNames(Object.prototype).join()).toBe(before)
      }),
      runs('validation of anything', 2_000),
    )
  })
})

describe('a parsed workflow', () => {
  it('has a definition equal to its JSON, and a graph that agrees with a naive model', () => {
    fc.assert(
      fc.property(soundDraft, (draft) => {
        const { definition, graph } = parseWorkflow(JSON.stringify(draft))
        expect(JSON.stringify(definition)).toBe(JSON.stringify(draft))
        expect(graph).toEqual(buildGraph(definition))
        expect(graph.ids).toEqual(draft.nodes.map(({ id }) => id))
        expect(new Set(graph.edgeKeys).size).toBe(draft.edges.length)
        draft.nodes.forEach(({ id }, node) => {
          const numbered = draft.edges.map((edge, index) => ({ ...edge, index }) as Json)
          const indexes = (end: string) => numbered.filter((edge) => edge[end] === id).map(({ index }) => index)
          expect(graph.indexOf.get(id as string)).toBe(node)
          expect([...graph.outEdges.subarray(graph.outStart[node], graph.outStart[node + 1])]).toEqual(
            indexes('source'),
          )
          expect([...graph.inEdges.subarray(graph.inStart[node], graph.inStart[node + 1])]).toEqual(indexes('target'))
          const decides = numbered.some((edge) => edge['source'] === id && edge['sourceHandle'] !== undefined)
          expect(graph.decides[node]).toBe(Number(decides))
        })
        draft.edges.forEach((edge, index) => {
          expect(graph.edgeIndexOf.get(graph.edgeKeys[index]!)).toBe(index)
          expect(graph.ids[graph.edgeSource[index]!]).toBe(edge['source'])
          expect(graph.ids[graph.edgeTarget[index]!]).toBe(edge['target'])
          expect(graph.isConditional[index]).toBe(Number(edge['sourceHandle'] !== undefined))
        })
      }),
      runs('graph index', 500),
    )
  })
})

/** Which of 8 nodes each leads to, in one step or more. */
function reachability(pairs: readonly (readonly [number, number])[]): boolean[][] {
  const reaches = Array.from({ length: 8 }, () => Array<boolean>(8).fill(false))
  for (const [a, b] of pairs) reaches[a]![b] = true
  for (let via = 0; via < 8; via += 1) {
    for (let a = 0; a < 8; a += 1) {
      for (let b = 0; b < 8; b += 1) reaches[a]![b] ||= reaches[a]![via]! && reaches[via]![b]!
    }
  }
  return reaches
}
