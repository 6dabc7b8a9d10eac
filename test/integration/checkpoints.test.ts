import { describe, expect, it } from 'vitest'
import { createEngine } from '../../src/engine/engine.ts'
import type { EngineOptions } from '../../src/engine/engine-options.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { memoryDriver } from '../../src/store/memory/memory-driver.ts'
import { createStore, type Store } from '../../src/store/store.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { workflow } from '../../src/workflow/builder.ts'

const logger = { debug() {}, info() {}, warn() {}, error() {} }

/** A store that counts what is read of its logs. */
function countingStore() {
  const driver = memoryDriver()
  const counts = { read: 0, saved: 0 }
  const store = createStore(
    Object.assign(Object.create(Object.getPrototypeOf(driver)) as typeof driver, {
      name: driver.name,
      supports: driver.supports,
      ...Object.fromEntries(
        (['open', 'close', 'append', 'get', 'list', 'delete', 'stats', 'claim', 'renew', 'release'] as const).map(
          (name) => [name, (driver[name] as (...given: unknown[]) => unknown).bind(driver)],
        ),
      ),
      read: async (...given: Parameters<typeof driver.read>) => {
        const page = await driver.read(...given)
        counts.read += page.length
        return page
      },
      saveCheckpoint: async (...given: Parameters<typeof driver.saveCheckpoint>) => {
        counts.saved += 1
        await driver.saveCheckpoint(...given)
      },
      readCheckpoint: driver.readCheckpoint.bind(driver),
      listCheckpoints: driver.listCheckpoints.bind(driver),
      deleteCheckpoints: driver.deleteCheckpoints.bind(driver),
    }),
  )
  return { store, counts }
}

/** Fails `failures` times, writing state each time a node before it completes; then waits for `isReady`. */
function patient(failures: number, isReady: () => boolean = () => true) {
  return workflow('patient', '1.0.0')
    .node('first', (_, ctx) => {
      ctx.variables.set('when', new Date(7))
      ctx.counters.add('n', 2)
      ctx.accumulators.append('items', { a: 1 })
      ctx.cache.set('kept', [1n])
      ctx.context.constants.set('c', 'constant')
      return new Map([['a', 1]])
    })
    .node(
      'polls',
      ['first'],
      ({ first }, ctx) => {
        if (ctx.attempt <= failures || !isReady()) throw new Error(`attempt ${ctx.attempt}`)
        return [first.get('a'), ctx.attempt, ctx.variables.get('when')]
      },
      { retry: { maximumAttempts: failures + 1, initialIntervalMs: 1_000, backoffCoefficient: 1 } },
    )
    .build()
}

async function ran(store: Store, flow: ReturnType<typeof patient>, more: Partial<EngineOptions> = {}) {
  const clock = new SimulatedClock()
  const engine = createEngine({ store, workflows: [flow], clock, logger, checkpointEvents: 50, ...more })
  const { result } = await engine.start(flow, undefined, { runId: 'r' })
  return { engine, clock, result: await clock.drive(result) }
}

