import { describe, expect, it } from 'vitest'
import {
  createRegistry,
  DagExecutor,
  deserialize,
  loadSnapshot,
  type NodeContext,
  parseWorkflow,
  route,
  serialize,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { sealed } from '../helpers/seal.ts'

/** What another engine tells of a run: the graph, the results of the nodes that completed, and shared state. */
interface ForeignRun {
  readonly nodes: readonly { readonly id: string; readonly type: string; readonly data?: unknown }[]
  readonly edges: readonly { readonly source: string; readonly target: string; readonly sourceHandle?: string }[]
  readonly results: readonly (readonly [id: string, result: unknown])[]
  /** Edges with a handle whose source has completed, as that engine took them. */
  readonly decisions?: Readonly<Record<string, boolean>>
  readonly sum?: number
}

/** A map of a document; a list of entries where it holds a name that JSON readers trip over. */
function mapOf(entries: readonly (readonly [string, unknown])[]): object {
  if (entries.some(([name]) => name === '__proto__')) return { '#type': 'Object', entries }
  return Object.fromEntries(entries)
}

/** The text of our document for such a run, put together from its parts as the format page has them. */
function documentOf({ nodes, edges, results, decisions = {}, sum }: ForeignRun, registry: ReturnType<typeof handlers>) {
  const flow = parseWorkflow({ id: 'foreign', version: '1.0.0', nodes, edges })
  const clock = new ManualClock()
  const empty = new DagExecutor(flow, { registry: registry.registry, runId: '39c0df9921ee88be', clock })
  const document = JSON.parse(serialize(empty.saveSnapshot())) as Record<string, object>
  const at = '2026-11-21T10:17:49.676Z'
  const state = { status: 'completed', attempt: 1, failures: 0, startedAt: at, endedAt: at }
  return sealed({
    ...document,
    run: {
      ...document['run'],
      status: 'paused',
      startedAt: at,
      head: { seq: 1 + 2 * results.length, at, digest: null },
    },
    nodes: mapOf(results.map(([id]) => [id, state])),
    results: mapOf(results),
    completedNodes: results.map(([id]) => id),
    decisions,
    accumulators: sum === undefined ? {} : { sum: { operation: 'sum', value: sum } },
    usage: { nodeExecutions: results.length },
  })
}

/** Node types of the other engine, and the ids of the nodes they were called for. */
function handlers() {
  const called: string[] = []
  const seen: Record<string, unknown>[] = []
  const of =
    (run: (inputs: Record<string, unknown>, ctx: NodeContext) => unknown) =>
    (inputs: Record<string, unknown>, ctx: NodeContext) => {
      called.push(ctx.nodeId)
      seen.push(inputs)
      return run(inputs, ctx)
    }
  const registry = createRegistry()
    .register(
      'number',
      of((_inputs, ctx) => ctx.data),
    )
    .register(
      'nothing',
      of(() => null),
    )
    .register(
      'at-least',
      of((inputs, ctx) => {
        const isMet = (Object.values(inputs)[0] as number) >= (ctx.data as number)
        return route(String(isMet), { path: String(isMet) })
      }),
    )
    .register(
      'sum',
      of((inputs, ctx) => {
        ctx.accumulators.sum('sum', Object.values(inputs).find((value) => typeof value === 'number') as number)
        return { value: ctx.accumulators.get('sum') }
      }),
    )
  return { registry, called, seen }
}

/** Takes a foreign run up to its end. */
async function resume(run: ForeignRun) {
  const types = handlers()
  const text = documentOf(run, types)
  const snapshot = deserialize(text)
  expect(snapshot.completedNodes).toEqual(run.results.map(([id]) => id))
  const { status, output, results } = await loadSnapshot(text, types.registry).execute()
  return { status, output, results, called: types.called, seen: types.seen, snapshot }
}

const edge = (source: string, target: string, sourceHandle?: string) => ({
  id: `${source} to ${target}`,
  source,
  target,
  ...(sourceHandle === undefined ? {} : { sourceHandle }),
})

describe('a run of another engine, written as a document of ours', () => {
  it('runs what was left after a decision, and neither a completed node nor an untaken branch', async () => {
    const { status, output, called } = await resume({
      nodes: [
        { id: 'age', type: 'number', data: 30 },
        { id: 'adult', type: 'at-least', data: 21 },
        { id: 'same', type: 'number', data: 30 },
        { id: 'senior', type: 'at-least', data: 65 },
        { id: 'work', type: 'number', data: 1 },
        { id: 'pension', type: 'number', data: 2 },
        { id: 'school', type: 'number', data: 3 },
      ],
      edges: [
        edge('age', 'adult'),
        edge('adult', 'same', 'true'),
        edge('adult', 'school', 'false'),
        edge('same', 'senior'),
        edge('senior', 'work', 'false'),
        edge('senior', 'pension', 'true'),
      ],
      results: [
        ['age', 30],
        ['adult', { path: 'true' }],
        ['same', 30],
      ],
      decisions: { 'adult to same': true, 'adult to school': false },
    })
    expect({ status, output, called }).toEqual({ status: 'completed', output: 1, called: ['senior', 'work'] })
  })

  it('goes on adding to what its nodes had added, and adds nothing twice', async () => {
    const { status, output, called } = await resume({
      nodes: [
        ...[1, 2, 3, 4].map((data) => ({ id: `v${data}`, type: 'number', data })),
        ...[1, 2, 3, 4].map((index) => ({ id: `s${index}`, type: 'sum' })),
      ],
      edges: [
        ...[1, 2, 3, 4].map((index) => edge(`v${index}`, `s${index}`)),
        ...[1, 2, 3].map((index) => edge(`s${index}`, `s${index + 1}`)),
      ],
      results: [
        ...[1, 2, 3, 4].map((value) => [`v${value}`, value] as const),
        ['s1', { value: 1 }],
        ['s2', { value: 3 }],
      ],
      sum: 3,
    })
    expect({ status, output, called }).toEqual({ status: 'completed', output: { value: 10 }, called: ['s3', 's4'] })
  })

  it('may have null for a result, and nodes named by nothing, __proto__ and toString', async () => {
    const { status, results, called, seen, snapshot } = await resume({
      nodes: ['', '__proto__', 'toString', 'last'].map((id) => ({ id, type: 'nothing' })),
      edges: [edge('', 'last'), edge('__proto__', 'last'), edge('toString', 'last')],
      results: [
        ['', null],
        ['__proto__', null],
        ['toString', null],
      ],
    })
    expect([status, called]).toEqual(['completed', ['last']])
    expect(Object.entries(seen[0]!).sort()).toEqual([
      ['', null],
      ['__proto__', null],
      ['toString', null],
    ])
    expect(Object.keys(results).sort()).toEqual(['', '__proto__', 'last', 'toString'])
    expect([snapshot.result('__proto__'), Object.hasOwn(snapshot.results, '__proto__')]).toEqual([null, true])
  })

  it.each([
    [true, ['last']],
    [false, ['last']],
  ])('runs a node that an unconditional edge leads to, its conditional one taken: %s', async (taken, expected) => {
    const { status, called, seen } = await resume({
      nodes: [
        { id: 'value', type: 'number', data: 1 },
        { id: 'check', type: 'at-least', data: 0 },
        { id: 'last', type: 'nothing' },
      ],
      edges: [edge('value', 'last'), edge('check', 'last', 'true')],
      results: [
        ['value', 1],
        ['check', { path: String(taken) }],
      ],
      decisions: { 'check to last': taken },
    })
    expect([status, called]).toEqual(['completed', expected])
    expect(Object.keys(seen[0]!)).toEqual(taken ? ['value', 'check'] : ['value'])
  })

  it('may be without nodes', async () => {
    expect(await resume({ nodes: [], edges: [], results: [] })).toMatchObject({ status: 'completed', called: [] })
  })
})
