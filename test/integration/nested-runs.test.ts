import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import type { ExecutorOptions } from '../../src/engine/options.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { memoryBlobs } from '../../src/store/memory/memory-blobs.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { createWorkflow } from '../../src/workflow/create-workflow.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import type { AnyWorkflow, Workflow } from '../../src/workflow/workflow.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, tick } from '../helpers/run-control.ts'

guardRejections()

const START = 1_700_000_000_000

function executorOf(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const clock = new ManualClock(START)
  return { clock, executor: new DagExecutor(flow as Workflow, { clock, runId: 'r', ...options }) }
}

/** Runs a workflow to where it settles. */
async function settled(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const { clock, executor } = executorOf(flow, options)
  const types: string[] = []
  executor.on('*', ({ type, path = [], data }) => {
    types.push([type, ...path, ...('nodeId' in data ? [data.nodeId] : [])].join(' '))
  })
  const result = await clock.drive(executor.execute())
  return { clock, executor, result, types }
}

describe('what waits in a nested run', () => {
  it('goes on at each of several times, in a root that waits for nothing else', async () => {
    const inner = workflow('inner')
      .node('early', sleep({ durationMs: 10 }))
      .node('late', sleep({ durationMs: 20 }))
      .node('latest', ['early'], sleep({ durationMs: 500 }))
      .node('end', ['early', 'late', 'latest'], (_, ctx) => ctx.now())
      .build()
    const flow = workflow('outer').workflow('run', [], inner).build()
    const { result } = await settled(flow)
    expect([result.status, result.output]).toEqual(['completed', START + 510])
  })

  it('goes on two levels down, beside timers of the root that are earlier and later', async () => {
    const leaf = workflow('leaf')
      .node('nap', sleep({ durationMs: 30 }))
      .node('again', ['nap'], sleep({ durationMs: 30 }))
      .build()
    const middle = workflow('middle')
      .node('nap', sleep({ durationMs: 45 }))
      .workflow('leaf', [], leaf)
      .build()
    const flow = workflow('outer')
      .workflow('middle', [], middle)
      .node('short', sleep({ durationMs: 5 }))
      .node('long', sleep({ durationMs: 1_000 }))
      .build()
    const { result, types } = await settled(flow)
    expect(result.status).toBe('completed')
    expect(types.filter((type) => type.startsWith('node.completed'))).toEqual([
      'node.completed short',
      'node.completed middle leaf nap',
      'node.completed middle nap',
      'node.completed middle leaf again',
      'node.completed middle leaf',
      'node.completed middle',
      'node.completed long',
    ])
  })
})

describe('an input of null', () => {
  it('is null for a run, and for a nested one', async () => {
    const inner = workflow('inner')
      .node('a', (_, ctx) => ctx.input === null)
      .build()
    const flow = workflow('outer')
      .workflow('run', [], inner, { input: () => null })
      .build()
    expect((await settled(flow)).result.output).toBe(true)
    expect((await settled(inner, { input: null })).result.output).toBe(true)
  })
})

