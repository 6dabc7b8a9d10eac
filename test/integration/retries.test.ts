import { describe, expect, it } from 'vitest'
import {
  createRegistry,
  createWorkflow,
  DagExecutor,
  deserialize,
  executeFromSnapshot,
  loadSnapshot,
  parseWorkflow,
  type RunEvent,
  resumePlan,
  serialize,
  workflow,
} from '../../src/index.ts'
import { backoffMs } from '../../src/run/backoff.ts'
import { ManualClock } from '../helpers/manual-clock.ts'

const never = () => new Promise<never>(() => undefined)
const tick = () => new Promise((resolve) => setImmediate(resolve))
const planned = () => {
  throw new Error('planned')
}

describe('retries', () => {
  it('each node by its own policy, at the times recorded', async () => {
    const clock = new ManualClock(0)
    const calls: [string, number, number][] = []
    const policies = {
      quick: { maximumAttempts: 3, initialIntervalMs: 10, backoffCoefficient: 1, jitter: 0 },
      grows: { maximumAttempts: 4, initialIntervalMs: 10, backoffCoefficient: 3, maximumIntervalMs: 50, jitter: 0 },
      drawn: { maximumAttempts: 3, initialIntervalMs: 1_000_000, jitter: 1 },
    }
    const nodes = [
      ...Object.entries(policies).map(([id, retry]) => ({ id, type: 'fail', retry, onError: 'continue' })),
      { id: 'once', type: 'fail', onError: 'continue' },
    ]
    const fail = (_inputs: unknown, ctx: { readonly nodeId: string; readonly attempt: number }) => {
      calls.push([ctx.nodeId, ctx.attempt, clock.now()])
      planned()
    }
    const registry = createRegistry([['fail', fail]] as const)
    const executor = new DagExecutor(parseWorkflow(JSON.stringify({ id: 'retries', nodes })), {
      registry,
      clock,
      ids: { newId: () => 'r', newSeed: () => 99 },
    })
    expect((await clock.drive(executor.execute())).status).toBe('completed')
    const timesOf = (id: string) => calls.filter(([nodeId]) => nodeId === id).map(([, attempt, at]) => [attempt, at])
    expect(timesOf('quick')).toEqual([
      [1, 0],
      [2, 10],
      [3, 20],
    ])
    expect(timesOf('grows')).toEqual([
      [1, 0],
      [2, 10],
      [3, 40],
      [4, 90],
    ])
    expect(timesOf('once')).toEqual([[1, 0]])
    const first = backoffMs(policies.drawn, 1, 99, 2)
    const second = backoffMs(policies.drawn, 2, 99, 2)
    expect(timesOf('drawn')).toEqual([
      [1, 0],
      [2, first],
      [3, first + second],
    ])
  })

  it('a wait beyond what a host timer takes, cut in its middle and resumed elsewhere, ends at the same moment', async () => {
    const ms = 2 ** 32
    const calls: number[] = []
    const clock = new ManualClock(0)
    const make = (at: ManualClock) =>
      workflow('long')
        .node(
          'a',
          (_inputs, ctx) => {
            calls.push(at.now())
            return ctx.attempt === 1 ? planned() : 'done'
          },
          { retry: { maximumAttempts: 2, initialIntervalMs: ms, jitter: 0 } },
        )
        .build()
    const executor = new DagExecutor(make(clock), { clock })
    void executor.execute()
    await tick()
    clock.advance(ms / 2)
    const text = serialize(executor.saveSnapshot())
    expect(deserialize(text).timers).toMatchObject([{ nodeId: 'a', kind: 'retry', remainingMs: ms / 2 }])
    const later = new ManualClock(ms / 2 + 1_000)
    expect((await later.drive(executeFromSnapshot(text, make(later), { clock: later }))).output).toBe('done')
    expect(calls).toEqual([0, ms])
    // One that is overdue when it is loaded starts at once.
    const days = new ManualClock(ms * 9)
    expect((await days.drive(executeFromSnapshot(text, make(days), { clock: days }))).output).toBe('done')
    expect(calls.at(-1)).toBe(ms * 9)
  })

  it('a wait beyond the calendar is saved, loads, and ends at its last instant', async () => {
    const clock = new ManualClock()
    const make = () =>
      workflow('end')
        .node('a', planned, {
          retry: { maximumAttempts: 2, initialIntervalMs: 1e200, maximumIntervalMs: 1e200, jitter: 0 },
        })
        .build()
    const executor = new DagExecutor(make(), { clock })
    void executor.execute()
    await tick()
    const document = deserialize(serialize(executor.saveSnapshot()))
    expect(document.nodes['a']).toMatchObject({ status: 'retrying', dueAt: '+275760-09-13T00:00:00.000Z' })
    expect(serialize(loadSnapshot(document, make(), { clock }).saveSnapshot())).toBe(serialize(document))
  })

  it('a thousand attempts without an end in sight, and without overflow', async () => {
    const clock = new ManualClock()
    let calls = 0
    const flow = workflow('many')
      .node('a', () => (++calls < 1_200 ? planned() : calls), {
        retry: { maximumAttempts: 1_200, initialIntervalMs: 0 },
      })
      .build()
    expect((await clock.drive(new DagExecutor(flow, { clock }).execute())).output).toBe(1_200)
  })

  it('a time-out, then a retry that succeeds; the signal tells the first attempt, whose late result is dropped', async () => {
    const clock = new ManualClock()
    const aborted: unknown[] = []
    let late: (value: string) => void = () => undefined
    const flow = workflow('slow')
      .node(
        'a',
        (_inputs, ctx) => {
          if (ctx.attempt > 1) return 'second'
          ctx.signal.addEventListener('abort', () => aborted.push(ctx.signal.reason))
          return new Promise<string>((resolve) => {
            late = resolve
          })
        },
        { timeoutMs: 50, retry: { maximumAttempts: 2, initialIntervalMs: 10 } },
      )
      .node('b', ['a'], ({ a }) => a)
      .build()
    const executor = new DagExecutor(flow, { clock })
    const running = executor.execute()
    await tick()
    clock.advance(49)
    expect(executor.saveSnapshot().nodes['a']!.status).toBe('running')
    clock.advance(1)
    late('first')
    expect((await clock.drive(running)).output).toBe('second')
    expect(aborted).toMatchObject([{ code: 'NODE_TIMEOUT', details: { nodeId: 'a', attempt: 1, timeoutMs: 50 } }])
    expect(clock.pending).toBe(0)
  })

  it('retryable: false, and what is wrong with the code itself, is not tried again', async () => {
    for (const [thrown, attempts] of [
      [Object.assign(new Error('no'), { retryable: false }), 1],
      [Object.assign(new Error('yes'), { retryable: true }), 3],
      ['a text', 3],
      [null, 3],
    ] as const) {
      let calls = 0
      const flow = workflow('w')
        .node(
          'a',
          () => {
            calls += 1
            throw thrown
          },
          { retry: { maximumAttempts: 3, initialIntervalMs: 0 } },
        )
        .build()
      expect((await new DagExecutor(flow).execute()).status).toBe('failed')
      expect(calls).toBe(attempts)
    }
    const bad = workflow('w')
      .node('a', (_inputs, ctx) => ctx.counters.add('c', Number.NaN), { retry: { maximumAttempts: 3 } })
      .build()
    const executor = new DagExecutor(bad)
    await executor.execute()
    expect(executor.saveSnapshot().nodes['a']).toMatchObject({ attempt: 1, status: 'failed' })
  })

  it('what is thrown may be anything, and still ends the node', async () => {
    const hostile = [
      new Proxy({}, { get: () => planned(), getPrototypeOf: () => planned() }),
      Object.defineProperty({}, 'retryable', { get: planned }),
      Object.defineProperty(new Error('x'), 'message', { get: planned }),
      Symbol('x'),
      undefined,
      () => 1,
    ]
    for (const thrown of hostile) {
      for (const fail of [
        () => {
          throw thrown
        },
        () => Promise.reject(thrown),
      ]) {
        const flow = workflow('w').node('a', fail).build()
        const { status, error } = await new DagExecutor(flow).execute()
        expect([status, typeof error?.message]).toEqual(['failed', 'string'])
      }
    }
  })
})

