import { describe, expect, it } from 'vitest'
import type { RunCommand } from '../../../src/run/command.ts'
import { nextDueAt } from '../../../src/run/plan.ts'
import type { WaitRequest } from '../../../src/run/wait.ts'
import { Core, definitionOf, type NodeSpec } from './core.ts'

const error = { name: 'Error', message: 'planned' }
const timer = (dueAt: number): WaitRequest => ({ kind: 'timer', durationMs: 5, dueAt, onLoad: 'deadline' })
const signal = (name: string, more: object = {}): WaitRequest => ({
  kind: 'signal',
  name,
  durationMs: null,
  dueAt: null,
  onLoad: 'deadline',
  onTimeout: 'fail',
  take: 'first',
  ...more,
})

/** A core whose nodes have begun to wait. */
function waiting(waits: Readonly<Record<string, WaitRequest>>, edges: readonly string[] = []): Core {
  const core = Core.started(Object.keys(waits), edges)
  for (const [id, wait] of Object.entries(waits)) {
    core.do({ type: 'node.wait', index: core.index(id), attempt: 1, wait })
  }
  return core
}

function mapped(count: number, node: Partial<Exclude<NodeSpec, string>> = {}, keys: readonly string[] | null = null) {
  const core = Core.started([{ id: 'm', map: {}, ...node }], [], { concurrency: 3 })
  core.do({ type: 'items.list', index: 0, attempt: 1, count, keys })
  return core
}

const itemDone = (item: number, attempt = 1): RunCommand => ({
  type: 'item.complete',
  index: 0,
  item,
  attempt,
  output: item,
  writes: null,
})
const itemFailed = (item: number, attempt = 1, retryable = true): RunCommand => ({
  type: 'item.fail',
  index: 0,
  item,
  attempt,
  error,
  retryable,
})

/** A core one of whose nodes is a run of two nodes. */
function nesting(node: Partial<Exclude<NodeSpec, string>> = {}, others: readonly NodeSpec[] = []): Core {
  const workflow = definitionOf(['a', 'b'], ['a>b'])
  const core = Core.started([{ id: 'n', nested: { workflow }, ...node }, ...others])
  core.do({ type: 'child.start', index: 0, attempt: 1, input: 'given' })
  return core
}

const done = (index: number, attempt = 1): RunCommand => ({
  type: 'node.complete',
  index,
  attempt,
  output: index,
  writes: null,
  decisions: null,
})
const failed = (index: number, attempt = 1): RunCommand => ({
  type: 'node.fail',
  index,
  attempt,
  error,
  retryable: true,
})

