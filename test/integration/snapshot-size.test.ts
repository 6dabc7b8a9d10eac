import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  createWorkflow,
  DagExecutor,
  defaultCodec,
  deserialize,
  type Handler,
  isWaystoneError,
  loadSnapshot,
  serialize,
  type ValueCodec,
  workflow,
} from '../../src/index.ts'

/** A run of a chain of nodes with small results, at its end. */
async function chain(size: number, step: Handler = (_inputs, { nodeId }) => ({ ok: true, step: nodeId })) {
  const nodes = Array.from({ length: size }, (_, index) => ({ id: `node-${index}`, type: 'step' }))
  const edges = nodes.slice(1).map(({ id }, index) => ({ source: `node-${index}`, target: id }))
  const flow = createWorkflow({ id: 'chain', version: '1.0.0', nodes, edges }, { handlers: { step } })
  const executor = new DagExecutor(flow)
  await executor.execute()
  return executor.saveSnapshot()
}

/** A promise and what resolves it. */
function signalled(): { readonly promise: Promise<void>; readonly reached: () => void } {
  let reached = () => {}
  const promise = new Promise<void>((resolve) => {
    reached = resolve
  })
  return { promise, reached }
}

describe('the size of a snapshot', () => {
  it('of 20 nodes with small results is at most 20 KB pretty, and a quarter less compact', async () => {
    const snapshot = await chain(20)
    const pretty = serialize(snapshot)
    expect(pretty.length).toBeLessThanOrEqual(20_000)
    expect(serialize(snapshot, { pretty: false }).length).toBeLessThanOrEqual(pretty.length * 0.75)
  })

  it('shrinks by four fifths when it is compressed, is opened by other tools, and reads back equal', async () => {
    const snapshot = await chain(200)
    const text = serialize(snapshot)
    const bytes = serialize(snapshot, { compress: 'gzip' })
    expect(bytes.length).toBeLessThanOrEqual(text.length * 0.2)
    expect(serialize(deserialize(bytes))).toBe(text)
    expect(gunzipSync(bytes).toString()).toBe(text)
    const compact = serialize(snapshot, { compress: 'gzip', pretty: false })
    expect(compact.length).toBeLessThanOrEqual(serialize(snapshot, { pretty: false }).length * 0.2)
  })

  it('of a map node is that of the results and keys of its items, and a byte or two for each', async () => {
    const size = 10_000
    const names = Array.from({ length: size }, (_, index) => `customer-${index}`)
    const flow = (keyed: boolean) =>
      createWorkflow(
        {
          id: 'mapped',
          version: '1.0.0',
          nodes: [
            { id: 'rows', type: 'rows' },
            { id: 'each', type: 'each', map: keyed ? { key: '' } : {} },
          ],
          edges: [{ source: 'rows', target: 'each' }],
        },
        {
          handlers: {
            rows: () => names,
            each: ((name: string, { item }: { item: { index: number } }) =>
              item.index < size - 10 ? { done: name } : new Promise(() => {})) as never,
          },
        },
      )
    for (const keyed of [false, true]) {
      const executor = new DagExecutor(flow(keyed), { concurrency: 16 })
      let facts = 0
      const { promise, reached } = signalled()
      executor.on('item.completed', () => {
        facts += 1
        if (facts === size - 10) reached()
      })
      void executor.execute()
      await promise
      const { document } = executor.saveSnapshot()
      const items = document.parts!['each']!.items!
      expect(Object.keys(items.states)).toHaveLength(10)
      const values = items.results.reduce<number>((sum, result) => sum + JSON.stringify(result).length, 0)
      const keys = keyed ? names.reduce((sum, name) => sum + name.length + 2, 0) : 0
      const overhead = JSON.stringify(items).length - values - keys
      // A comma for each result, and one for each key; what is left are the ten items that run.
      expect(overhead / size).toBeLessThan(keyed ? 2.2 : 1.2)
    }
  })

  it('costs no value a second walk: a save encodes nothing, the first or a later one', async () => {
    let encoded = 0
    let during = 0
    let saves = 0
    const codec: ValueCodec = {
      ...defaultCodec,
      encode: (...args) => {
        encoded += 1
        return defaultCodec.encode(...args)
      },
    }
    const flow = workflow('w', '1.0.0')
      .node('a', () => ({ rows: [1] }))
      .node('b', ['a'], ({ a }) => a.rows)
      .build()
    const executor = new DagExecutor(flow, { codec })
    executor.on('node.completed', () => {
      const before = encoded
      for (let save = 0; save < 3; save += 1) serialize(executor.saveSnapshot())
      during += encoded - before
      saves += 3
    })
    await executor.execute()
    expect(encoded).toBeGreaterThan(0)
    expect({ during, saves }).toEqual({ during: 0, saves: 6 })
  })

  it('holds a value once that many nodes passed on', async () => {
    const big = 'x'.repeat(10_000)
    const snapshot = await chain(50, (inputs) => Object.values(inputs as Record<string, string>)[0] ?? big)
    expect(snapshot.result('node-49')).toBe(big)
    expect(serialize(snapshot).length).toBeLessThan(10_000 + 50 * 600)
  })

  it('over its limit is an error with both sizes before anything is written', async () => {
    const snapshot = await chain(3)
    const actual = new TextEncoder().encode(serialize(snapshot, { pretty: false })).length
    for (const options of [{ maxBytes: actual - 1 }, { maxBytes: actual - 1, compress: 'gzip' }] as const) {
      expect(() => serialize(snapshot, options)).toThrow(
        expect.objectContaining({
          code: 'LIMIT_SNAPSHOT_BYTES',
          details: { limit: 'maxSnapshotBytes', max: actual - 1, actual },
        }),
      )
    }
  })
})

