import { describe, expect, it } from 'vitest'
import type { ResultCache } from '../../src/base/ports.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import type { RunEventOf } from '../../src/run/event.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { memoryBlobs } from '../../src/store/memory/memory-blobs.ts'
import { memoryResults } from '../../src/store/memory/memory-results.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { route } from '../../src/workflow/routed.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, never, recordingLogger, tick } from '../helpers/run-control.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const folder = temporaryFolder()

/** Executes a workflow, and gives its result and which completions were reused. */
async function executed(
  flow: ConstructorParameters<typeof DagExecutor>[0],
  options: ConstructorParameters<typeof DagExecutor>[1] = {},
) {
  const executor = new DagExecutor(flow, options)
  const reused: string[] = []
  const note = ({ data }: RunEventOf<'node.completed' | 'item.completed'>) => {
    if (data.reused !== undefined) reused.push('item' in data ? `${data.nodeId} ${data.item}` : data.nodeId)
  }
  executor.on('node.completed', note)
  executor.on('item.completed', note)
  const { status, results, error } = await executor.execute()
  const { variables, counters, accumulators, cache } = executor.saveSnapshot().document
  return {
    status,
    results: results as Readonly<Record<string, unknown>>,
    error,
    reused,
    state: { variables, counters, accumulators, cache },
  }
}

const readInput = (_: unknown, ctx: NodeContext) => ctx.input

function countedFlow(calls: string[], options: object = { reuse: true }) {
  const handlers = {
    input: readInput,
    double: ({ a }: Readonly<Record<string, unknown>>, ctx: NodeContext) => {
      calls.push('double')
      ctx.counters.add('doubled', 2)
      ctx.accumulators.append('seen', new Map([['a', a]]))
      ctx.variables.set('last', a)
      return { twice: (a as number) * 2 }
    },
  }
  const nodes = [
    { id: 'a', type: 'input' },
    { id: 'b', type: 'double', ...options },
  ]
  return createWorkflow({ id: 'counted', version: '1.0.0', nodes, edges: [{ source: 'a', target: 'b' }] }, { handlers })
}

