import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import {
  createEngine,
  DagExecutor,
  executeFromSnapshot,
  loadSnapshot,
  memoryStore,
  type OnLoad,
  serialize,
  sleep,
  sleepUntil,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { guardRejections, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()

const DAY = 86_400_000

/** A nap of ten seconds that says when it was over. */
const nap = (onLoad?: OnLoad) =>
  workflow('nap')
    .node('nap', sleep({ durationMs: 10_000, ...(onLoad === undefined ? {} : { onLoad }) }))
    .build()

/** A document of a nap that was saved 4 s in, and the instant it began. */
async function savedNap(onLoad?: OnLoad) {
  const clock = new ManualClock(0)
  const executor = new DagExecutor(nap(onLoad), { clock })
  void executor.execute()
  await tick()
  clock.advance(4_000)
  return executor.saveSnapshot()
}

/** When a nap ends that is loaded 3 s after it was saved, in ms after it began; how often its end is recorded. */
async function endOf(text: string, timers?: OnLoad, own?: OnLoad) {
  const clock = new ManualClock(7_000)
  const executor = loadSnapshot(text, nap(own), { clock, ...(timers === undefined ? {} : { timers }) })
  const ends: number[] = []
  executor.on('node.completed', ({ at }) => void ends.push(at))
  await clock.drive(executor.execute())
  return ends
}

describe('a timer that is loaded', () => {
  it('says in the document what remains of it', async () => {
    const { timers } = (await savedNap()).document
    expect(timers).toMatchObject([{ nodeId: 'nap', remainingMs: 6_000 }])
  })

  it.each([
    [undefined, undefined, 10_000],
    ['deadline', undefined, 10_000],
    ['remaining', undefined, 13_000],
    ['restart', undefined, 17_000],
    [undefined, 'remaining', 13_000],
    [undefined, 'restart', 17_000],
    ['deadline', 'restart', 10_000],
  ] as const)('by the option %s and its own %s ends once, %s ms after it began', async (timers, own, end) => {
    expect(await endOf(serialize(await savedNap(own)), timers, own)).toEqual([end])
  })

  it('late ends at once', async () => {
    const clock = new ManualClock(DAY)
    const { status } = await executeFromSnapshot(await savedNap(), nap(), { clock })
    expect([status, clock.now()]).toEqual(['completed', DAY])
  })

  it('twice is as it was', async () => {
    const clock = new ManualClock(7_000)
    const once = loadSnapshot(await savedNap(), nap(), { clock }).saveSnapshot()
    const twice = loadSnapshot(serialize(once), nap(), { clock }).saveSnapshot()
    expect(serialize(twice)).toBe(serialize(once))
    expect(await endOf(serialize(twice))).toEqual([10_000])
  })

  it('of another kind is refused', async () => {
    const snapshot = await savedNap()
    expect(() => loadSnapshot(snapshot, nap(), { timers: 'soon' as never })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    )
  })
})

describe('a timer of a run in a store', () => {
  it.each([
    [undefined, 10_000],
    ['remaining', 17_000],
    ['restart', 17_000],
  ] as const)(
    'by the option %s ends %s ms after it began, its time up to its last fact counted',
    async (timers, end) => {
      const clock = new ManualClock(0)
      const store = memoryStore()
      const options = { store, clock, workflows: [nap()], logger: recordingLogger() }
      const one = createEngine({ ...options, owner: 'one', leaseMs: 1_000 })
      const { executor } = await one.start(nap(), undefined, { runId: 'r' })
      await tick()
      // It dies without another fact: its claim is lost.
      clock.jump(7_000)
      const two = createEngine({ ...options, owner: 'two' })
      const handle = await two.resume('r', timers === undefined ? {} : { timers })
      const ends: number[] = []
      handle.executor.on('node.completed', ({ at }) => void ends.push(at))
      void executor
      await clock.drive(handle.result)
      expect(ends).toEqual([end])
    },
  )

  it('is not changed while the run executes', async () => {
    const clock = new ManualClock(0)
    const engine = createEngine({ store: memoryStore(), clock, workflows: [nap()] })
    const { result } = await engine.start(nap(), undefined, { runId: 'r' })
    await expect(engine.resume('r', { timers: 'restart' })).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
    await clock.drive(result)
  })
})

describe('a long sleep', () => {
  it.each([
    ['25 days', 25 * DAY],
    ['a year', 365 * DAY],
    ['100 years', 36_525 * DAY],
  ])('of %s is exact', async (_, durationMs) => {
    const clock = new ManualClock(0)
    const executor = new DagExecutor(workflow('long').node('nap', sleep({ durationMs })).build(), { clock })
    const running = executor.execute()
    await tick()
    clock.advance(durationMs - 1)
    await tick()
    expect(executor.status).toBe('running')
    clock.advance(1)
    expect((await running).status).toBe('completed')
    expect(clock.now()).toBe(durationMs)
  })

  it('longer than dates go ends with them', async () => {
    const clock = new ManualClock(0)
    const executor = new DagExecutor(
      workflow('x')
        .node('nap', sleep({ durationMs: 1e300 }))
        .build(),
      { clock },
    )
    void executor.execute()
    await tick()
    expect(executor.saveSnapshot().nodes['nap']!.dueAt).toBe('+275760-09-13T00:00:00.000Z')
    await executor.cancel()
  })
})

describe('a clock that jumps', () => {
  const flow = workflow('alarm')
    .node('alarm', sleepUntil({ until: 10_000 }))
    .build()

  it('back lets a timer wait for its instant', async () => {
    const clock = new ManualClock(0)
    const executor = new DagExecutor(flow, { clock })
    const running = executor.execute()
    await tick()
    clock.advance(9_000)
    clock.jump(-50_000)
    clock.next()
    clock.jump(-50_000)
    await tick()
    expect(executor.status).toBe('running')
    await clock.drive(running)
    expect(clock.now()).toBe(10_000)
  })

  it('forth ends it once', async () => {
    const clock = new ManualClock(0)
    const executor = new DagExecutor(flow, { clock })
    const ends: number[] = []
    executor.on('node.completed', ({ at }) => void ends.push(at))
    const running = executor.execute()
    await tick()
    clock.jump(DAY)
    clock.advance(0)
    await clock.drive(running)
    expect(ends).toHaveLength(1)
  })
})

describe('a process', () => {
  const run = (code: string) => {
    const index = new URL('../../src/index.ts', import.meta.url).href
    const program = `import { createEngine, DagExecutor, memoryStore, sleep, waitForSignal, workflow } from ${JSON.stringify(index)}\n${code}`
    const root = fileURLToPath(new URL('../..', import.meta.url))
    const args = ['--import', 'tsx', '--input-type=module', '--eval', program]
    return promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 })
  }

  it('ends when its run is paused, or let go, whatever timers it has', async () => {
    const { stdout } = await run(`
      const flow = workflow('w').node('nap', sleep({ durationMs: 1e9 })).build()
      const executor = new DagExecutor(flow)
      const running = executor.execute()
      setTimeout(() => executor.pause(), 5)
      console.log((await running).status)
      const waits = workflow('v').node('n', waitForSignal({ name: 'n', timeoutMs: 1e9 })).build()
      const engine = createEngine({ store: memoryStore(), workflows: [waits] })
      console.log((await (await engine.start(waits)).result).status)
    `)
    expect(stdout).toBe('paused\nwaiting\n')
  })

  it('goes on as long as its run sleeps', async () => {
    const { stdout } = await run(`
      const flow = workflow('w').node('nap', sleep({ durationMs: 50 })).build()
      new DagExecutor(flow).execute().then(({ status }) => console.log(status))
    `)
    expect(stdout).toBe('completed\n')
  })
})

describe('a wait of an executor', () => {
  it('with a deadline keeps it running, and without one lets it settle', async () => {
    const clock = new ManualClock(0)
    const flow = workflow('w')
      .node('a', waitForSignal({ name: 'a' }))
      .node('b', waitForSignal({ name: 'b', timeoutMs: 1_000, onTimeout: 'route' }))
      .build()
    const executor = new DagExecutor(flow, { clock })
    const running = executor.execute()
    await tick()
    expect(executor.status).toBe('running')
    expect((await clock.drive(running)).status).toBe('waiting')
    expect(clock.now()).toBe(1_000)
  })
})
