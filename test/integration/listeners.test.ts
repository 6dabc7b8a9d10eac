import { describe, expect, it, vi } from 'vitest'
import {
  createEngine,
  createRegistry,
  DagExecutor,
  memoryStore,
  parseWorkflow,
  type RunEvent,
  serialize,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, never, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()

/** Twelve nodes in three layers; every second one waits, one fails and is tried again, one is skipped. */
function layers() {
  const nodes = Array.from({ length: 12 }, (_, index) => ({
    id: `n${index}`,
    type: 'step',
    ...(index === 5 ? { retry: { maximumAttempts: 2, initialIntervalMs: 10 } } : {}),
  }))
  const edges = Array.from({ length: 8 }, (_, index) => [
    { source: `n${index}`, target: `n${index + 4}` },
    { source: `n${(index + 1) % 4}`, target: `n${index + 4}`, ...(index === 7 ? { sourceHandle: 'no' } : {}) },
  ]).flat()
  const step = async (_inputs: unknown, ctx: { readonly nodeId: string; readonly attempt: number }) => {
    const index = Number(ctx.nodeId.slice(1))
    for (let turn = 0; turn < index % 3; turn += 1) await Promise.resolve()
    if (index === 5 && ctx.attempt === 1) throw new Error('once')
    return index
  }
  return {
    flow: parseWorkflow({ id: 'layers', version: '1.0.0', nodes, edges }),
    registry: createRegistry([['step', step]] as const),
  }
}

async function trace(prepare: (executor: DagExecutor) => void, concurrency = 4) {
  const { flow, registry } = layers()
  const clock = new ManualClock()
  const logger = recordingLogger()
  const ids = { newId: () => 'run', newSeed: () => 7 }
  const executor = new DagExecutor(flow, { registry, clock, logger, ids, concurrency }) as DagExecutor
  prepare(executor)
  const seen: string[] = []
  executor.on('*', ({ seq, type, data }) => seen.push(`${seq} ${type} ${'nodeId' in data ? data.nodeId : ''}`))
  const { status, output } = await clock.drive(executor.execute())
  return { status, output, seen, lines: logger.lines, text: serialize(executor.saveSnapshot(), { pretty: false }) }
}

describe('listeners', () => {
  it('are told every fact once, in sequence, without a gap', async () => {
    for (const concurrency of [1, 2, 8]) {
      const { seen, text } = await trace(() => undefined, concurrency)
      expect(seen.map((line) => Number(line.split(' ')[0]))).toEqual(seen.map((_, index) => index + 1))
      expect(JSON.parse(text)).toMatchObject({ run: { head: { seq: seen.length } } })
    }
  })

  it('that throw, reject, never end or are slow change neither order nor result, and failures are reported', async () => {
    const plain = await trace(() => undefined)
    const bad = await trace((executor) => {
      executor.on('*', () => {
        throw new Error('thrown')
      })
      executor.on('node.started', async () => {
        throw new Error('rejected')
      })
      executor.on('node.completed', () => never())
      executor.on('*', () => {
        for (let turn = 0; turn < 50_000; turn += 1) Math.sqrt(turn)
      })
      executor.on('*', () => ({
        then() {
          throw new Error('no promise')
        },
      }))
    })
    expect({ ...bad, lines: [] }).toEqual({ ...plain, lines: [] })
    const errors = bad.lines.filter((line) => line.startsWith('error: a listener of'))
    expect(errors.filter((line) => line.includes('"*"'))).toHaveLength(plain.seen.length * 2)
    expect(errors.filter((line) => line.includes('"node.started"'))).toHaveLength(13)
  })

  it('may fail with a logger that fails too: the console is told', async () => {
    const told = vi.spyOn(console, 'error').mockImplementation(() => undefined)
    try {
      const logger = {
        debug: () => undefined,
        info: () => undefined,
        warn: () => undefined,
        error: async () => {
          throw new Error('full disk')
        },
      }
      const flow = workflow('w', '1.0.0')
        .node('a', () => 1)
        .build()
      const executor = new DagExecutor(flow, { logger })
      executor.on('run.completed', () => {
        throw new Error('thrown')
      })
      expect((await executor.execute()).status).toBe('completed')
      await tick()
      expect(told).toHaveBeenCalledTimes(1)
      expect(told.mock.calls[0]?.[0]).toMatch(/logger failed at: a listener of "run.completed" threw/)
    } finally {
      told.mockRestore()
    }
  })

  it('of a type come before those of all types; each may be put on twice, taken off, and taken off by another', async () => {
    const calls: string[] = []
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const executor = new DagExecutor(flow)
    const note = () => void calls.push('twice')
    executor.on('*', () => void calls.push('all'))
    const offs = [executor.on('run.completed', note), executor.on('run.completed', note)]
    offs[0]!()
    executor.on('run.completed', () => stop())
    const stop = executor.on('run.completed', () => void calls.push('stopped'))
    executor.on('run.completed', () => {
      executor.on('run.completed', () => void calls.push('too late'))
    })
    await executor.execute()
    expect(calls).toEqual(['all', 'all', 'all', 'twice', 'all'])
  })

  it('refuse what is no type of event', () => {
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', () => 1)
        .build(),
    )
    for (const [type, listener] of [
      ['node.complete', () => undefined],
      ['toString', () => undefined],
      [null, () => undefined],
      ['*', 'text'],
    ]) {
      expect(() => executor.on(type as '*', listener as () => void)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    }
  })

  it('can not change the past through what they are given', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        ctx.variables.set('v', { list: [1] })
        return { list: [1] }
      })
      .node('b', ['a'], () => {
        throw new Error('real')
      })
      .build()
    const run = async (spoil: boolean) => {
      const executor = new DagExecutor(flow, {
        variables: { at: new Date(5) },
        input: { rows: [1] },
        clock: new ManualClock(),
        ids: { newId: () => 'r', newSeed: () => 1 },
        logger: recordingLogger(),
      })
      if (spoil) executor.on('*', (event) => ruin(event))
      await executor.execute()
      return serialize(executor.saveSnapshot(), { pretty: false })
    }
    expect(await run(true)).toBe(await run(false))
  })

  it('see values of users as values', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        ctx.variables.set('v', new Set([1]))
        return new Map([['k', 1n]])
      })
      .build()
    const executor = new DagExecutor(flow, { input: new Date(1), variables: { at: new Date(5) } })
    const seen: unknown[] = []
    executor.on('run.started', ({ data }) => seen.push(data.input, { ...data.variables }))
    executor.on('node.completed', ({ data }) => seen.push(data.output, data.writes))
    await executor.execute()
    expect(seen).toEqual([
      new Date(1),
      { at: new Date(5) },
      new Map([['k', 1n]]),
      [{ area: 'variable', op: 'set', key: 'v', value: new Set([1]) }],
    ])
  })

  it.each(['run.started', 'node.started', 'node.completed'] as const)(
    'may cancel, signal and save at %s, and what follows is told in its order',
    async (type) => {
      const flow = workflow('w', '1.0.0')
        .node('a', () => 1)
        .node('b', ['a'], () => never<number>())
        .build()
      const executor = new DagExecutor(flow)
      const seen: string[] = []
      let isFirst = true
      executor.on(type, () => {
        if (!isFirst) return
        isFirst = false
        executor.saveSnapshot()
        void executor.signal('s', 1)
        void executor.cancel('enough')
      })
      executor.on('*', (event) => seen.push(`${event.seq} ${event.type}`))
      expect(await executor.execute()).toMatchObject({ status: 'canceled' })
      expect(seen.slice(-2).map((line) => line.split(' ')[1])).toEqual(['signal.received', 'run.canceled'])
      expect(seen.map((line) => Number(line.split(' ')[0]))).toEqual(seen.map((_, index) => index + 1))
    },
  )

  it('hear of a fact only once it is on record', async () => {
    const gate = deferred()
    const store = intercepted(memoryStore(), {
      append: async (next) => {
        await gate.promise
        return next()
      },
    })
    let called = 0
    const flow = workflow('w', '1.0.0')
      .node('a', () => (called += 1))
      .build()
    const { executor, result } = await createEngine({ store, workflows: [flow] }).start(flow)
    const seen: string[] = []
    executor.on('*', ({ type }) => seen.push(type))
    await tick()
    expect([called, seen, executor.status]).toEqual([0, [], 'running'])
    gate.resolve()
    await result
    expect([called, seen]).toEqual([1, ['run.started', 'node.started', 'node.completed', 'run.completed']])
  })

  it('a hundred identical runs have one order of facts and one output, of several terminal nodes in definition order', async () => {
    const first = await trace(() => undefined)
    expect(Object.keys(first.output as object)).toEqual(['n8', 'n9', 'n10', 'n11'])
    for (let run = 1; run < 100; run += 1) expect(await trace(() => undefined)).toEqual(first)
  })

  it('are told progress while a node runs, and nothing of it afterwards', async () => {
    const seen: unknown[] = []
    let report: (fraction: number) => void = () => undefined
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        report = (fraction) => ctx.progress(fraction)
        ctx.progress(0.5, 'half')
        expect(() => ctx.progress(2)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
      })
      .build()
    const executor = new DagExecutor(flow, { runId: 'r', logger: recordingLogger() })
    executor.on('progress', (notice) => {
      seen.push({ ...notice })
      ;(notice as { fraction: number }).fraction = 1
    })
    executor.on('progress', ({ fraction }) => seen.push(fraction))
    await executor.execute()
    report(1)
    expect(seen).toEqual([{ type: 'progress', runId: 'r', nodeId: 'a', attempt: 1, fraction: 0.5, text: 'half' }, 0.5])
  })
})