describe('a failure for good', () => {
  it('names its node, error, causes and attempts in the result and in the snapshot', async () => {
    class OrderError extends Error {
      override readonly name = 'OrderError'
      readonly code = 'E_ORDER'
    }
    const flow = workflow('w')
      .node('a', () => 1)
      .node(
        'b',
        ['a'],
        () => {
          throw new OrderError('no stock', { cause: new TypeError('null', { cause: 'why' }) })
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 0 } },
      )
      .build()
    const executor = new DagExecutor(flow)
    const { status, error, failedNodeId } = await executor.execute()
    expect([status, failedNodeId]).toEqual(['failed', 'b'])
    expect(error).toMatchObject({ code: 'RUN_NODE_FAILED', details: { nodeId: 'b' } })
    expect(error?.cause).toMatchObject({ name: 'OrderError', code: 'E_ORDER', message: 'no stock' })
    expect((error!.cause as Error).cause).toMatchObject({ name: 'TypeError', message: 'null' })
    const { run, nodes } = deserialize(serialize(executor.saveSnapshot()))
    expect(run).toMatchObject({ status: 'failed', failedNodeId: 'b', error: { code: 'RUN_NODE_FAILED' } })
    expect(nodes['b']).toMatchObject({
      status: 'failed',
      attempt: 2,
      failures: 2,
      error: { name: 'OrderError', code: 'E_ORDER', cause: { name: 'TypeError', cause: { name: 'NonError' } } },
    })
  })

  it('lets what runs end, starts nothing more, and a resume runs it and its dependants and nothing else', async () => {
    const calls: string[] = []
    let isBroken = true
    const make = () => {
      const step = async (_inputs: object, ctx: { readonly nodeId: string }) => {
        calls.push(ctx.nodeId)
        if (ctx.nodeId === 'slow') await tick()
        if (ctx.nodeId === 'bad' && isBroken) planned()
        return ctx.nodeId
      }
      const nodes = ['ok', 'bad', 'slow', 'afterOk', 'afterBad', 'afterSlow', 'join'].map((id) => ({
        id,
        type: 'step',
      }))
      const edges = ['ok>afterOk', 'bad>afterBad', 'slow>afterSlow', 'afterOk>join', 'afterBad>join'].map((edge) => {
        const [source, target] = edge.split('>')
        return { source, target }
      })
      return createWorkflow({ id: 'w', nodes, edges }, { handlers: { step } })
    }
    const executor = new DagExecutor(make())
    expect((await executor.execute()).status).toBe('failed')
    const before = [...calls]
    const { completedNodes } = executor.saveSnapshot()
    expect(completedNodes).toContain('slow')
    expect(before).not.toContain('afterBad')
    const text = serialize(executor.saveSnapshot())
    const said = resumePlan(text, make()).steps.filter(({ action }) => action === 'run')
    calls.length = 0
    isBroken = false
    const resumed = await executeFromSnapshot(text, make())
    expect(resumed.status).toBe('completed')
    expect(calls.filter((id) => completedNodes.includes(id))).toEqual([])
    expect(calls).toContain('bad')
    expect([...calls].sort()).toEqual(said.map(({ nodeId }) => nodeId).sort())
    expect([...completedNodes, ...calls].sort()).toEqual([
      'afterBad',
      'afterOk',
      'afterSlow',
      'bad',
      'join',
      'ok',
      'slow',
    ])
  })

  it('with onError continue is seen downstream alone; all is skipped, allDone runs without its input', async () => {
    const nodes = [
      { id: 'a', type: 'fail', onError: 'continue' },
      { id: 'all', type: 'step' },
      { id: 'deeper', type: 'step', trigger: 'noneFailed' },
      { id: 'allDone', type: 'step', trigger: 'allDone' },
      { id: 'beside', type: 'step' },
    ]
    const edges = [
      { source: 'a', target: 'all' },
      { source: 'all', target: 'deeper' },
      { source: 'a', target: 'allDone' },
      { source: 'deeper', target: 'allDone' },
    ]
    const flow = createWorkflow(
      { id: 'w', nodes, edges },
      { handlers: { fail: planned, step: (inputs: object) => inputs } },
    )
    const executor = new DagExecutor(flow)
    const { status, results } = await executor.execute()
    expect({ status, results }).toEqual({ status: 'completed', results: { allDone: {}, beside: {} } })
    const statuses = Object.values(executor.saveSnapshot().nodes).map(({ status, skipReason }) => skipReason ?? status)
    expect(statuses).toEqual(['failed', 'upstream-failed', 'upstream-failed', 'completed', 'completed'])
    // A failure the run went on from is not tried again.
    const again = loadSnapshot(serialize(executor.saveSnapshot()), flow)
    await again.execute()
    expect(again.saveSnapshot().nodes['a']!.attempt).toBe(1)
  })
})