describe('a node with reuse', () => {
  it('takes the result of another run, with all its writes, and says so in its fact', async () => {
    const calls: string[] = []
    const results = memoryResults()
    const first = await executed(countedFlow(calls), { results, input: 4 })
    const second = await executed(countedFlow(calls), { results, input: 4 })
    expect(calls).toEqual(['double'])
    expect([first.reused, second.reused]).toEqual([[], ['b']])
    expect(second.results).toEqual({ a: 4, b: { twice: 8 } })
    expect(second.results).toEqual(first.results)
    expect(second.state).toEqual(first.state)
    expect(second.state.counters).toMatchObject({ doubled: 2 })
  })

  it('calls its handler without a cache, and when reuse is not asked for', async () => {
    const calls: string[] = []
    const results = memoryResults()
    for (const options of [{ input: 4 }, { input: 4 }]) await executed(countedFlow(calls), options)
    for (const reuse of [false, undefined])
      for (let run = 0; run < 2; run += 1) await executed(countedFlow(calls, { reuse }), { results, input: 4 })
    expect(calls).toHaveLength(6)
  })

  it.each([
    ['another input of the run', { reuse: true }, 5],
    ['another version', { reuse: true, version: '2' }, 4],
    ['other data', { reuse: true, data: { rate: 2 } }, 4],
  ])('runs for %s', async (_what, options, input) => {
    const calls: string[] = []
    const results = memoryResults()
    await executed(countedFlow(calls), { results, input: 4 })
    expect((await executed(countedFlow(calls, options), { results, input })).reused).toEqual([])
    expect(calls).toHaveLength(2)
  })

  it('counts the input of the run as an input, since its handler may read it', async () => {
    const results = memoryResults()
    const flow = workflow('reads')
      .node('x', (_, ctx) => ctx.input, { reuse: true })
      .build()
    for (const input of [1, { a: 1 }, undefined, 1])
      expect((await executed(flow, { results, input: input as never })).results).toEqual({ x: input })
  })

  it('tells inputs apart that a handler can tell apart: order of keys, and undefined from missing', async () => {
    const results = memoryResults()
    const flow = (given: unknown) =>
      workflow('keys')
        .node('given', () => given)
        .node('seen', ['given'], (inputs) => JSON.stringify([inputs, Object.keys(inputs.given as object)]), {
          reuse: true,
        })
        .build()
    const values = [{ a: 1, b: 2 }, { b: 2, a: 1 }, { a: 1 }, { a: 1, b: undefined }, [{ a: 1 }]]
    for (const value of values) expect((await executed(flow(value), { results })).reused).toEqual([])
    for (const value of values) {
      const { reused, results: outputs } = await executed(flow(value), { results })
      expect(reused).toEqual(['seen'])
      expect(outputs['seen']).toBe(JSON.stringify([{ given: value }, Object.keys(value)]))
    }
  })

  it('never reuses a failure, a fallback, or what was too large', async () => {
    const results = memoryResults()
    let calls = 0
    const failing = workflow('failing')
      .node(
        'x',
        () => {
          calls += 1
          throw new Error('no')
        },
        { reuse: true, fallback: () => 'instead', onError: 'continue' },
      )
      .node(
        'y',
        () => {
          calls += 1
          throw new Error('no')
        },
        { reuse: true, onError: 'continue' },
      )
      .node(
        'z',
        (_, ctx) => {
          calls += 1
          ctx.counters.add('k', Number.MAX_VALUE)
          ctx.counters.add('k', Number.MAX_VALUE)
          return 1
        },
        { reuse: true, onError: 'continue' },
      )
      .node(
        'large',
        () => {
          calls += 1
          return 'x'.repeat(500)
        },
        { reuse: true },
      )
      .build()
    const options = {
      results,
      limits: { maxResultBytes: 100 },
      blobs: memoryBlobs(),
      oversizedResults: 'reference',
    } as const
    const logger = recordingLogger()
    for (let run = 0; run < 2; run += 1) expect((await executed(failing, { ...options, logger })).reused).toEqual([])
    expect(calls).toBe(8)
    expect(logger.lines).toEqual([])
  })

  it('takes the edges its handler chose', async () => {
    const results = memoryResults()
    let calls = 0
    const flow = workflow('routed')
      .node(
        'size',
        () => {
          calls += 1
          return route('large', 12)
        },
        { reuse: true },
      )
      .node('ship', [{ source: 'size', sourceHandle: 'large' }], () => 'ship')
      .node('post', [{ source: 'size', sourceHandle: 'small' }], () => 'post')
      .build()
    for (let run = 0; run < 2; run += 1) {
      expect((await executed(flow, { results })).results).toEqual({ size: 12, ship: 'ship' })
    }
    expect(calls).toBe(1)
  })

  it('reuses items one by one', async () => {
    const results = memoryResults()
    const called: number[] = []
    const flow = (items: readonly number[]) =>
      workflow('mapped')
        .node('list', () => items)
        .map(
          'square',
          ['list'],
          {},
          (item, ctx) => {
            called.push(item)
            ctx.counters.add('squared')
            return item * item
          },
          { reuse: true },
        )
        .build()
    await executed(flow([1, 2, 3]), { results })
    const { reused, results: outputs, state } = await executed(flow([3, 4, 1]), { results })
    expect(called).toEqual([1, 2, 3, 4])
    expect(reused).toEqual(['square 0', 'square 2'])
    expect(outputs['square']).toEqual([9, 16, 1])
    expect(state.counters).toMatchObject({ squared: 3 })
  })

  it('reuses in nested runs, and the last node of one is kept too', async () => {
    const results = memoryResults()
    let calls = 0
    const inner = workflow('inner')
      .node(
        'x',
        (_, ctx) => {
          calls += 1
          return ctx.input
        },
        { reuse: true },
      )
      .build()
    const flow = workflow('outer')
      .node('a', () => [1])
      .workflow('b', ['a'], inner)
      .build()
    for (let run = 0; run < 2; run += 1) expect((await executed(flow, { results })).results['b']).toEqual({ a: [1] })
    expect(calls).toBe(1)
  })

  it('does not take what is older than maxAgeMs, and lets what expires live as long as it would', async () => {
    const clock = new ManualClock(1_000)
    const results = memoryResults()
    let calls = 0
    const flow = workflow('aged')
      .node(
        'x',
        (_, ctx) => {
          calls += 1
          ctx.cache.set('c', 'v', { ttlMs: 50 })
          return calls
        },
        { reuse: { maxAgeMs: 100 } },
      )
      .build()
    await executed(flow, { results, clock })
    clock.advance(100)
    const second = await executed(flow, { results, clock })
    expect(second.reused).toEqual(['x'])
    expect(second.state.cache).toMatchObject({ c: { remainingTtlMs: 50 } })
    clock.advance(1)
    expect((await executed(flow, { results, clock })).reused).toEqual([])
    expect(calls).toBe(2)
  })
})