describe('events()', () => {
  const flow = () =>
    workflow('w', '1.0.0')
      .node('a', () => 1)
      .node('b', ['a'], () => 2)
      .build()
  const all = ['run.started', 'node.started', 'node.completed', 'node.started', 'node.completed', 'run.completed']

  it('gives two readers every fact each, however late they read, and ends with the run', async () => {
    const executor = new DagExecutor(flow())
    const readers = [executor.events(), executor.events()]
    await executor.execute()
    for (const reader of readers) expect(await collect(reader)).toEqual(all)
    for (const reader of readers) expect(await reader.next()).toEqual({ value: undefined, done: true })
  })

  it('keeps order for a reader that asks ahead', async () => {
    const executor = new DagExecutor(flow())
    const reader = executor.events()
    const asked = Array.from({ length: 8 }, () => reader.next())
    await executor.execute()
    const given = await Promise.all(asked)
    expect(given.map(({ value, done }) => (done ? 'done' : (value as RunEvent).type))).toEqual([...all, 'done', 'done'])
  })

  it('lets a reader leave early, with nothing kept for it', async () => {
    const executor = new DagExecutor(flow())
    const left: string[] = []
    const reading = (async () => {
      for await (const event of executor.events()) {
        left.push(event.type)
        break
      }
    })()
    const waiting = executor.events()
    const next = waiting.next()
    await waiting.return?.()
    expect(await next).toEqual({ value: undefined, done: true })
    await executor.execute()
    await reading
    expect(left).toEqual(['run.started'])
    expect(await waiting.next()).toEqual({ value: undefined, done: true })
  })

  it('is over at once for a run that has ended, and goes on with one that is resumed', async () => {
    let fails = true
    const failing = workflow('w', '1.0.0')
      .node('a', () => {
        if (fails) throw new Error('x')
      })
      .build()
    const executor = new DagExecutor(failing)
    await executor.execute()
    const reader = executor.events()
    fails = false
    await executor.retryFailed()
    expect((await collect(reader)).slice(0, 2)).toEqual(['run.resumed', 'node.reset'])
    expect(await executor.events().next()).toEqual({ value: undefined, done: true })
  })

  it('begun in a listener of the last fact is over too', async () => {
    const executor = new DagExecutor(flow())
    const late = deferred<AsyncIterableIterator<RunEvent>>()
    executor.on('run.completed', () => late.resolve(executor.events()))
    await executor.execute()
    expect((await collect(await late.promise)).filter((type) => type !== 'run.completed')).toEqual([])
  })

  it('throws when facts can not be recorded any more, after the last that was', async () => {
    let appends = 0
    const store = intercepted(memoryStore(), {
      append: async (next) => {
        appends += 1
        if (appends === 3) throw new Error('disk full')
        return next()
      },
    })
    const engine = createEngine({ store, logger: recordingLogger() })
    const { executor, result } = await engine.start(flow())
    const readers = [executor.events(), executor.events()]
    const waiting = collect(readers[0]!)
    await expect(result).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(waiting).rejects.toMatchObject({ code: 'STORE_IO' })
    const late: string[] = []
    await expect(
      (async () => {
        for await (const { type } of readers[1]!) late.push(type)
      })(),
    ).rejects.toMatchObject({ code: 'STORE_IO' })
    expect(late).toEqual(['run.started', 'node.started', 'node.completed', 'node.started'])
    expect(await readers[1]!.next()).toEqual({ value: undefined, done: true })
    await expect(executor.events().next()).rejects.toMatchObject({ code: 'STORE_IO' })
  })
})

async function collect(events: AsyncIterable<RunEvent>): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of events) types.push(type)
  return types
}

/** Changes whatever lets itself be changed, to a depth no event goes beyond. */
function ruin(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 8) return
  for (const key of Object.keys(value)) {
    ruin(Reflect.get(value, key), depth + 1)
    Reflect.set(value, key, 'ruined')
  }
}
