import { describe, expect, it } from 'vitest'
import {
  type AnyWorkflow,
  createEngine,
  type Engine,
  type EngineOptions,
  memoryStore,
  nodeType,
  type Store,
  sleep,
  type WaitForSignalData,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { guardRejections, never, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()

const asking = (data: Partial<WaitForSignalData> = {}) =>
  workflow('ask')
    .node('answer', waitForSignal({ name: 'answer', ...data }))
    .node('after', ['answer'], ({ answer }) => ({ got: answer }))
    .build()

/** Engines over one store and one clock, as processes have them. */
function world(flow: AnyWorkflow = asking()) {
  const store = memoryStore()
  const clock = new ManualClock(0)
  const logger = recordingLogger()
  const engine = (owner: string, options: Partial<EngineOptions> = {}): Engine =>
    createEngine({ store, clock, logger, owner, workflows: [flow], ...options })
  return { store, clock, logger, engine, flow }
}

async function typesOf(store: Store, runId = 'r') {
  const types: string[] = []
  for await (const { type } of store.events(runId)) types.push(type)
  return types
}

/** Lets everything that needs no time come to rest. */
async function rest() {
  for (let round = 0; round < 20; round += 1) await tick()
}

const statusOf = async (store: Store, runId = 'r') => (await store.get(runId))?.status

describe('a run of an engine that waits for a signal', () => {
  it('is let go, and another engine answers it and goes on at once', async () => {
    const { engine, store, flow } = world()
    const handle = await engine('one').start(flow, undefined, { runId: 'r' })
    expect((await handle.result).status).toBe('waiting')
    const two = engine('two')
    await two.signal('r', 'answer', 5)
    const { result } = await two.resume('r')
    expect((await result).output).toEqual({ got: 5 })
    expect(await typesOf(store)).toEqual([
      'run.started',
      'node.started',
      'node.waiting',
      'run.waiting',
      'signal.received',
      'run.resumed',
      'node.completed',
      'node.started',
      'node.completed',
      'run.completed',
    ])
  })

  it('is answered by the id of its wait', async () => {
    const { engine, flow, store } = world()
    const one = engine('one')
    await (await one.start(flow, undefined, { runId: 'r' })).result
    const wait = (await one.snapshot('r')).nodes['answer']!.wait!
    await expect(one.answer('r', 'w1', 5)).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
    expect(await statusOf(store)).toBe('waiting')
    await engine('two').answer('r', wait.id, 5)
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })

  it('records nothing of a payload that does not fit, and its claim is free again', async () => {
    const { engine, flow, store } = world(asking({ schema: { type: 'number' } }))
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    const before = await typesOf(store)
    await expect(engine('two').signal('r', 'answer', 'x')).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    expect(await typesOf(store)).toEqual(before)
    await engine('three').signal('r', 'answer', 1)
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })

  it('keeps a signal nobody waits for, and stays as it is', async () => {
    const { engine, flow, store } = world()
    const one = engine('one')
    await (await one.start(flow, undefined, { runId: 'r' })).result
    await one.signal('r', 'other', 1)
    await rest()
    expect((await typesOf(store)).slice(-2)).toEqual(['run.waiting', 'signal.received'])
    expect(await statusOf(store)).toBe('waiting')
  })

  it('keeps a signal where its workflow is not registered; who has it goes on at the next recovery', async () => {
    const { engine, flow, store } = world()
    const code = workflow('code')
      .node('a', waitForSignal({ name: 'answer' }))
      .node(
        'b',
        ['a'],
        nodeType('mine', ({ a }) => a),
      )
      .build()
    const one = engine('one', { workflows: [code] })
    await (await one.start(code, undefined, { runId: 'r' })).result
    await engine('two', { workflows: [flow] }).signal('r', 'answer', 1)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    const { resumed } = await engine('three', { workflows: [code] }).recover()
    expect(resumed.map(({ runId }) => runId)).toEqual(['r'])
    expect((await resumed[0]!.result).output).toBe(1)
  })

  it('goes on also when the process that was to take the answer died before it did', async () => {
    const { engine, flow, store } = world()
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    const deaf = engine('deaf', { workflows: [] })
    await deaf.signal('r', 'answer', 1, { idempotencyKey: 'k' })
    await rest()
    // The sender did not hear of it, and sends it again.
    await engine('two').signal('r', 'answer', 1, { idempotencyKey: 'k' })
    await rest()
    expect(await statusOf(store)).toBe('completed')
    expect((await typesOf(store)).filter((type) => type === 'signal.received')).toHaveLength(1)
  })

  it('that is paused or failed keeps a signal and stays as it is', async () => {
    const { engine, store } = world()
    let fails = true
    const flow = workflow('f')
      .node('work', () => {
        if (fails) throw new Error('no')
        return 1
      })
      .node('wait', ['work'], waitForSignal({ name: 'n' }))
      .build()
    const one = engine('one', { workflows: [flow] })
    await (await one.start(flow, undefined, { runId: 'r' })).result
    await engine('two', { workflows: [flow] }).signal('r', 'n', 7)
    await rest()
    expect(await statusOf(store)).toBe('failed')
    fails = false
    expect((await (await one.resume('r')).result).results).toEqual({ work: 1, wait: 7 })
  })

  it('does not take a signal for the answer to a node that asks', async () => {
    let calls = 0
    const flow = workflow('both')
      .node(
        'asks',
        nodeType('work', () => {
          calls += 1
          return calls === 1 ? never() : 'again'
        }),
        { onInterrupted: 'ask' },
      )
      .node('waits', waitForSignal({ name: 'n' }))
      .build()
    const { engine, store, clock } = world()
    const one = engine('one', { workflows: [flow] })
    const { result } = await one.start(flow, undefined, { runId: 'r' })
    await rest()
    const paused = one.pause('r', { deadlineMs: 1 })
    clock.advance(1)
    await Promise.all([paused, result])
    await (await one.resume('r')).result
    expect(await statusOf(store)).toBe('waiting')
    await one.signal('r', 'n', 1)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    expect(calls).toBe(1)
    expect((await (await one.resume('r')).result).results).toEqual({ asks: 'again', waits: 1 })
  })
})

describe('a wait with a deadline', () => {
  const routed = () =>
    workflow('routed')
      .node('answer', waitForSignal({ name: 'answer', timeoutMs: 1_000, onTimeout: 'route' }))
      .node('late', [{ source: 'answer', sourceHandle: 'timeout' }], () => 'late')
      .build()

  it('lets the run go, and the engine that let it go takes it up then', async () => {
    const { engine, store, clock, flow } = world(routed())
    const one = engine('one')
    expect((await (await one.start(flow, undefined, { runId: 'r' })).result).status).toBe('waiting')
    clock.advance(999)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    clock.advance(1)
    await rest()
    expect(await statusOf(store)).toBe('completed')
    expect((await (await one.resume('r')).result).output).toBe('late')
    expect(clock.pending).toBe(0)
  })

  it('is answered elsewhere before it, and its time then does nothing', async () => {
    const { engine, store, clock, flow, logger } = world(asking({ timeoutMs: 1_000 }))
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    await engine('two').signal('r', 'answer', 1)
    await rest()
    const facts = await typesOf(store)
    clock.advance(5_000)
    await rest()
    expect(await typesOf(store)).toEqual(facts)
    expect(logger.lines).toEqual([])
  })

  it('that is over while no process runs is taken up by a recovery, and one that comes later at its time', async () => {
    const { engine, store, clock, flow } = world(routed())
    const one = engine('one')
    await (await one.start(flow, undefined, { runId: 'early' })).result
    clock.advance(600)
    await (await one.start(flow, undefined, { runId: 'later' })).result
    await one.close()
    expect(clock.pending).toBe(0)
    clock.advance(700)
    const { resumed } = await engine('two').recover()
    expect(resumed.map(({ runId }) => runId)).toEqual(['early'])
    await rest()
    expect(await statusOf(store, 'later')).toBe('waiting')
    clock.advance(300)
    await rest()
    expect(await statusOf(store, 'later')).toBe('completed')
    expect(clock.pending).toBe(0)
  })

  it('is looked at again when somebody holds the run at its time and does nothing', async () => {
    const { engine, store, clock, flow } = world(routed())
    await (await engine('one', { leaseMs: 100 }).start(flow, undefined, { runId: 'r' })).result
    const { claim } = await store.claim('r', { owner: 'someone', leaseMs: 10_000, now: clock.now() })
    clock.advance(1_000)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    await store.release(claim)
    clock.advance(100)
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })

  it('is not over by a clock that has jumped back', async () => {
    const { engine, store, clock, flow } = world(routed())
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    clock.jump(-5_000)
    clock.next()
    clock.jump(-5_000)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    clock.advance(6_000)
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })

  it('is over at once by a clock that has jumped forth', async () => {
    const { engine, store, clock, flow } = world(routed())
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    clock.jump(1e9)
    const { resumed } = await engine('two').recover()
    expect((await resumed[0]!.result).output).toBe('late')
    clock.advance(1)
    await rest()
    expect((await typesOf(store)).filter((type) => type === 'run.completed')).toHaveLength(1)
  })
})

describe('timers beside a signal', () => {
  it('are waited for by whoever let the run go', async () => {
    const flow = workflow('both')
      .node('nap', sleep({ durationMs: 500 }))
      .node('woken', ['nap'], () => 'woken')
      .node('answer', waitForSignal({ name: 'answer' }))
      .build()
    const { engine, store, clock } = world(asking())
    const one = engine('one', { workflows: [flow] })
    expect((await (await one.start(flow, undefined, { runId: 'r' })).result).status).toBe('waiting')
    clock.advance(500)
    await rest()
    expect((await one.snapshot('r')).completedNodes).toEqual(['nap', 'woken'])
    expect(await statusOf(store)).toBe('waiting')
    await engine('two', { workflows: [flow] }).signal('r', 'answer', 1)
    await rest()
    expect(await statusOf(store)).toBe('completed')
    expect((await typesOf(store)).filter((type) => type === 'run.waiting')).toHaveLength(2)
  })

  it('alone keep the run where it is', async () => {
    const flow = workflow('nap')
      .node('nap', sleep({ durationMs: 500 }))
      .build()
    const { engine, store, clock } = world(asking())
    const one = engine('one', { workflows: [flow] })
    const { result } = await one.start(flow, undefined, { runId: 'r' })
    await rest()
    expect(await statusOf(store)).toBe('running')
    clock.advance(500)
    expect((await result).status).toBe('completed')
  })

  it('of a wait that goes on with the time that remains are not put off by being let go', async () => {
    const { engine, store, clock, flow } = world(
      workflow('w')
        .node('a', waitForSignal({ name: 'n', timeoutMs: 1_000, onTimeout: 'route', onLoad: 'remaining' }))
        .node('b', waitForSignal({ name: 'm', timeoutMs: 400, onTimeout: 'route' }))
        .build(),
    )
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    clock.advance(400)
    await rest()
    clock.advance(600)
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })
})

describe('waits of runs that are nested in one', () => {
  const inner = (type: string, timeoutMs?: number) =>
    workflow('inner')
      .node('wait', waitForSignal({ name: 'n', schema: { type }, ...(timeoutMs === undefined ? {} : { timeoutMs }) }))
      .build()
  const nested = (timeoutMs?: number) =>
    workflow('outer').workflow('text', [], inner('string')).workflow('number', [], inner('number', timeoutMs)).build()

  it('let the whole run go, and a signal goes to the one it fits, whose node has the id of the other', async () => {
    const { engine, store, flow } = world(nested())
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    expect(await statusOf(store)).toBe('waiting')
    const two = engine('two')
    await expect(two.signal('r', 'n', true)).rejects.toMatchObject({
      code: 'SIGNAL_INVALID',
      details: { problems: [{ nodeId: '/text/wait' }, { nodeId: '/number/wait' }] },
    })
    await two.signal('r', 'n', 5)
    await rest()
    expect(await statusOf(store)).toBe('waiting')
    expect((await two.snapshot('r')).completedNodes).toEqual(['number'])
    await two.signal('r', 'n', 'five')
    await rest()
    expect((await (await two.resume('r')).result).results).toEqual({ text: 'five', number: 5 })
  })

  it('are over at their deadline', async () => {
    const { engine, store, clock, flow } = world(nested(1_000))
    await (await engine('one').start(flow, undefined, { runId: 'r' })).result
    clock.advance(1_000)
    await rest()
    expect(await statusOf(store)).toBe('failed')
  })

  it('are answered by their ids, and by tokens', async () => {
    const { engine, store, flow } = world(nested())
    const one = engine('one')
    const waits: Record<string, string> = {}
    const { result, executor } = await one.start(flow, undefined, { runId: 'r' })
    executor.on('node.waiting', ({ path, data }) => {
      waits[path![0]!] = data.wait.id
    })
    await result
    await expect(one.answer('r', waits['text']!, 5)).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    const token = await one.issueToken('r', waits['text']!)
    await one.answer('r', waits['number']!, 5)
    await rest()
    await one.answerToken(token, 'five')
    await rest()
    expect(await statusOf(store)).toBe('completed')
  })
})