describe('a node that waits', () => {
  it('takes up no place, and ends at its time and not before', () => {
    const core = waiting({ a: timer(1_700_000_000_005) })
    expect([core.node('a').status, core.run.activity.running, nextDueAt(core.run)]).toEqual([
      'waiting',
      0,
      1_700_000_000_005,
    ])
    expect(core.settle()).toEqual([])
    core.at += 5
    expect(core.settle()).toEqual(['wait.end a', 'run.complete'])
    core.check()
  })

  it('ends in the order of their times, of those that are overdue together', () => {
    const core = waiting({ a: timer(1_700_000_000_030), b: timer(1_700_000_000_010), c: timer(1_700_000_000_020) })
    core.at += 100
    core.check()
    expect(core.settle()).toEqual(['wait.end b', 'wait.end c', 'wait.end a', 'run.complete'])
  })

  it('goes on waiting when the clock has jumped back', () => {
    const core = waiting({ a: timer(1_700_000_000_005), b: timer(1_700_000_000_005) })
    core.at += 5
    expect(core.settle()).toHaveLength(3)
    const two = waiting({ a: timer(1_700_000_000_005), b: timer(1_700_000_000_005) })
    const { frontier, state } = two.run
    expect([frontier.takeOver(state, two.at + 5), frontier.takeOver(state, two.at)]).toEqual([0, undefined])
    expect(frontier.takeOver(state, two.at + 5)).toBe(1)
    const again = waiting({ a: timer(1_700_000_000_005) })
    again.at -= 1_000
    expect([again.settle(), nextDueAt(again.run)]).toEqual([[], 1_700_000_000_005])
  })

  it('for a signal takes the first of its name, each of which one node takes, in the order in which they began to wait', () => {
    const core = waiting({ b: signal('s'), a: signal('s'), other: signal('t') })
    expect(core.settle()).toEqual(['run.wait'])
    core.do({ type: 'run.resume', cause: 'signaled' })
    core.do({ type: 'signal.receive', name: 's', payload: 1 })
    core.check()
    expect(core.settle()).toEqual(['wait.end b', 'run.wait'])
    core.do({ type: 'run.resume', cause: 'signaled' })
    for (const payload of [2, 3]) core.do({ type: 'signal.receive', name: 's', payload })
    expect(core.settle()).toEqual(['wait.end a', 'run.wait'])
    expect([
      core.node('b').output,
      core.node('a').output,
      core.run.state.signals.map(({ payload }) => payload),
    ]).toEqual([1, 2, [3]])
    core.check()
  })

  it('for all signals of its name takes them in the order they came, and leaves those of others', () => {
    const core = waiting({ a: signal('s', { take: 'all' }), b: signal('never') })
    for (const name of ['s', 't', 's', 't', 's']) core.do({ type: 'signal.receive', name, payload: name })
    expect(core.settle()).toEqual(['wait.end a', 'run.wait'])
    expect(core.run.state.signals.map(({ name }) => name)).toEqual(['t', 't'])
    expect(core.events.find(({ type }) => type === 'node.completed')!.data).toMatchObject({ signals: [6, 8, 10] })
    core.check()
  })

  it('takes a signal that is for its wait alone, or for its node, past those that began to wait before', () => {
    const core = waiting({ a: signal('s'), b: signal('s'), c: signal('s') })
    const { id } = core.node('b').wait!
    // All have been looked at, and nothing was there for them.
    expect(core.settle()).toEqual(['run.wait'])
    core.do({ type: 'run.resume', cause: 'signaled' })
    core.do({ type: 'signal.receive', name: 's', payload: 1, waitId: id })
    core.check()
    expect(core.settle()[0]).toBe('wait.end b')
    core.do({ type: 'run.resume', cause: 'signaled' })
    core.do({ type: 'signal.receive', name: 's', payload: 'for c', fits: ['c'] })
    core.do({ type: 'signal.receive', name: 's', payload: 'for any' })
    core.check()
    expect(core.settle()).toEqual(['wait.end a', 'wait.end c', 'run.complete'])
    expect([core.node('a').output, core.node('c').output]).toEqual(['for any', 'for c'])
  })

  it('refuses the reports of attempts that are not its own, and of a run that has stopped', () => {
    const core = waiting({ a: signal('s'), b: timer(1_700_000_000_005) })
    expect(core.refused({ type: 'node.wait', index: 0, attempt: 1, wait: signal('s') }).code).toBe('RUN_REJECTED')
    expect(core.refused(done(0, 2)).code).toBe('RUN_REJECTED')
    expect(core.refused({ type: 'step.complete', index: 0, attempt: 1, item: null, name: 's', output: 1 }).code).toBe(
      'RUN_REJECTED',
    )
    expect(core.refused({ type: 'node.checkpoint', index: 0, attempt: 1, item: null, value: 1 }).code).toBe(
      'RUN_REJECTED',
    )
    core.do({ type: 'run.request-pause', reason: 'test' })
    expect(core.settle()).toEqual(['run.pause'])
    for (const command of [done(0), failed(0), { ...done(0), type: 'node.visit' } as RunCommand]) {
      expect(core.refused(command).code).toBe('RUN_REJECTED')
    }
  })

  it('is not what an event says that does not follow', () => {
    const core = waiting({ a: signal('s'), b: signal('t') })
    const wait = { ...signal('s'), id: 'w9' }
    core.damages('node.waiting', { nodeId: 'a', attempt: 1, wait, dueAt: null })
    core.damages('node.deferred', { nodeId: 'a', dueAt: 5 })
    core.damages('node.deferred', { nodeId: 'a', item: 0, dueAt: 5 })
    core.damages('node.completed', { nodeId: 'a', attempt: 2, output: 1 })
    core.damages('node.completed', { nodeId: 'a', attempt: 1 })
    core.damages('node.visited', { nodeId: 'a', attempt: 1, visit: 2, output: 1 })
    core.damages('step.completed', { nodeId: 'a', attempt: 1, name: 's', output: 1 })
    core.damages('node.checkpointed', { nodeId: 'a', attempt: 1, value: 1 })
    core.damages('node.reset', { nodeId: 'a' })
    core.damages('child.started', { nodeId: 'a', attempt: 1 })
    core.damages('items.listed', { nodeId: 'a', attempt: 1, count: 1, keys: null })
    core.damages('item.started', { nodeId: 'a', item: 0, attempt: 1 })
  })
})

