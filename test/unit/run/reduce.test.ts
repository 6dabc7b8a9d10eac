import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import type { RunEvent, RunEventType } from '../../../src/run/event.ts'
import { fold } from '../../../src/run/fold.ts'
import { reduce } from '../../../src/run/reduce.ts'
import { buildGraph } from '../../../src/workflow/graph.ts'
import { Core, definitionOf } from './core.ts'

const error = { name: 'Error', message: 'planned' }

/** An event that may or may not follow. */
function event<Type extends RunEventType>(core: Core, type: Type, data: object): RunEvent {
  return { seq: core.run.state.seq + 1, runId: 'r', at: core.at, type, data } as unknown as RunEvent
}

describe('reduce applies', () => {
  it('run.started: everything the run begins with', () => {
    const core = new Core(['a'])
    core.run.state.variables['v'] = 1
    core.do({ type: 'run.start', seed: 42 })
    expect(core.run.state).toMatchObject({
      status: 'running',
      seed: 42,
      seq: 1,
      startedAt: core.at,
      activeSince: core.at,
      lastAt: core.at,
      stateBytes: 13,
    })
    core.check()
  })

  it('run.pause-requested and run.paused: active time stops, the reason stays', () => {
    const core = Core.started(['a'])
    core.at += 100
    core.do({ type: 'run.request-pause', reason: 'lunch' })
    expect(core.run.state).toMatchObject({ status: 'running', pausing: true, reason: 'lunch' })
    core.do({ type: 'run.cut-off' })
    core.settle()
    expect(core.run.state).toMatchObject({
      status: 'paused',
      pausing: false,
      activeMs: 100,
      endedAt: null,
      reason: 'lunch',
    })
    core.at += 1_000
    core.resume()
    expect(core.run.state).toMatchObject({ status: 'running', activeMs: 100, activeSince: core.at, reason: null })
    core.check()
  })

  it('run.resumed after a crash: active time counts up to the last fact, never backwards', () => {
    const core = Core.started(['a'])
    core.at += 100
    core.do({ type: 'signal.receive', name: 's', payload: 1 })
    core.at += 86_400_000
    core.resume()
    expect(core.run.state.activeMs).toBe(100)
    core.at -= 1_000_000
    core.complete('a')
    core.settle()
    expect(core.run.state.activeMs).toBe(100)
    core.check()
  })

  it('run.resumed with another configuration', () => {
    const core = Core.started(['a'])
    const config = { ...core.run.state.config, concurrency: 3 }
    core.do({ type: 'run.resume', config })
    expect(core.run.state.config.concurrency).toBe(3)
    core.check()
  })

  it('run.canceled: what runs, waits or was cut off is canceled, what has not started stays', () => {
    const core = Core.started(
      ['a', { id: 'b', retry: { maximumAttempts: 2 } }, { id: 'c', onInterrupted: 'ask' }, 'd'],
      ['a>d'],
    )
    core.fail('b')
    core.resume()
    core.do({ type: 'run.cancel', reason: 'no' })
    expect(core.statuses()).toEqual({ a: 'canceled', b: 'canceled', c: 'canceled', d: 'pending' })
    expect(core.run.state).toMatchObject({ error: { code: 'RUN_CANCELED' }, reason: 'no', endedAt: core.at })
    expect(core.node('b').endedAt).toBe(core.at)
    core.check()
  })

  it('node.started: one attempt, one execution', () => {
    const core = Core.started(['a'])
    expect(core.node('a')).toMatchObject({ status: 'running', attempt: 1, startedAt: core.at, endedAt: null })
    expect(core.run.state.usage['nodeExecutions']).toBe(1)
    core.resume()
    expect(core.node('a').attempt).toBe(2)
    expect(core.run.state.usage['nodeExecutions']).toBe(2)
  })

  it('node.started of a node that asks: it asks no more, though nothing put it back', () => {
    const core = Core.started([{ id: 'a', onInterrupted: 'ask' }])
    core.do({ type: 'run.resume' })
    expect(core.run.frontier.asking.size).toBe(1)
    core.apply(event(core, 'node.started', { nodeId: 'a', attempt: 2 }))
    expect(core.run.frontier.asking.size).toBe(0)
    core.check()
  })

  it('node.completed: result, writes and decisions together', () => {
    const core = Core.started(['a', 'b'], [{ source: 'a', target: 'b', sourceHandle: 'x' }])
    const decisions = Object.assign(dictionary<boolean>(), { 'a->b:x': true })
    core.complete('a', 5, { decisions, writes: [{ area: 'counter', op: 'add', key: 'c', value: 2 }] })
    expect(core.node('a')).toMatchObject({ status: 'completed', output: 5, endedAt: core.at })
    expect(core.run.state).toMatchObject({ completed: ['a'], counters: { c: 2 }, decisions: { 'a->b:x': true } })
    core.check()
  })

  it('node.retry-scheduled, node.fell-back, node.failed, node.reset', () => {
    const retry = { maximumAttempts: 2, initialIntervalMs: 1_000, jitter: 0 }
    const core = Core.started([{ id: 'a', retry, fallback: { type: 'x' } }])
    core.fail('a')
    expect(core.node('a')).toMatchObject({ status: 'retrying', failures: 1, dueAt: core.at + 1_000, error })
    expect(core.settle()).toEqual([])
    core.at += 999
    expect(core.settle()).toEqual([])
    core.at += 1
    expect(core.settle()).toEqual(['node.start a'])
    expect(core.node('a').dueAt).toBeNull()
    core.fail('a')
    expect(core.node('a')).toMatchObject({ status: 'pending', failures: 2, fallback: true })
    core.settle()
    core.fail('a')
    expect(core.node('a')).toMatchObject({ status: 'failed', failures: 3, fallback: true, continues: false })
    core.check()
    core.settle()
    core.do({ type: 'run.resume' })
    expect(core.node('a')).toMatchObject({ status: 'pending', failures: 0, fallback: false, attempt: 3, error })
    core.check()
  })

  it('signal.received and usage.added', () => {
    const core = Core.started(['a'])
    core.do({ type: 'signal.receive', name: '__proto__', payload: 1 })
    core.do({ type: 'usage.add', index: 0, attempt: 1, resource: 'http', amount: 2 })
    expect(core.run.state.signals).toEqual([{ seq: 3, at: core.at, name: '__proto__', payload: 1 }])
    expect(core.run.state.usage['http']).toBe(2)
    core.check()
  })
})

