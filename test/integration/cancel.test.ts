import { describe, expect, it } from 'vitest'
import {
  createEngine,
  DagExecutor,
  loadSnapshot,
  memoryStore,
  type NodeContext,
  serialize,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, never, recordingLogger, runOf, tick } from '../helpers/run-control.ts'

guardRejections()

/** Ways in which a run is stopped while a node is in flight, and how it and the node stand then. */
const stops = {
  cancel: { run: 'canceled', node: 'canceled', stop: (executor: DagExecutor) => executor.cancel('enough') },
  'run time-out': {
    run: 'failed',
    node: 'interrupted',
    stop: (_: DagExecutor, clock: ManualClock) => clock.advance(60_000),
  },
  'pause deadline': {
    run: 'paused',
    node: 'interrupted',
    stop: (executor: DagExecutor, clock: ManualClock) => {
      void executor.pause({ deadlineMs: 10 })
      clock.advance(10)
    },
  },
} as const

/** What a handler does that is told to stop; given what lets it go on after that. */
const handlers: Readonly<Record<string, (late: Promise<void>, ctx: NodeContext) => unknown>> = {
  'never settles': () => never(),
  'ignores the signal and returns late': (late) => late.then(() => 'late'),
  'throws late': async (late) => {
    await late
    throw new Error('late')
  },
  'rejects at once when told': (_late, { signal }) =>
    new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error))),
  'writes late, and hears that it may not': async (late, ctx) => {
    ctx.variables.set('early', 1)
    await late
    for (const write of [
      () => ctx.variables.set('v', 1),
      () => ctx.variables.delete('v'),
      () => ctx.counters.add('c', 1),
      () => ctx.cache.set('k', 1),
      () => ctx.accumulators.sum('s', 1),
      () => ctx.context.variables.set('x', 1),
      () => ctx.context.constants.set('y', 1),
      () => ctx.usage.add('http'),
    ]) {
      expect(write).toThrow(expect.objectContaining({ code: 'NODE_CONTEXT_CLOSED' }))
    }
    ctx.progress(1)
    ctx.log.info('still heard')
  },
  'is a promise of another kind that settles twice': (late) => ({
    then(resolve: (value: unknown) => void, reject: (error: unknown) => void) {
      void late.then(() => {
        resolve('late')
        resolve('later')
        reject(new Error('latest'))
      })
    },
  }),
}

describe.each(Object.entries(stops))('%s', (name, { run, node, stop }) => {
  it.each(Object.entries(handlers))('stops a handler that %s: the run stays as it ended', async (_what, handler) => {
    const clock = new ManualClock()
    const late = deferred()
    const contexts: NodeContext[] = []
    const started: string[] = []
    const flow = workflow('stop', '1.0.0')
      .node('slow', (_inputs, ctx) => {
        contexts.push(ctx)
        return handler(late.promise, ctx)
      })
      .node(
        'again',
        () => {
          throw new Error('not yet')
        },
        { retry: { maximumAttempts: 3, initialIntervalMs: 500_000 } },
      )
      .node('next', ['slow'], () => started.push('next'))
      .build()
    const limits = { nodeTimeoutMs: 900_000, ...(name === 'run time-out' ? { runTimeoutMs: 60_000 } : {}) }
    const executor = new DagExecutor(flow, { clock, limits, logger: recordingLogger() })
    const facts: string[] = []
    executor.on('*', ({ type }) => facts.push(type))
    const running = executor.execute()
    await tick()
    void stop(executor as DagExecutor, clock)
    const result = await running
    expect(result.status).toBe(run)
    const atEnd = runOf(executor)
    const seen = facts.length
    expect(executor.saveSnapshot().nodes['slow']).toMatchObject({ status: node, attempt: 1 })
    expect(contexts[0]?.signal.aborted).toBe(true)
    expect(contexts[0]?.signal.reason).toMatchObject({ code: 'NODE_CANCELED', details: { nodeId: 'slow', attempt: 1 } })
    expect(clock.pending, 'timers left').toBe(0)
    late.resolve()
    await tick()
    clock.advance(1_000)
    await tick()
    expect(runOf(executor)).toEqual(atEnd)
    expect([facts.length, started, contexts.length]).toEqual([seen, [], 1])
    expect(result.results).toEqual({})
  })
})

