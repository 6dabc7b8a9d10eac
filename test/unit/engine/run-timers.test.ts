import { describe, expect, it } from 'vitest'
import { DagExecutor, loadSnapshot, type Snapshot, workflow } from '../../../src/index.ts'
import { ManualClock } from '../../helpers/manual-clock.ts'
import { deferred, guardRejections, never, tick } from '../../helpers/run-control.ts'

guardRejections()

const retrying = (id: string, initialIntervalMs: number) =>
  [
    id,
    (_inputs: unknown, ctx: { readonly attempt: number }) => {
      if (ctx.attempt === 1) throw new Error('once')
      return ctx.attempt
    },
    { retry: { maximumAttempts: 2, initialIntervalMs, jitter: 0 } },
  ] as const

describe('the timer of retries', () => {
  it('is one, of the earliest; an earlier one that comes later takes its place', async () => {
    const clock = new ManualClock()
    const gate = deferred()
    const flow = workflow('w', '1.0.0')
      .node(...retrying('late', 9_000))
      .node('gate', () => gate.promise)
      .node('soon', ['gate'], retrying('', 1_000)[1], retrying('', 1_000)[2])
      .build()
    const executor = new DagExecutor(flow, { clock })
    const started: unknown[] = []
    executor.on('node.started', ({ at, data }) => {
      if (data.attempt === 2) started.push([data.nodeId, at - begun])
    })
    const begun = clock.now()
    const running = executor.execute()
    await tick()
    expect(clock.pending).toBe(1)
    gate.resolve()
    await tick()
    expect(clock.pending).toBe(1)
    expect((await clock.drive(running)).status).toBe('completed')
    expect(started).toEqual([
      ['soon', 1_000],
      ['late', 9_000],
    ])
    expect(clock.pending).toBe(0)
  })

  it('that fires before its time by the clock is set again', async () => {
    const clock = new ManualClock()
    const early = {
      now: () => clock.now(),
      setTimer: (delayMs: number, callback: () => void) => clock.setTimer(Math.max(1, delayMs - 1), callback),
    }
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node(...retrying('a', 100))
        .build(),
      { clock: early },
    )
    const begun = clock.now()
    expect((await clock.drive(executor.execute())).status).toBe('completed')
    expect(clock.now() - begun).toBe(100)
  })

  it('survives a clock that jumps back: the retry comes, later', async () => {
    const clock = new ManualClock()
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node(...retrying('a', 100))
        .build(),
      { clock },
    )
    const running = executor.execute()
    await tick()
    clock.jump(clock.now() - 10_000)
    expect((await clock.drive(running)).status).toBe('completed')
  })
})

describe('the timer of a run', () => {
  it('counts active time alone, over a pause and a load', async () => {
    const clock = new ManualClock()
    const flow = workflow('w', '1.0.0')
      .node('a', () => never<number>())
      .build()
    let executor = new DagExecutor(flow, { clock, limits: { runTimeoutMs: 1_000 } })
    for (let segment = 0; segment < 3; segment += 1) {
      void executor.execute()
      await tick()
      clock.advance(300)
      const pausing = executor.pause({ deadlineMs: 0 })
      clock.advance(0)
      const saved: Snapshot = await pausing
      clock.advance(50_000)
      executor = loadSnapshot(saved, flow, { clock }) as typeof executor
    }
    const running = executor.execute()
    await tick()
    clock.advance(99)
    await tick()
    expect(executor.status).toBe('running')
    clock.advance(1)
    expect(await running).toMatchObject({ status: 'failed', error: { code: 'RUN_TIMEOUT' } })
    expect(clock.pending).toBe(0)
  })

  it('follows a limit that was raised for the resume', async () => {
    const clock = new ManualClock()
    const gate = deferred()
    const flow = workflow('w', '1.0.0')
      .node('a', () => gate.promise)
      .build()
    const executor = new DagExecutor(flow, { clock, limits: { runTimeoutMs: 1_000 } })
    const running = executor.execute()
    await tick()
    clock.advance(1_000)
    expect((await running).status).toBe('failed')
    const loaded = loadSnapshot(executor.saveSnapshot(), flow, { clock, limits: { runTimeoutMs: 3_000 } })
    const again = loaded.execute()
    await tick()
    clock.advance(1_999)
    await tick()
    expect(loaded.status).toBe('running')
    gate.resolve()
    expect((await again).status).toBe('completed')
  })
})