describe('a fallback', () => {
  it('given as a function gets the inputs, its failure and one attempt; its result is the result of the node', async () => {
    const seen: unknown[] = []
    const flow = workflow('w')
      .node('a', () => 5)
      .node('b', ['a'], (): number => planned(), {
        retry: { maximumAttempts: 2, initialIntervalMs: 0 },
        fallback: ({ a }, ctx) => {
          seen.push([a, ctx.attempt, ctx.failure?.message, ctx.nodeId])
          return -1
        },
      })
      .node('c', ['b'], ({ b }) => b)
      .build()
    expect((await new DagExecutor(flow).execute()).output).toBe(-1)
    expect(seen).toEqual([[5, 3, 'planned', 'b']])
  })

  it('given as a node stands in with its type and data, and has no status of its own but skipped', async () => {
    const nodes = [
      { id: 'a', type: 'fail', data: 'own', fallback: 'spare' },
      { id: 'spare', type: 'echo', data: 'spare' },
      { id: 'after', type: 'inputs' },
    ]
    const flow = createWorkflow(
      { id: 'w', nodes, edges: [{ source: 'a', target: 'after' }] },
      {
        handlers: {
          fail: planned,
          echo: (_inputs, ctx) => [ctx.nodeId, ctx.data, ctx.idempotencyKey.endsWith('/a')],
          inputs: (inputs) => inputs,
        },
      },
    )
    const executor = new DagExecutor(flow)
    const { output, results } = await executor.execute()
    expect(output).toEqual({ a: ['a', 'spare', true] })
    expect(Object.keys(results)).toEqual(['a', 'after'])
    expect(executor.saveSnapshot().nodes['spare']).toMatchObject({ status: 'skipped', skipReason: 'stand-in' })
  })

  it('that fails too fails the node with its own error, and a resume begins with the node again', async () => {
    const calls: string[] = []
    let isBroken = true
    const call = (name: string) => () => {
      calls.push(name)
      if (isBroken) throw new Error(name)
      return name
    }
    const flow = workflow('w')
      .node('a', call('own'), { fallback: call('fallback') })
      .build()
    const executor = new DagExecutor(flow)
    expect((await executor.execute()).error?.cause).toMatchObject({ message: 'fallback' })
    isBroken = false
    expect((await executor.retryFailed()).output).toBe('own')
    expect(calls).toEqual(['own', 'fallback', 'own'])
  })

  it('that was cut off is what runs again', async () => {
    const calls: string[] = []
    const make = () =>
      workflow('w')
        .node(
          'a',
          (): unknown => {
            calls.push('own')
            return planned()
          },
          {
            fallback: (_inputs, ctx) => {
              calls.push(`fallback after ${ctx.failure?.message}`)
              return calls.length < 3 ? never() : 'done'
            },
          },
        )
        .build()
    const executor = new DagExecutor(make())
    void executor.execute()
    await tick()
    expect((await executeFromSnapshot(serialize(executor.saveSnapshot()), make())).output).toBe('done')
    expect(calls).toEqual(['own', 'fallback after planned', 'fallback after planned'])
  })
})

