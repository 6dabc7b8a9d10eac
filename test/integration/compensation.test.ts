import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import { createRegistry } from '../../src/nodes/registry.ts'
import type { RunEvent } from '../../src/run/event.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { memoryBlobs } from '../../src/store/memory/memory-blobs.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import type { Store } from '../../src/store/store.ts'
import { type CrashPoint, crashingStore } from '../../src/testing/crashing-store.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { parseWorkflow } from '../../src/workflow/parse.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, never, recordingLogger, tick } from '../helpers/run-control.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const folder = temporaryFolder()
const onFailure = { compensateOn: ['failure'] } as const
const both = { compensateOn: ['failure', 'cancel'] } as const

/** A line of three, the last of which fails, or hangs; `undone` says what was undone. */
function line(undone: string[], last: () => unknown = () => Promise.reject(new Error('sold out'))) {
  const undo =
    (id: string) =>
    ({ output }: { readonly output: unknown }) =>
      void undone.push(`${id} ${JSON.stringify(output)}`)
  return workflow('trip', '1.0.0')
    .node('flight', () => ({ seat: 4 }), { compensation: undo('flight') })
    .node('hotel', ['flight'], () => 'room', { compensation: undo('hotel') })
    .node('note', ['hotel'], () => 1)
    .node('car', ['note'], last, { compensation: undo('car') })
    .build()
}

function typesOf(executor: DagExecutor<never, never> | DagExecutor): string[] {
  const types: string[] = []
  ;(executor as DagExecutor).on('*', ({ type, path, data }: RunEvent) => {
    if (type.startsWith('compensation.') || type.startsWith('run.'))
      types.push(
        [type, ...(path ?? []), ...('nodeId' in data && data.nodeId !== undefined ? [data.nodeId] : [])].join(' '),
      )
  })
  return types
}