describe('what is written with no limit raised', () => {
  it('is refused where white space alone makes it too long, and says what to do', async () => {
    const snapshot = await chain(3)
    const bytesOf = (text: string) => new TextEncoder().encode(text).length
    const compact = bytesOf(serialize(snapshot, { pretty: false }))
    const pretty = bytesOf(serialize(snapshot))
    expect(serialize(snapshot, { maxBytes: pretty })).toHaveLength(pretty)
    for (const maxBytes of [compact, pretty - 1]) {
      expect(serialize(snapshot, { maxBytes, pretty: false })).toHaveLength(compact)
      for (const compress of [undefined, 'gzip'] as const) {
        expect(() => serialize(snapshot, { maxBytes, ...(compress ? { compress } : {}) })).toThrow(
          expect.objectContaining({
            code: 'LIMIT_SNAPSHOT_BYTES',
            message: expect.stringContaining('pretty: false'),
            details: { limit: 'maxSnapshotBytes', max: maxBytes, actual: pretty },
          }),
        )
      }
    }
  })

  it('has as many compressed bytes as its reader takes', async () => {
    const snapshot = await chain(3)
    const { length } = serialize(snapshot, { compress: 'gzip' })
    expect(serialize(snapshot, { compress: 'gzip', limits: { maxCompressedBytes: length } })).toHaveLength(length)
    expect(() => serialize(snapshot, { compress: 'gzip', limits: { maxCompressedBytes: length - 1 } })).toThrow(
      expect.objectContaining({
        code: 'SNAPSHOT_LIMIT',
        details: { limit: 'maxCompressedBytes', max: length - 1, actual: length },
      }),
    )
  })

  it('reads back with more variables and counters than one value has members, and with results of millions of numbers', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        for (let index = 0; index < 200_001; index += 1) {
          ctx.variables.set(`v${index}`, index)
          ctx.counters.add(`c${index}`)
        }
        return new Array<number>(2_500_000).fill(1)
      })
      .node('b', () => new Array<number>(2_500_000).fill(2))
      .build()
    const executor = new DagExecutor(flow)
    expect((await executor.execute()).status).toBe('completed')
    const text = serialize(executor.saveSnapshot(), { pretty: false })
    expect(deserialize(text).compactText()).toBe(text)
  })

  it('has only names that its reader takes: longer ones are refused where they enter', async () => {
    const long = 'k'.repeat(65_537)
    const uses: Record<string, Handler> = {
      variable: (_inputs, ctx) => ctx.variables.set(long, 1),
      context: (_inputs, ctx) => ctx.context.variables.set(long, 1),
      constant: (_inputs, ctx) => ctx.context.constants.set(long, 1),
      accumulator: (_inputs, ctx) => ctx.accumulators.sum(long, 1),
      counter: (_inputs, ctx) => ctx.counters.add(long),
      cache: (_inputs, ctx) => ctx.cache.set(long, 1),
      usage: (_inputs, ctx) => ctx.usage.add(long, 1),
    }
    for (const [area, handler] of Object.entries(uses)) {
      const flow = workflow('w', '1.0.0').node('a', handler).build()
      const { status, error } = await new DagExecutor(flow).execute()
      expect({ status, code: (error?.cause as { code?: string } | undefined)?.code }, area).toEqual({
        status: 'failed',
        code: 'STATE_BAD_KEY',
      })
    }
    const flow = workflow('w', '1.0.0').build()
    for (const options of [
      { variables: { [long]: 1 } },
      { context: { variables: { [long]: 1 } } },
      { context: { constants: { [long]: 1 } } },
      { limits: { maxUsage: { [long]: 1 } } },
    ])
      expect(() => new DagExecutor(flow, options)).toThrow(expect.objectContaining({ code: 'STATE_BAD_KEY' }))
  })
})