describe('a node that saves its steps', () => {
  it('has them at its next attempt, once each, and drops them with its result', () => {
    const core = Core.started([{ id: 'a', retry: { maximumAttempts: 2, initialIntervalMs: 1 } }])
    const step: RunCommand = { type: 'step.complete', index: 0, attempt: 1, item: null, name: '__proto__', output: 1 }
    core.do(step)
    core.damages('step.completed', { nodeId: 'a', attempt: 1, name: '__proto__', output: 2 })
    core.do({ type: 'node.checkpoint', index: 0, attempt: 1, item: null, value: 'half' })
    core.fail('a')
    core.at += 1
    core.settle()
    expect(core.node('a').parts).toMatchObject({ checkpoint: 'half' })
    expect(Object.entries(core.node('a').parts!.steps)).toEqual([['__proto__', 1]])
    core.check()
    core.do(done(0, 2))
    expect(core.node('a').parts).toBeNull()
  })

  it('refuses one that is too large, also where results that are too large are dropped', () => {
    for (const oversizedResults of ['fail', 'drop'] as const) {
      const core = Core.started(['a'], [], { limits: { maxResultBytes: 5 }, oversizedResults })
      const output = 'too large'
      expect(core.refused({ type: 'step.complete', index: 0, attempt: 1, item: null, name: 's', output }).code).toBe(
        'LIMIT_RESULT_BYTES',
      )
      expect(core.refused({ type: 'node.checkpoint', index: 0, attempt: 1, item: null, value: output }).code).toBe(
        'LIMIT_RESULT_BYTES',
      )
    }
  })
})