describe('checkpoints of an engine', () => {
  it('make a resume cost the state, not the past', async () => {
    const { store, counts } = countingStore()
    let isReady = false
    const flow = patient(1_000, () => isReady)
    const { result, clock } = await ran(store, flow)
    expect(result.status).toBe('failed')
    const head = (await store.get('r'))!.seq
    expect(head).toBeGreaterThan(2_000)
    expect(counts.saved).toBeGreaterThan(20)
    expect(await store.listCheckpoints('r')).toHaveLength(1)

    counts.read = 0
    isReady = true
    const next = createEngine({ store, workflows: [flow], clock, logger })
    const { output } = await clock.drive((await next.resume('r')).result)
    expect(output).toEqual([1, 1_002, new Date(7)])
    // One interval of facts at most, those that came while a checkpoint was saved, and the resume's own.
    expect(counts.read).toBeLessThan(120)
  })

  it('lead to the same run as its whole history', async () => {
    const { store } = countingStore()
    const { engine, result } = await ran(store, patient(200))
    expect(result.status).toBe('completed')
    const [checkpoint] = await store.listCheckpoints('r')
    const short = (await engine.snapshot('r')).document
    await store.deleteCheckpoints('r', [checkpoint!.seq])
    const whole = (await engine.snapshot('r')).document
    expect(short).toEqual(whole)
  })

  it('give waits, items, steps and visits back', async () => {
    const { store, counts } = countingStore()
    const calls: string[] = []
    let isReady = false
    const flow = workflow('shapes', '1.0.0')
      .node('rows', () => Array.from({ length: 100 }, (_, index) => ({ id: `i${index}` })))
      .node('asked', waitForSignal<string>({ name: 'answer' }))
      .node('nap', sleep({ durationMs: 3_600_000, onLoad: 'deadline' }))
      .node(
        'round',
        ['rows'],
        async (_, ctx) => {
          calls.push(`visit ${ctx.visit}`)
          const token = await ctx.step('token', () => calls.push(`step ${ctx.visit}`))
          await ctx.checkpoint({ visit: ctx.visit })
          return isReady || ctx.visit < 3 ? ctx.visit : await new Promise<number>(() => token)
        },
        { repeat: { until: (visit: number) => visit === 4, maximumVisits: 9 } },
      )
      .map('each', ['rows'], { items: '/rows', key: '/id' }, async ({ id }: { id: string }, ctx) => {
        calls.push(id)
        const place = await ctx.step('place', () => ctx.item!.index)
        return isReady || place < 90 ? place : await new Promise<number>(() => {})
      })
      .build()
    const clock = new SimulatedClock()
    const engine = createEngine({ store, workflows: [flow], clock, logger, checkpointEvents: 20 })
    await engine.start(flow, undefined, { runId: 'r' })
    for (let turn = 0; turn < 500 && calls.filter((call) => call.startsWith('i')).length < 100; turn += 1)
      await new Promise((done) => setTimeout(done, 1))
    await clock.drive(engine.pause('r', { deadlineMs: 0 }))
    expect(counts.saved).toBeGreaterThan(3)

    const [checkpoint] = await store.listCheckpoints('r')
    const held = deserialize((await store.readCheckpoint('r'))!.bytes)
    expect(held.nodes['asked']?.wait).toMatchObject({ kind: 'signal', name: 'answer' })
    expect(held.timers.map(({ nodeId, kind }) => `${nodeId} ${kind}`)).toEqual(['nap wait'])
    expect(held.parts['each']?.items).toHaveLength(100)
    expect(held.parts['round']).toMatchObject({ visits: 2, previous: 2, steps: { token: expect.anything() } })
    const short = (await engine.snapshot('r')).document
    counts.read = 0
    isReady = true
    const before = calls.length
    const next = createEngine({ store, workflows: [flow], clock, logger })
    const { result } = await next.resume('r')
    await next.signal('r', 'answer', 'yes')
    let outcome = await clock.drive(result)
    if (outcome.status === 'waiting') {
      // It was let go before the signal came, and what is left is the time.
      clock.advance(3_600_000)
      outcome = await clock.drive((await next.resume('r')).result)
    }
    const { status, results } = outcome
    expect(status).toBe('completed')
    expect(results).toMatchObject({ asked: 'yes', nap: null, round: 4 })
    expect(results['each']).toEqual(Array.from({ length: 100 }, (_, index) => index))
    const again = calls.slice(before)
    expect(again.filter((call) => call.startsWith('i')).sort()).toEqual(
      Array.from({ length: 10 }, (_, index) => `i${90 + index}`).sort(),
    )
    expect(again.filter((call) => !call.startsWith('i'))).toEqual(['visit 3', 'visit 4', 'step 4'])
    expect(counts.read).toBeLessThan(checkpoint!.seq)

    // Up to the pause, the whole history comes to what the checkpoint led to.
    expect(short.run.status).toBe('paused')
    expect(short.parts?.['each']?.items?.results).toHaveLength(90)
  })

  it('are not taken by a run whose history is no longer than its state', async () => {
    const { store, counts } = countingStore()
    await ran(store, patient(0), { checkpointEvents: 1 })
    expect(counts.saved).toBe(0)
  })

  it('are taken as often as asked', async () => {
    const saved = []
    for (const checkpointEvents of [100, 400]) {
      const { store, counts } = countingStore()
      await ran(store, patient(500), { checkpointEvents })
      saved.push(counts.saved)
    }
    expect(saved[0]! / saved[1]!).toBeGreaterThanOrEqual(4)
  })

  it.each([
    ['damaged', (bytes: Uint8Array) => bytes.slice(0, -9), 0],
    ['of another moment than it says', (bytes: Uint8Array) => bytes, 1],
    ['ahead of the log', (bytes: Uint8Array) => bytes, 10_000],
  ])('are passed over when %s', async (_, changed, later) => {
    const { store } = countingStore()
    const { engine } = await ran(store, patient(200))
    const before = (await engine.snapshot('r')).document
    const { seq, at, bytes } = (await store.readCheckpoint('r'))!
    await store.deleteCheckpoints('r', [seq])
    await store.saveCheckpoint('r', { seq: seq + later, at, bytes: changed(bytes) })
    expect((await engine.snapshot('r')).document).toEqual(before)
  })

  it('that can not be saved cost nothing but time, and say so', async () => {
    const { store } = countingStore()
    const warned: string[] = []
    const failing: Store = new Proxy(store, {
      get: (target, name): unknown => {
        if (name === 'saveCheckpoint') return () => Promise.reject(new Error('no room'))
        const member = Reflect.get(target, name) as unknown
        return typeof member === 'function' ? (member as () => unknown).bind(target) : member
      },
    })
    const { result } = await ran(failing, patient(100), {
      logger: { ...logger, warn: (message: string) => void warned.push(message) },
    })
    expect(result.status).toBe('completed')
    expect(warned.some((message) => message.includes('checkpoint'))).toBe(true)
  })

  it('expect a whole number', () => {
    const { store } = countingStore()
    for (const checkpointEvents of [0, 1.5, -1, Number.NaN]) {
      expect(() => createEngine({ store, checkpointEvents })).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    }
  })
})