describe('compensations after a failure', () => {
  it('undo what had completed, the last first, and the run fails as it would have', async () => {
    const undone: string[] = []
    const executor = new DagExecutor(line(undone), onFailure)
    const types = typesOf(executor)
    const { status, error, failedNodeId, results } = await executor.execute()
    expect(undone).toEqual(['hotel "room"', 'flight {"seat":4}'])
    expect({ status, failedNodeId, results }).toEqual({
      status: 'failed',
      failedNodeId: 'car',
      results: { flight: { seat: 4 }, hotel: 'room', note: 1 },
    })
    expect(error).toMatchObject({ code: 'RUN_NODE_FAILED', cause: { message: 'sold out' } })
    expect(types).toEqual([
      'run.started',
      'run.compensating car',
      'compensation.started hotel',
      'compensation.completed hotel',
      'compensation.started flight',
      'compensation.completed flight',
      'run.failed car',
    ])
  })

  it('do not run when nobody asked for them, when none is there, and when the run completes', async () => {
    const undone: string[] = []
    for (const options of [{}, { compensateOn: ['cancel'] as const }]) {
      const executor = new DagExecutor(line(undone), options)
      expect((await executor.execute()).status).toBe('failed')
      // Nothing was undone, so the run can go on.
      expect((await executor.retryFailed()).status).toBe('failed')
    }
    const bare = new DagExecutor(
      workflow('bare')
        .node('x', () => Promise.reject(new Error('no')))
        .build(),
      both,
    )
    const types = typesOf(bare)
    await bare.execute()
    await new DagExecutor(
      line(undone, () => 'car'),
      both,
    ).execute()
    expect(types).toEqual(['run.started', 'run.failed x'])
    expect(undone).toEqual([])
  })

  it('wait for nodes in flight, whose effects are undone too', async () => {
    const gate = deferred()
    const undone: string[] = []
    const flow = workflow('wide', '1.0.0')
      .node('slow', () => gate.promise.then(() => 's'), { compensation: ({ output }) => void undone.push(output) })
      .node('fails', () => Promise.reject(new Error('no')))
      .build()
    const executing = new DagExecutor(flow, onFailure).execute()
    await tick()
    expect(undone).toEqual([])
    gate.resolve()
    expect((await executing).status).toBe('failed')
    expect(undone).toEqual(['s'])
  })

  it('are tried by the retry policy of their node; one that fails for good is told, and the others run', async () => {
    const clock = new ManualClock()
    const undone: string[] = []
    const attempts: number[] = []
    const keys = new Set<string>()
    const flow = workflow('flaky', '1.0.0')
      .node('a', () => 1, { compensation: () => void undone.push('a') })
      .node('b', ['a'], () => 2, {
        retry: { maximumAttempts: 3, initialIntervalMs: 100, jitter: 0 },
        compensation: (_, ctx) => {
          attempts.push(ctx.attempt)
          keys.add(ctx.idempotencyKey)
          expect(ctx.failure).toMatchObject({ code: 'RUN_NODE_FAILED' })
          if (ctx.attempt < 3) throw new Error('later')
          undone.push('b')
        },
      })
      .node('c', ['b'], () => 3, { compensation: () => Promise.reject(new Error('gone')) })
      .node('d', ['c'], () => Promise.reject(new Error('no')))
      .build()
    const executor = new DagExecutor(flow, { ...onFailure, clock, runId: 'r/1' })
    const { error, status } = await clock.drive(executor.execute())
    expect(status).toBe('failed')
    expect([attempts, undone, [...keys]]).toEqual([[1, 2, 3], ['b', 'a'], ['waystone-compensation/r%2F1/b']])
    expect(error).toMatchObject({
      code: 'RUN_NODE_FAILED',
      details: { nodeId: 'd', compensationFailures: [{ nodeId: 'c', message: 'gone' }], compensationFailureCount: 1 },
    })
  })

  it('write to the state of the run, one transaction each', async () => {
    const flow = workflow('writes', '1.0.0')
      .node('a', (_, ctx) => ctx.counters.add('open', 2), {
        compensation: (_, ctx) => {
          ctx.counters.add('open', -2)
          ctx.variables.set('undone', ctx.data)
        },
      })
      .node('b', ['a'], (_, ctx) => ctx.counters.add('open', 1), {
        compensation: (_, ctx) => {
          ctx.counters.add('open', -1)
          throw new Error('no')
        },
      })
      .node('c', ['b'], () => Promise.reject(new Error('no')))
      .build()
    const executor = new DagExecutor(flow, onFailure)
    await executor.execute()
    const { counters, variables } = executor.saveSnapshot().document
    expect({ counters, variables }).toEqual({ counters: { open: 1 }, variables: { undone: null } })
  })

  it('end the run for good: nothing is resumed, retried or changed', async () => {
    const executor = new DagExecutor(line([]), onFailure)
    await executor.execute()
    const types = typesOf(executor)
    expect((await executor.execute()).status).toBe('failed')
    await expect(executor.retryFailed()).rejects.toMatchObject({ code: 'RUN_ENDED' })
    await expect(executor.cancel()).rejects.toMatchObject({ code: 'RUN_ENDED' })
    await expect(executor.skipNode('car')).rejects.toMatchObject({ code: 'RUN_ENDED' })
    await expect(executor.signal('s')).rejects.toMatchObject({ code: 'RUN_ENDED' })
    expect(types).toEqual([])
  })

  it('follow the time-out of the run, and are not cut off by it', async () => {
    const clock = new ManualClock()
    const undone: string[] = []
    const flow = workflow('slow', '1.0.0')
      .node('a', () => 1, {
        compensation: () =>
          new Promise<void>((resolve) => {
            clock.setTimer(500, () => {
              undone.push('a')
              resolve()
            })
          }),
      })
      .node('b', ['a'], () => never())
      .build()
    const executor = new DagExecutor(flow, { ...onFailure, clock, limits: { runTimeoutMs: 100 } })
    const { error } = await clock.drive(executor.execute())
    expect(error).toMatchObject({ code: 'RUN_TIMEOUT' })
    expect(undone).toEqual(['a'])
  })

  it('are the only thing that goes on: no time-out of the run, and no nested run that waits', async () => {
    const clock = new ManualClock()
    const undone: string[] = []
    const later = (id: string) => () =>
      new Promise<void>((resolve) => {
        clock.setTimer(500, () => {
          undone.push(id)
          resolve()
        })
      })
    const inner = workflow('inner', '1.0.0')
      .node('x', () => 1, { compensation: later('x') })
      .node('nap', ['x'], { type: 'sleep', data: { durationMs: 300 } })
      .node('after', ['nap'], () => undone.push('ran'))
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 1, { compensation: later('a') })
      .workflow('b', ['a'], inner)
      .node('fails', ['a'], () => Promise.reject(new Error('no')))
      .build()
    const executor = new DagExecutor(flow, { ...onFailure, clock, limits: { runTimeoutMs: 200 } })
    const { error } = await clock.drive(executor.execute())
    expect(error).toMatchObject({ code: 'RUN_NODE_FAILED' })
    expect(undone).toEqual(['x', 'a'])
  })

  it('let no nested run go on that a signal reaches meanwhile', async () => {
    const clock = new ManualClock()
    const ran: string[] = []
    const gate = deferred()
    const inner = workflow('inner', '1.0.0')
      .node('word', { type: 'waitForSignal', data: { name: 'go' } })
      .node('after', ['word'], () => ran.push('after'))
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 1, { compensation: () => gate.promise.then(() => void ran.push('undone')) })
      .workflow('b', ['a'], inner)
      .node('hangs', ['a'], never)
      .build()
    const executor = new DagExecutor(flow, { ...onFailure, clock, limits: { runTimeoutMs: 100 } })
    const executing = executor.execute()
    await tick()
    clock.advance(100)
    await executor.signal('go')
    await tick()
    gate.resolve()
    expect((await executing).error).toMatchObject({ code: 'RUN_TIMEOUT' })
    expect(ran).toEqual(['undone'])
  })

  it('have the time-out of their node, and what comes later is dropped', async () => {
    const clock = new ManualClock()
    const signals: AbortSignal[] = []
    const flow = workflow('hangs', '1.0.0')
      .node('a', () => 1, {
        timeoutMs: 50,
        compensation: (_, ctx) => {
          signals.push(ctx.signal)
          return never()
        },
      })
      .node('b', ['a'], () => Promise.reject(new Error('no')))
      .build()
    const { error } = await clock.drive(new DagExecutor(flow, { ...onFailure, clock }).execute())
    expect(error).toMatchObject({ details: { compensationFailures: [{ nodeId: 'a', code: 'NODE_TIMEOUT' }] } })
    expect(signals.map(({ aborted }) => aborted)).toEqual([true])
  })

  it('get outputs that are kept outside, and say what was dropped', async () => {
    for (const oversizedResults of ['reference', 'drop'] as const) {
      const lengths: number[] = []
      const flow = workflow('large', '1.0.0')
        .node('a', () => 'x'.repeat(500), { compensation: ({ output }) => void lengths.push(output.length) })
        .node('b', () => Promise.reject(new Error('no')))
        .build()
      const blobs = memoryBlobs()
      const limits = { maxResultBytes: 100 }
      const { error } = await new DagExecutor(flow, {
        ...onFailure,
        limits,
        oversizedResults,
        blobs,
        concurrency: 1,
      }).execute()
      if (oversizedResults === 'reference') expect(lengths).toEqual([500])
      else expect(error).toMatchObject({ details: { compensationFailures: [{ code: 'SNAPSHOT_TRUNCATED' }] } })
    }
  })

  it('refuse steps, checkpoints, signals and metered use, before anything of them happens', async () => {
    const codes: unknown[] = []
    let did = 0
    const flow = workflow('refuses', '1.0.0')
      .node('a', () => 1, {
        compensation: async (_, ctx) => {
          const calls = [
            () => ctx.step('s', () => (did += 1)),
            () => ctx.checkpoint(1),
            () => ctx.sendSignal('n'),
            async () => ctx.usage.add('u'),
          ]
          for (const call of calls) await call().catch((error: unknown) => codes.push((error as { code: string }).code))
        },
      })
      .node('b', ['a'], () => Promise.reject(new Error('no')))
      .build()
    await new DagExecutor(flow, onFailure).execute()
    expect([codes, did]).toEqual([Array(4).fill('RUN_REJECTED'), 0])
  })

  it('may be node types of a registry, with data of their own; a missing one is named before anything runs', async () => {
    const json = {
      id: 'plain',
      version: '1.0.0',
      nodes: [
        {
          id: 'a',
          type: 'constant',
          data: { value: { of: 'a' } },
          compensation: { type: 'undo', data: { loud: true } },
        },
        { id: 'b', type: 'fails' },
      ],
      edges: [{ source: 'a', target: 'b' }],
    }
    expect(() => new DagExecutor(parseWorkflow(json))).toThrow(/"undo"/)
    const undone: unknown[] = []
    const registry = createRegistry()
      .register('undo', ({ output }, ctx) => void undone.push(output, ctx.data))
      .register('fails', () => Promise.reject(new Error('no')))
    await new DagExecutor(parseWorkflow(json), { registry, ...onFailure }).execute()
    expect(undone).toEqual([{ of: 'a' }, { loud: true }])
  })

  it('of a map node run once, for all its items; of a type that waits they fail', async () => {
    const undone: unknown[] = []
    const flow = workflow('mapped', '1.0.0')
      .node('list', () => [1, 2], { compensation: { type: 'sleep', data: { durationMs: 1 } } })
      .map('items', ['list'], {}, (item) => item * 2, { compensation: ({ output }) => void undone.push(output) })
      .node('fails', ['items'], () => Promise.reject(new Error('no')))
      .build()
    const { error } = await new DagExecutor(flow, onFailure).execute()
    expect(undone).toEqual([[2, 4]])
    expect(error).toMatchObject({ details: { compensationFailures: [{ nodeId: 'list', code: 'NODE_BAD_DATA' }] } })
  })
})