describe('a map node', () => {
  it('starts its items in order, as many as there are places, and gives what they gave in order', () => {
    const core = mapped(4)
    expect(core.settle()).toEqual(['item.start m', 'item.start m', 'item.start m'])
    core.check()
    for (const item of [2, 1]) core.do(itemDone(item))
    expect(core.settle()).toEqual(['item.start m'])
    core.do(itemDone(3))
    core.do(itemDone(0))
    core.check()
    expect(core.settle()).toEqual(['items.end m', 'run.complete'])
    expect(core.node('m').output).toEqual({ json: '[0,1,2,3]' })
    core.check()
  })

  it('refuses reports of items and lists that do not fit', () => {
    const core = mapped(2)
    const list = { type: 'items.list', index: 0, attempt: 1, count: 1, keys: null } as const
    expect(core.refused(list).code).toBe('RUN_REJECTED')
    core.settle()
    for (const command of [
      list,
      itemDone(0, 2),
      itemDone(2),
      itemFailed(1, 2),
      done(0),
      failed(0),
      { type: 'items.complete', index: 0, attempt: 1, output: null, decisions: null },
      { type: 'items.fail', index: 0, attempt: 1 },
      { type: 'item.start', index: 0, item: 0 },
      { type: 'item.start', index: 0, item: 2 },
      { type: 'step.complete', index: 0, attempt: 1, item: null, name: 's', output: 1 },
      { type: 'step.complete', index: 0, attempt: 2, item: 0, name: 's', output: 1 },
    ] as const satisfies readonly RunCommand[]) {
      expect([command.type, core.refused(command).code]).toEqual([command.type, 'RUN_REJECTED'])
    }
    core.do({ type: 'step.complete', index: 0, attempt: 1, item: 0, name: 's', output: 1 })
    core.do(itemDone(0))
    // What it did on its way is dropped with its result.
    expect(core.node('m').parts!.items!.list[0]!.progress).toBeNull()
    expect(core.refused({ type: 'items.complete', index: 0, attempt: 1, output: null, decisions: null }).code).toBe(
      'RUN_REJECTED',
    )
  })

  it('is not what an event says that does not follow', () => {
    const core = mapped(3)
    core.settle()
    core.do(itemDone(0))
    const of = { nodeId: 'm', attempt: 1 }
    core.damages('items.listed', { ...of, count: 3, keys: null })
    core.damages('item.started', { ...of, item: 0, attempt: 2 })
    core.damages('item.started', { ...of, item: 1, attempt: 2 })
    core.damages('item.started', { ...of, item: 3 })
    core.damages('item.completed', { ...of, item: 0, output: 1 })
    core.damages('item.completed', { ...of, item: 1, attempt: 2, output: 1 })
    core.damages('item.failed', { ...of, item: 0, error })
    core.damages('item.interrupted', { ...of, item: 0, reason: 'crash' })
    core.damages('item.retry-scheduled', { ...of, item: 3, error, delayMs: 1, dueAt: 1 })
    core.damages('node.deferred', { nodeId: 'm', item: 1, dueAt: 5 })
    // Its items still run.
    core.damages('node.completed', { ...of })
    core.damages('node.completed', { ...of, output: 1 })
    core.damages('node.failed', { ...of, error, onError: 'fail' })
    core.damages('node.reset', { nodeId: 'm' })
    core.do(itemDone(1))
    core.do(itemFailed(2, 1))
    // None runs, and not all completed.
    core.damages('item.started', { ...of, item: 2, attempt: 3 })
    const plain = Core.started(['a'])
    plain.damages('items.listed', { nodeId: 'a', attempt: 1, count: 1, keys: null })
  })

  it('may not list more items than the run may have nodes', () => {
    const core = Core.started([{ id: 'm', map: {} }], [], { limits: { maxNodes: 2 } })
    core.do({ type: 'items.list', index: 0, attempt: 1, count: 3, keys: null })
    expect(core.node('m')).toMatchObject({ status: 'failed', error: { code: 'LIMIT_NODES' } })
  })

  it('keeps what was done of each key when it lists them anew in another order', () => {
    const core = mapped(3, { map: { onItemError: 'fail' } }, ['a', 'b', 'c'])
    core.settle()
    core.do(itemDone(0))
    core.do(itemFailed(1))
    core.do(itemDone(2))
    core.settle()
    expect(core.run.state.status).toBe('failed')
    core.do({ type: 'run.resume' })
    core.settle()
    core.do({ type: 'items.list', index: 0, attempt: 2, count: 4, keys: ['c', 'd', 'b', 'a'] })
    expect(core.node('m').parts!.items!.list.map(({ status, attempt }) => `${status} ${attempt}`)).toEqual([
      'completed 1',
      'pending 0',
      'pending 1',
      'completed 1',
    ])
    core.check()
  })

  it('retries an item at its time, also when the clock jumped back before there was a place', () => {
    const core = Core.started([
      { id: 'm', map: { concurrency: 1 }, retry: { maximumAttempts: 2, initialIntervalMs: 10, jitter: 0 } },
    ])
    core.do({ type: 'items.list', index: 0, attempt: 1, count: 2, keys: null })
    core.settle()
    core.do(itemFailed(0))
    expect(core.settle()).toEqual(['item.start m'])
    core.at += 10
    core.settle()
    core.at -= 5
    core.do(itemDone(1))
    expect(core.settle()).toEqual([])
    expect(nextDueAt(core.run)).toBe(1_700_000_000_010)
    core.at += 5
    expect(core.settle()).toEqual(['item.start m'])
    core.check()
  })

  it('that failed for good waits for no item of it, and starts none', () => {
    const core = mapped(3, { retry: { maximumAttempts: 3, initialIntervalMs: 10 }, onError: 'continue' })
    core.settle()
    core.do(itemFailed(0))
    core.do(itemFailed(1, 1, false))
    core.do(itemDone(2))
    core.check()
    expect(core.settle()).toEqual(['items.fail m', 'run.complete'])
    core.at += 1_000
    expect([core.settle(), nextDueAt(core.run)]).toEqual([[], null])
  })

  it('starts no item more once one has failed it, and ends when those that run have', () => {
    const core = mapped(6)
    core.settle()
    core.do(itemFailed(1))
    expect(core.settle()).toEqual([])
    core.check()
    core.do(itemDone(0))
    core.do(itemDone(2))
    expect(core.refused({ type: 'items.complete', index: 0, attempt: 1, output: null, decisions: null }).code).toBe(
      'RUN_REJECTED',
    )
    expect(core.settle()).toEqual(['items.fail m', 'run.fail'])
  })

  it('that was put back after it had ended is not ended before its items are through', () => {
    const core = mapped(3, { onInterrupted: 'ask' })
    core.settle()
    core.do(itemDone(0))
    core.do({ type: 'run.request-pause', reason: 'test' })
    core.do(itemFailed(1))
    core.do({ type: 'run.cut-off' })
    expect(core.settle()).toEqual(['run.pause'])
    core.do({ type: 'run.resume', retry: { nodes: ['m'], note: {} } })
    expect(core.settle()).toEqual(['item.start m', 'item.start m'])
    core.check()
  })

  it('hands its end out once, and again when the run stopped before it was reported', () => {
    const core = mapped(0)
    const next = () => core.run.frontier.takeEndedMap()
    expect([next(), next(), core.run.frontier.isEnding]).toEqual([0, undefined, true])
    core.do({ type: 'run.request-pause', reason: 'test' })
    core.do({ type: 'run.pause' })
    core.do({ type: 'run.resume' })
    expect(core.run.frontier.isEnding).toBe(false)
    expect(core.settle()).toEqual(['items.end m', 'run.complete'])
  })
})

