import { describe, expect, it } from 'vitest'
import { createEngine, type Engine, memoryStore, type Store, workflow } from '../../src/index.ts'
import type { StoredEvent } from '../../src/store/driver.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, never, recordingLogger, tick } from '../helpers/run-control.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

guardRejections()

const quiet = () => recordingLogger()

/** Two nodes; the first waits for the gate. */
function gated(calls: string[] = []) {
  const gate = deferred<number>()
  const flow = workflow('gated', '1.0.0')
    .node('a', async () => {
      calls.push('a')
      return gate.promise
    })
    .node('b', ['a'], ({ a }) => {
      calls.push('b')
      return a + 1
    })
    .build()
  return { flow, gate, calls }
}

async function typesOf(store: Store, runId: string): Promise<string[]> {
  const types: string[] = []
  for await (const { type } of store.events(runId)) types.push(type)
  return types
}

const some = async (turns = 6) => {
  for (let turn = 0; turn < turns; turn += 1) await tick()
}

describe('start', () => {
  it('refuses the id of a run that executes here, whatever its input, and leaves that run alone', async () => {
    const store = memoryStore()
    const { flow, gate } = gated()
    const engine = createEngine({ store, workflows: [flow], logger: quiet() })
    const { result } = await engine.start(flow, 1, { runId: 'r' })
    await tick()
    for (const input of [1, 2]) {
      await expect(engine.start(flow, input, { runId: 'r' })).rejects.toMatchObject({
        code: 'STORE_EXISTS',
        details: { runId: 'r' },
      })
    }
    gate.resolve(1)
    expect(await result).toMatchObject({ status: 'completed', output: 2 })
  })

  it('refuses the id of a run that has ended, without a trace in its log', async () => {
    const store = memoryStore()
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const engine = createEngine({ store })
    await (await engine.start(flow, undefined, { runId: 'r' })).result
    const before = await typesOf(store, 'r')
    await expect(engine.start(flow, undefined, { runId: 'r' })).rejects.toMatchObject({ code: 'STORE_EXISTS' })
    await expect(createEngine({ store }).start(flow, undefined, { runId: 'r' })).rejects.toMatchObject({
      code: 'STORE_EXISTS',
    })
    expect(await typesOf(store, 'r')).toEqual(before)
  })

  it('of one id twice at the same time starts one', async () => {
    const store = memoryStore()
    const calls: string[] = []
    const { flow, gate } = gated(calls)
    const engine = createEngine({ store, logger: quiet() })
    const starts = await Promise.allSettled([1, 2, 3].map((input) => engine.start(flow, input, { runId: 'r' })))
    expect(starts.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected'])
    gate.resolve(1)
    const [first] = starts
    if (first?.status === 'fulfilled') expect((await first.value.result).status).toBe('completed')
    expect(calls).toEqual(['a', 'b'])
  })

  it('names an unknown workflow and those there are; takes what is no workflow for none', async () => {
    const { flow } = gated()
    const engine = createEngine({ store: memoryStore(), workflows: [flow] })
    await expect(engine.start('other')).rejects.toMatchObject({
      code: 'WORKFLOW_UNKNOWN',
      message: expect.stringContaining('"gated"') as string,
    })
    for (const given of [null, 5, {}, []]) {
      await expect(engine.start(given as unknown as string)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
  })

  it('that is refused lets go of the claim and leaves no timer', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const engine = createEngine({ store, clock, logger: quiet() })
    await expect(engine.start(flow, () => 1, { runId: 'r' })).rejects.toMatchObject({ code: 'VALUE_FUNCTION' })
    await expect(engine.start(flow, 1, { runId: 'r', limits: { maxNodes: 0 } })).rejects.toMatchObject({
      code: 'LIMIT_NODES',
    })
    await expect(engine.start(flow, 1, { runId: '' })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    expect(clock.pending).toBe(0)
    expect(await createEngine({ store }).start(flow, 1, { runId: 'r' })).toMatchObject({ runId: 'r' })
    await some()
  })
})

describe('resume', () => {
  it('of a run that executes here gives its handle, and refuses options that could not act', async () => {
    const { flow, gate, calls } = gated()
    const engine = createEngine({ store: memoryStore(), workflows: [flow] })
    const handle = await engine.start(flow, undefined, { runId: 'r' })
    expect(await engine.resume('r')).toBe(handle)
    await expect(engine.resume('r', { concurrency: 2 })).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
    gate.resolve(1)
    await handle.result
    expect(calls).toEqual(['a', 'b'])
  })

  it('asked twice at the same time takes the run up once', async () => {
    const store = memoryStore()
    const { flow, gate, calls } = gated()
    const first = createEngine({ store, workflows: [flow] })
    await first.start(flow, undefined, { runId: 'r' })
    await tick()
    await first.close({ deadlineMs: 0 })
    const engine = createEngine({ store, workflows: [flow], logger: quiet() })
    const [one, two] = await Promise.all([engine.resume('r'), engine.resume('r')])
    expect(one).toBe(two)
    gate.resolve(1)
    expect((await one.result).output).toBe(2)
    expect(calls).toEqual(['a', 'a', 'b'])
    expect((await typesOf(store, 'r')).filter((type) => type === 'run.resumed')).toHaveLength(1)
  })

  it('right after a pause, or from a listener of it, takes the run up again', async () => {
    const store = memoryStore()
    const { flow, gate } = gated()
    const engine = createEngine({ store, workflows: [flow], logger: quiet() })
    const { executor } = await engine.start(flow, undefined, { runId: 'r' })
    await tick()
    const fromListener = deferred<Awaited<ReturnType<Engine['resume']>>>()
    executor.on('run.paused', () => fromListener.resolve(engine.resume('r') as never))
    await executor.pause({ deadlineMs: 0 })
    const direct = await engine.resume('r')
    expect((await fromListener.promise).executor.status).toBe('running')
    gate.resolve(1)
    expect((await direct.result).status).toBe('completed')
  })

  it('of a run that has settled here waits until its claim is free, and is the one that executes from then on', async () => {
    const letGo = deferred()
    const store = intercepted(memoryStore(), {
      release: async (next) => {
        await letGo.promise
        return next()
      },
    })
    let fails = true
    const flow = workflow('w', '1.0.0')
      .node('a', () => {
        if (fails) throw new Error('x')
        return never<number>()
      })
      .build()
    const engine = createEngine({ store, workflows: [flow], logger: quiet() })
    const { executor } = await engine.start(flow, undefined, { runId: 'r' })
    await some()
    expect(executor.status).toBe('failed')
    fails = false
    let isUp = false
    const resuming = engine.resume('r').then((handle) => {
      isUp = true
      return handle
    })
    await some()
    expect(isUp).toBe(false)
    letGo.resolve()
    const handle = await resuming
    await some()
    expect(await engine.resume('r')).toBe(handle)
    await engine.cancel('r')
    expect((await handle.result).status).toBe('canceled')
  })

  it('of a run another holds is refused with who, and leaves no trace', async () => {
    const store = memoryStore()
    const { flow, gate } = gated()
    const holder = createEngine({ store, workflows: [flow], owner: 'holder' })
    const { result } = await holder.start(flow, undefined, { runId: 'r' })
    await tick()
    const before = await typesOf(store, 'r')
    const other = createEngine({ store, workflows: [flow], logger: quiet() })
    for (const ask of [
      () => other.resume('r'),
      () => other.cancel('r'),
      () => other.signal('r', 's'),
      () => other.pause('r'),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'STORE_HELD', details: { owner: 'holder' } })
    }
    expect(await typesOf(store, 'r')).toEqual(before)
    gate.resolve(1)
    expect((await result).status).toBe('completed')
  })

  it('of a run nobody knows says so, and makes nothing in the store', async () => {
    const store = fileStore(temporaryFolder())
    const clock = new ManualClock()
    const engine = createEngine({ store, clock })
    for (const ask of [
      () => engine.resume('r'),
      () => engine.cancel('r'),
      () => engine.signal('r', 's'),
      () => engine.pause('r'),
      () => engine.snapshot('r'),
    ]) {
      await expect(ask()).rejects.toMatchObject({ code: 'STORE_NOT_FOUND', details: { runId: 'r' } })
    }
    expect(await engine.get('r')).toBeNull()
    expect((await store.claim('r', { owner: 'x', leaseMs: 1, now: 1 })).claim.epoch).toBe(1)
    expect(clock.pending).toBe(0)
    await store.close()
  })

  it('that is refused for a changed workflow or a missing type lets go of the claim and leaves no timer', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const make = (version: string) =>
      workflow('w', '1.0.0')
        .node('a', () => never<number>(), { version })
        .build()
    const first = createEngine({ store, workflows: [make('1.0.0')], clock })
    await first.start('w', undefined, { runId: 'r' })
    await tick()
    await clock.drive(first.close({ deadlineMs: 0 }))
    for (const [options, code, message] of [
      [{ workflows: [make('2.0.0')] }, 'WORKFLOW_CHANGED', /onWorkflowChange/],
      [{}, 'NODE_TYPE_MISSING', /no workflow "w"; give it: createEngine\(\{ store, workflows: \[workflow\] \}\)/],
    ] as const) {
      const own = new ManualClock(clock.now())
      await expect(createEngine({ store, clock: own, ...options }).resume('r')).rejects.toMatchObject({
        code,
        message: expect.stringMatching(message),
      })
      expect(own.pending).toBe(0)
    }
    const last = createEngine({ store, workflows: [make('1.0.0')], clock })
    expect((await last.resume('r')).executor.status).toBe('running')
    await clock.drive(last.close({ deadlineMs: 0 }))
  })
})

describe('recover', () => {
  it('takes up what was left, names what is held and what is broken, and passes over what ended or waits', async () => {
    const store = memoryStore()
    const { flow, gate } = gated()
    const dead = createEngine({ store: dying(store), workflows: [flow], owner: 'dead', logger: quiet() })
    for (const runId of ['left-1', 'left-2', 'left-3']) await dead.start(flow, undefined, { runId })
    const holder = createEngine({ store, workflows: [flow], owner: 'holder' })
    const held = await holder.start(flow, undefined, { runId: 'held' })
    await (await holder.start(flow, undefined, { runId: 'paused' })).executor.pause({ deadlineMs: 0 })
    const canceled = await holder.start(flow, undefined, { runId: 'canceled' })
    await canceled.executor.cancel()
    await some()
    // The dead engine's claims end with their process; here, with their lease.
    const clock = new ManualClock(Date.now() + 20_000)
    const damaged = intercepted(store, {
      read: (next, runId, range) =>
        runId === 'left-2' ? Promise.resolve(range?.fromSeq === 1 ? [noEvent] : []) : next(),
      events: (next, runId) => (runId === 'left-2' ? damagedWalk() : next()),
      claim: async (next, runId, request) => {
        if (runId.startsWith('left')) request = { ...request, now: request.now + 60_000 }
        return store.claim(runId, request).then(
          (taken) => taken,
          () => next(),
        )
      },
    })
    const logger = quiet()
    const engine = createEngine({ store: damaged, workflows: [flow], logger, clock })
    const { resumed, held: heldRuns, failed } = await engine.recover()
    expect(resumed.map(({ runId }) => runId)).toEqual(['left-1', 'left-3'])
    expect(heldRuns).toEqual(['held'])
    expect(failed).toEqual([
      { runId: 'left-2', error: expect.objectContaining({ code: 'HISTORY_DAMAGED' }) as unknown },
    ])
    gate.resolve(1)
    for (const { result } of [...resumed, held]) expect((await result).output).toBe(2)
    expect(await engine.recover()).toEqual({ resumed: [], held: [], failed: [expect.anything()] })
    await some()
  })
})

describe('what executes here', () => {
  it('is found by its run, until it has let go of it', async () => {
    const { flow, gate } = gated()
    const engine = createEngine({ store: memoryStore(), workflows: [flow], logger: quiet() })
    expect(engine.executing('r')).toBeNull()
    const handle = await engine.start(flow, undefined, { runId: 'r' })
    expect(engine.executing('r')).toBe(handle)
    gate.resolve(1)
    await handle.result
    expect(engine.executing('r')).toBeNull()
  })
})

describe('what the store knows', () => {
  it('is listed by status and workflow, page by page', async () => {
    const store = memoryStore()
    const engine = createEngine({ store, logger: quiet() })
    const ok = workflow('ok', '1.0.0')
      .node('a', () => 1)
      .build()
    const bad = workflow('bad', '1.0.0')
      .node('a', () => {
        throw new Error('x')
      })
      .build()
    for (const runId of ['a', 'b', 'c', 'd', 'e']) {
      await (await engine.start(runId < 'd' ? ok : bad, undefined, { runId })).result
    }
    const pages: string[][] = []
    for (let cursor: string | null = null; ; ) {
      const page: Awaited<ReturnType<Engine['list']>> = await engine.list({ limit: 2, cursor })
      pages.push(page.runs.map(({ runId }) => runId))
      cursor = page.cursor
      if (cursor === null) break
    }
    expect(pages).toEqual([['a', 'b'], ['c', 'd'], ['e']])
    expect((await engine.list({ statuses: ['failed'] })).runs.map(({ runId }) => runId)).toEqual(['d', 'e'])
    expect((await engine.list({ workflowId: 'ok' })).runs.map(({ runId }) => runId)).toEqual(['a', 'b', 'c'])
    await expect(engine.list({ statuses: ['done'] as never })).rejects.toMatchObject({ code: 'STORE_BAD_ARGUMENT' })
    expect(await engine.get('d')).toMatchObject({ runId: 'd', workflowId: 'bad', status: 'failed' })
    expect(await engine.get('f')).toBeNull()
    expect((await engine.snapshot('d')).run.status).toBe('failed')
  })
})

describe('commands to a run that executes nowhere', () => {
  async function left(store: Store, flow: ReturnType<typeof gated>['flow'], clock: ManualClock) {
    const dead = createEngine({
      store: dying(store),
      workflows: [flow],
      owner: 'dead',
      logger: quiet(),
      clock,
      concurrency: 1,
    })
    await dead.start(flow, undefined, { runId: 'r' })
    await some()
    clock.jump(clock.now() + 60_000)
    return typesOf(store, 'r')
  }

  it('record a signal and start nothing, not even a node whose turn it is', async () => {
    const store = memoryStore()
    const clock = new ManualClock()
    const calls: string[] = []
    const flow = workflow('w', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          calls.push('a')
          if (ctx.attempt === 1) throw new Error('once')
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 1_000 } },
      )
      .build()
    const dead = createEngine({ store, owner: 'dead', logger: quiet(), clock })
    await dead.start(flow, undefined, { runId: 'r' })
    await some()
    const before = await typesOf(store, 'r')
    expect(before.at(-1)).toBe('node.retry-scheduled')
    const later = new ManualClock(clock.now() + 60_000)
    await createEngine({ store, clock: later }).signal('r', 's', { paid: true })
    await some()
    expect(await typesOf(store, 'r')).toEqual([...before, 'signal.received'])
    expect([calls, later.pending]).toEqual([['a'], 0])
    const engine = createEngine({ store, workflows: [flow], clock: later })
    expect((await (await engine.resume('r')).result).status).toBe('completed')
    expect((await engine.snapshot('r')).document.signals).toMatchObject([{ name: 's', payload: { paid: true } }])
  })

  it('given at the same time are all recorded', async () => {
    const store = memoryStore()
    const clock = new ManualClock()
    const { flow } = gated()
    const before = await left(store, flow, clock)
    const engine = createEngine({ store, clock, logger: quiet() })
    await Promise.all([engine.signal('r', 's'), engine.signal('r', 't'), engine.cancel('r', 'over')])
    expect(await typesOf(store, 'r')).toEqual([...before, 'signal.received', 'signal.received', 'run.canceled'])
    expect(await engine.get('r')).toMatchObject({ status: 'canceled' })
    await expect(engine.cancel('r')).rejects.toMatchObject({ code: 'RUN_ENDED' })
    expect(clock.pending).toBe(1)
    const ended = await createEngine({ store, clock, workflows: [flow] }).resume('r')
    expect((await ended.result).status).toBe('canceled')
  })

  it('that has just settled wait until its claim is free', async () => {
    const gate = deferred()
    const store = memoryStore()
    const slow = intercepted(store, {
      release: async (next) => {
        await next()
        await gate.promise
      },
    })
    const flow = workflow('w', '1.0.0')
      .node('a', () => {
        throw new Error('x')
      })
      .build()
    const engine = createEngine({ store: slow, workflows: [flow], logger: quiet() })
    const { executor } = await engine.start(flow, undefined, { runId: 'r' })
    await some()
    expect(executor.status).toBe('failed')
    const signaled = engine.signal('r', 's')
    const canceled = engine.cancel('r')
    await some()
    gate.resolve()
    await Promise.all([signaled, canceled])
    expect((await typesOf(store, 'r')).slice(-2)).toEqual(['signal.received', 'run.canceled'])
  })

  it('of which a pause says that there is nothing to pause, unless the run is paused', async () => {
    const store = memoryStore()
    const clock = new ManualClock()
    const { flow } = gated()
    await left(store, flow, clock)
    const engine = createEngine({ store, workflows: [flow], clock, logger: quiet() })
    await expect(engine.pause('r')).rejects.toMatchObject({
      code: 'RUN_REJECTED',
      message: expect.stringMatching(/there is nothing to pause; resume takes it up$/),
    })
    await engine.resume('r')
    await tick()
    expect((await clock.drive(engine.pause('r', { deadlineMs: 0 }))).run.status).toBe('paused')
    expect((await engine.pause('r')).run.status).toBe('paused')
    await engine.cancel('r')
    await expect(engine.pause('r')).rejects.toThrow(/there is nothing to pause$/)
  })
})