describe('a cache of results that fails', () => {
  const broken: Readonly<Record<string, ResultCache>> = {
    rejects: { get: () => Promise.reject(new Error('down')), put: () => Promise.reject(new Error('down')) },
    throws: {
      get: () => {
        throw new Error('down')
      },
      put: () => {
        throw new Error('down')
      },
    },
    'gives what is no text': { get: async () => ({ at: 1 }) as never, put: async () => undefined },
    'gives damaged text': { get: async () => '{"form":1,"at":1,"handles":null,"output":', put: async () => undefined },
    'gives a value nobody can read': {
      get: async () => '{"form":1,"at":1,"handles":null,"output":{"#type":"Nobody"}}',
      put: async () => undefined,
    },
    'gives too much': {
      get: async () => `{"form":1,"at":1,"handles":null,"output":"${'x'.repeat(100_000)}"}`,
      put: async () => undefined,
    },
  }

  it.each(Object.keys(broken))('and %s is logged, and the handler runs', async (how) => {
    const logger = recordingLogger()
    const calls: string[] = []
    const limits = { maxResultBytes: 1_000, maxStateBytes: 10_000 }
    const { results, reused } = await executed(countedFlow(calls), { results: broken[how]!, input: 4, logger, limits })
    await tick()
    expect({ results, reused, calls }).toEqual({ results: { a: 4, b: { twice: 8 } }, reused: [], calls: ['double'] })
    expect(logger.lines[0]).toMatch(/^warn: the result kept under [0-9a-f]{64} /)
  })

  it('and never answers is over with the time-out of the attempt', async () => {
    const clock = new ManualClock()
    const flow = countedFlow([], { reuse: true, timeoutMs: 10 })
    const executing = executed(flow, { results: { get: never, put: never }, input: 1, clock })
    await tick()
    clock.advance(10)
    expect((await executing).error).toMatchObject({ code: 'RUN_NODE_FAILED', cause: { code: 'NODE_TIMEOUT' } })
  })
})

it('an answer that comes when the attempt is over calls nothing', async () => {
  const answer = deferred<string | null>()
  const calls: string[] = []
  const executor = new DagExecutor(countedFlow(calls), {
    results: { get: () => answer.promise, put: async () => undefined },
    input: 1,
  })
  const executing = executor.execute()
  await tick()
  await executor.cancel()
  answer.resolve(null)
  expect((await executing).status).toBe('canceled')
  await tick()
  expect(calls).toEqual([])
})

it('a stored run that reused a result is folded again to the same run, calling nothing', async () => {
  const results = memoryResults()
  const calls: string[] = []
  const flow = countedFlow(calls)
  const store = fileStore(`${folder}/reuse`, { durability: 'exit' })
  const engine = createEngine({ store, workflows: [flow], results })
  for (const runId of ['one', 'two']) await (await engine.start(flow, 4, { runId })).result
  const other = createEngine({ store, workflows: [flow] })
  const [one, two] = [await other.snapshot('one'), await other.snapshot('two')]
  expect(two.results).toEqual(one.results)
  expect(two.document.counters).toEqual(one.document.counters)
  const texts: string[] = []
  for await (const { text } of store.events('two')) texts.push(text)
  expect(texts.filter((text) => text.includes('"reused":"'))).toHaveLength(1)
  expect(calls).toEqual(['double'])
  await store.close()
})