describe('compensations of nested runs', () => {
  const undo = (undone: string[], id: string) => ({ compensation: () => void undone.push(id) })

  it('come where their run completed, after the node that was the run', async () => {
    const undone: string[] = []
    const inner = workflow('inner', '1.0.0')
      .node('x', () => 1, undo(undone, 'b/x'))
      .node('y', ['x'], () => 2, undo(undone, 'b/y'))
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 0, undo(undone, 'a'))
      .workflow('b', ['a'], inner, undo(undone, 'b'))
      .node('c', ['b'], () => 3, undo(undone, 'c'))
      .node('d', ['c'], () => Promise.reject(new Error('no')))
      .build()
    const executor = new DagExecutor(flow, { ...onFailure, runId: 'r' })
    const types = typesOf(executor)
    await executor.execute()
    expect(undone).toEqual(['c', 'b', 'b/y', 'b/x', 'a'])
    expect(types.filter((type) => type.startsWith('compensation.started'))).toEqual([
      'compensation.started c',
      'compensation.started b',
      'compensation.started b y',
      'compensation.started b x',
      'compensation.started a',
    ])
  })

  it('that failed come first', async () => {
    const undone: string[] = []
    const keys: string[] = []
    const inner = workflow('inner', '1.0.0')
      .node('x', (_, ctx) => ctx.counters.add('n'), {
        compensation: (_, ctx) => {
          keys.push(ctx.idempotencyKey)
          undone.push(`b/x ${ctx.counters.get('n')} ${JSON.stringify(ctx.input)}`)
        },
      })
      .node('y', ['x'], () => Promise.reject(new Error('no')))
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 0, undo(undone, 'a'))
      .workflow('b', ['a'], inner)
      .build()
    const { error } = await new DagExecutor(flow, { ...onFailure, runId: 'r' }).execute()
    expect(error).toMatchObject({ code: 'RUN_NODE_FAILED', details: { nodeId: 'b' } })
    expect([undone, keys]).toEqual([['b/x 1 {"a":0}', 'a'], ['waystone-nested-compensation/1/r/b/x']])
  })

  it('of a run that goes on without them do not run', async () => {
    const undone: string[] = []
    const inner = workflow('inner', '1.0.0')
      .node('x', () => 1, undo(undone, 'x'))
      .node('y', ['x'], () => Promise.reject(new Error('no')))
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 0)
      .workflow('b', ['a'], inner, { onError: 'continue' })
      .build()
    expect((await new DagExecutor(flow, onFailure).execute()).status).toBe('completed')
    expect(undone).toEqual([])
  })
})

