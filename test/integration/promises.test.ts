import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createRegistry,
  DagExecutor,
  executeFromSnapshot,
  loadSnapshot,
  memoryStore,
  type NodeContext,
  parseWorkflow,
  type RunEvent,
  type Store,
  serialize,
  workflow,
} from '../../src/index.ts'
import { parseEvent } from '../../src/run/event-text.ts'
import { fold } from '../../src/run/fold.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import { buildGraph } from '../../src/workflow/graph.ts'
import { startChild } from '../crash/child.ts'
import { difference } from '../helpers/equal-values.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, never, recordingLogger, tick } from '../helpers/run-control.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

guardRejections()

const DAY = 86_400_000
const root = temporaryFolder()

/** What a store has recorded of a run. */
async function recorded(store: Store, runId: string): Promise<readonly RunEvent[]> {
  const events: RunEvent[] = []
  for await (const { text } of store.events(runId)) events.push(parseEvent(text))
  return events
}

/** Ids of the nodes whose completion is on record. */
async function completed(store: Store, runId: string): Promise<readonly string[]> {
  const events = await recorded(store, runId)
  return events.flatMap((event) => (event.type === 'node.completed' ? [event.data.nodeId] : []))
}

/** A fan-out one node of which is tried twice, and a join; every call is noted. */
function fan(calls: string[]) {
  const call = (_inputs: unknown, { nodeId }: NodeContext) => calls.push(nodeId)
  return workflow('fan', '1.0.0')
    .node('first', (_inputs, ctx) => {
      call(_inputs, ctx)
      ctx.counters.add('nodes')
      return 1
    })
    .node('left', ['first'], ({ first }, ctx) => {
      call(first, ctx)
      ctx.counters.add('nodes')
      return first + 1
    })
    .node(
      'again',
      ['first'],
      ({ first }, ctx) => {
        call(first, ctx)
        ctx.counters.add('nodes')
        if (ctx.attempt === 1) throw new Error('once more')
        return first + 2
      },
      { retry: { maximumAttempts: 9, initialIntervalMs: 1_000 } },
    )
    .node('join', ['left', 'again'], ({ left, again }, ctx) => {
      call(left, ctx)
      ctx.counters.add('nodes')
      return left + again
    })
    .build()
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

  it.each([true, false])(
    'no recorded node is called again over crashes at every append (recorded: %s), and at the third of each hop after it',
    async (isRecorded) => {
      let crashes = 0
      for (let atAppend = 1, crashed = true; crashed; atAppend += 1) {
        const store = memoryStore()
        const clock = new ManualClock()
        const calls: string[] = []
        crashed = false
        // Each hop is an engine of its own, as another process would have; the last of them lives.
        for (let hop = 0; ; hop += 1) {
          const done = await completed(store, 'r')
          const point = { atAppend: hop === 0 ? atAppend : 3, isRecorded }
          const flow = fan(calls)
          const engine = createEngine({
            store: hop < 5 ? crashingStore(store, point) : store,
            workflows: [flow],
            clock,
            logger: recordingLogger(),
          })
          calls.length = 0
          const outcome = (async () => {
            const isKnown = (await store.get('r')) !== null
            const run = isKnown ? await engine.resume('r') : await engine.start(flow, undefined, { runId: 'r' })
            return run.result
          })()
          const ended = await clock.drive(outcome).catch((error: unknown) => {
            expect(error).toMatchObject({ code: 'STORE_IO' })
            return null
          })
          expect(calls.filter((id) => done.includes(id))).toEqual([])
          expect(await completed(store, 'r')).toEqual(expect.arrayContaining([...done]))
          if (ended === null) {
            crashed = true
            crashes += 1
            continue
          }
          expect(ended).toMatchObject({ status: 'completed', output: 5 })
          expect((await completed(store, 'r')).toSorted()).toEqual(['again', 'first', 'join', 'left'])
          expect((await engine.snapshot('r')).counters).toEqual({ nodes: 4 })
          break
        }
      }
      expect(crashes).toBeGreaterThan(10)
    },
  )

  it('no recorded node is called again by the processes that follow one that was killed', async () => {
    const folder = join(root, 'killed')
    const called: string[] = []
    /** Runs a process until a handler of that node is called, or to the end. */
    const hop = async (last: string | null) => {
      const child = startChild('chain-process.ts', [folder])
      expect(await child.nextLine()).toBe('ready')
      child.send('r')
      for (;;) {
        const line = await child.nextLine()
        if (line?.startsWith('called ') !== true) {
          await child.kill()
          return line
        }
        called.push(line.split(' ')[1]!)
        if (called.at(-1) === last) {
          await child.kill()
          return 'killed'
        }
        child.send('')
      }
    }
    expect([await hop('b'), await hop('c'), await hop('c')]).toEqual(['killed', 'killed', 'killed'])
    expect(await hop(null)).toBe('ended completed {"a":1,"b":2,"c":3,"d":4}')
    expect(called).toEqual(['a', 'b', 'b', 'c', 'c', 'c', 'd'])
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
    const value = () => {
      const shared = { at: new Date(5), list: Object.assign(new Array(5), { 1: -0, 3: Number.NaN, 4: undefined }) }
      return new Map<unknown, unknown>([
        ['shared', [shared, shared]],
        ['big', 12n],
        [new Date(6), new Set([undefined, Number.NaN, 'a'])],
        ['bytes', new Uint8Array([0, 255])],
        ['text', '\ud800\u0000'],
        ['names', JSON.parse('{"z":1,"__proto__":{"a":2},"#type":"date"}') as object],
      ])
    }
    const seen: (string | null)[] = []
    const make = () =>
      workflow('values', '1.0.0')
        .node('a', value)
        .node('b', ['a'], ({ a }) => {
          seen.push(difference(a, value()))
          a.clear()
        })
        .node('c', ['a', 'b'], ({ a }) => {
          seen.push(difference(a, value()))
          return a
        })
        .build()
    const executor = new DagExecutor(make())
    let cut = ''
    executor.on('node.completed', () => {
      if (cut === '') cut = serialize(executor.saveSnapshot())
    })
    const live = await executor.execute()
    const restored = await executeFromSnapshot(cut, make())
    expect(seen).toEqual([null, null, null, null])
    for (const { results, output } of [live, restored as typeof live]) {
      expect([difference(results.a, value()), difference(output, value())]).toEqual([null, null])
    }
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
    const directory = join(root, 'one')
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
  })

  it('of two processes that resume one run at once, one goes on; the other is told, and nothing of it is on record', async () => {
    const folder = join(root, 'processes')
    const children = [startChild('chain-process.ts', [folder]), startChild('chain-process.ts', [folder])]
    try {
      for (const child of children) expect(await child.nextLine()).toBe('ready')
      for (let round = 0; round < 10; round += 1) {
        const runId = `run-${round}`
        await interruptedChain(fileStore(folder), runId)
        for (const child of children) child.send(runId)
        const said = await Promise.all(children.map((child) => child.nextLine()))
        expect(said.map((line) => line?.split(' ').slice(0, 2).join(' ')).toSorted()).toEqual([
          'called b',
          'refused STORE_HELD',
        ])
        const winner = children[said.findIndex((line) => line?.startsWith('called'))]!
        for (const id of ['c', 'd']) {
          winner.send('')
          expect(await winner.nextLine()).toMatch(`called ${id} `)
        }
        winner.send('')
        expect(await winner.nextLine()).toBe('ended completed {"a":1,"b":2,"c":3,"d":4}')
        const events = await recorded(fileStore(folder), runId)
        expect(events.map(({ seq }) => seq)).toEqual(events.map((_, index) => index + 1))
        expect(events.filter(({ type }) => type === 'run.resumed')).toHaveLength(1)
        expect(await completed(fileStore(folder), runId)).toEqual(['a', 'b', 'c', 'd'])
      }
    } finally {
      for (const child of children) await child.kill()
    }
  })

  it('one whose claim went to another while it stood still is told at its next append, which is not on record', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const gates = [deferred<number>(), deferred<number>()]
    let calls = 0
    const flow = workflow('one', '1.0.0')
      .node('a', () => gates[calls++]!.promise)
      .build()
    const options = { store, clock, workflows: [flow], logger: recordingLogger() }
    const { result } = await createEngine({ ...options, leaseMs: 3_000 }).start(flow, undefined, { runId: 'r' })
    await tick()
    // No timer is called, so the claim is not renewed.
    clock.jump(clock.now() + 10_000)
    const other = await createEngine(options).resume('r')
    await tick()
    const before = await recorded(store, 'r')
    gates[0]!.resolve(1)
    await expect(result).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(await recorded(store, 'r')).toEqual(before)
    gates[1]!.resolve(2)
    expect((await other.result).output).toBe(2)
  })
})