describe('reduce refuses, as a damaged history,', () => {
  const finished = () => {
    const core = Core.started(['a', 'b'])
    core.complete('a')
    core.complete('b')
    core.settle()
    return core
  }
  const canceled = () => {
    const core = Core.started(['a', 'b'], [], { concurrency: 1 })
    core.do({ type: 'run.cancel', reason: 'no' })
    return core
  }
  const running = () => Core.started(['a', { id: 'b', onError: 'continue' }], [], { concurrency: 2 })

  const damaged: readonly (readonly [string, () => Core, RunEventType, object])[] = [
    ['a second start', running, 'run.started', {}],
    ['a resume of a completed run', finished, 'run.resumed', { reason: 'loaded' }],
    ['a resume before the start', () => new Core(['a']), 'run.resumed', { reason: 'loaded' }],
    ['a pause request of a completed run', finished, 'run.pause-requested', { reason: 'x' }],
    ['a pause while a node runs', running, 'run.paused', { reason: 'x' }],
    ['a wait while a node runs', running, 'run.waiting', { nodeIds: [] }],
    ['a completion while a node runs', running, 'run.completed', {}],
    ['a failure of the run while a node runs', running, 'run.failed', { error }],
    ['a cancel of a completed run', finished, 'run.canceled', { reason: 'x' }],
    ['a cancel before the start', () => new Core(['a']), 'run.canceled', { reason: 'x' }],
    ['a node started after the cancel', canceled, 'node.started', { nodeId: 'b', attempt: 1 }],
    ['a node started twice', running, 'node.started', { nodeId: 'a', attempt: 2 }],
    ['a node started again after its end', finished, 'node.started', { nodeId: 'a', attempt: 2 }],
    ['a node skipped after the cancel', canceled, 'node.skipped', { nodeId: 'b', reason: 'untaken' }],
    ['a running node skipped', running, 'node.skipped', { nodeId: 'a', reason: 'untaken' }],
    ['a running node reset', running, 'node.reset', { nodeId: 'a' }],
    ['a completion of another attempt', running, 'node.completed', { nodeId: 'a', attempt: 2, output: 1 }],
    [
      'a retry of another attempt',
      running,
      'node.retry-scheduled',
      { nodeId: 'a', attempt: 0, error, delayMs: 1, dueAt: 1 },
    ],
    [
      'an interruption of a node that has ended',
      finished,
      'node.interrupted',
      { nodeId: 'a', attempt: 1, reason: 'crash' },
    ],
    [
      'a failure of a node that has ended',
      finished,
      'node.failed',
      { nodeId: 'a', attempt: 1, error, onError: 'fail' },
    ],
    ['a node nobody knows', running, 'node.started', { nodeId: 'toString', attempt: 1 }],
    ['use by a node nobody knows', running, 'usage.added', { nodeId: 'x', attempt: 1, resource: 'x', amount: 1 }],
    ['use by an attempt that is over', finished, 'usage.added', { nodeId: 'a', attempt: 1, resource: 'x', amount: 1 }],
    ['a signal to a completed run', finished, 'signal.received', { name: 's', payload: 1 }],
    ['a signal before the start', () => new Core(['a']), 'signal.received', { name: 's', payload: 1 }],
  ]

  it.each(damaged)('%s', (_what, make, type, data) => {
    const core = make()
    const before = JSON.stringify(core.run.state)
    expect(() => reduce(core.run, event(core, type, data))).toThrow(
      expect.objectContaining({ code: 'HISTORY_DAMAGED', details: { seq: core.run.state.seq + 1, type } }),
    )
    expect(JSON.stringify(core.run.state)).toBe(before)
  })

  it('a completion while nodes have not run, and a reset of a failure the run went on from', () => {
    const core = Core.started(['a', { id: 'b', onError: 'continue' }, 'c'], ['a>c'])
    core.fail('b')
    expect(() => reduce(core.run, event(core, 'node.reset', { nodeId: 'b' }))).toThrow(
      'event 5 (node.reset of node "b")',
    )
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.complete('a')
    expect(() => reduce(core.run, event(core, 'run.completed', {}))).toThrow('can not be applied')
  })

  it('a gap, a repetition, another run', () => {
    const core = running()
    const next = event(core, 'signal.received', { name: 's', payload: 1 })
    for (const wrong of [{ seq: next.seq + 1 }, { seq: next.seq - 1 }, { runId: 'other' }])
      expect(() => reduce(core.run, { ...next, ...wrong } as RunEvent)).toThrow(
        expect.objectContaining({ code: 'HISTORY_DAMAGED' }),
      )
    reduce(core.run, next)
  })

  it('a type of a newer version, with a code of its own', () => {
    const core = running()
    expect(() => reduce(core.run, event(core, 'node.teleported' as RunEventType, {}))).toThrow(
      expect.objectContaining({ code: 'HISTORY_UNKNOWN_EVENT', details: { seq: 4, type: 'node.teleported' } }),
    )
  })
})