describe('a result over its limit', () => {
  const flow = () =>
    workflow('w', '1.0.0')
      .node('big', () => 'x'.repeat(1_000))
      .node('needs', ['big'], ({ big }) => big.length)
      .node('other', () => 1)
      .build()
  const limits = { maxResultBytes: 100 }

  it('fails its node by default', async () => {
    const { status, failedNodeId } = await new DagExecutor(flow(), { limits }).execute()
    expect({ status, failedNodeId }).toEqual({ status: 'failed', failedNodeId: 'big' })
  })

  it('may be dropped: a marker stays, and the load names every node that needs it, before anything runs', async () => {
    const executor = new DagExecutor(flow(), { limits, oversizedResults: 'drop' })
    expect((await executor.execute()).status).toBe('failed')
    const text = serialize(executor.saveSnapshot())
    const snapshot = deserialize(text)
    expect(snapshot.document.results['big']).toEqual({ '#type': 'truncated', sizeBytes: 1_002, maxBytes: 100 })
    expect(snapshot.result('big')).toEqual({ truncated: true, sizeBytes: 1_002, maxBytes: 100 })
    let thrown: unknown
    try {
      loadSnapshot(text, flow())
    } catch (error) {
      thrown = error
    }
    expect(isWaystoneError(thrown, 'SNAPSHOT_TRUNCATED') ? thrown.details : thrown).toEqual({
      runId: snapshot.run.id,
      inputs: [{ nodeId: 'needs', upstream: 'big' }],
    })
  })

  it('that nobody needs any more stops no load', async () => {
    const alone = workflow('w', '1.0.0')
      .node('big', () => 'x'.repeat(1_000))
      .node('last', () => 1)
      .build()
    const executor = new DagExecutor(alone, { limits, oversizedResults: 'drop', concurrency: 1 })
    executor.on('node.completed', ({ data }) => data.nodeId === 'big' && void executor.pause())
    await executor.execute()
    const { status } = await loadSnapshot(serialize(executor.saveSnapshot()), alone).execute()
    expect(status).toBe('completed')
  })
})

describe('a value of 500 levels', () => {
  const deep = (levels: number): unknown => {
    let value: unknown = 'ground'
    for (let level = 0; level < levels; level += 1) value = level % 2 === 0 ? [value] : { in: value }
    return value
  }

  it('survives save and load wherever values stand, with names that need a tag around it', async () => {
    const value = deep(500)
    const name = '__proto__'
    const flow = createWorkflow(
      { id: 'deep', version: '1.0.0', nodes: [{ id: name, type: 'step' }], edges: [] },
      {
        handlers: {
          step: (_inputs, ctx) => {
            ctx.variables.set(name, value)
            ctx.context.variables.set(name, value)
            ctx.context.constants.set(name, value)
            ctx.cache.set(name, value)
            ctx.accumulators.append(name, value)
            return value
          },
        },
      },
    )
    const executor = new DagExecutor(flow, { input: value })
    expect((await executor.execute()).status).toBe('completed')
    const text = serialize(executor.saveSnapshot())
    const snapshot = loadSnapshot(text, flow).saveSnapshot()
    for (const read of [
      snapshot.input,
      snapshot.result(name),
      snapshot.variables[name],
      snapshot.context.variables[name],
      snapshot.context.constants[name],
      snapshot.cache[name]?.value,
      (snapshot.accumulators[name] as unknown[])[0],
    ])
      expect(JSON.stringify(read)).toBe(JSON.stringify(value))
  })

  it('and one more is refused when its node completes', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', () => deep(501))
      .build()
    const { status, error } = await new DagExecutor(flow).execute()
    expect(status).toBe('failed')
    expect(error?.cause).toMatchObject({ code: 'VALUE_LIMIT' })
  })

  it('in a definition, which goes less deep, and in an error', async () => {
    const flow = createWorkflow(
      { id: 'w', version: '1.0.0', nodes: [{ id: 'a', type: 'fails', data: deep(390) as never }], edges: [] },
      {
        handlers: {
          fails: () => {
            throw Object.assign(new Error('deep', { cause: Object.assign(new Error('x'), { details: deep(700) }) }), {
              details: { data: deep(700) },
            })
          },
        },
      },
    )
    const executor = new DagExecutor(flow)
    expect((await executor.execute()).status).toBe('failed')
    const text = serialize(executor.saveSnapshot())
    expect(serialize(deserialize(text))).toBe(text)
  })
})