/** A run of `chain-process.ts` whose process ended after the first node. */
async function interruptedChain(store: Store, runId: string): Promise<void> {
  const step = () => 1
  const flow = workflow('chain', '1.0.0')
    .node('a', step)
    .node('b', ['a'], step)
    .node('c', ['b'], step)
    .node('d', ['c'], step)
    .build()
  const dying = createEngine({
    store: crashingStore(store, { atAppend: 3, isRecorded: false }),
    logger: recordingLogger(),
  })
  const { result } = await dying.start(flow, undefined, { runId })
  await expect(result).rejects.toMatchObject({ code: 'STORE_IO' })
  expect(await completed(store, runId)).toEqual(['a'])
  await store.close()
}

describe('The node in flight at a crash', () => {
  const make = (onInterrupted: 'rerun' | 'fail' | 'ask', keys: string[]) =>
    workflow('flight', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          keys.push(ctx.idempotencyKey)
          return keys.length === 1 ? never<number>() : keys.length
        },
        { onInterrupted },
      )
      .build()

  const cases = (['a crash', 'a pause', 'a snapshot while it ran'] as const).flatMap((cut) =>
    (
      [
        ['rerun', 'completed', 1],
        ['fail', 'failed', 0],
        ['ask', 'waiting', 0],
      ] as const
    ).map((row) => [cut, ...row] as const),
  )

  it.each(cases)('after %s, with %s: the resumed run is %s', async (cut, onInterrupted, status, again) => {
    const keys: string[] = []
    const clock = new ManualClock()
    const options = { clock, workflows: [make(onInterrupted, keys)], logger: recordingLogger() }
    const store = memoryStore()
    const first = createEngine({ ...options, store, leaseMs: 3_000 })
    const { executor, result } = await first.start('flight', undefined, { runId: 'r' })
    result.catch(() => 'a process that crashed is not there to hear of it')
    await tick()
    expect((await first.snapshot('r')).nodes['a']).toMatchObject({ status: 'running', attempt: 1 })
    const resumed = async () => {
      if (cut === 'a snapshot while it ran') {
        const loaded = loadSnapshot(serialize(executor.saveSnapshot()), make(onInterrupted, keys), { clock })
        return { ended: await loaded.execute(), answer: () => loaded.retryFailed() }
      }
      if (cut === 'a pause') await clock.drive(first.close({ deadlineMs: 0 }))
      // A process that is gone renews no claim: jumping calls no timer.
      else clock.jump(clock.now() + DAY)
      const next = createEngine({ ...options, store })
      const ended = await (await next.resume('r')).result
      return { ended, answer: async () => (await next.resume('r')).result }
    }
    const { ended, answer } = await resumed()
    const { status: got, error } = ended
    expect([got, keys.length]).toEqual([status, 1 + again])
    if (onInterrupted === 'fail') expect(error?.cause).toMatchObject({ code: 'NODE_INTERRUPTED' })
    if (onInterrupted === 'ask') expect((await answer()).status).toBe('completed')
    expect(new Set(keys).size).toBe(1)
    expect(keys).toHaveLength(onInterrupted === 'fail' ? 1 : 2)
  })

  it('is given the key it had in the process that was killed', async () => {
    const folder = join(root, 'key')
    const called: (string | null)[] = []
    for (const runId of ['r', 'r', 'other']) {
      const child = startChild('chain-process.ts', [folder])
      expect(await child.nextLine()).toBe('ready')
      child.send(runId)
      called.push(await child.nextLine())
      await child.kill()
    }
    expect(called[0]).toMatch(/^called a ./)
    expect(called[1]).toBe(called[0])
    expect(called[2]).not.toBe(called[0])
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
  const make = (clock: ManualClock, jumpMs: number) =>
    workflow('clock', '1.0.0')
      .node('a', (_inputs, ctx) => {
        clock.jump(clock.now() + jumpMs)
        ctx.counters.add('a')
        return 1
      })
      .node(
        'b',
        ['a'],
        ({ a }, ctx) => {
          clock.jump(clock.now() + jumpMs)
          if (ctx.attempt === 1) throw new Error('once more')
          return a + 1
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 1_000 } },
      )
      .node('c', ['b'], ({ b }) => b + 1)
      .build()
  const end = (executor: { saveSnapshot: DagExecutor['saveSnapshot'] }, events: readonly RunEvent[]) => {
    const { results, completedNodes, counters, run } = executor.saveSnapshot().document
    return { results, completedNodes, counters, status: run.status, order: events.map(({ seq, type }) => [seq, type]) }
  }
  const jumps = [0, -DAY, DAY].flatMap((running) => [0, -DAY, DAY].map((between) => [running, between] as const))

  it.each(jumps)(
    'a clock that jumps %d ms at each node and %d ms before a resume changes nothing but times',
    async (running, between) => {
      const run = async (runningMs: number, betweenMs: number) => {
        const clock = new ManualClock()
        const executor = new DagExecutor(make(clock, runningMs), { clock, runId: 'r' })
        const events: RunEvent[] = []
        const cuts: { readonly text: string; readonly at: number }[] = []
        executor.on('*', (event) => {
          events.push(event)
          cuts.push({ text: serialize(executor.saveSnapshot()), at: clock.now() })
        })
        await clock.drive(executor.execute())
        const ends = [end(executor, events)]
        for (const { text, at } of cuts) {
          const later = new ManualClock(at + betweenMs)
          const loaded = loadSnapshot(text, make(later, runningMs), { clock: later })
          const rest: RunEvent[] = []
          loaded.on('*', (event) => rest.push(event))
          await later.drive(loaded.execute())
          ends.push(end(loaded, rest))
        }
        return { ends, events }
      }
      const { ends, events } = await run(running, between)
      const steady = await run(0, 0)
      expect(ends[0]).toMatchObject({ status: 'completed', results: { a: 1, b: 2, c: 3 }, counters: { a: 1 } })
      expect(ends.length).toBeGreaterThan(8)
      expect(ends).toEqual(steady.ends)
      // The same facts at whatever times fold to the same run.
      const timeless = (facts: readonly RunEvent[]) => {
        const [first] = facts
        if (first?.type !== 'run.started') throw new Error('a run begins with run.started')
        const { nodes, ...state } = fold(buildGraph(first.data.workflow), facts).state
        return JSON.stringify([
          state.seq,
          state.status,
          state.completed,
          nodes.map(({ status, attempt, output }) => [status, attempt, output]),
        ])
      }
      expect(timeless(events)).toBe(timeless(steady.events))
    },
  )
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

// Here a few by behaviour. `limits.test.ts` has a case for every option and limit there is, and a test that none is missing.
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
  /** A chain each node of which adds to the state of the run, under names of one length. */
  function growing(size: number) {
    const name = (index: number) => `n${String(index).padStart(4, '0')}`
    const nodes = Array.from({ length: size }, (_, index) => ({ id: name(index), type: 'step' }))
    const edges = nodes.slice(1).map(({ id }, index) => ({ source: name(index), target: id }))
    const step = (_inputs: unknown, ctx: NodeContext) => {
      ctx.variables.set(ctx.nodeId, 'x'.repeat(100))
      ctx.accumulators.append('all', ctx.nodeId)
      return 'y'.repeat(100)
    }
    const registry = createRegistry([['step', step]] as const)
    return { flow: parseWorkflow({ id: `chain${size}`, version: '1.0.0', nodes, edges }), registry }
  }

  it('every fact is handed to the store once, and none is larger for a longer history', async () => {
    const largest: number[] = []
    for (const size of [100, 800]) {
      let appended = 0
      const bytes: number[] = []
      const store = memoryStore()
      const counting = intercepted(store, {
        append: (next, _runId, _expectation, batch) => {
          appended += batch.events.length
          bytes.push(JSON.stringify(batch).length / batch.events.length)
          return next()
        },
      })
      const { flow, registry } = growing(size)
      const engine = createEngine({ store: counting, registry, clock: new ManualClock(), concurrency: 1 })
      const { result, runId } = await engine.start(flow)
      await result
      // One start and one completion a node, and the run's own two.
      expect(appended).toBe(2 * size + 2)
      const events = await recorded(store, runId)
      expect(events.map(({ seq }) => seq)).toEqual(Array.from({ length: appended }, (_, index) => index + 1))
      // The first batch holds the workflow.
      largest.push(Math.max(...bytes.slice(1)))
    }
    // A sequence of more digits stands in an event and beside it.
    expect(largest[1]! - largest[0]!).toBeLessThan(20)
  })

  it('a resume reads the facts of one interval between checkpoints, however long the history', async () => {
    for (const attempts of [200, 1_600]) {
      let read = 0
      let isReady = false
      const flow = workflow('polls', '1.0.0')
        .node(
          'a',
          () => {
            if (!isReady) throw new Error('not yet')
            return 1
          },
          { retry: { maximumAttempts: attempts, initialIntervalMs: 1_000, backoffCoefficient: 1 } },
        )
        .build()
      const store = intercepted(memoryStore(), {
        read: async (next) => {
          const page = await next()
          read += page.length
          return page
        },
      })
      const clock = new ManualClock()
      const options = { store, clock, workflows: [flow], logger: recordingLogger(), checkpointEvents: 50 }
      const { result } = await createEngine(options).start(flow, undefined, { runId: 'r' })
      expect((await clock.drive(result)).status).toBe('failed')
      expect((await store.get('r'))!.seq).toBeGreaterThan(2 * attempts)
      read = 0
      isReady = true
      const { result: rest } = await createEngine(options).resume('r')
      expect((await clock.drive(rest)).output).toBe(1)
      // One interval, and what came while a checkpoint was saved.
      expect(read).toBeLessThan(100)
    }
  })

  it('a document holds a value once, wherever the run keeps it', async () => {
    const big = `big ${'x'.repeat(10_000)}`
    const flow = workflow('once', '1.0.0')
      .node('a', (_inputs, ctx) => {
        ctx.variables.set('v', big)
        ctx.cache.set('k', big)
        ctx.accumulators.append('all', big)
        ctx.context.variables.set('x', big)
        return big
      })
      .node('b', ['a'], ({ a }) => a)
      .build()
    const executor = new DagExecutor(flow)
    await executor.execute()
    for (const pretty of [true, false]) {
      const text = serialize(executor.saveSnapshot(), { pretty })
      expect(text.split(big)).toHaveLength(2)
      const { variables, results } = loadSnapshot(text, flow).saveSnapshot()
      expect([variables['v'], results['a'], results['b']]).toEqual([big, big, big])
    }
  })
})