describe('a repeated node', () => {
  const repeat = { until: { operator: 'eq', value: 1 }, maximumVisits: 3 } as const

  it('is visited again with what it gave last, its failures forgotten', () => {
    const core = Core.started([{ id: 'a', repeat, retry: { maximumAttempts: 2, initialIntervalMs: 0 } }])
    core.fail('a')
    core.settle()
    core.do({ type: 'node.visit', index: 0, attempt: 2, output: 'one', writes: null })
    expect(core.node('a')).toMatchObject({ status: 'pending', failures: 0, parts: { visits: 1, previous: 'one' } })
    core.check()
    expect(core.settle()).toEqual(['node.start a'])
    core.damages('node.visited', { nodeId: 'a', attempt: 3, visit: 1, output: 1 })
    core.damages('node.visited', { nodeId: 'a', attempt: 2, visit: 2, output: 1 })
    expect(core.refused({ type: 'node.visit', index: 0, attempt: 2, output: 1, writes: null }).code).toBe(
      'RUN_REJECTED',
    )
  })

  it('takes the signals a visit waited for with the visit', () => {
    const core = Core.started([{ id: 'a', repeat }])
    for (const payload of [1, 2, 3]) core.do({ type: 'signal.receive', name: 's', payload })
    for (const attempt of [1, 2, 3]) {
      core.do({ type: 'node.wait', index: 0, attempt, wait: signal('s') })
      core.settle()
    }
    expect([core.run.state.status, core.node('a').output, core.run.state.signals]).toEqual(['completed', 3, []])
    core.check()
  })
})

