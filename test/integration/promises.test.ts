import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createRegistry,
  DagExecutor,
  executeFromSnapshot,
  loadSnapshot,
  memoryStore,
  parseWorkflow,
  type RunEvent,
  serialize,
  workflow,
} from '../../src/index.ts'
import { parseEvent } from '../../src/run/event-text.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'

const tick = () => new Promise((resolve) => setImmediate(resolve))

/** A promise with its ends in hand. */
function deferred<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined
  const promise = new Promise<T>((done) => {
    resolve = done
  })
  return { promise, resolve }
}

describe('Done is done', () => {
  it('no completed node is called again over ten saves and loads', async () => {
    const calls: string[] = []
    const chain = () => {
      const steps = { step: (_inputs: unknown, ctx: { readonly nodeId: string }) => calls.push(ctx.nodeId) }
      const nodes = Array.from({ length: 11 }, (_, index) => ({ id: `n${index}`, type: 'step' }))
      const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }))
      return {
        definition: parseWorkflow({ id: 'chain', version: '1.0.0', nodes, edges }),
        registry: createRegistry([['step', steps.step]] as const),
      }
    }
    let text = serialize(new DagExecutor(chain().definition, { registry: chain().registry }).saveSnapshot())
    for (let hop = 0; hop < 10; hop += 1) {
      const executor = loadSnapshot(text, chain().registry)
      let saved = false
      executor.on('node.completed', () => {
        if (!saved) void executor.pause()
        saved = true
      })
      await executor.execute()
      text = serialize(executor.saveSnapshot())
    }
    await executeFromSnapshot(text, chain().registry)
    expect(calls).toEqual(Array.from({ length: 11 }, (_, index) => `n${index}`))
  })
})

describe('A node is a transaction', () => {
  it('a snapshot at any await of a node shows none of its writes, and one after it shows all', async () => {
    const gates = [deferred<void>(), deferred<void>()]
    const flow = workflow('writes', '1.0.0')
      .node('a', async (_inputs, ctx) => {
        ctx.variables.set('v', 1)
        await gates[0]!.promise
        ctx.counters.add('c', 2)
        ctx.cache.set('k', 3)
        await gates[1]!.promise
        ctx.accumulators.sum('s', 4)
        ctx.context.variables.set('x', 5)
        return 'done'
      })
      .build()
    const executor = new DagExecutor(flow)
    const running = executor.execute()
    const shown = () => {
      const { variables, counters, cache, accumulators, results } = executor.saveSnapshot().document
      return { variables, counters, cache: Object.keys(cache), accumulators, results }
    }
    const nothing = { variables: {}, counters: {}, cache: [], accumulators: {}, results: {} }
    for (const gate of gates) {
      await tick()
      expect(shown()).toEqual(nothing)
      gate.resolve()
    }
    await running
    expect(shown()).toEqual({
      variables: { v: 1 },
      counters: { c: 2 },
      cache: ['k'],
      accumulators: { s: { operation: 'sum', value: 4 } },
      results: { a: 'done' },
    })
  })

  it('a node that fails has written nothing, and its retry counts once', async () => {
    const flow = workflow('retry', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          ctx.counters.add('c', 1)
          if (ctx.attempt < 3) throw new Error('not yet')
          return ctx.counters.get('c')
        },
        { retry: { maximumAttempts: 3, initialIntervalMs: 1 } },
      )
      .build()
    const executor = new DagExecutor(flow)
    expect(await executor.execute()).toMatchObject({ status: 'completed', output: 1 })
    expect(executor.saveSnapshot().document.counters).toEqual({ c: 1 })
  })
})

describe('A cut anywhere is a good cut', () => {
  it('a snapshot may be taken before, inside a handler, from a listener, after the end; each resumes to the same end', async () => {
    const texts: string[] = []
    const make = (save: () => void) =>
      workflow('cuts', '1.0.0')
        .node('a', () => {
          save()
          return [1, 2]
        })
        .node('b', ['a'], async ({ a }) => {
          await tick()
          save()
          return a.length
        })
        .build()
    const executor: DagExecutor = new DagExecutor(make(() => texts.push(serialize(executor.saveSnapshot()))))
    texts.push(serialize(executor.saveSnapshot()))
    executor.on('*', () => texts.push(serialize(executor.saveSnapshot())))
    await executor.execute()
    texts.push(serialize(executor.saveSnapshot()))
    expect(texts.length).toBeGreaterThan(8)
    for (const text of texts) {
      const result = await executeFromSnapshot(
        text,
        make(() => undefined),
      )
      expect(result).toMatchObject({ status: 'completed', output: 2 })
    }
  })

  it('shares nothing that can change with the run', async () => {
    const flow = workflow('shared', '1.0.0')
      .node('a', () => ({ list: [1] }))
      .build()
    const executor = new DagExecutor(flow)
    const { results } = await executor.execute()
    const snapshot = executor.saveSnapshot()
    const before = serialize(snapshot)
    ;(results.a as { list: number[] }).list.push(2)
    ;(snapshot.results['a'] as { list: number[] }).list.push(3)
    expect(serialize(snapshot)).toBe(before)
    expect(serialize(executor.saveSnapshot(), { pretty: false }).includes('"a":{"list":[1]}')).toBe(true)
  })
})