describe('a nested run', () => {
  it('is all of it in the log of the run it is part of, under the path that leads to it', async () => {
    const leaf = workflow('leaf')
      .node('a', () => 1)
      .build()
    const inner = workflow('inner')
      .node('a', () => 2)
      .workflow('leaf', ['a'], leaf)
      .build()
    const flow = workflow('outer')
      .node('a', () => 3)
      .workflow('inner', ['a'], inner)
      .build()
    const { result, types } = await settled(flow)
    expect(result.results).toEqual({ a: 3, inner: 1 })
    expect(types).toEqual([
      'run.started',
      'node.started a',
      'node.completed a',
      'node.started inner',
      'child.started inner',
      'node.started inner a',
      'node.completed inner a',
      'node.started inner leaf',
      'child.started inner leaf',
      'node.started inner leaf a',
      'node.completed inner leaf a',
      'run.completed inner leaf',
      'node.completed inner leaf',
      'run.completed inner',
      'node.completed inner',
      'run.completed',
    ])
  })

  it('that failed goes on where it failed when its node is tried again, however deep', async () => {
    const calls: string[] = []
    const leaf = workflow('leaf')
      .node('before', () => void calls.push('before'))
      .node('flaky', ['before'], (_, ctx) => {
        calls.push(`flaky ${ctx.attempt}`)
        if (ctx.attempt < 3) throw new Error('planned')
        return 'well'
      })
      .build()
    const inner = workflow('inner')
      .node('aside', () => void calls.push('aside'))
      .workflow('leaf', ['aside'], leaf)
      .build()
    const flow = workflow('outer')
      .workflow('inner', [], inner, { retry: { maximumAttempts: 3, initialIntervalMs: 10 } })
      .build()
    const { result } = await settled(flow)
    expect(result).toMatchObject({ status: 'completed', output: 'well' })
    expect(calls).toEqual(['aside', 'before', 'flaky 1', 'flaky 2', 'flaky 3'])
  })

  it('that failed the run goes on where it failed when the run is', async () => {
    const calls: string[] = []
    const inner = workflow('inner')
      .node('before', () => void calls.push('before'))
      .map('map', [], { items: () => [1, 2] }, (item, ctx) => {
        calls.push(`item ${item}`)
        if (item === 2 && ctx.attempt === 1) throw new Error('planned')
        return item
      })
      .build()
    const flow = workflow('outer').workflow('inner', [], inner).build()
    const { executor, clock, result } = await settled(flow, { concurrency: 1 })
    expect(result).toMatchObject({ status: 'failed', failedNodeId: 'inner' })
    expect(result.error?.cause).toMatchObject({
      code: 'NODE_RUN_FAILED',
      message: expect.stringMatching(/^its run failed: node "/),
    })
    expect((await clock.drive(executor.execute())).output).toEqual({ before: undefined, map: [1, 2] })
    expect(calls).toEqual(['before', 'item 1', 'item 2', 'item 2'])
  })

  it('whose failure is borne, or stood in for, lets the run go on', async () => {
    const inner = workflow('inner')
      .node('a', () => {
        throw new Error('planned')
      })
      .build()
    const borne = workflow('outer')
      .workflow('inner', [], inner, { onError: 'continue' })
      .node('after', ['inner'], ({ inner }) => inner === undefined, { trigger: 'allDone' })
      .build()
    expect((await settled(borne)).result).toMatchObject({ status: 'completed', results: { after: true } })
    const stoodIn = createWorkflow(
      {
        id: 'w',
        version: '1.0.0',
        nodes: [{ id: 'inner', type: 'workflow', nested: { workflow: inner.definition }, fallback: { type: 'spare' } }],
        edges: [],
      },
      { nested: { inner }, handlers: { spare: (_, ctx) => ctx.failure?.code } },
    )
    expect((await settled(stoodIn)).result).toMatchObject({ status: 'completed', output: 'NODE_RUN_FAILED' })
  })

  it.each(['cancel', 'time-out', 'pause'] as const)('has its handlers told of a %s, two levels down', async (end) => {
    const aborted: string[] = []
    const hang = (_: object, ctx: NodeContext) =>
      new Promise((resolve) => {
        ctx.signal.addEventListener('abort', () => {
          aborted.push(ctx.idempotencyKey)
          resolve(1)
        })
      })
    const leaf = workflow('leaf').node('hang', hang).build()
    const inner = workflow('inner').node('hang', hang).workflow('leaf', [], leaf).build()
    const flow = workflow('outer').workflow('inner', [], inner).build()
    const { executor, clock } = executorOf(flow, end === 'time-out' ? { limits: { runTimeoutMs: 50 } } : {})
    const running = executor.execute()
    await tick()
    if (end === 'cancel') executor.cancel('enough')
    if (end === 'pause') void executor.pause({ deadlineMs: 10 })
    const { status } = await clock.drive(running)
    expect(status).toBe({ cancel: 'canceled', 'time-out': 'failed', pause: 'paused' }[end])
    expect(aborted).toHaveLength(2)
    expect(new Set(aborted).size).toBe(2)
  })

  it('pauses when what runs in it has ended, and goes on', async () => {
    const gate = deferred()
    const calls: string[] = []
    const inner = workflow('inner')
      .node('slow', async () => {
        calls.push('slow')
        await gate.promise
      })
      .node('after', ['slow'], () => calls.push('after'))
      .build()
    const flow = workflow('outer').workflow('inner', [], inner).build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    await tick()
    const pausing = executor.pause()
    gate.resolve()
    await clock.drive(pausing)
    expect([(await running).status, calls]).toEqual(['paused', ['slow']])
    expect((await clock.drive(executor.execute())).status).toBe('completed')
    expect(calls).toEqual(['slow', 'after'])
  })

  it('takes its places from the run: three levels deep they get by with one, and 200 at once with three', async () => {
    let [active, most] = [0, 0]
    const step = async () => {
      active += 1
      most = Math.max(most, active)
      await tick()
      active -= 1
      return 1
    }
    const wrap = (inner: AnyWorkflow, id: string) =>
      workflow(id)
        .node('before', step)
        .workflow('inner', ['before'], inner as Workflow)
        .node('after', ['inner'], step)
        .build()
    const leaf = workflow('leaf')
      .node('a', step)
      .node('b', step)
      .map('map', [], { items: () => [1, 2, 3] }, step)
      .build()
    const deep = wrap(wrap(wrap(leaf, 'one'), 'two'), 'three')
    expect((await settled(deep, { concurrency: 1 })).result.status).toBe('completed')
    expect(most).toBe(1)
    most = 0
    let wide = workflow('wide').node('root', step) as unknown as ReturnType<typeof workflow>
    for (let index = 0; index < 200; index += 1) {
      wide = wide.workflow(`run ${index}`, ['root'] as never, leaf) as unknown as ReturnType<typeof workflow>
    }
    const { result, types } = await settled(wide.build(), { concurrency: 3 })
    expect(result.status).toBe('completed')
    expect(types.filter((type) => type.startsWith('run.completed'))).toHaveLength(201)
    expect(most).toBe(3)
  })

  it('in a repeated node is another run at each visit, whose nodes have keys of their own', async () => {
    const keys: string[] = []
    const leaf = workflow('leaf')
      .node('a', (_, ctx) => {
        keys.push(ctx.idempotencyKey)
        return keys.length
      })
      .build()
    const inner = workflow('inner').workflow('leaf', [], leaf).build()
    const flow = workflow('outer')
      .workflow('inner', [], inner, { repeat: { until: { operator: 'gte', value: 3 }, maximumVisits: 5 } })
      .build()
    const { result } = await settled(flow)
    expect(result.output).toBe(3)
    expect(new Set(keys).size).toBe(3)
  })

  it('gives null when none of its last nodes completed, and an object when several did', async () => {
    const none = workflow('none')
      .node('a', () => 1)
      .node('b', [{ source: 'a', when: () => false }], () => 2)
      .build()
    const several = workflow('several')
      .node('2', () => new Map([[1, 2]]))
      .node('__proto__', () => 'proto')
      .node('10', () => [undefined])
      .build()
    const flow = workflow('outer').workflow('none', [], none).workflow('several', [], several).build()
    const { none: nothing, several: object } = (await settled(flow)).result.results as Record<string, object>
    expect(nothing).toBeNull()
    expect(Object.entries(object!)).toEqual(
      expect.arrayContaining([
        ['2', new Map([[1, 2]])],
        ['10', [undefined]],
        ['__proto__', 'proto'],
      ]),
    )
  })

  it('may give what is kept outside: alone, beside others, to an edge that looks into it, or only as a whole', async () => {
    const big = { text: 'x'.repeat(500), n: 1 }
    const options = () =>
      ({ limits: { maxResultBytes: 200 }, oversizedResults: 'reference', blobs: memoryBlobs() }) as const
    const single = workflow('single')
      .node('a', () => big)
      .build()
    const several = workflow('several')
      .node('a', () => big)
      .node('b', () => 1)
      .build()
    const whole = workflow('whole')
      .node('a', () => 'x'.repeat(150))
      .node('b', () => 'y'.repeat(150))
      .build()
    const flow = workflow('outer')
      .workflow('single', [], single)
      .workflow('several', [], several)
      .workflow('whole', [], whole)
      .node(
        'end',
        [{ source: 'single', when: (given) => (given as typeof big).n === 1 }, 'several', 'whole'],
        (inputs) => [
          (inputs.single as typeof big).n,
          (inputs.several as { readonly a: typeof big }).a.n,
          (inputs.whole as { readonly b: string }).b.length,
        ],
      )
      .build()
    const { result } = await settled(flow, options())
    expect(result).toMatchObject({ status: 'completed', results: { end: [1, 1, 150] } })
    const dropped = workflow('outer').workflow('several', [], several).build()
    const without = await settled(dropped, { limits: { maxResultBytes: 200 }, oversizedResults: 'drop' })
    expect(without.result.error).toMatchObject({ cause: { code: 'SNAPSHOT_TRUNCATED' } })
  })

  it.each(['', '__proto__', 'a/b', '@2', 'constructor', '%402'])('has nodes of the id %j', async (id) => {
    const inner = workflow('inner')
      .node(id as 'a', (_, ctx) => ctx.idempotencyKey)
      .build()
    const flow = workflow('outer')
      .workflow(id as 'b', [], inner)
      .build()
    const { result } = await settled(flow)
    expect([result.status, Object.keys(result.results)]).toEqual(['completed', [id]])
    expect(result.output).toContain('waystone-nested/1/r/')
  })

  it('may not start more attempts than the run', async () => {
    const inner = workflow('inner')
      .map('map', [], { items: () => [1, 2, 3, 4] }, (item) => item)
      .build()
    const flow = workflow('outer')
      .workflow('inner', [], inner, { retry: { maximumAttempts: 3, initialIntervalMs: 1 } })
      .build()
    const { result, executor } = await settled(flow, { limits: { maxNodeExecutions: 4 }, concurrency: 1 })
    expect(result.status).toBe('failed')
    expect(executor.saveSnapshot().document.usage).toEqual({ nodeExecutions: 4 })
  })

  it('fails with its node while another of the same run fails, and hangs nothing', async () => {
    const inner = workflow('inner')
      .node('nap', sleep({ durationMs: 1_000 }))
      .build()
    const flow = workflow('outer')
      .workflow('inner', [], inner)
      .node('fails', () => {
        throw new Error('planned')
      })
      .build()
    const { result, executor, clock } = await settled(flow)
    expect(result).toMatchObject({ status: 'failed', failedNodeId: 'fails' })
    // Tried again, the failure comes again; the nested run is held until then, and is not lost.
    expect((await clock.drive(executor.execute())).status).toBe('failed')
  })
})

describe('signals', () => {
  it('are sent by a nested run to the run it is part of, which waits for them, and the other way round', async () => {
    const inner = workflow('inner')
      .node('ask', async (_, ctx) => ctx.sendSignal('question', 'why?'))
      .node('answer', waitForSignal<string>({ name: 'answer' }))
      .build()
    const flow = workflow('outer')
      .workflow('inner', [], inner)
      .node('question', waitForSignal<string>({ name: 'question' }))
      .node('reply', ['question'], async ({ question }, ctx) => ctx.sendSignal('answer', `${question} because`))
      .build()
    for (const concurrency of [1, 8]) {
      const { result } = await settled(flow, { concurrency })
      expect(result).toMatchObject({ status: 'completed', results: { inner: { answer: 'why? because' } } })
    }
  })

  it('that come once are taken once, also when a run and one nested in it wait for them', async () => {
    const inner = workflow('inner')
      .node('take', waitForSignal<number>({ name: 'turn' }))
      .build()
    const flow = workflow('outer')
      .node('first', waitForSignal<number>({ name: 'turn' }))
      .workflow('inner', [], inner)
      .node('busy', sleep({ durationMs: 1_000 }))
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    await tick()
    void executor.signal('turn', 1)
    expect((await clock.drive(running)).status).toBe('waiting')
    expect(executor.saveSnapshot().document.results).toEqual({ busy: null, first: 1 })
    void executor.signal('turn', 2)
    expect((await clock.drive(executor.execute())).results).toMatchObject({ first: 1, inner: 2 })
  })

  it('of one name go one by one to those that wait for them, in the order in which they came', async () => {
    const inner = workflow('inner')
      .node('nap', sleep({ durationMs: 10 }))
      .node('take', ['nap'], waitForSignal<number>({ name: 'turn' }))
      .build()
    const flow = workflow('outer')
      .node('first', waitForSignal<number>({ name: 'turn' }))
      .node('nap', sleep({ durationMs: 20 }))
      .node('last', ['nap'], waitForSignal<number[]>({ name: 'turn', take: 'all' }))
      .workflow('inner', [], inner)
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    for (const turn of [1, 2, 3, 4]) void executor.signal('turn', turn)
    expect((await clock.drive(running)).results).toMatchObject({ first: 1, inner: 2, last: [3, 4] })
    expect(executor.saveSnapshot().document.signals ?? []).toEqual([])
  })

  it('are taken by one visit of a repeated wait each', async () => {
    const flow = workflow('chat')
      .node('line', waitForSignal<string>({ name: 'line' }), {
        repeat: { until: { operator: 'eq', value: 'bye' }, maximumVisits: 10 },
      })
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    for (const line of ['hello', 'still there', 'bye']) void executor.signal('line', line)
    const { status, output } = await clock.drive(running)
    expect([status, output]).toEqual(['completed', 'bye'])
    expect(executor.saveSnapshot().document.signals ?? []).toEqual([])
  })

  it('of one name, sent by nodes whose ids and names run together, are told apart', async () => {
    const flow = workflow('apart')
      .node('a', async (_, ctx) => ctx.sendSignal('b/c', 1))
      .node('a/b', async (_, ctx) => ctx.sendSignal('c', 2))
      .node('first', waitForSignal({ name: 'b/c' }))
      .node('second', waitForSignal({ name: 'c' }))
      .build()
    expect((await settled(flow)).result.results).toMatchObject({ first: 1, second: 2 })
  })
})