describe('a node that is a run', () => {
  it('is waited for by the run, which goes on when it has ended', () => {
    const core = nesting()
    expect(core.nested('n').state).toMatchObject({ status: 'running', input: 'given', runId: 'r' })
    expect(core.settle()).toEqual(['node.start n a'])
    expect([core.run.activity.running, core.run.frontier.running]).toEqual([1, 0])
    core.check()
    core.do(done(0), 'n')
    core.settle()
    core.do(done(1), 'n')
    expect(core.settle()).toEqual(['run.complete n', 'child.end n', 'run.complete'])
    core.check()
  })

  it('refuses what does not fit', () => {
    const core = nesting()
    core.settle()
    for (const command of [
      { type: 'child.start', index: 0, attempt: 1, input: null },
      { type: 'child.fail', index: 0, attempt: 1 },
      { type: 'child.fail', index: 0, attempt: 2 },
      done(0),
      failed(0),
    ] as const satisfies readonly RunCommand[]) {
      expect([command.type, core.refused(command).code]).toEqual([command.type, 'RUN_REJECTED'])
    }
    expect(core.refused(done(0, 2), 'n').code).toBe('RUN_REJECTED')
    core.do({ type: 'run.cancel', reason: 'test' })
    expect(core.refused(done(0), 'n').code).toBe('RUN_REJECTED')
  })

  it('is not what an event says that does not follow', () => {
    const core = nesting({}, ['plain'])
    core.settle()
    const of = { nodeId: 'n', attempt: 1 }
    core.damages('child.started', of)
    core.damages('child.started', { nodeId: 'plain', attempt: 1 })
    core.damages('node.completed', { ...of, output: 1 })
    core.damages('node.failed', { ...of, error, onError: 'fail' })
    core.damages('node.visited', { ...of, visit: 1, output: 1 })
    core.damages('node.reset', { nodeId: 'n' })
    core.damages('node.started', { nodeId: 'a', attempt: 1 }, ['n'])
    core.damages('node.started', { nodeId: 'x', attempt: 1 }, ['n'])
    core.damages('node.started', { nodeId: 'b', attempt: 1 }, ['plain'])
    core.damages('node.started', { nodeId: 'b', attempt: 1 }, ['n', 'a'])
    core.damages('run.completed', {}, ['n'])
    for (const type of ['run.paused', 'run.canceled', 'run.resumed', 'signal.received', 'run.waiting'] as const) {
      core.damages(type, { reason: 'x', name: 's', payload: 1, nodeIds: [] }, ['n'])
    }
  })

  it('that failed is gone on with by the next attempt, what completed in it kept', () => {
    const core = nesting({ retry: { maximumAttempts: 2, initialIntervalMs: 10, jitter: 0 } })
    core.settle()
    core.do(done(0), 'n')
    core.settle()
    core.do(failed(1), 'n')
    expect(core.settle()).toEqual(['run.fail n', 'child.fail n'])
    expect(core.node('n')).toMatchObject({ status: 'retrying', error: { code: 'NODE_RUN_FAILED' } })
    core.check()
    core.at += 10
    core.settle()
    core.do({ type: 'child.start', index: 0, attempt: 2, input: null })
    core.check()
    expect(core.settle()).toEqual(['node.start n b'])
    expect(core.nested('n').state.input).toBe('given')
    const begun = core.events.filter(({ type }) => type === 'child.started').map(({ data }) => data)
    expect(begun).toEqual([
      { nodeId: 'n', attempt: 1, input: 'given' },
      { nodeId: 'n', attempt: 2 },
    ])
  })

  it('that is tried again leaves a failure that was borne as it is', () => {
    const workflow = definitionOf([{ id: 'borne', onError: 'continue' }, 'b'])
    const retry = { maximumAttempts: 2, initialIntervalMs: 0 }
    const core = Core.started([{ id: 'n', nested: { workflow }, retry }])
    core.do({ type: 'child.start', index: 0, attempt: 1, input: null })
    core.settle()
    core.do(failed(0), 'n')
    core.do(failed(1), 'n')
    core.settle()
    core.do({ type: 'child.start', index: 0, attempt: 2, input: null })
    expect(core.settle()).toEqual(['node.start n b'])
    core.check()
  })

  it('has its end handed out again when the run stopped before it was reported, and takes no report meanwhile', () => {
    const core = nesting()
    core.settle()
    core.do(done(0), 'n')
    core.settle()
    core.do(done(1), 'n')
    core.do({ type: 'run.complete' }, 'n')
    core.check()
    expect(core.run.frontier.takeEndedNested()).toBe(0)
    core.do({ type: 'run.request-pause', reason: 'test' })
    core.do({ type: 'run.pause' })
    expect(core.refused(done(0)).code).toBe('RUN_REJECTED')
    core.do({ type: 'run.resume' })
    expect(core.settle()).toEqual(['child.end n', 'run.complete'])
  })

  it('takes no report of a wait while the run has stopped, and the configuration the run goes on with', () => {
    const core = nesting()
    core.settle()
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait: signal('s') }, 'n')
    expect(core.settle()).toEqual(['run.wait'])
    expect(core.refused(done(0), 'n').code).toBe('RUN_REJECTED')
    const config = { ...core.run.state.config, concurrency: 5 }
    core.do({ type: 'run.resume', config })
    expect(core.nested('n').state.config).toBe(config)
  })

  it('is held while the run pauses, and goes on after it', () => {
    const core = nesting()
    core.settle()
    core.do({ type: 'run.request-pause', reason: 'test' })
    core.do(done(0), 'n')
    expect(core.settle()).toEqual(['run.pause'])
    core.check()
    core.do({ type: 'run.resume' })
    expect(core.settle()).toEqual(['node.start n b'])
  })

  it('is held while the run comes to its failure', () => {
    const core = nesting({}, ['other', 'busy'])
    core.settle()
    core.do(failed(1))
    core.do(done(0), 'n')
    core.check()
    expect(core.settle()).toEqual([])
    core.do(done(2))
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.nested('n').state.nodes[1]!.status).toBe('pending')
  })

  it('goes on when a signal comes for it, while other nodes of the run are busy', () => {
    const core = nesting({}, ['other'])
    core.settle()
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait: signal('s') }, 'n')
    expect(core.settle()).toEqual([])
    core.do({ type: 'signal.receive', name: 's', payload: 1 })
    core.check()
    expect(core.settle()).toEqual(['wait.end n a', 'node.start n b'])
  })

  it('whose time came during a pause, and then was to come again, goes on when it does', () => {
    const core = nesting()
    core.settle()
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait: timer(core.at + 10) }, 'n')
    core.settle()
    core.do({ type: 'run.request-pause', reason: 'test' })
    core.at += 10
    expect(core.settle()).toEqual(['run.pause'])
    core.at -= 5
    core.do({ type: 'run.resume' })
    expect([core.settle(), nextDueAt(core.run)]).toEqual([[], core.at + 5])
  })

  it('says when it goes on by itself, at each of its times', () => {
    const core = nesting()
    core.settle()
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait: timer(core.at + 10) }, 'n')
    core.settle()
    expect(nextDueAt(core.run)).toBe(core.at + 10)
    core.at += 10
    expect(core.settle()).toEqual(['wait.end n a', 'node.start n b'])
    core.do({ type: 'node.wait', index: 1, attempt: 1, wait: timer(core.at + 20) }, 'n')
    core.settle()
    expect(nextDueAt(core.run)).toBe(core.at + 20)
    core.check()
  })

  it('is put onto a changed workflow with the run, in flight or not, and counts its attempts once', () => {
    const core = nesting({}, [{ id: 'other', map: {} }])
    core.do({ type: 'items.list', index: 1, attempt: 1, count: 2, keys: null })
    core.settle()
    expect(core.run.activity.running).toBe(3)
    const definition = definitionOf([
      { id: 'new' },
      { id: 'n', nested: { workflow: definitionOf(['a', 'b', 'c'], ['a>b', 'a>c']) } },
      { id: 'other', map: {} },
    ])
    core.do({ type: 'run.resume', workflow: { definition, fingerprint: 'g' } })
    expect(core.run.activity.running).toBe(0)
    core.check()
    expect(core.settle()).toEqual(['node.start new', 'item.start other', 'item.start other', 'node.start n a'])
    core.do(done(0, 2), 'n')
    expect(core.settle()).toEqual(['node.start n b', 'node.start n c'])
  })

  it('that is a run no more begins anew, as does what maps no more', () => {
    const core = nesting({}, [{ id: 'other', map: {} }])
    core.do({ type: 'items.list', index: 1, attempt: 1, count: 2, keys: null })
    core.settle()
    const definition = definitionOf([{ id: 'n' }, { id: 'other' }])
    core.do({
      type: 'run.resume',
      workflow: { definition, fingerprint: 'g' },
      timers: { onLoad: 'remaining', ranUntil: 0 },
    })
    expect([core.run.activity.running, core.settle()]).toEqual([0, ['node.start n', 'node.start other']])
    expect([core.node('n'), core.node('other')]).toMatchObject([
      { attempt: 2, parts: null },
      { attempt: 2, parts: null },
    ])
    core.check()
  })
})