describe('What saves, loads; equal or loud', () => {
  it('rich values reach downstream handlers equal, live and restored', async () => {
    const value = () =>
      new Map<string, unknown>([
        ['at', new Date(5)],
        ['big', 12n],
        ['set', new Set([undefined, Number.NaN, -0])],
      ])
    const seen: unknown[] = []
    const make = () =>
      workflow('values', '1.0.0')
        .node('a', value)
        .node('b', ['a'], ({ a }) => {
          seen.push(a)
          a.clear()
        })
        .build()
    const executor = new DagExecutor(make())
    let cut = ''
    executor.on('node.completed', () => {
      if (cut === '') cut = serialize(executor.saveSnapshot())
    })
    const { results } = await executor.execute()
    expect(results.a).toEqual(value())
    await executeFromSnapshot(cut, make())
    expect(seen).toHaveLength(2)
  })

  it('a value that can not be kept fails its node, with node, path and kind', async () => {
    const flow = workflow('loud', '1.0.0')
      .node('a', () => ({ deep: [() => 1] }))
      .build()
    const { status, error } = await new DagExecutor(flow).execute()
    expect(status).toBe('failed')
    expect(error?.cause).toMatchObject({
      code: 'VALUE_FUNCTION',
      details: { nodeId: 'a', path: '/deep/0', kind: 'function' },
    })
  })
})

describe('Loading is not running', () => {
  it('calls nothing, and names every missing node type at once', async () => {
    const registry = createRegistry([['x', () => 1]] as const).register('y', () => 2)
    const flow = parseWorkflow({
      id: 'w',
      version: '1.0.0',
      nodes: [
        { id: 'a', type: 'x' },
        { id: 'b', type: 'y' },
      ],
      edges: [],
    })
    const text = serialize(new DagExecutor(flow, { registry }).saveSnapshot())
    expect(() => loadSnapshot(text)).toThrow(
      expect.objectContaining({ code: 'NODE_TYPE_MISSING', details: { types: ['x', 'y'] } }),
    )
    let calls = 0
    const counting = createRegistry([
      ['x', () => (calls += 1)],
      ['y', () => (calls += 1)],
    ] as const)
    const loaded = loadSnapshot(text, counting)
    await tick()
    expect([calls, loaded.status]).toEqual([0, 'pending'])
  })
})

describe('One writer', () => {
  it('of two resumers one goes on; the other is told before it has any effect', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'waystone-'))
    try {
      const gate = deferred<number>()
      const flow = workflow('one', '1.0.0')
        .node('a', () => gate.promise)
        .build()
      const first = createEngine({ store: fileStore(directory), workflows: [flow] })
      const second = createEngine({ store: fileStore(directory), workflows: [flow] })
      const { result } = await first.start(flow, undefined, { runId: 'r' })
      await expect(second.resume('r')).rejects.toMatchObject({ code: 'STORE_HELD' })
      gate.resolve(1)
      expect((await result).status).toBe('completed')
      expect((await (await second.resume('r')).result).output).toBe(1)
    } finally {
      rmSync(directory, { recursive: true, force: true })
    }
  })
})

describe('The node in flight at a crash', () => {
  const make = (onInterrupted: 'rerun' | 'fail' | 'ask', keys: string[]) =>
    workflow('flight', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          keys.push(ctx.idempotencyKey)
          return keys.length === 1 ? new Promise<number>(() => undefined) : keys.length
        },
        { onInterrupted },
      )
      .build()

  it.each([
    ['rerun', 'completed'],
    ['fail', 'failed'],
    ['ask', 'waiting'],
  ] as const)('%s: the resumed run is %s', async (onInterrupted, status) => {
    const keys: string[] = []
    const executor = new DagExecutor(make(onInterrupted, keys))
    void executor.execute()
    await tick()
    const restored = loadSnapshot(executor.saveSnapshot(), make(onInterrupted, keys))
    expect((await restored.execute()).status).toBe(status)
    if (onInterrupted === 'ask') expect((await restored.retryFailed()).status).toBe('completed')
    expect(new Set(keys).size).toBe(1)
  })
})

