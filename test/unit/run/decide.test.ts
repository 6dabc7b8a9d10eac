import { describe, expect, it } from 'vitest'
import type { RunCommand } from '../../../src/run/command.ts'
import { Core } from './core.ts'

const signal: RunCommand = { type: 'signal.receive', name: 's', payload: 1 }
const cancel: RunCommand = { type: 'run.cancel', reason: 'no' }
const pause: RunCommand = { type: 'run.request-pause', reason: 'lunch' }

/** Runs in every status, each with one node `a`. */
const inStatus: Readonly<Record<string, () => Core>> = {
  pending: () => new Core(['a']),
  running: () => Core.started(['a']),
  paused() {
    const core = Core.started(['a'])
    core.do(pause)
    core.do({ type: 'run.cut-off' })
    core.settle()
    return core
  },
  waiting() {
    const core = Core.started([{ id: 'a', onInterrupted: 'ask' }])
    core.resume()
    return core
  },
  failed() {
    const core = Core.started(['a'])
    core.fail('a')
    core.settle()
    return core
  },
  completed() {
    const core = Core.started(['a'])
    core.complete('a')
    core.settle()
    return core
  },
  canceled() {
    const core = Core.started(['a'])
    core.do(cancel)
    return core
  },
}

const all = Object.keys(inStatus)
const notRunning = all.filter((status) => status !== 'running')