describe('compensations after a cancel', () => {
  it('run when the configuration or the caller says so, nodes in flight are stopped first', async () => {
    for (const [options, given, runs] of [
      [{}, {}, false],
      [{}, { compensate: true }, true],
      [{ compensateOn: ['cancel'] as const }, {}, true],
      [{ compensateOn: ['cancel'] as const }, { compensate: false }, false],
    ] as const) {
      const undone: string[] = []
      const executor = new DagExecutor(line(undone, never), options)
      const executing = executor.execute()
      await tick()
      await executor.cancel('enough', given)
      const { status, error } = await executing
      expect([status, error?.message]).toEqual(['canceled', 'the run was canceled: enough'])
      expect(undone).toEqual(runs ? ['hotel "room"', 'flight {"seat":4}'] : [])
      expect(executor.saveSnapshot().document.nodes).toMatchObject({ car: { status: 'canceled' } })
    }
  })

  it('begin when handlers in flight have been told to stop; a document taken meanwhile stays as it is', async () => {
    const seen: unknown[] = []
    const gate = deferred()
    const flow = workflow('told', '1.0.0')
      .node('a', () => 1, { compensation: () => gate.promise })
      .node('b', ['a'], (_, ctx) => new Promise(() => ctx.signal.addEventListener('abort', () => seen.push('b'))))
      .build()
    const executor = new DagExecutor(flow, both)
    const executing = executor.execute()
    await tick()
    await executor.cancel()
    await tick()
    expect(seen).toEqual(['b'])
    const snapshot = executor.saveSnapshot()
    gate.resolve()
    expect((await executing).status).toBe('canceled')
    expect(snapshot.document.compensations).toMatchObject({ a: { status: 'running' } })
    expect(executor.saveSnapshot().document.compensations).toMatchObject({ a: { status: 'completed' } })
  })

  it('are stopped by a cancel that wants none, and by no other', async () => {
    const undone: string[] = []
    const signals: AbortSignal[] = []
    const flow = workflow('stops', '1.0.0')
      .node('a', () => 1, { compensation: () => void undone.push('a') })
      .node('b', ['a'], () => 2, {
        compensation: (_, ctx) => {
          signals.push(ctx.signal)
          return never()
        },
      })
      .node('c', ['b'], never)
      .build()
    const executor = new DagExecutor(flow, both)
    const types = typesOf(executor)
    const executing = executor.execute()
    await tick()
    await executor.cancel('one')
    await tick()
    await executor.cancel('two')
    await executor.cancel('three', { compensate: false })
    const { status, error } = await executing
    expect([status, error?.message, undone]).toEqual(['canceled', 'the run was canceled: three', []])
    expect(signals[0]!.aborted).toBe(true)
    expect(types).toEqual(['run.started', 'run.compensating', 'compensation.started b', 'run.canceled'])
  })

  it('of a paused run run when it is taken up, and tell of failures', async () => {
    const undone: string[] = []
    const flow = workflow('paused', '1.0.0')
      .node(
        'a',
        (_, ctx) => {
          void executor.pause()
          return ctx.runId
        },
        { compensation: () => Promise.reject(new Error('gone')) },
      )
      .node('b', ['a'], () => undone.push('b ran'))
      .build()
    const executor: DagExecutor = new DagExecutor(flow, both) as DagExecutor
    expect((await executor.execute()).status).toBe('paused')
    await executor.cancel('late')
    await tick()
    expect([executor.status, undone]).toEqual(['paused', []])
    await expect(executor.skipNode('b')).rejects.toMatchObject({ code: 'RUN_REJECTED' })
    const { status, error } = await executor.execute()
    expect([status, undone]).toEqual(['canceled', []])
    expect(error).toMatchObject({
      code: 'RUN_CANCELED',
      details: { compensationFailures: [{ nodeId: 'a', message: 'gone' }] },
    })
  })

  it('can be paused, and go on where they were', async () => {
    const undone: string[] = []
    const gate = deferred()
    const flow = workflow('pausable', '1.0.0')
      .node('a', () => 1, { compensation: () => void undone.push('a') })
      .node('b', ['a'], () => 2, { compensation: () => gate.promise.then(() => void undone.push('b')) })
      .node('c', ['b'], never)
      .build()
    const executor = new DagExecutor(flow, both)
    const executing = executor.execute()
    await tick()
    await executor.cancel()
    await tick()
    const pausing = executor.pause()
    gate.resolve()
    await pausing
    expect([(await executing).status, undone]).toEqual(['paused', ['b']])
    expect([(await executor.execute()).status, undone]).toEqual(['canceled', ['b', 'a']])
  })
})