describe('Decisions are recorded', () => {
  it('a resume asks no condition again, and runs no untaken branch', async () => {
    let asked = 0
    const ran: string[] = []
    const make = () =>
      workflow('branch', '1.0.0')
        .node('check', () => 5)
        .node('yes', [{ source: 'check', when: (value: number) => ++asked > 0 && value > 3 }], () => ran.push('yes'))
        .node('no', [{ source: 'check', when: (value: number) => ++asked > 0 && value <= 3 }], () => ran.push('no'))
        .node('join', ['yes', 'no'], () => ran.push('join'))
        .build()
    const executor = new DagExecutor(make())
    let cut = ''
    executor.on('node.completed', () => {
      if (cut === '') cut = serialize(executor.saveSnapshot())
    })
    await executor.execute()
    expect([asked, ran]).toEqual([2, ['yes', 'join']])
    await executeFromSnapshot(cut, make())
    expect(asked).toBe(2)
    expect(ran).not.toContain('no')
  })
})

describe('Order is the sequence', () => {
  it('a clock that jumps back a day changes neither sequence nor state', async () => {
    const run = async (jump: boolean) => {
      const clock = new ManualClock()
      const flow = workflow('clock', '1.0.0')
        .node('a', () => {
          if (jump) clock.jump(clock.now() - 86_400_000)
          return 1
        })
        .node('b', ['a'], ({ a }) => a + 1)
        .build()
      const executor = new DagExecutor(flow, { clock, runId: 'r' })
      const events: RunEvent[] = []
      executor.on('*', (event) => events.push(event))
      await executor.execute()
      const { results, completedNodes } = executor.saveSnapshot().document
      return { results, completedNodes, order: events.map(({ seq, type }) => [seq, type]) }
    }
    expect(await run(true)).toEqual(await run(false))
  })
})

describe('Same input, same bytes', () => {
  it('fifty equal runs give one document; key order of values is kept', async () => {
    const documents = new Set<string>()
    for (let run = 0; run < 50; run += 1) {
      const flow = workflow('bytes', '1.0.0')
        .node('a', () => ({ z: 1, a: 2 }))
        .node('b', () => 'b')
        .node('c', ['a', 'b'], (inputs) => Object.keys(inputs))
        .build()
      const executor = new DagExecutor(flow, {
        clock: new ManualClock(),
        runId: 'r',
        ids: { newId: () => 'i', newSeed: () => 1 },
      })
      await executor.execute()
      documents.add(serialize(executor.saveSnapshot(), { pretty: false }))
    }
    expect(documents.size).toBe(1)
    expect([...documents][0]).toContain('"a":{"z":1,"a":2}')
  })
})

