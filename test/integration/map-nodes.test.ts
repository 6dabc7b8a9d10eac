import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import type { ExecutorOptions } from '../../src/engine/options.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { createRegistry } from '../../src/nodes/registry.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { AnyWorkflow, Workflow } from '../../src/workflow/workflow.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, never, tick } from '../helpers/run-control.ts'

guardRejections()

const START = 1_700_000_000_000

function executorOf(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const clock = new ManualClock(START)
  const types: string[] = []
  const executor = new DagExecutor(flow as Workflow, { clock, runId: 'r', ...options })
  executor.on('*', ({ type, data }) => {
    const item = 'item' in data && data.item !== undefined ? ` ${data.item}` : ''
    types.push(`${type}${'nodeId' in data ? ` ${data.nodeId}` : ''}${item}`)
  })
  return { clock, executor, types }
}

async function settled(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const made = executorOf(flow, options)
  return { ...made, result: await made.clock.drive(made.executor.execute()) }
}

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index)

describe('a map node', () => {
  it('gives what its items gave, in their order, whatever order they end in', async () => {
    const gates = numbers(4).map(() => deferred<string>())
    const flow = workflow('w')
      .node('list', () => numbers(4))
      .map('map', ['list'], {}, (item) => gates[item]!.promise)
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    for (const item of [2, 0, 3, 1]) {
      await tick()
      gates[item]!.resolve(`item ${item}`)
    }
    expect((await clock.drive(running)).output).toEqual(['item 0', 'item 1', 'item 2', 'item 3'])
  })

  it('of an empty list gives an empty list, and calls nothing', async () => {
    const flow = workflow('w')
      .node('list', (): number[] => [])
      .map('map', ['list'], {}, (): number => expect.unreachable())
      .build()
    expect((await settled(flow)).result).toMatchObject({ status: 'completed', output: [] })
  })

  it('runs as many items at once as it says, and as the run allows', async () => {
    for (const [concurrency, own, most] of [
      [16, 3, 3],
      [2, 5, 2],
      [4, undefined, 4],
    ] as const) {
      let [active, seen] = [0, 0]
      const flow = workflow('w')
        .node('list', () => numbers(20))
        .map('map', ['list'], own === undefined ? {} : { concurrency: own }, async () => {
          active += 1
          seen = Math.max(seen, active)
          await tick()
          active -= 1
        })
        .build()
      expect((await settled(flow, { concurrency })).result.status).toBe('completed')
      expect(seen).toBe(most)
    }
  })

  it('retries each item by itself, after the delays of its node, and tells a handler which item and attempt it is', async () => {
    const calls: string[] = []
    const flow = workflow('w')
      .node('list', () => ['a', 'b', 'c'])
      .map(
        'map',
        ['list'],
        { key: (item) => item },
        (item, ctx) => {
          const { key, index, count } = ctx.item!
          calls.push(`${key} ${index}/${count} attempt ${ctx.attempt} at ${ctx.now() - START}`)
          if (item === 'b' && ctx.attempt < 3) throw new Error('not yet')
          return `${item}${ctx.attempt}`
        },
        { retry: { maximumAttempts: 3, initialIntervalMs: 100, jitter: 0 } },
      )
      .build()
    const { result } = await settled(flow)
    expect(result.output).toEqual(['a1', 'b3', 'c1'])
    expect(calls).toEqual([
      'a 0/3 attempt 1 at 0',
      'b 1/3 attempt 1 at 0',
      'c 2/3 attempt 1 at 0',
      'b 1/3 attempt 2 at 100',
      'b 1/3 attempt 3 at 300',
    ])
  })

  it('times each attempt at an item out by itself', async () => {
    const stopped: string[] = []
    const flow = workflow('w')
      .node('list', () => numbers(3))
      .map(
        'map',
        ['list'],
        {},
        (item, ctx) => {
          if (item !== 1 || ctx.attempt === 2) return item
          ctx.signal.addEventListener('abort', () => stopped.push(`${item} ${(ctx.signal.reason as Error).name}`))
          return never<number>()
        },
        { timeoutMs: 50, retry: { maximumAttempts: 2 } },
      )
      .build()
    const { result } = await settled(flow)
    expect([result.output, stopped]).toEqual([[0, 1, 2], ['1 NodeError']])
  })

  it.each([
    ['fail', undefined, undefined],
    ['skip', undefined, [0, 2]],
    [
      'settle',
      undefined,
      [
        { status: 'completed', value: 0 },
        { status: 'failed', error: { name: 'RangeError', message: 'planned 1' } },
        { status: 'completed', value: 2 },
        { status: 'failed', error: { name: 'RangeError', message: 'planned 3' } },
      ],
    ],
    ['skip', 1, undefined],
    ['skip', 2, [0, 2]],
    ['settle', 0, undefined],
  ] as const)('with onItemError %s and maximumFailures %s', async (onItemError, maximumFailures, output) => {
    const flow = workflow('w')
      .node('list', () => numbers(4))
      .map('map', ['list'], { onItemError, ...(maximumFailures === undefined ? {} : { maximumFailures }) }, (item) => {
        if (item % 2 === 1) throw new RangeError(`planned ${item}`)
        return item
      })
      .build()
    const { result } = await settled(flow, { concurrency: 1 })
    expect(result.status).toBe(output === undefined ? 'failed' : 'completed')
    expect(result.output ?? undefined).toEqual(output)
    if (output === undefined) {
      expect(result.error).toMatchObject({ code: 'RUN_NODE_FAILED', cause: { code: 'NODE_ITEMS_FAILED' } })
    }
  })

  it('that failed tries its failed items again on a retry, and none that completed', async () => {
    const calls: number[] = []
    let isWell = false
    const flow = workflow('w')
      .node('list', () => numbers(4))
      .map('map', ['list'], {}, (item) => {
        calls.push(item)
        if (item === 2 && !isWell) throw new Error('planned')
        return item
      })
      .build()
    const { executor, clock, result } = await settled(flow, { concurrency: 1 })
    expect([result.status, calls]).toEqual(['failed', [0, 1, 2]])
    isWell = true
    expect((await clock.drive(executor.execute())).output).toEqual([0, 1, 2, 3])
    expect(calls).toEqual([0, 1, 2, 2, 3])
  })

  it('that fails while items of it wait for a retry, and lets the run go on, does not wait for them', async () => {
    const flow = workflow('w')
      .node('list', () => ['for good', 'later'])
      .map(
        'map',
        ['list'],
        {},
        (item) => {
          throw Object.assign(new Error(item), { retryable: item === 'later' })
        },
        { retry: { maximumAttempts: 5, initialIntervalMs: 1_000 }, onError: 'continue' },
      )
      .node('nap', sleep({ durationMs: 60_000 }))
      .build()
    const { result } = await settled(flow)
    expect(result).toMatchObject({ status: 'completed', results: { nap: null } })
  })

  it('whose keys are not unique, or is given no list, fails and says so', async () => {
    const same = workflow('w')
      .node('list', () => ['a', 'b', 'a'])
      .map('map', ['list'], { key: (item) => item }, (item) => item)
      .build()
    expect((await settled(same)).result.error?.cause).toMatchObject({
      code: 'NODE_BAD_ITEMS',
      message: expect.stringContaining('twice'),
    })
    for (const given of ['text', 5, null, { length: 1 }, undefined, new Set([1])]) {
      const none = workflow('w')
        .node('list', () => given)
        .map('map', ['list'], {}, (item) => item)
        .build()
      expect((await settled(none)).result.error?.cause).toMatchObject({ code: 'NODE_BAD_ITEMS' })
    }
    for (const key of [null, {}, Number.NaN, true]) {
      const bad = workflow('w')
        .node('list', () => [key])
        .map('map', ['list'], { key: '' }, (item) => item)
        .build()
      expect((await settled(bad)).result.error?.cause).toMatchObject({ code: 'NODE_BAD_ITEMS' })
    }
  })

  it.each(['', '__proto__', 'a/b', '@2', 'constructor', '~1'])(
    'keeps apart items of the keys and the id %j',
    async (name) => {
      const keys: string[] = []
      const flow = workflow('w')
        .node('list', () => [name, `${name} `, 'toString'])
        .map(name as 'map', ['list'], { key: '' }, async (item, ctx) => {
          keys.push(ctx.idempotencyKey)
          return ctx.step(name, () => `${item}!`)
        })
        .build()
      const { result } = await settled(flow)
      expect(result.output).toEqual([`${name}!`, `${name} !`, 'toString!'])
      expect(new Set(keys).size).toBe(3)
    },
  )

  it('gathers items that refer to places inside themselves, each as it was', async () => {
    const flow = workflow('w')
      .node('list', () => [1, 2])
      .map('map', ['list'], {}, (item) => {
        const shared = { item }
        const ring: Record<string, unknown> = { a: shared, b: shared, list: [shared, shared] }
        ring['self'] = ring
        return ring
      })
      .map('settled', ['list'], { onItemError: 'settle' }, (item) => {
        const shared = new Map([[item, 'x']])
        if (item === 2) throw new Error('planned')
        return [shared, shared]
      })
      .node('check', ['map', 'settled'], ({ map, settled }) => {
        const [first, second] = map as readonly Record<string, unknown>[]
        return [
          first!['self'] === first,
          first!['a'] === first!['b'],
          second!['self'] === second,
          first!['a'] !== second!['a'],
          (second!['list'] as unknown[])[0] === second!['a'],
          settled.length,
          (settled[0] as { readonly value: unknown[] }).value[0] ===
            (settled[0] as { readonly value: unknown[] }).value[1],
          settled[1],
        ]
      })
      .build()
    const { result } = await settled(flow)
    expect(result.results['check']).toEqual([
      true,
      true,
      true,
      true,
      true,
      2,
      true,
      { status: 'failed', error: { name: 'Error', message: 'planned' } },
    ])
  })

  it('fails the run when it may start no more attempts, once the items that run have ended', async () => {
    for (const concurrency of [1, 3]) {
      const calls: number[] = []
      const flow = workflow('w')
        .node('list', () => numbers(10))
        .map('map', ['list'], {}, async (item) => {
          await tick()
          calls.push(item)
        })
        .build()
      const { result, executor } = await settled(flow, { concurrency, limits: { maxNodeExecutions: 6 } })
      expect(result.status).toBe('failed')
      expect(result.error?.cause).toMatchObject({ code: 'LIMIT_NODE_EXECUTIONS' })
      // The node that lists, the map node, and four items.
      expect([calls.length, executor.saveSnapshot().document.usage]).toMatchObject([4, { nodeExecutions: 6 }])
    }
  })

  it('fails the run as a whole when another node is refused while it comes to its end', async () => {
    const flow = workflow('w')
      .node('list', () => [1])
      .map('map', ['list'], {}, (item) => item)
      .node('nap', sleep({ durationMs: 0 }))
      .node('more', ['nap'], () => 1)
      .build()
    for (const maxNodeExecutions of [3, 4, 5]) {
      const { result } = await settled(flow, { limits: { maxNodeExecutions } })
      expect([maxNodeExecutions, result.status]).toEqual([
        maxNodeExecutions,
        maxNodeExecutions === 5 ? 'completed' : 'failed',
      ])
    }
  })

  it('pauses when the items that run have ended, and goes on with the others', async () => {
    const calls: number[] = []
    const gate = deferred()
    const flow = workflow('w')
      .node('list', () => numbers(5))
      .map('map', ['list'], { concurrency: 2 }, async (item) => {
        calls.push(item)
        if (item < 2) await gate.promise
        return item
      })
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    await tick()
    const pausing = executor.pause()
    gate.resolve()
    await clock.drive(pausing)
    expect([(await running).status, calls]).toEqual(['paused', [0, 1]])
    expect((await clock.drive(executor.execute())).output).toEqual([0, 1, 2, 3, 4])
    expect(calls).toEqual([0, 1, 2, 3, 4])
  })

  it.each([
    ['rerun', 'completed', 2],
    ['ask', 'waiting', 1],
    ['fail', 'failed', 1],
  ] as const)('whose item is cut off by a pause, with onInterrupted %s', async (onInterrupted, status, attempts) => {
    let last = 0
    const flow = workflow('w')
      .node('list', () => numbers(3))
      .map(
        'map',
        ['list'],
        {},
        (item, ctx) => {
          if (item !== 1) return item
          last = ctx.attempt
          return ctx.attempt === 1 ? never<number>() : item
        },
        { onInterrupted },
      )
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    await tick()
    await clock.drive(executor.pause({ deadlineMs: 10 }))
    expect((await running).status).toBe('paused')
    expect([(await clock.drive(executor.execute())).status, last]).toEqual([status, attempts])
    // The answer, or the retry, brings it to its end.
    const again = status === 'completed' ? executor.execute() : clock.drive(executor.execute())
    expect(await again).toMatchObject({ status: 'completed', output: [0, 1, 2] })
    expect(last).toBe(2)
  })

  it('has its items told when the run is canceled or its time is up, and drops what they still give', async () => {
    for (const end of ['cancel', 'time-out'] as const) {
      const aborted: number[] = []
      const flow = workflow('w')
        .node('list', () => numbers(3))
        .map('map', ['list'], {}, (item, ctx) => {
          const done = deferred<number>()
          ctx.signal.addEventListener('abort', () => {
            aborted.push(item)
            done.resolve(item)
          })
          return done.promise
        })
        .build()
      const { executor, clock } = executorOf(flow, end === 'cancel' ? {} : { limits: { runTimeoutMs: 100 } })
      const running = executor.execute()
      await tick()
      if (end === 'cancel') executor.cancel('enough')
      const result = await clock.drive(running)
      expect([result.status, aborted]).toEqual([end === 'cancel' ? 'canceled' : 'failed', [0, 1, 2]])
      expect(result.results['map']).toBeUndefined()
    }
  })

  it('counts what items write once, also of one that is tried again', async () => {
    const flow = workflow('w')
      .node('list', () => numbers(3))
      .map(
        'map',
        ['list'],
        {},
        (item, ctx: NodeContext) => {
          ctx.counters.add('calls')
          ctx.accumulators.sum('sum', item)
          if (item === 1 && ctx.attempt === 1) throw new Error('planned')
        },
        { retry: { maximumAttempts: 2 } },
      )
      .build()
    const { executor } = await settled(flow)
    const { counters, accumulators } = executor.saveSnapshot().document
    expect([counters, accumulators]).toMatchObject([{ calls: 3 }, { sum: { value: 3 } }])
  })

  it('passes over 100,000 items that do nothing, each once', { timeout: 120_000 }, async () => {
    let calls = 0
    const flow = workflow('w')
      .node('list', () => numbers(100_000))
      .map('map', ['list'], {}, (item) => {
        calls += 1
        return item
      })
      .node('sum', ['map'], ({ map }) => map.reduce((sum, item) => sum + item, 0))
      .build()
    const executor = new DagExecutor(flow)
    expect((await executor.execute()).results.sum).toBe(4_999_950_000)
    expect(calls).toBe(100_000)
  })

  it('may not wait, and says so', async () => {
    const flow = createWorkflow({
      id: 'w',
      version: '1.0.0',
      nodes: [
        { id: 'list', type: 'list' },
        { id: 'map', type: 'sleep', data: { durationMs: 1 }, map: {} },
      ],
      edges: [{ source: 'list', target: 'map' }],
    })
    const { result } = await settled(flow, { registry: createRegistry([['list', () => [1]]]) })
    expect(result.status).toBe('failed')
    expect(result.error).toMatchObject({ cause: { message: expect.stringContaining('an item can not wait') } })
  })

  it('whose output is kept outside is ended again when the run stopped before that was done', async () => {
    const gate = deferred()
    const kept = new Map<string, string>()
    let puts = 0
    const blobs = {
      async put(digest: string, text: string) {
        puts += 1
        if (puts === 1) await gate.promise
        kept.set(digest, text)
      },
      async get(digest: string) {
        return kept.get(digest)!
      },
    }
    const flow = workflow('w')
      .node('list', () => numbers(3))
      .map('map', ['list'], {}, (item) => `item ${item} ${'x'.repeat(40)}`)
      .node('after', ['map'], ({ map }) => map.length)
      .build()
    const { executor, clock } = executorOf(flow, {
      blobs: blobs as never,
      oversizedResults: 'reference',
      limits: { maxResultBytes: 100 },
    })
    const running = executor.execute()
    await tick()
    await clock.drive(executor.pause())
    expect((await running).status).toBe('paused')
    gate.resolve()
    await tick()
    expect((await clock.drive(executor.execute())).results['after']).toBe(3)
  })
})