describe('the idempotency key', () => {
  it('is one over retries, time-outs, fallbacks, pauses and resumes, and another for each node and run', async () => {
    const keys: string[] = []
    const make = () =>
      workflow('keys')
        .node(
          'a/b',
          (_inputs, ctx) => {
            keys.push(ctx.idempotencyKey)
            return keys.length < 3 ? planned() : keys.length < 5 ? never() : 'done'
          },
          { retry: { maximumAttempts: 4, initialIntervalMs: 0 } },
        )
        .build()
    const clock = new ManualClock()
    let text = ''
    for (let hop = 0; hop < 3; hop += 1) {
      const executor =
        text === ''
          ? new DagExecutor(make(), { runId: 'r/1', clock })
          : (loadSnapshot(text, make(), { clock }) as unknown as DagExecutor)
      const running = executor.execute()
      for (let turn = 0; turn < 5; turn += 1) {
        await tick()
        clock.advance(1)
      }
      await clock.drive(executor.pause({ deadlineMs: 0 }))
      await running
      text = serialize(executor.saveSnapshot())
    }
    expect(deserialize(text).run.status).toBe('completed')
    expect(keys.length).toBe(5)
    expect(new Set(keys).size).toBe(1)
    const other = new DagExecutor(make(), { runId: 'r' })
    keys.push('', '', '')
    await other.execute()
    expect(new Set(keys.filter((key) => key !== '')).size).toBe(2)
  })
})