describe('a handler that does not wait', () => {
  it.each([
    [
      'throws',
      () => {
        throw new Error('sync')
      },
      'failed',
    ],
    [
      'gives a promise of another kind that settles at once',
      () => ({ then: (resolve: (value: number) => void) => resolve(1) }),
      'completed',
    ],
    [
      'gives one that settles and then throws',
      () => ({
        then: (resolve: (value: number) => void) => {
          resolve(1)
          throw new Error('after')
        },
      }),
      'completed',
    ],
    [
      'gives one whose then throws',
      () => ({
        then: () => {
          throw new Error('then')
        },
      }),
      'failed',
    ],
    [
      'gives one whose then can not be read',
      () => ({
        get then(): never {
          throw new Error('read')
        },
      }),
      'failed',
    ],
  ] as const)('%s', async (_what, handler, status) => {
    const flow = workflow('sync', '1.0.0')
      .node('a', handler as () => unknown)
      .build()
    expect((await new DagExecutor(flow).execute()).status).toBe(status)
  })

  it.each([
    ['undefined', undefined],
    ['a text', 'text'],
    ['a symbol', Symbol('s')],
    ['an object without a prototype', Object.create(null) as unknown],
    [
      'a Proxy that lets nobody look',
      new Proxy(
        {},
        {
          get: () => {
            throw new Error('no')
          },
          getPrototypeOf: () => {
            throw new Error('no')
          },
        },
      ),
    ],
    [
      'an error whose message can not be read',
      Object.defineProperty(new Error('x'), 'message', {
        get: () => {
          throw new Error('no')
        },
      }),
    ],
    [
      'an error that is its own cause',
      (() => {
        const error = new Error('circle')
        error.cause = error
        return error
      })(),
    ],
  ])('may throw %s, now or later: its run fails and says so', async (_what, thrown) => {
    for (const handler of [
      () => {
        throw thrown
      },
      async () => {
        throw thrown
      },
    ]) {
      const executor = new DagExecutor(
        workflow('odd', '1.0.0')
          .node('a', handler as () => unknown)
          .build(),
      )
      const { status, error } = await executor.execute()
      expect([status, error?.message]).toEqual(['failed', expect.stringMatching(/^node "a" failed: /)])
      serialize(executor.saveSnapshot())
    }
  })
})

describe('a context', () => {
  it('of an attempt that has ended can be read and not written; its signal was never aborted', async () => {
    let kept: NodeContext | undefined
    const flow = workflow('kept', '1.0.0')
      .node('a', (_inputs, ctx) => {
        kept = ctx as NodeContext
        ctx.variables.set('v', 1)
      })
      .build()
    const executor = new DagExecutor(flow)
    await executor.execute()
    const before = runOf(executor)
    expect(kept!.variables.get('v')).toBe(1)
    expect(kept!.signal.aborted).toBe(false)
    expect(() => kept!.variables.set('v', 2)).toThrow(expect.objectContaining({ code: 'NODE_CONTEXT_CLOSED' }))
    expect(() => kept!.usage.add('http')).toThrow(expect.objectContaining({ code: 'NODE_CONTEXT_CLOSED' }))
    expect(runOf(executor)).toEqual(before)
  })

  it('whose signal is asked for only after the stop has it aborted already', async () => {
    let kept: NodeContext | undefined
    const flow = workflow('kept', '1.0.0')
      .node('a', (_inputs, ctx) => {
        kept = ctx as NodeContext
        return never<number>()
      })
      .build()
    const executor = new DagExecutor(flow)
    const running = executor.execute()
    await tick()
    await executor.cancel()
    await running
    expect(kept!.signal.aborted).toBe(true)
  })
})

describe('an attempt that timed out', () => {
  it('gives nothing to the attempt after it, and its own late result is dropped', async () => {
    const clock = new ManualClock()
    const first = deferred<string>()
    const contexts: NodeContext[] = []
    const flow = workflow('retry', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          contexts.push(ctx as NodeContext)
          ctx.counters.add('calls')
          if (ctx.attempt === 1) return first.promise
          first.resolve('first')
          return new Promise<string>((resolve) => clock.setTimer(50, () => resolve('second')))
        },
        { timeoutMs: 100, retry: { maximumAttempts: 2, initialIntervalMs: 10, jitter: 0 } },
      )
      .build()
    const executor = new DagExecutor(flow, { clock })
    expect(await clock.drive(executor.execute())).toMatchObject({ status: 'completed', output: 'second' })
    expect(contexts.map(({ signal }) => signal.aborted)).toEqual([true, false])
    expect(contexts[0]!.signal.reason).toMatchObject({ code: 'NODE_TIMEOUT', details: { timeoutMs: 100 } })
    expect(executor.saveSnapshot().document.counters).toEqual({ calls: 1 })
    expect(clock.pending).toBe(0)
  })
})

