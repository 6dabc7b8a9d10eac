import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/base/json.ts'
import {
  type AnyWorkflow,
  DagExecutor,
  type ExecutorOptions,
  nodeType,
  parseWorkflow,
  type WaitForSignalData,
  type Workflow,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { never, tick } from '../helpers/run-control.ts'

/** A deadline keeps the run of an executor running, which else settles as waiting; the clock of these tests never moves. */
const wait = (data: WaitForSignalData) => waitForSignal({ timeoutMs: 1_000, ...data })
const executorOf = (flow: AnyWorkflow, options: ExecutorOptions = {}): DagExecutor =>
  new DagExecutor(flow as Workflow, { clock: new ManualClock(), ...options })

const asking = (schema?: JsonObject | boolean) =>
  workflow('ask')
    .node('answer', wait({ name: 'answer', ...(schema === undefined ? {} : { schema }) }))
    .build()

/** Two nodes wait for one name, each for another kind of payload. */
const two = () =>
  workflow('two')
    .node('text', wait({ name: 'go', schema: { type: 'string' } }))
    .node('number', wait({ name: 'go', schema: { type: 'number' } }))
    .build()

/** Facts of a run, one type alone. */
function factsOf(executor: DagExecutor, type: 'signal.received' | 'node.completed') {
  const facts: Record<string, unknown>[] = []
  executor.on(type, ({ data }) => void facts.push({ ...data }))
  return facts
}

describe('a signal', () => {
  it('that fits is what its node gives', async () => {
    const executor = executorOf(asking({ type: 'boolean' }))
    const running = executor.execute()
    await executor.signal('answer', true)
    expect((await running).output).toBe(true)
  })

  it('that does not fit is refused with every problem, and nothing is recorded', async () => {
    const executor = new DagExecutor(
      asking({ type: 'object', properties: { ok: { type: 'boolean' }, n: { type: 'number' } } }),
    )
    const facts = factsOf(executor, 'signal.received')
    const running = executor.execute()
    await expect(executor.signal('answer', { ok: 1, n: 'x' })).rejects.toMatchObject({
      code: 'SIGNAL_INVALID',
      message: expect.stringContaining('node "answer" at /ok'),
      details: {
        signal: 'answer',
        problems: [
          { nodeId: 'answer', path: '/ok', message: expect.any(String) },
          { nodeId: 'answer', path: '/n', message: expect.any(String) },
        ],
      },
    })
    await tick()
    expect(facts).toEqual([])
    await executor.signal('answer', { ok: true })
    expect((await running).output).toEqual({ ok: true })
  })

  it('goes to the nodes it fits', async () => {
    const executor = executorOf(two())
    const facts = factsOf(executor, 'signal.received')
    const running = executor.execute()
    await executor.signal('go', 5)
    await executor.signal('go', 'five')
    expect((await running).results).toEqual({ text: 'five', number: 5 })
    expect(facts.map(({ fits }) => fits)).toEqual([['number'], undefined])
  })

  it('is held against nodes alone that may still wait', async () => {
    const executor = executorOf(two())
    const running = executor.execute()
    await executor.signal('go', 5)
    await tick()
    await expect(executor.signal('go', 6)).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    await executor.signal('go', 'five')
    await running
  })

  it('is held against the schema of a fallback that waits', async () => {
    const flow = workflow('f')
      .node('work', () => Promise.reject(new Error('no')), {
        fallback: { type: 'waitForSignal', data: { name: 'by hand', timeoutMs: 1_000, schema: { type: 'number' } } },
      })
      .build()
    const executor = executorOf(flow)
    const running = executor.execute()
    await expect(executor.signal('by hand', 'x')).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    await executor.signal('by hand', 7)
    expect((await running).output).toBe(7)
  })

  it('of a name nobody waits for is kept, whatever it holds', async () => {
    const executor = executorOf(asking({ type: 'boolean' }))
    const running = executor.execute()
    await executor.signal('other', new Map([[1, 2]]))
    await executor.signal('answer', false)
    await running
    expect(executor.saveSnapshot().document.signals).toHaveLength(1)
  })

  it('with the key of another is that one', async () => {
    const executor = executorOf(asking())
    const facts = factsOf(executor, 'signal.received')
    const running = executor.execute()
    await executor.signal('other', 1, { idempotencyKey: '__proto__' })
    await executor.signal('other', 2, { idempotencyKey: '__proto__' })
    await Promise.all([
      executor.signal('answer', 1, { idempotencyKey: 'a' }),
      executor.signal('answer', 2, { idempotencyKey: 'a' }),
    ])
    expect((await running).output).toBe(1)
    expect(facts.map(({ idempotencyKey }) => idempotencyKey)).toEqual(['__proto__', 'a'])
  })

  it('sent again with its key is not checked again', async () => {
    const executor = new DagExecutor(
      workflow('k')
        .node('a', wait({ name: 'n', schema: { type: 'number' } }))
        .node('b', ['a'], wait({ name: 'n', schema: { type: 'string' } }))
        .build(),
    )
    const running = executor.execute()
    await executor.signal('n', 1, { idempotencyKey: 'once' })
    await tick()
    await executor.signal('n', 1, { idempotencyKey: 'once' })
    await executor.signal('n', 'x')
    expect((await running).status).toBe('completed')
  })

  it('sent before the wait is taken by it: the first, and the rest by the next', async () => {
    let go = () => {}
    const started = new Promise<void>((resolve) => {
      go = resolve
    })
    const flow = workflow('kept')
      .node('first', () => started)
      .node('one', ['first'], wait({ name: 'n' }))
      .node('rest', ['one'], wait({ name: 'n', take: 'all' }))
      .build()
    const executor = executorOf(flow)
    const running = executor.execute()
    for (const payload of [1, 2, 3]) await executor.signal('n', payload)
    go()
    expect((await running).results).toMatchObject({ one: 1, rest: [2, 3] })
  })

  it('is recorded in the order of the calls, also when one has to wait for what checks schemas', async () => {
    const flow = workflow('order')
      .node('checked', wait({ name: 'a', schema: { type: 'number' } }))
      .node('free', wait({ name: 'b' }))
      .build()
    const executor = executorOf(flow)
    const facts = factsOf(executor, 'signal.received')
    const running = executor.execute()
    await Promise.all([executor.signal('a', 1), executor.signal('b', 2), executor.signal('c', 3)])
    await running
    expect(facts.map(({ name }) => name)).toEqual(['a', 'b', 'c'])
  })

  it('holds the payload as it was at the call', async () => {
    const executor = executorOf(asking({ type: 'array', items: { type: 'number' } }))
    const running = executor.execute()
    const payload: unknown[] = [1]
    const sent = executor.signal('answer', payload)
    payload.push('x')
    await sent
    expect((await running).output).toEqual([1])
  })

  it('over the limit of results is refused', async () => {
    const executor = executorOf(asking(), { limits: { maxResultBytes: 100 } })
    const running = executor.execute()
    await expect(executor.signal('answer', 'x'.repeat(200))).rejects.toMatchObject({ code: 'LIMIT_RESULT_BYTES' })
    await executor.signal('answer', 'x')
    expect((await running).output).toBe('x')
  })

  it('to a run that has not begun or has ended is refused', async () => {
    const executor = new DagExecutor(
      workflow('w')
        .node('a', () => 1)
        .build(),
    )
    await expect(executor.signal('n')).rejects.toMatchObject({ code: 'RUN_NOT_STARTED' })
    await executor.execute()
    await expect(executor.signal('n')).rejects.toMatchObject({ code: 'RUN_ENDED' })
  })

  it('by a name of prototypes reaches its node', async () => {
    const flow = parseWorkflow({
      id: 'p',
      version: '1.0.0',
      nodes: [{ id: 'constructor', type: 'waitForSignal', data: { name: '__proto__', timeoutMs: 1_000 } }],
      edges: [],
    })
    const executor = executorOf(flow)
    const running = executor.execute()
    await executor.signal('__proto__', 1)
    expect((await running).output).toBe(1)
  })

  it('lets a run that has settled as waiting go on when it is executed again', async () => {
    const flow = workflow('w')
      .node('a', waitForSignal({ name: 'n' }))
      .build()
    const executor = executorOf(flow)
    expect((await executor.execute()).status).toBe('waiting')
    await executor.signal('n', 'late')
    expect(executor.status).toBe('waiting')
    expect((await executor.execute()).output).toBe('late')
  })

  it('that is on its way when nothing else is left keeps the run from settling', async () => {
    const flow = workflow('w')
      .node('a', waitForSignal({ name: 'n', schema: { type: 'number' } }))
      .build()
    const executor = executorOf(flow)
    const running = executor.execute()
    await executor.signal('n', 1)
    expect((await running).output).toBe(1)
    const other = executorOf(flow)
    const refused = other.execute()
    await expect(other.signal('n', 'x')).rejects.toMatchObject({ code: 'SIGNAL_INVALID' })
    expect((await refused).status).toBe('waiting')
  })

  it('does not answer a node that asks', async () => {
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
    const clock = new ManualClock()
    const executor = executorOf(flow, { clock })
    const running = executor.execute()
    await tick()
    const paused = executor.pause({ deadlineMs: 1 })
    clock.advance(1)
    await Promise.all([paused, running])
    expect((await executor.execute()).status).toBe('waiting')
    await executor.signal('n', 1)
    expect(calls).toBe(1)
    const { status, results } = await executor.execute()
    expect({ status, results }).toEqual({ status: 'completed', results: { asks: 'again', waits: 1 } })
  })
})

describe('an answer', () => {
  /** The open waits of a run, by node. */
  function waitsOf(executor: DagExecutor) {
    const waits: Record<string, string> = {}
    executor.on('node.waiting', ({ data }) => {
      waits[data.nodeId] = data.wait.id
    })
    return waits
  }

  it('is for one wait alone, and checked by its node alone', async () => {
    const executor = executorOf(two())
    const waits = waitsOf(executor)
    const running = executor.execute()
    await tick()
    await expect(executor.answer(waits['number']!, 'x')).rejects.toMatchObject({
      code: 'SIGNAL_INVALID',
      details: { waitId: waits['number'], problems: [{ nodeId: 'number', path: '' }] },
    })
    await executor.answer(waits['number']!, 1)
    await executor.answer(waits['text']!, 'x')
    expect((await running).results).toEqual({ text: 'x', number: 1 })
  })

  it('to a wait that is not open is refused', async () => {
    const flow = workflow('w')
      .node('a', wait({ name: 'n' }))
      .node('b', wait({ name: 'm' }))
      .build()
    const executor = executorOf(flow)
    const waits = waitsOf(executor)
    const running = executor.execute()
    await tick()
    await expect(executor.answer('w99')).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
    await executor.answer(waits['a']!, 1)
    await expect(executor.answer(waits['a']!, 2)).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
    await tick()
    await expect(executor.answer(waits['a']!, 2)).rejects.toMatchObject({ code: 'WAIT_UNKNOWN' })
    await executor.answer(waits['b']!, 2)
    await running
  })

  it('sent twice with one key is one answer', async () => {
    const executor = executorOf(asking())
    const waits = waitsOf(executor)
    const running = executor.execute()
    await tick()
    const id = waits['answer']!
    await executor.answer(id, 1, { idempotencyKey: 'k' })
    await executor.answer(id, 2, { idempotencyKey: 'k' })
    expect((await running).output).toBe(1)
  })

  it('is not taken by another wait for the name', async () => {
    const flow = workflow('w')
      .node('a', wait({ name: 'n' }))
      .node('b', wait({ name: 'n' }))
      .build()
    const executor = executorOf(flow)
    const waits = waitsOf(executor)
    const running = executor.execute()
    await tick()
    await executor.answer(waits['b']!, 'for b')
    await executor.answer(waits['a']!, 'for a')
    expect((await running).results).toEqual({ a: 'for a', b: 'for b' })
  })
})
