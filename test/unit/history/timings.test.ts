import { describe, expect, it } from 'vitest'
import { Core } from '../run/core.ts'
import { historyOf } from './recorded.ts'

/** The timings of a run, times counted from its start. */
function timings(core: Core) {
  const start = core.events[0]!.at
  const since = (at: number | null) => (at === null ? null : at - start)
  return historyOf(core)
    .timings()
    .map(({ startedAt, endedAt, ...timing }) => ({ ...timing, startedAt: since(startedAt), endedAt: since(endedAt) }))
}

describe('the timings of nodes', () => {
  it('say when each began and ended, how long that took, and how often it was tried', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    core.at += 10
    core.complete('a')
    core.settle()
    core.at += 5
    core.complete('b')
    core.settle()
    expect(timings(core)).toEqual([
      { nodeId: 'a', startedAt: 0, endedAt: 10, durationMs: 10, attempts: 1, waitedMs: 0 },
      { nodeId: 'b', startedAt: 10, endedAt: 15, durationMs: 5, attempts: 1, waitedMs: 0 },
    ])
  })

  it('have no end, and no duration, as long as a node runs', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    core.at += 10
    expect(timings(core)).toEqual([
      { nodeId: 'a', startedAt: 0, endedAt: null, durationMs: null, attempts: 1, waitedMs: 0 },
    ])
  })

  it('count back-offs as waiting', () => {
    const retry = { maximumAttempts: 3, initialIntervalMs: 100, backoffCoefficient: 1, jitter: 0 }
    const core = Core.started([{ id: 'a', retry } as never])
    core.at += 7
    core.fail('a')
    core.at += 100
    core.settle()
    core.at += 3
    core.complete('a')
    core.settle()
    expect(timings(core)).toEqual([
      { nodeId: 'a', startedAt: 0, endedAt: 110, durationMs: 110, attempts: 2, waitedMs: 100 },
    ])
  })

  it('count from a failure to the next try as waiting', () => {
    const core = Core.started(['a'])
    core.at += 5
    core.fail('a')
    core.settle()
    expect(timings(core)).toMatchObject([{ endedAt: 5, durationMs: 5, waitedMs: 0 }])
    core.at += 1_000
    core.resume()
    expect(timings(core)).toMatchObject([{ endedAt: null, durationMs: null }])
    core.at += 5
    core.complete('a')
    core.settle()
    expect(timings(core)).toEqual([
      { nodeId: 'a', startedAt: 0, endedAt: 1_010, durationMs: 1_010, attempts: 2, waitedMs: 1_000 },
    ])
  })

  it('count a wait for a time as waiting', () => {
    const core = Core.started(['a'])
    const wait = { kind: 'timer' as const, durationMs: 50, onLoad: 'deadline' as const, dueAt: core.at + 52 }
    core.at += 2
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait } as never)
    core.at += 50
    core.settle()
    expect(timings(core)).toEqual([
      { nodeId: 'a', startedAt: 0, endedAt: 52, durationMs: 52, attempts: 1, waitedMs: 50 },
    ])
  })

  it('end with the run when it is canceled, for what had begun', () => {
    const core = Core.started(['a', 'b', 'c'], ['a>c'])
    core.at += 4
    core.complete('b')
    core.at += 4
    core.do({ type: 'run.cancel', reason: 'enough' })
    expect(timings(core)).toMatchObject([
      { nodeId: 'a', endedAt: 8, durationMs: 8 },
      { nodeId: 'b', endedAt: 4, durationMs: 4 },
    ])
  })

  it('have neither start nor duration of a node that was skipped', () => {
    const core = Core.started(['a', { id: 'b', trigger: 'all' }], ['a>b'])
    core.at += 4
    core.do({ ...core.completion('a'), decisions: null } as never)
    core.settle()
    const skipped = Core.started(['a', 'b'], [{ source: 'a', target: 'b', sourceHandle: 'x' }])
    skipped.at += 4
    skipped.complete('a', null, { decisions: { 'a->b': false } })
    skipped.settle()
    expect(timings(skipped)).toContainEqual({
      nodeId: 'b',
      startedAt: null,
      endedAt: 4,
      durationMs: null,
      attempts: 0,
      waitedMs: 0,
    })
  })

  it('are never negative, whatever clocks do', () => {
    const core = Core.started(['a'])
    core.at -= 500
    core.complete('a')
    core.settle()
    expect(timings(core)).toMatchObject([{ durationMs: 0, waitedMs: 0 }])
  })

  it('have a node of a nested run by its path', () => {
    const inner = { id: 'i', version: '1.0.0', nodes: [{ id: 'a', type: 'step' }], edges: [] }
    const core = Core.started(['a', { id: 'n', type: 'workflow', nested: { workflow: inner } } as never])
    core.do({ type: 'child.start', index: 1, attempt: 1, input: null } as never)
    core.settle()
    expect(timings(core).map(({ nodeId, path }) => [nodeId, path])).toEqual([
      ['a', undefined],
      ['n', undefined],
      ['a', ['n']],
    ])
  })
})