describe('close', () => {
  it('pauses every run, waits for starts under way, and takes nothing up afterwards', async () => {
    const store = memoryStore()
    const { flow } = gated()
    const claiming = deferred()
    const slow = intercepted(store, {
      claim: async (next, runId) => {
        if (runId === 'two') await claiming.promise
        return next()
      },
    })
    const engine = createEngine({ store: slow, workflows: [flow], logger: quiet() })
    const one = await engine.start(flow, undefined, { runId: 'one' })
    const starting = engine.start(flow, undefined, { runId: 'two' })
    await tick()
    await expect(engine.close({ deadlineMs: -1 })).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    await expect(engine.close({ deadline: 1 } as object)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
    const closing = engine.close({ deadlineMs: 0, reason: 'deploy' })
    await tick()
    claiming.resolve()
    await closing
    for (const { result } of [one, await starting]) expect((await result).status).toBe('paused')
    expect((await engine.snapshot('two')).run.reason).toBe('deploy')
    for (const ask of [() => engine.start(flow), () => engine.resume('one'), () => engine.recover()]) {
      await expect(ask()).rejects.toMatchObject({ code: 'ENGINE_CLOSED' })
    }
    expect(await engine.get('one')).toMatchObject({ status: 'paused' })
    // Its claims are free at once.
    const next = createEngine({ store, workflows: [flow] })
    expect((await next.resume('one')).executor.status).toBe('running')
    await next.close({ deadlineMs: 0 })
  })

  it('pauses all others when one can not be, and then says why', async () => {
    const inner = memoryStore()
    let isBroken = false
    const store = intercepted(inner, {
      append: async (next, runId) => {
        if (isBroken && runId === 'bad') throw new Error('disk full')
        return next()
      },
    })
    const { flow } = gated()
    const engine = createEngine({ store, logger: quiet() })
    const bad = await engine.start(flow, undefined, { runId: 'bad' })
    const good = await engine.start(flow, undefined, { runId: 'good' })
    await tick()
    isBroken = true
    await expect(engine.close({ deadlineMs: 0 })).rejects.toMatchObject({ code: 'STORE_IO' })
    expect((await good.result).status).toBe('paused')
    await expect(bad.result).rejects.toMatchObject({ code: 'STORE_IO' })
  })
})

describe('a store that fails', () => {
  it.each([
    ['once', 1],
    ['always', Number.POSITIVE_INFINITY],
  ])(
    '%s stops the run before anything unrecorded has an effect; a later resume goes on from the log',
    async (_what, failures) => {
      const inner = memoryStore()
      let appends = 0
      const store = intercepted(inner, {
        append: async (next) => {
          appends += 1
          if (appends > 1 && appends <= 1 + failures) throw new Error('disk full')
          return next()
        },
      })
      const { flow, gate, calls } = gated()
      const signals: AbortSignal[] = []
      const engine = createEngine({ store, workflows: [flow], logger: quiet() })
      const { result, executor } = await engine.start(flow, undefined, { runId: 'r' })
      await tick()
      gate.resolve(1)
      await expect(result).rejects.toMatchObject({ code: 'STORE_IO', details: { runId: 'r' } })
      await expect(executor.execute()).rejects.toMatchObject({ code: 'STORE_IO' })
      await expect(executor.cancel()).rejects.toMatchObject({ code: 'STORE_IO' })
      expect([calls.filter((id) => id === 'b'), signals]).toEqual([[], []])
      const next = createEngine({ store: inner, workflows: [flow] })
      expect((await (await next.resume('r')).result).output).toBe(2)
      expect(calls.filter((id) => id === 'b')).toHaveLength(1)
    },
  )

  it('never says that a run has ended when its end is not on record', async () => {
    const store = intercepted(memoryStore(), {
      append: async (next, _runId, _expected, { summary }) => {
        if (summary.status === 'canceled') throw new Error('disk full')
        return next()
      },
    })
    const { flow } = gated()
    const { executor, result } = await createEngine({ store, logger: quiet() }).start(flow)
    await tick()
    await expect(executor.cancel()).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(result).rejects.toMatchObject({ code: 'STORE_IO' })
    await expect(executor.execute()).rejects.toMatchObject({ code: 'STORE_IO' })
  })

  it('by answering a conflict stops the run with that code', async () => {
    const store = intercepted(memoryStore(), {
      append: async (next, runId, expected, batch) =>
        expected.expectedSeq === 0 ? next() : memoryStore().append(runId, { ...expected, expectedSeq: 7 }, batch),
    })
    const { flow, gate } = gated()
    const { result } = await createEngine({ store, logger: quiet() }).start(flow)
    gate.resolve(1)
    await expect(result).rejects.toMatchObject({ code: expect.stringMatching(/^STORE_/) as string })
  })

  it('by hanging holds everything that would follow', async () => {
    const hang = deferred()
    const store = intercepted(memoryStore(), {
      append: async (next, _runId, { expectedSeq }) => {
        if (expectedSeq >= 2) await hang.promise
        return next()
      },
    })
    const { flow, gate, calls } = gated()
    const { result, executor } = await createEngine({ store }).start(flow)
    gate.resolve(1)
    await some()
    let isCanceled = false
    const canceled = executor.cancel().then(() => {
      isCanceled = true
    })
    await some()
    expect([calls, isCanceled]).toEqual([['a'], false])
    hang.resolve()
    await canceled
    expect([(await result).status, calls]).toEqual(['canceled', ['a']])
  })

  it('to let go of a claim is a warning, not the result of the run', async () => {
    const store = intercepted(memoryStore(), {
      release: async () => {
        throw new Error('gone')
      },
    })
    const logger = quiet()
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const engine = createEngine({ store, logger })
    expect((await (await engine.start(flow, undefined, { runId: 'r' })).result).output).toBe(1)
    expect(logger.lines).toEqual([expect.stringMatching(/^warn: the claim of run "r" could not be let go/)])
    // The failure of the work is told, not that of the release after it.
    await expect(engine.start(flow, undefined, { runId: 'r' })).rejects.toMatchObject({ code: 'STORE_EXISTS' })
  })
})

describe('claims', () => {
  it('are renewed at a third of the lease for as long as the run goes on', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const { flow, gate } = gated()
    const engine = createEngine({ store, clock, leaseMs: 3_000, workflows: [flow] })
    const { result } = await engine.start(flow, undefined, { runId: 'r' })
    for (let third = 0; third < 20; third += 1) {
      clock.advance(1_000)
      await some(2)
    }
    const other = createEngine({ store, clock, workflows: [flow], logger: quiet() })
    await expect(other.resume('r')).rejects.toMatchObject({ code: 'STORE_HELD' })
    gate.resolve(1)
    expect((await result).status).toBe('completed')
    expect(clock.pending).toBe(0)
  })

  it('that are lost stop the handlers at once; nothing more is written', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const logger = quiet()
    let signal: AbortSignal | undefined
    const late = deferred<number>()
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => {
        signal ??= ctx.signal
        return late.promise
      })
      .build()
    const engine = createEngine({ store, clock, leaseMs: 3_000, workflows: [flow], logger })
    const { result, executor } = await engine.start(flow, undefined, { runId: 'r' })
    const events = executor.events()
    await some()
    // This process stood still for longer than its lease, and another took the run up.
    clock.jump(clock.now() + 10_000)
    const other = createEngine({ store, clock: new ManualClock(clock.now()), workflows: [flow], logger: quiet() })
    const taken = await other.resume('r')
    await some()
    const before = await typesOf(store, 'r')
    clock.advance(1)
    await expect(result).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(signal?.aborted).toBe(true)
    await expect(
      (async () => {
        for await (const _event of events);
      })(),
    ).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(await typesOf(store, 'r')).toEqual(before)
    expect(logger.lines.filter((line) => line.includes('was lost'))).toHaveLength(1)
    late.resolve(1)
    expect((await taken.result).status).toBe('completed')
    expect(clock.pending).toBe(0)
    expect((await typesOf(store, 'r')).filter((type) => type === 'node.completed')).toHaveLength(1)
  })

  it('that are lost while facts are being written let nothing follow from them, even if they were written', async () => {
    const clock = new ManualClock()
    const written = deferred()
    const store = intercepted(memoryStore(), {
      append: async (next, _runId, { expectedSeq }) => {
        await next()
        if (expectedSeq > 0) await written.promise
      },
    })
    const { flow, gate, calls } = gated()
    const engine = createEngine({ store, clock, leaseMs: 3_000, logger: quiet() })
    const { result, executor } = await engine.start(flow, undefined, { runId: 'r' })
    const told: string[] = []
    executor.on('node.completed', ({ data }) => told.push(data.nodeId))
    await some()
    gate.resolve(1)
    await some()
    await store.claim('r', { owner: 'other', leaseMs: 1, now: clock.now() + 60_000 })
    clock.advance(1_000)
    await expect(result).rejects.toMatchObject({ code: 'STORE_FENCED' })
    written.resolve()
    await some()
    expect([calls, told]).toEqual([['a'], []])
  })

  it('that are lost show at the next append even before a renewal', async () => {
    const clock = new ManualClock()
    const store = memoryStore()
    const { flow, gate, calls } = gated()
    const engine = createEngine({ store, clock, workflows: [flow], logger: quiet() })
    const { result } = await engine.start(flow, undefined, { runId: 'r' })
    await some()
    const { claim } = await store.claim('r', { owner: 'other', leaseMs: 1, now: clock.now() + 60_000 })
    gate.resolve(1)
    await expect(result).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(calls).toEqual(['a'])
    await store.release(claim)
    expect((await (await engine.resume('r')).result).status).toBe('completed')
  })

  it('are renewed each by itself: one that hangs or fails holds up no other', async () => {
    const clock = new ManualClock()
    const renewals: string[] = []
    let isFailing = true
    const store = intercepted(memoryStore(), {
      renew: async (next, { runId }) => {
        renewals.push(runId)
        if (runId === 'hangs') return never()
        if (runId === 'fails' && isFailing) throw new Error('busy')
        return next()
      },
    })
    const { flow, gate } = gated()
    const logger = quiet()
    const engine = createEngine({ store, clock, leaseMs: 3_000, logger })
    const handles = []
    for (const runId of ['hangs', 'fails', 'works']) handles.push(await engine.start(flow, undefined, { runId }))
    for (let third = 0; third < 4; third += 1) {
      clock.advance(1_000)
      await some(2)
      isFailing = third < 1
    }
    expect(renewals.filter((runId) => runId === 'works')).toHaveLength(4)
    expect(renewals.filter((runId) => runId === 'fails')).toHaveLength(4)
    expect(renewals.filter((runId) => runId === 'hangs')).toHaveLength(1)
    expect(logger.lines.every((line) => line.includes('could not be renewed'))).toBe(true)
    gate.resolve(1)
    for (const { result } of handles) expect((await result).status).toBe('completed')
  })

  it('are renewed with a clock that stands still too', async () => {
    const clock = new ManualClock()
    const frozen = { now: () => 1_000, setTimer: clock.setTimer.bind(clock) }
    const { flow, gate } = gated()
    const { result } = await createEngine({ store: memoryStore(), clock: frozen, leaseMs: 300 }).start(flow)
    for (let third = 0; third < 5; third += 1) {
      clock.advance(100)
      await some(2)
    }
    gate.resolve(1)
    expect((await result).status).toBe('completed')
  })
})

/** The store of a process that dies after its first facts: whatever it asks for afterwards never comes back. */
function dying(store: Store): Store {
  const appends = new Map<string, number>()
  return intercepted(store, {
    append: async (next, runId) => {
      appends.set(runId, (appends.get(runId) ?? 0) + 1)
      return appends.get(runId) === 1 ? next() : never()
    },
    renew: () => never(),
    release: () => never(),
  })
}

/** A record whose text is no event. */
const noEvent: StoredEvent = { seq: 1, at: 1, type: 'run.started', nodeId: null, text: '{"seq":1' }

async function* damagedWalk(): AsyncGenerator<StoredEvent, void, undefined> {
  yield noEvent
}