describe('compensations of a stored run', () => {
  const stores = { memory: () => memoryStore(), file: () => fileStore(`${folder}/crash`, { durability: 'exit' }) }

  /** Runs a line whose third node fails, in a process that dies at an append; then in others, until it ends. */
  async function crashed(store: Store, runId: string, point: CrashPoint) {
    const called: string[] = []
    const inner = workflow('inner', '1.0.0')
      .node('x', () => 1, { compensation: (_, ctx) => void called.push(`b/x ${ctx.idempotencyKey}`) })
      .build()
    const flow = workflow('durable', '1.0.0')
      .node('a', () => 1, { compensation: (_, ctx) => void called.push(`a ${ctx.idempotencyKey}`) })
      .workflow('b', ['a'], inner)
      .node('c', ['b'], (_, ctx) => ctx.counters.add('n'), {
        compensation: async (_, ctx) => {
          called.push(`c ${ctx.idempotencyKey}`)
          await tick()
          ctx.counters.add('n', -1)
        },
      })
      .node('d', ['c'], () => Promise.reject(new Error('no')))
      .build()
    const logger = recordingLogger()
    const dying = createEngine({ store: crashingStore(store, point), workflows: [flow], logger, ...onFailure })
    const isOver = await dying.start('durable', undefined, { runId }).then(
      ({ result }) =>
        result.then(
          () => true,
          () => false,
        ),
      () => false,
    )
    const next = createEngine({ store, workflows: [flow], logger, ...onFailure })
    if ((await next.get(runId)) === null) return { called, isOver, facts: null, outcome: null, counters: null }
    const outcome = await (await next.resume(runId)).result
    const facts: string[] = []
    for await (const { type, nodeId } of store.events(runId))
      if (type !== 'run.resumed') facts.push(`${type} ${nodeId ?? ''}`)
    const { counters } = (await next.snapshot(runId)).document
    return { called, isOver, facts, outcome, counters }
  }

  it.each(Object.keys(stores) as (keyof typeof stores)[])(
    'go on after a crash at any append, none that is on record a second time, and in one order (%s)',
    async (kind) => {
      const store = stores[kind]()
      let between = 0
      for (let atAppend = 1, isOver = false; !isOver; atAppend += 1) {
        for (const isRecorded of [false, true]) {
          const runId = `${atAppend}-${isRecorded}`
          const run = await crashed(store, runId, { atAppend, isRecorded })
          isOver = run.isOver
          if (run.facts === null) continue
          const of = (type: string) =>
            run.facts!.filter((fact) => fact.startsWith(type)).map((fact) => fact.split(' ')[1])
          expect([runId, of('compensation.completed')]).toEqual([runId, ['c', 'x', 'a']])
          expect([run.outcome.status, run.outcome.error?.message]).toEqual(['failed', 'node "d" failed: no'])
          expect(run.counters).toEqual({ n: 0 })
          expect(of('run.failed')).toEqual(['d'])
          // What was cut off was called again with the same key, and nothing else was.
          const again = of('compensation.interrupted').length
          if (again > 0) between += 1
          expect(new Set(run.called).size).toBe(3)
          expect(run.called.length).toBeLessThanOrEqual(3 + again)
          const order = run.called
            .filter((key, index) => run.called.indexOf(key) === index)
            .map((key) => key.split(' ')[0])
          expect(order).toEqual(['c', 'b/x', 'a'])
        }
      }
      expect(between).toBeGreaterThanOrEqual(3)
      await store.close()
    },
  )

  it('go on over a workflow that has changed meanwhile: what it has no more is not undone', async () => {
    const store = memoryStore()
    const undone: string[] = []
    const json = (isNew: boolean) => ({
      id: 'changing',
      version: '1.0.0',
      nodes: [
        { id: 'a', type: 'give', compensation: { type: 'undo', data: isNew ? 'a, new' : 'a' } },
        ...(isNew ? [] : [{ id: 'b', type: 'give', compensation: { type: 'undo', data: 'b' } }]),
        { id: 'c', type: 'give', compensation: { type: isNew ? 'undo' : 'hang', data: 'c, new' } },
        { id: 'd', type: 'fail' },
      ],
      edges: ['c', 'd', ...(isNew ? [] : ['b'])].map((target) => ({ source: target === 'd' ? 'c' : 'a', target })),
    })
    const registry = createRegistry()
      .register('give', (_, ctx) => ctx.nodeId)
      .register('hang', never)
      .register('undo', (_, ctx) => void undone.push(String(ctx.data)))
      .register('fail', () => Promise.reject(new Error('no')))
    const clock = new ManualClock()
    const options = { store, clock, logger: recordingLogger(), registry, ...onFailure }
    const first = createEngine({ ...options, workflows: [parseWorkflow(json(false))] })
    const { executor, result } = await first.start('changing', undefined, { runId: 'r', concurrency: 1 })
    await new Promise<void>((resolve) => executor.on('compensation.started', () => resolve()))
    const pausing = first.pause('r', { deadlineMs: 0 })
    clock.advance(1)
    await pausing
    expect((await result).status).toBe('paused')
    const second = createEngine({ ...options, workflows: [parseWorkflow(json(true))], onWorkflowChange: 'accept' })
    expect((await (await second.resume('r')).result).status).toBe('failed')
    expect(undone).toEqual(['c, new', 'a, new'])
    // And its log is folded to the same.
    const { compensations } = (await second.snapshot('r')).document
    expect(Object.entries(compensations!).map(([id, { status }]) => `${id} ${status}`)).toEqual([
      'a completed',
      'c completed',
    ])
  })

  it('that is canceled while it executes nowhere run when it is resumed', async () => {
    const store = memoryStore()
    const undone: string[] = []
    const flow = line(undone)
    const engine = createEngine({ store, workflows: [flow] })
    await (await engine.start(flow, undefined, { runId: 'r' })).result
    await engine.cancel('r', 'enough', { compensate: true })
    expect([(await engine.get('r'))?.status, undone]).toEqual(['paused', []])
    expect((await (await engine.resume('r')).result).status).toBe('canceled')
    expect(undone).toEqual(['hotel "room"', 'flight {"seat":4}'])
  })
})