describe('Every option acts, every limit is enforced', () => {
  const two = (handler: (inputs: unknown, ctx: import('../../src/index.ts').NodeContext) => unknown) =>
    workflow('limits', '1.0.0').node('a', handler).node('b', ['a'], handler).build()

  it('refuses options and limits nobody reads', () => {
    expect(
      () =>
        new DagExecutor(
          two(() => 1),
          { concurency: 2 } as object,
        ),
    ).toThrow(expect.objectContaining({ code: 'OPTION_UNKNOWN' }))
    expect(
      () =>
        new DagExecutor(
          two(() => 1),
          { limits: { maxNode: 2 } as object },
        ),
    ).toThrow(expect.objectContaining({ code: 'OPTION_UNKNOWN' }))
  })

  it.each([
    ['maxNodeExecutions', { maxNodeExecutions: 1 }, (): unknown => 1, 'LIMIT_NODE_EXECUTIONS'],
    ['maxResultBytes', { maxResultBytes: 10 }, () => 'x'.repeat(20), 'LIMIT_RESULT_BYTES'],
    ['nodeTimeoutMs', { nodeTimeoutMs: 5 }, (): unknown => new Promise(() => undefined), 'NODE_TIMEOUT'],
  ] as const)('%s', async (_name, limits, handler, code) => {
    const { status, error } = await new DagExecutor(two(handler), { limits }).execute()
    expect(status).toBe('failed')
    expect(error?.cause).toMatchObject({ code })
  })

  it('maxStateBytes', async () => {
    const flow = two((_inputs, ctx) => ctx.variables.set('v', 'x'.repeat(100)))
    const { error } = await new DagExecutor(flow, { limits: { maxStateBytes: 50 } }).execute()
    expect(error?.cause).toMatchObject({ code: 'LIMIT_STATE_BYTES' })
  })

  it('maxUsage, over a resume too', async () => {
    const make = () => two((_inputs, ctx) => void ctx.usage.add('http', 2))
    const executor = new DagExecutor(make(), { limits: { maxUsage: { http: 3 } } })
    const { error } = await executor.execute()
    expect(error?.cause).toMatchObject({ code: 'LIMIT_USAGE' })
    expect((await executeFromSnapshot(executor.saveSnapshot(), make())).status).toBe('failed')
    expect(
      (await executeFromSnapshot(executor.saveSnapshot(), make(), { limits: { maxUsage: { http: 4 } } })).status,
    ).toBe('completed')
  })

  it('runTimeoutMs stops the run: a late result is dropped', async () => {
    const clock = new ManualClock()
    const gate = deferred<number>()
    const executor = new DagExecutor(
      two(() => gate.promise),
      { clock, limits: { runTimeoutMs: 1_000 } },
    )
    const { status, error } = await clock.drive(executor.execute())
    expect([status, (error as { code?: string } | null)?.code]).toEqual(['failed', 'RUN_TIMEOUT'])
    const before = serialize(executor.saveSnapshot())
    gate.resolve(1)
    await tick()
    expect(serialize(executor.saveSnapshot())).toBe(before)
    expect(clock.pending).toBe(0)
  })

  it('maxSnapshotBytes and maxNodes', () => {
    const executor = new DagExecutor(
      two(() => 1),
      { limits: { maxSnapshotBytes: 100 } },
    )
    expect(() => serialize(executor.saveSnapshot())).toThrow(expect.objectContaining({ code: 'LIMIT_SNAPSHOT_BYTES' }))
    expect(
      () =>
        new DagExecutor(
          two(() => 1),
          { limits: { maxNodes: 1 } },
        ),
    ).toThrow(expect.objectContaining({ code: 'LIMIT_NODES' }))
  })

  it('concurrency: never more nodes at once, and definition order at 1', async () => {
    let now = 0
    let most = 0
    const order: string[] = []
    const nodes = Array.from({ length: 20 }, (_, index) => ({ id: `n${index}`, type: 'step' }))
    const step = async (_inputs: unknown, ctx: { readonly nodeId: string }) => {
      now += 1
      most = Math.max(most, now)
      order.push(ctx.nodeId)
      await tick()
      now -= 1
    }
    const flow = parseWorkflow({ id: 'wide', version: '1.0.0', nodes, edges: [] })
    const registry = createRegistry([['step', step]] as const)
    await new DagExecutor(flow, { registry, concurrency: 3 }).execute()
    expect(most).toBe(3)
    order.length = 0
    await new DagExecutor(flow, { registry, concurrency: 1 }).execute()
    expect(order).toEqual(nodes.map(({ id }) => id))
  })
})

describe('Cost follows the work', () => {
  it('every fact is handed to the store once, whatever the length of the history', async () => {
    const store = memoryStore()
    let appended = 0
    const counting: typeof store = new Proxy(store, {
      get: (target, name): unknown => {
        const member = Reflect.get(target, name) as unknown
        if (typeof member !== 'function') return member
        return (...args: unknown[]): unknown => {
          if (name === 'append') appended += (args[2] as { events: unknown[] }).events.length
          return (member as (...args: unknown[]) => unknown).apply(target, args)
        }
      },
    })
    for (const size of [100, 400]) {
      appended = 0
      const nodes = Array.from({ length: size }, (_, index) => ({ id: `n${index}`, type: 'step' }))
      const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }))
      const engine = createEngine({ store: counting, registry: createRegistry([['step', () => 1]] as const) })
      const { result, runId } = await engine.start(
        parseWorkflow({ id: `chain${size}`, version: '1.0.0', nodes, edges }),
      )
      await result
      // One start and one completion a node, and the run's own two.
      expect(appended).toBe(2 * size + 2)
      const events: RunEvent[] = []
      for await (const { text } of store.events(runId)) events.push(parseEvent(text))
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: appended }, (_, index) => index + 1))
    }
  })
})