describe('what a pause with a deadline cuts off', () => {
  const make = (onInterrupted: 'rerun' | 'fail' | 'ask', calls: string[]) =>
    workflow('cut')
      .node(
        'a',
        () => {
          calls.push('a')
          return calls.filter((id) => id === 'a').length === 1 ? never() : 'done'
        },
        { onInterrupted },
      )
      .node('b', ['a'], () => calls.push('b'))
      .build()

  it.each([
    ['rerun', ['a', 'b'], 'completed', 'completed'],
    ['fail', [], 'failed', 'completed'],
    ['ask', [], 'waiting', 'completed'],
  ] as const)('%s: the plan, the resume, and the resume after it agree', async (onInterrupted, run, first, second) => {
    for (const how of ['pause', 'crash'] as const) {
      const calls: string[] = []
      const clock = new ManualClock()
      const executor = new DagExecutor(make(onInterrupted, calls), { clock })
      const running = executor.execute()
      await tick()
      if (how === 'pause') {
        const paused = executor.pause({ deadlineMs: 100 })
        clock.advance(99)
        expect(executor.status).toBe('running')
        expect((await clock.drive(paused)).run.status).toBe('paused')
        expect((await running).status).toBe('paused')
      }
      const text = serialize(executor.saveSnapshot())
      const said = resumePlan(text, make(onInterrupted, calls)).steps
      expect(said.filter(({ action }) => action === 'run').map(({ nodeId }) => nodeId)).toEqual(run)
      calls.length = 1
      const restored = loadSnapshot(text, make(onInterrupted, calls), { clock })
      const result = await restored.execute()
      expect([result.status, calls.slice(1)]).toEqual([first, run])
      if (onInterrupted === 'fail') expect(result.error?.cause).toMatchObject({ code: 'NODE_INTERRUPTED' })
      expect((await restored.execute()).status).toBe(second)
      expect(calls).toEqual(['a', 'a', 'b'])
    }
  })

  it('a node that fails meanwhile fails the run, which is then not paused', async () => {
    const clock = new ManualClock()
    let fail: (error: Error) => void = () => undefined
    const flow = createWorkflow(
      {
        id: 'w',
        nodes: [
          { id: 'a', type: 'never' },
          { id: 'b', type: 'slow' },
        ],
      },
      {
        handlers: {
          never,
          slow: () =>
            new Promise((_resolve, reject) => {
              fail = reject
            }),
        },
      },
    )
    const executor = new DagExecutor(flow, { clock })
    const events: RunEvent['type'][] = []
    executor.on('*', ({ type }) => events.push(type))
    const running = executor.execute()
    await tick()
    const paused = executor.pause({ deadlineMs: 100 })
    fail(new Error('planned'))
    await tick()
    clock.advance(100)
    expect((await paused).run).toMatchObject({ status: 'failed', failedNodeId: 'b' })
    expect((await running).status).toBe('failed')
    expect(events.slice(-3)).toEqual(['node.failed', 'node.interrupted', 'run.failed'])
  })
})