describe('cancel', () => {
  const endless = () =>
    workflow('w', '1.0.0')
      .node('a', () => never<number>())
      .build()

  it('is refused before the start, after the end, and with a reason that is no text', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const executor = new DagExecutor(flow)
    await expect(executor.cancel()).rejects.toMatchObject({ code: 'RUN_NOT_STARTED' })
    await executor.execute()
    await expect(executor.cancel()).rejects.toMatchObject({ code: 'RUN_ENDED' })
    const running = new DagExecutor(endless())
    void running.execute()
    await expect(running.cancel(5 as unknown as string)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await running.cancel()
    await expect(running.cancel()).rejects.toMatchObject({ code: 'RUN_ENDED' })
  })

  it('inside a handler drops the result of that handler', async () => {
    const executor: DagExecutor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', (): number => {
          void executor.cancel('from inside')
          return 1
        })
        .build(),
    )
    const { status, results, error } = await executor.execute()
    expect([status, results]).toEqual(['canceled', {}])
    expect(error).toMatchObject({ code: 'RUN_CANCELED', message: 'the run was canceled: from inside' })
  })

  it('of a paused run ends it; it takes no further command and saves as canceled', async () => {
    const executor = new DagExecutor(endless())
    void executor.execute()
    await tick()
    await executor.pause({ deadlineMs: 0 })
    await executor.cancel('later')
    expect((await executor.execute()).status).toBe('canceled')
    const loaded = loadSnapshot(serialize(executor.saveSnapshot()), endless())
    expect([(await loaded.execute()).status, loaded.saveSnapshot().run.reason]).toEqual(['canceled', 'later'])
  })

  it('before the start of a node is recorded keeps its handler from being called', async () => {
    const gate = deferred()
    let called = 0
    const store = intercepted(memoryStore(), {
      append: async (next) => {
        await gate.promise
        return next()
      },
    })
    const flow = workflow('w', '1.0.0')
      .node('a', () => (called += 1))
      .build()
    const { executor, result, runId } = await createEngine({ store }).start(flow)
    const canceled = executor.cancel('never mind')
    gate.resolve()
    await canceled
    expect([(await result).status, called]).toEqual(['canceled', 0])
    const types: string[] = []
    for await (const { type } of store.events(runId)) types.push(type)
    expect(types).toEqual(['run.started', 'node.started', 'run.canceled'])
  })
})

describe('a run nobody waits for', () => {
  it('may fail, be canceled or paused without a promise rejected in the dark', async () => {
    for (const stop of ['fail', 'cancel', 'pause'] as const) {
      const executor = new DagExecutor(
        workflow('w', '1.0.0')
          .node('a', async () => {
            await tick()
            if (stop === 'fail') throw new Error('x')
          })
          .build(),
      )
      void executor.execute()
      await Promise.resolve()
      if (stop === 'cancel') void executor.cancel()
      if (stop === 'pause') void executor.pause({ deadlineMs: 0 })
      for (let turn = 0; turn < 4; turn += 1) await tick()
      expect(executor.status).not.toBe('running')
    }
  })

  it('whose store fails rejects its result alone, even if a handler left a count of usage alone', async () => {
    let appends = 0
    const store = intercepted(memoryStore(), {
      append: async (next) => {
        appends += 1
        if (appends > 1) throw new Error('disk full')
        return next()
      },
    })
    const logger = recordingLogger()
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        void ctx.usage.add('http')
        return never<number>()
      })
      .build()
    await createEngine({ store, logger }).start(flow)
    for (let turn = 0; turn < 4; turn += 1) await tick()
    expect(logger.lines.filter((line) => line.startsWith('error: run '))).toHaveLength(1)
  })
})

describe('a run of very many nodes that never wait', () => {
  it.each([
    ['handlers that return', () => 1, false],
    ['handlers that give a promise', async () => 1, false],
    ['handlers that return, recorded in memory', () => 1, true],
  ] as readonly (readonly [string, () => unknown, boolean])[])(
    'lets others have their turn, so that it can be canceled: %s',
    async (_what, handler, isRecorded) => {
      let builder = workflow('long', '1.0.0').node('n0', handler)
      for (let index = 1; index < 20_000; index += 1)
        builder = builder.node(`n${index}`, [`n${index - 1}` as 'n0'], handler as () => unknown) as typeof builder
      const flow = builder.build()
      const { executor, result } = isRecorded
        ? await createEngine({ store: memoryStore() }).start(flow)
        : (() => {
            const executor = new DagExecutor(flow)
            return { executor, result: executor.execute() }
          })()
      setImmediate(() => void executor.cancel())
      expect((await result).status).toBe('canceled')
    },
  )
})