it('a document taken at any fact leads to the same end, and no compensation that is on record runs again', async () => {
  const undone: string[] = []
  const undo = (id: string) => ({
    compensation: async (_: unknown, ctx: { readonly counters: { add(name: string, by: number): void } }) => {
      undone.push(id)
      await tick()
      ctx.counters.add(id, -1)
      if (id === 'x') throw new Error('gone')
    },
  })
  const inner = workflow('inner', '1.0.0')
    .node('x', () => 1, undo('x'))
    .node('y', ['x'], () => 1, undo('y'))
    .build()
  const flowOf = (last: () => unknown) =>
    workflow('cuts', '1.0.0')
      .node('a', () => 1, undo('a'))
      .workflow('b', ['a'], inner, undo('b'))
      .node('c', ['b'], () => 1, undo('c'))
      .node('d', ['c'], last)
      .build()
  const end = (executor: DagExecutor<never, never>) => {
    const { nodes, counters, compensations, children, run } = executor.saveSnapshot().document as never as Record<
      string,
      { status?: string; compensating?: unknown }
    >
    const states = JSON.stringify([nodes, counters, compensations, children, run!.status, run!.compensating])
    // How often something was begun differs by what was cut off, and when it was.
    return states.replaceAll(/"(?:attempt|begunBy|seq|startedAt|endedAt|seed)":("[^"]*"|\d+|null)/g, '')
  }
  for (const cause of ['failure', 'cancel'] as const) {
    const flow = flowOf(cause === 'cancel' ? never : () => Promise.reject(new Error('no')))
    const live = new DagExecutor(flow, { ...both, runId: 'r' })
    const cuts: { readonly text: string; readonly done: readonly string[] }[] = []
    const done: string[] = []
    live.on('*', ({ type, data }: RunEvent) => {
      if ((type === 'compensation.completed' || type === 'compensation.failed') && 'nodeId' in data)
        done.push(data.nodeId!)
      cuts.push({ text: serialize(live.saveSnapshot()), done: [...done] })
    })
    if (cause === 'cancel') live.on('node.started', ({ data }) => void (data.nodeId === 'd' && live.cancel('enough')))
    await live.execute()
    expect(done).toEqual(['c', 'b', 'y', 'x', 'a'])
    const whole = end(live as never)
    expect(cuts.length).toBeGreaterThan(20)
    for (const { text, done } of cuts) {
      undone.length = 0
      const restored = loadSnapshot(text, flow)
      if (JSON.parse(text).run.compensating === undefined) continue
      const { status } = await restored.execute()
      expect(status).toBe(cause === 'failure' ? 'failed' : 'canceled')
      expect(undone).toEqual(['c', 'b', 'y', 'x', 'a'].filter((id) => !done.includes(id)))
      expect(end(restored as never)).toBe(whole)
    }
  }
})