describe('fold', () => {
  it('refuses no events, and events that do not begin with the start', () => {
    const graph = buildGraph(definitionOf(['a']))
    expect(() => fold(graph, [])).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
    const core = Core.started(['a'])
    expect(() => fold(graph, core.events.slice(1))).toThrow('begins with run.started')
  })

  it('goes on from a run that was folded before', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    core.complete('a')
    core.settle()
    core.complete('b')
    core.settle()
    for (let at = 1; at <= core.events.length; at += 1) {
      const part = fold(core.run.graph, core.events.slice(0, at))
      expect(fold(core.run.graph, core.events.slice(at), part).state).toEqual(core.run.state)
    }
  })
})

describe('reduce, told which node a fact is probably of', () => {
  it.each([-1, 0, 1, 2, 99])('finds the node it is of, whatever it was told (%d)', (near) => {
    const core = Core.started(['a', 'b'], [], { concurrency: 1 })
    const state = core.run.state
    reduce(core.run, event(core, 'node.completed', { nodeId: 'a', attempt: 1, output: 1 }), near)
    reduce(core.run, event(core, 'node.started', { nodeId: 'b', attempt: 1 }), near)
    reduce(core.run, event(core, 'node.failed', { nodeId: 'b', attempt: 1, error, onError: 'fail' }), near)
    expect(state.nodes.map(({ status, output }) => [status, output])).toEqual([
      ['completed', 1],
      ['failed', undefined],
    ])
  })

  it('refuses a fact of no node, whatever it was told', () => {
    const core = Core.started(['a', 'b'])
    const stray = event(core, 'node.started', { nodeId: 'c', attempt: 1 })
    expect(() => reduce(core.run, stray, 0)).toThrow('the workflow has no node "c"')
  })
})