describe('decide refuses what does not fit', () => {
  it.each(all)('has a run that is %s', (status) => {
    expect(inStatus[status]!().run.state.status).toBe(status)
  })

  const refusals: readonly (readonly [RunCommand['type'], RunCommand, Readonly<Record<string, string>>])[] = [
    [
      'run.start',
      { type: 'run.start', seed: 1 },
      Object.fromEntries(all.filter((status) => status !== 'pending').map((status) => [status, 'RUN_ACTIVE'])),
    ],
    [
      'run.resume',
      { type: 'run.resume' },
      { pending: 'RUN_NOT_STARTED', completed: 'RUN_ENDED', canceled: 'RUN_ENDED' },
    ],
    ['run.request-pause', pause, Object.fromEntries(notRunning.map((status) => [status, 'RUN_REJECTED']))],
    ['run.cancel', cancel, { pending: 'RUN_NOT_STARTED', completed: 'RUN_ENDED', canceled: 'RUN_ENDED' }],
    ['signal.receive', signal, { pending: 'RUN_NOT_STARTED', completed: 'RUN_ENDED', canceled: 'RUN_ENDED' }],
    [
      'run.time-out',
      { type: 'run.time-out' },
      Object.fromEntries(notRunning.map((status) => [status, 'RUN_REJECTED'])),
    ],
    // What only the plan sends fits no state in which the plan would not send it.
    ['run.pause', { type: 'run.pause' }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['run.cut-off', { type: 'run.cut-off' }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['run.wait', { type: 'run.wait' }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['run.complete', { type: 'run.complete' }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['run.fail', { type: 'run.fail' }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['node.start', { type: 'node.start', index: 0 }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    ['node.skip', { type: 'node.skip', index: 0 }, Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED']))],
    [
      'node.complete',
      { type: 'node.complete', index: 0, attempt: 9, output: null, writes: null, decisions: null },
      Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED'])),
    ],
    [
      'node.fail',
      { type: 'node.fail', index: 0, attempt: 0, error: { name: 'E', message: 'm' }, retryable: true },
      Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED'])),
    ],
    [
      'usage.add',
      { type: 'usage.add', index: 0, attempt: 2, resource: 'x', amount: 1 },
      Object.fromEntries(all.map((status) => [status, 'RUN_REJECTED'])),
    ],
  ]

  it.each(
    refusals.flatMap(([type, command, codes]) =>
      Object.entries(codes).map(([s, code]) => [type, s, code, command] as const),
    ),
  )('%s of a run that is %s: %s', (_type, status, code, command) => {
    const rejection = inStatus[status]!().refused(command)
    expect(rejection.code).toBe(code)
    expect(rejection.message.length).toBeGreaterThan(20)
  })

  it('a command about a node the workflow does not have', () => {
    const core = Core.started(['a'])
    for (const command of [
      { type: 'node.start', index: 5 },
      { type: 'node.skip', index: -1 },
      { type: 'node.complete', index: 5, attempt: 1, output: null, writes: null, decisions: null },
      { type: 'node.fail', index: 5, attempt: 1, error: { name: 'E', message: 'm' }, retryable: true },
      { type: 'usage.add', index: 5, attempt: 1, resource: 'x', amount: 1 },
    ] as const)
      expect(core.refused(command).code).toBe('RUN_REJECTED')
  })

  it('the report of an attempt that was retried, interrupted, or canceled meanwhile', () => {
    const core = Core.started([{ id: 'a', retry: { maximumAttempts: 3, initialIntervalMs: 0 } }])
    const late = core.completion('a', 'late')
    core.fail('a')
    expect(core.refused(late)).toMatchObject({ code: 'RUN_REJECTED', details: { nodeId: 'a', attempt: 1 } })
    core.settle()
    expect(core.node('a')).toMatchObject({ status: 'running', attempt: 2 })
    expect(core.refused(late).code).toBe('RUN_REJECTED')
    const second = core.completion('a')
    core.resume()
    expect(core.refused(second).code).toBe('RUN_REJECTED')
    const third = core.completion('a')
    core.do(cancel)
    expect(core.refused(third).code).toBe('RUN_REJECTED')
    core.check()
  })

  it('a start while the run pauses, and while it is failing', () => {
    const core = Core.started(['a', 'b', 'c'], [], { concurrency: 2 })
    core.do(pause)
    expect(core.refused({ type: 'node.start', index: 2 }).code).toBe('RUN_REJECTED')
    core.resume()
    core.fail('a')
    expect(core.refused({ type: 'node.start', index: 2 }).code).toBe('RUN_REJECTED')
  })

  it.each([
    ['over its limit', 'http', 3, 'LIMIT_USAGE'],
    ['under the name the run counts by', 'nodeExecutions', 1, 'ARGUMENT_INVALID'],
    ['that is negative', 'x', -1, 'STATE_NOT_FINITE'],
    ['that is no number', 'x', Number.NaN, 'STATE_NOT_FINITE'],
    ['that makes it infinite', 'big', Number.MAX_VALUE, 'STATE_NOT_FINITE'],
  ])('use %s', (_what, resource, amount, code) => {
    const core = Core.started(['a'], [], { limits: { maxUsage: { http: 2 } } })
    core.do({ type: 'usage.add', index: 0, attempt: 1, resource: 'http', amount: 1 })
    core.do({ type: 'usage.add', index: 0, attempt: 1, resource: 'big', amount: Number.MAX_VALUE })
    expect(core.refused({ type: 'usage.add', index: 0, attempt: 1, resource, amount }).code).toBe(code)
    core.do({ type: 'usage.add', index: 0, attempt: 1, resource: 'http', amount: 1 })
    expect(core.run.state.usage['http']).toBe(2)
    core.check()
  })

  it('no use of a resource named like a member of every object, unless it is limited', () => {
    const core = Core.started(['a'], [], { limits: { maxUsage: { http: 2 } } })
    for (const resource of ['constructor', '__proto__', 'toString', ''])
      core.do({ type: 'usage.add', index: 0, attempt: 1, resource, amount: 5 })
    expect(Object.keys(core.run.state.usage).sort()).toEqual([
      '',
      '__proto__',
      'constructor',
      'nodeExecutions',
      'toString',
    ])
  })
})

describe('decide and plan', () => {
  it('a second request to pause changes nothing', () => {
    const core = Core.started(['a'])
    core.do(pause)
    expect(core.do({ type: 'run.request-pause', reason: 'again' })).toEqual([])
    core.complete('a')
    expect(core.settle()).toEqual(['run.complete'])
  })

  it('a pause waits for what runs, starts nothing, and does not wait for retries', () => {
    const core = Core.started(
      ['a', { id: 'b', retry: { maximumAttempts: 2, initialIntervalMs: 1_000, jitter: 0 } }, 'c'],
      ['a>c'],
    )
    core.fail('b')
    core.do(pause)
    expect(core.settle()).toEqual([])
    core.complete('a')
    expect(core.settle()).toEqual(['run.pause'])
    expect(core.statuses()).toEqual({ a: 'completed', b: 'retrying', c: 'pending' })
    core.at += 1_000
    expect(core.resume()).toEqual(['node.start b', 'node.start c'])
    core.check()
  })

  it('a cut-off ends what runs and nothing else; a run that was failing has failed, not paused', () => {
    const core = Core.started(['a', 'b'])
    core.fail('a')
    core.do(pause)
    expect(core.do({ type: 'run.cut-off' }).map(({ type }) => type)).toEqual(['node.interrupted'])
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.run.state).toMatchObject({ status: 'failed', failedNodeId: 'a' })
    expect(core.resume()).toEqual(['node.start a', 'node.start b'])
    core.check()
  })

  it('the first node in definition order that failed the run is named, however many did', () => {
    const core = Core.started(['a', 'b', 'c', 'd'], ['a>d'])
    core.fail('c')
    core.fail('b')
    core.complete('a')
    // More than a call takes arguments.
    for (let index = 4; index < 300_000; index += 1) core.run.frontier.failing.add(index)
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.run.state.failedNodeId).toBe('b')
    expect(core.run.state.error).toMatchObject({ code: 'RUN_NODE_FAILED', cause: { message: 'planned' } })
  })

  it('a run that can not go on and waits for nothing says so', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    // No facts lead here; a document from elsewhere might.
    core.node('a').status = 'waiting'
    core.run.frontier.running = 0
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.run.state.error).toMatchObject({ code: 'RUN_STUCK', details: { nodeIds: ['a', 'b'] } })
    expect(core.run.state.failedNodeId).toBeNull()
  })

  it('limits.maxNodeExecutions counts attempts over resumes, and fails the node that may not start', () => {
    const core = Core.started(['a', 'b'], ['a>b'], { limits: { maxNodeExecutions: 2 } })
    core.resume()
    core.complete('a')
    expect(core.settle()).toEqual(['node.start b', 'run.fail'])
    expect(core.node('b')).toMatchObject({ status: 'failed', attempt: 0, error: { code: 'LIMIT_NODE_EXECUTIONS' } })
    core.check()
  })

  it('a result over its limit fails its node, or leaves a marker', () => {
    const long = 'x'.repeat(20)
    const failing = Core.started(['a'], [], { limits: { maxResultBytes: 10 } })
    failing.complete('a', long)
    expect(failing.node('a').error).toMatchObject({ code: 'LIMIT_RESULT_BYTES', details: { max: 10, actual: 22 } })
    const dropping = Core.started(['a'], [], { limits: { maxResultBytes: 10 }, oversizedResults: 'drop' })
    dropping.complete('a', long)
    expect(dropping.node('a')).toMatchObject({
      status: 'completed',
      output: { json: '{"#type":"truncated","sizeBytes":22,"maxBytes":10}' },
    })
    const exact = Core.started(['a'], [], { limits: { maxResultBytes: 22 } })
    exact.complete('a', long)
    expect(exact.node('a')).toMatchObject({ status: 'completed', output: long })
  })

  it('a retry is due at the recorded time, and never later than any date', () => {
    const core = Core.started([
      { id: 'a', retry: { maximumAttempts: 9, initialIntervalMs: 1e300, maximumIntervalMs: 1e300, jitter: 0 } },
    ])
    core.fail('a')
    expect(core.node('a').dueAt).toBe(8.64e15)
    expect(core.settle()).toEqual([])
    core.check()
  })

  it('what another attempt can not help is not retried; the fallback gets one attempt, and no retry', () => {
    const retry = { maximumAttempts: 5, initialIntervalMs: 0 }
    const core = Core.started([{ id: 'a', retry, fallback: { type: 'other' } }])
    expect(core.fail('a', false)[0]).toMatchObject({ type: 'node.fell-back', data: { attempt: 1, fallback: 'other' } })
    expect(core.settle()).toEqual(['node.start a'])
    expect(core.node('a')).toMatchObject({ attempt: 2, fallback: true })
    expect(core.fail('a')[0]).toMatchObject({ type: 'node.failed', data: { attempt: 2 } })
    core.settle()
    // A resume begins anew: with the node itself, and all its attempts.
    expect(core.resume()).toEqual(['node.start a'])
    expect(core.node('a')).toMatchObject({ attempt: 3, failures: 0, fallback: false })
    expect(core.fail('a')[0]!.type).toBe('node.retry-scheduled')
    core.check()
  })

  it('an attempt that was interrupted does not count against the attempts of the policy', () => {
    const core = Core.started([{ id: 'a', retry: { maximumAttempts: 2, initialIntervalMs: 0, jitter: 0 } }])
    core.resume()
    core.resume()
    core.fail('a')
    core.settle()
    expect(core.node('a')).toMatchObject({ status: 'running', attempt: 4, failures: 1 })
    expect(core.fail('a')[0]!.type).toBe('node.failed')
  })
})

describe('a node that was cut off', () => {
  const cutOff = {
    crash: () => undefined,
    pause(core: Core) {
      core.do(pause)
      core.do({ type: 'run.cut-off' })
      expect(core.settle()).toEqual(['run.pause'])
    },
    'time-out': (core: Core) => void core.do({ type: 'run.time-out' }),
  }
  const causes = Object.keys(cutOff) as (keyof typeof cutOff)[]

  it.each(causes)('by a %s, with rerun, runs again at the next resume', (cause) => {
    const core = Core.started(['a', 'b'], ['a>b'])
    cutOff[cause](core)
    expect(core.resume()).toEqual(['node.start a'])
    core.check()
  })

  it.each(causes)('by a %s, with fail, fails at the next resume, and runs at the one after', (cause) => {
    const core = Core.started([{ id: 'a', onInterrupted: 'fail', fallback: { type: 'x' } }, 'b'], ['a>b'])
    cutOff[cause](core)
    expect(core.resume()).toEqual(['run.fail'])
    expect(core.node('a')).toMatchObject({ status: 'failed', attempt: 1, error: { code: 'NODE_INTERRUPTED' } })
    core.check()
    expect(core.resume()).toEqual(['node.start a'])
    expect(core.node('a')).toMatchObject({ status: 'running', attempt: 2, fallback: false })
    core.check()
  })

  it.each(causes)('by a %s, with fail and onError continue, is failed, and the run goes on', (cause) => {
    const core = Core.started(
      [
        { id: 'a', onInterrupted: 'fail', onError: 'continue' },
        { id: 'b', trigger: 'allDone' },
      ],
      ['a>b'],
    )
    cutOff[cause](core)
    expect(core.resume()).toEqual(['node.start b'])
    core.check()
  })

  it('by a crash or pause, with ask: the run goes on around it, waits, and the resume is the answer', () => {
    for (const cause of ['crash', 'pause'] as const) {
      const core = Core.started([{ id: 'a', onInterrupted: 'ask' }, 'b', 'c'], ['a>c'], { concurrency: 1 })
      cutOff[cause](core)
      expect(core.resume()).toEqual(['node.start b'])
      core.complete('b')
      expect(core.settle()).toEqual(['run.wait'])
      core.check()
      expect(core.resume()).toEqual(['node.start a'])
      core.check()
    }
  })

  it('by a time-out, with ask: the resume of the failed run is the answer', () => {
    const core = Core.started([{ id: 'a', onInterrupted: 'ask' }])
    cutOff['time-out'](core)
    expect(core.resume()).toEqual(['node.start a'])
  })

  it('is judged by the workflow it goes on with', () => {
    const core = Core.started(['a', 'b'])
    const next = new Core([{ id: 'a', onInterrupted: 'fail' }]).run.state.workflow
    core.do({ type: 'run.resume', workflow: { definition: next, fingerprint: 'g' } })
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.statuses()).toEqual({ a: 'failed' })
    core.check()
  })
})
