import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createWorkflow,
  DagExecutor,
  deserialize,
  loadSnapshot,
  memoryStore,
  type NodeContext,
  serialize,
} from '../../src/index.ts'

/** Names that break maps made of plain objects, sorted maps, and texts. */
const names: readonly (readonly [what: string, name: string])[] = [
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['hasOwnProperty', 'hasOwnProperty'],
  ['toString', 'toString'],
  ['nothing', ''],
  ['10,000 characters', 'n'.repeat(10_000)],
  ['a whole number', '10'],
  ['a negative number', '-1'],
  ['a number beyond arrays', '4294967295'],
  ['half a character', '\ud83d'],
  ['the other half', 'x\udc00y'],
  ['a tag', '#type'],
  ['an escaped tag', '##type'],
  ['a pointer', '/a~1b'],
  ['an edge', 'a->b'],
  ['line ends and quotes', '\u2028\n"\\\u0000'],
]

/** Three nodes in a row and beside them a failing one, all named after the name, which they use everywhere. */
function flowOf(name: string, seen: unknown[]) {
  const ids = [name, `${name}2`, `${name}3`]
  const nodes = [
    ...ids.map((id) => ({ id, type: name, data: { [`k${name}`]: 1 } })),
    { id: `${name}4`, type: `${name}!`, onError: 'continue', fallback: { type: `${name}!`, data: name } },
  ]
  const edges = [
    { source: ids[0], target: ids[1], sourceHandle: name },
    { source: ids[1], target: ids[2] },
    { source: ids[0], target: ids[2], sourceHandle: `not ${name}` },
  ]
  const step = (inputs: Readonly<Record<string, unknown>>, ctx: NodeContext) => {
    const before = [
      Object.entries(inputs),
      ctx.variables.get(name),
      ctx.variables.has(name),
      ctx.accumulators.get(name),
      ctx.counters.get(name),
      ctx.cache.get(name),
      ctx.context.variables.get(name),
      ctx.context.constants.get(name),
      ctx.usage.get(name),
    ]
    seen.push([ctx.nodeId, before])
    ctx.variables.set(name, { [name || 'empty']: ctx.nodeId })
    ctx.accumulators.append(name, ctx.nodeId)
    ctx.counters.add(name, 2)
    ctx.cache.set(name, name, { ttlMs: 1e9 })
    ctx.context.variables.set(name, name)
    ctx.context.constants.set(name, name)
    void ctx.usage.add(name)
    return ctx.nodeId === name ? name : { [name || 'empty']: name }
  }
  const fail = () => {
    throw new Error(name)
  }
  return createWorkflow(
    { id: name, nodes, edges },
    {
      handlers: new Map([
        [name, step],
        [`${name}!`, fail as never],
      ]),
    },
  )
}

describe.each(names)('%s as every name', (_what, name) => {
  it('is plain data, through a run, its bytes at every event, and the runs that go on from them', async () => {
    const seen: unknown[] = []
    const executor = new DagExecutor(flowOf(name, seen), { limits: { maxUsage: { [`${name}x`]: 1 } } })
    const texts: string[] = [serialize(executor.saveSnapshot())]
    executor.on('*', () => texts.push(serialize(executor.saveSnapshot())))
    const result = await executor.execute()
    expect([result.status, result.error]).toEqual(['completed', null])
    expect(Object.keys(result.results).sort()).toEqual([name, `${name}2`, `${name}3`].sort())
    const last = executor.saveSnapshot()
    const values = (snapshot: typeof last) => ({
      results: Object.entries(snapshot.results),
      variables: Object.entries(snapshot.variables),
      accumulators: Object.entries(snapshot.accumulators),
      counters: Object.entries(snapshot.counters),
      cache: Object.keys(snapshot.cache),
      context: [Object.entries(snapshot.context.variables), Object.entries(snapshot.context.constants)],
      usage: Object.entries(snapshot.usage).filter(([key]) => key === name),
      nodes: Object.entries(snapshot.nodes).map(([id, { status }]) => [id, status]),
      decisions: Object.entries(snapshot.decisions),
    })
    expect(values(last)).toMatchObject({
      counters: [[name, 6]],
      accumulators: [[name, [name, `${name}2`, `${name}3`]]],
      usage: [[name, 3]],
    })
    expect(last.completedNodes).toEqual([name, `${name}2`, `${name}3`])
    for (const text of texts) {
      const document = deserialize(text)
      expect(serialize(document)).toBe(text)
      const again: unknown[] = []
      const restored = loadSnapshot(document, flowOf(name, again))
      expect((await restored.execute()).status).toBe('completed')
      const done = new Set(document.completedNodes)
      const { usage, ...rest } = values(restored.saveSnapshot())
      const { usage: _, ...expected } = values(last)
      expect(rest).toEqual(expected)
      expect(usage[0]![1]).toBeGreaterThanOrEqual(3)
      // Handlers see what they saw; only use counts what was cut off.
      const withoutUse = (list: readonly unknown[]) =>
        list.map((entry) => JSON.stringify(entry).replace(/,\d+\]\]$/, ''))
      expect(withoutUse(again)).toEqual(withoutUse(seen).slice(done.size))
    }
    expect(Object.getPrototypeOf({})).toBe(Object.prototype)
    expect(({} as Record<string, unknown>)[name === '__proto__' ? 'n0' : `${name}2`]).toBeUndefined()
  })

  it('is plain data through a store', async () => {
    const store = memoryStore()
    const seen: unknown[] = []
    const flow = flowOf(name, seen)
    const engine = createEngine({ store, workflows: [flow] })
    const { result, runId, executor } = await engine.start(flow)
    expect((await result).status).toBe('completed')
    const reader = createEngine({ store, workflows: [flow] })
    const resumed = await reader.resume(runId)
    const { snapshotTime: _, integrity: __, run: ___, ...was } = executor.saveSnapshot().document
    const { snapshotTime: ____, integrity: _____, run: ______, ...is } = resumed.executor.saveSnapshot().document
    expect({ ...is, cache: 0 }).toEqual({ ...was, cache: 0 })
  })
})
