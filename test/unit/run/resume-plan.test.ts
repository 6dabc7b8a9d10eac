import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import { planResume } from '../../../src/run/resume-plan.ts'
import { Core, type EdgeSpec, type NodeSpec } from './core.ts'

const actions = (core: Core, missing: readonly string[] = []) =>
  Object.fromEntries(
    planResume(core.run.graph, core.run.state, new Set(missing)).steps.map(({ nodeId, action }) => [nodeId, action]),
  )

const reasons = (core: Core, missing: readonly string[] = []) =>
  Object.fromEntries(
    planResume(core.run.graph, core.run.state, new Set(missing)).steps.map(({ nodeId, reason }) => [nodeId, reason]),
  )

/** Resumes a run, completing whatever starts, until nothing starts any more; the ids that started. */
function resumeToTheEnd(core: Core): ReadonlySet<string> {
  const started = new Set<string>()
  for (let done = core.resume(); done.length > 0; done = core.settle()) {
    for (const step of done) if (step.startsWith('node.start ')) started.add(step.slice(11))
    for (const [id, status] of Object.entries(core.statuses())) if (status === 'running') core.complete(id)
  }
  return started
}

const cut = {
  crash: () => undefined,
  pause(core: Core) {
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.do({ type: 'run.cut-off' })
    core.settle()
  },
  'time-out': (core: Core) => void core.do({ type: 'run.time-out' }),
  failure(core: Core) {
    const running = Object.keys(core.statuses()).filter((id) => core.node(id).status === 'running')
    core.fail(running.at(-1)!)
  },
  waiting: (core: Core) => void resumeToTheEnd(core),
}

describe('planResume says what a resume does', () => {
  const graphs: readonly (readonly [string, readonly NodeSpec[], readonly EdgeSpec[]])[] = (
    ['rerun', 'fail', 'ask'] as const
  ).flatMap((onInterrupted) =>
    (['fail', 'continue'] as const).map(
      (onError) =>
        [
          `${onInterrupted}, onError ${onError}`,
          [
            { id: 'a', onInterrupted, onError },
            'b',
            { id: 'c', trigger: 'any' as const },
            { id: 'd', trigger: 'allDone' as const },
            'e',
            'f',
          ],
          ['a>c', 'b>c', 'a>d', 'd>e', 'b>f'],
        ] as const,
    ),
  )

  it.each(graphs.flatMap(([name, nodes, edges]) => Object.keys(cut).map((how) => [name, how, nodes, edges] as const)))(
    '%s, after a %s',
    (_name, how, nodes, edges) => {
      const core = Core.started(nodes, edges)
      cut[how as keyof typeof cut](core)
      const { steps, counts } = planResume(core.run.graph, core.run.state)
      if (core.run.state.status === 'completed') return
      const started = resumeToTheEnd(core)
      const said = steps.filter(({ action }) => action === 'run').map(({ nodeId }) => nodeId)
      expect(said.sort()).toEqual([...started].sort())
      expect(counts.run).toBe(said.length)
      expect(counts.run + counts.reuse + counts.skip + counts.blocked).toBe(6)
    },
  )

  it('names what a node waits for, five at most, and what blocks it', () => {
    const upstreams = Array.from({ length: 7 }, (_, index) => `u${index}`)
    const core = Core.started(
      [...upstreams, 't'],
      upstreams.map((id) => `${id}>t`),
    )
    expect(reasons(core)['t']).toBe('waits for "u0", "u1", "u2", "u3", "u4" and 2 more')
    expect(reasons(core)['u0']).toBe('was in flight in attempt 1')
  })

  it('what needs a node of a missing type is blocked too, as far as its trigger rule needs it', () => {
    const core = Core.started(
      [{ id: 'a', type: 'gone' }, 'b', 'c', { id: 'd', trigger: 'any' }, { id: 'e', trigger: 'any' }],
      ['a>b', 'b>c', 'a>d', 'c>d', 'a>e'],
    )
    core.run.state.status = 'failed'
    expect(actions(core, ['gone'])).toEqual({ a: 'blocked', b: 'blocked', c: 'blocked', d: 'blocked', e: 'blocked' })
    expect(reasons(core, ['gone'])).toMatchObject({
      a: 'no handler is registered for its type "gone"',
      c: 'waits for "b", which can not run',
    })
  })

  it('a retry, a result, a skip, a stand-in, a failure the run went on from', () => {
    const core = Core.started(
      [
        'a',
        { id: 'b', retry: { maximumAttempts: 2 } },
        'c',
        { id: 'd', onError: 'continue', fallback: 'spare' },
        'spare',
        'e',
      ],
      [{ source: 'a', target: 'c', sourceHandle: 'x' }, 'd>e'],
    )
    core.complete('a', 1, { decisions: Object.assign(dictionary<boolean>(), { 'a->c:x': false }) })
    core.fail('b')
    core.fail('d')
    core.settle()
    core.fail('d')
    core.settle()
    expect(reasons(core)).toEqual({
      a: 'completed in attempt 1',
      b: 'waits for its retry after attempt 1',
      c: 'no edge to it was taken',
      d: 'failed, and the run goes on without it',
      spare: 'only stands in as a fallback',
      e: 'an upstream failed',
    })
    expect(actions(core)).toEqual({ a: 'reuse', b: 'run', c: 'skip', d: 'skip', spare: 'skip', e: 'skip' })
  })

  it('a run that has ended runs nothing', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    core.do({ type: 'run.cancel', reason: 'no' })
    expect(reasons(core)).toEqual({ a: 'was canceled with the run', b: 'the run is canceled' })
  })

  it('a failed node is tried again with its reason; one of a run cut off while failing only at the resume after', () => {
    const core = Core.started(['a', 'b'])
    core.fail('a')
    expect(reasons(core)['b']).toBe('node "a" fails the run first; resume it once more')
    expect(actions(core)).toEqual({ a: 'blocked', b: 'blocked' })
    core.do({ type: 'run.resume' })
    core.settle()
    expect(reasons(core)['a']).toBe('failed in attempt 1 and is tried again: planned')
    expect(actions(core)).toEqual({ a: 'run', b: 'run' })
  })

  it('of 20,000 nodes in a row, without recursion', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `n${index}`)
    const core = new Core(
      [{ id: 'n0', type: 'gone' }, ...ids.slice(1)],
      ids.slice(1).map((id, index) => `n${index}>${id}`),
    )
    expect(planResume(core.run.graph, core.run.state, new Set(['gone'])).counts.blocked).toBe(20_000)
  })
})

describe('a node that waits', () => {
  const signalWait = (core: Core, durationMs: number | null = null) => {
    const dueAt = durationMs === null ? null : core.at + durationMs
    const more = { onLoad: 'deadline', onTimeout: 'fail', take: 'first' } as const
    const wait = { kind: 'signal', name: 's', durationMs, dueAt, ...more } as const
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait })
    return core
  }

  it('for a signal is blocked with what follows it, until that has come', () => {
    const core = signalWait(Core.started(['a', 'b'], ['a>b']))
    expect(actions(core)).toEqual({ a: 'blocked', b: 'blocked' })
    expect(reasons(core)['a']).toMatch(/^waits for the signal "s" \(wait w\d+\)$/)
    core.settle()
    core.do({ type: 'signal.receive', name: 'other', payload: null })
    expect(actions(core)['a']).toBe('blocked')
    core.do({ type: 'signal.receive', name: 's', payload: null, fits: ['elsewhere'] })
    expect(actions(core)['a']).toBe('blocked')
    core.do({ type: 'signal.receive', name: 's', payload: null })
    expect(actions(core)).toEqual({ a: 'run', b: 'run' })
    expect(reasons(core)['a']).toMatch(/^the signal "s" \(wait w\d+\) has come$/)
  })

  it('for a time, or no longer than to one, runs', () => {
    const timed = signalWait(Core.started(['a']), 1_000)
    expect(actions(timed)).toEqual({ a: 'run' })
    expect(reasons(timed)['a']).toContain('until 2023-11-14T22:13:21.000Z')
    const asleep = Core.started(['a'])
    const wait = { kind: 'timer', durationMs: 5, onLoad: 'deadline', dueAt: asleep.at + 5 } as const
    asleep.do({ type: 'node.wait', index: 0, attempt: 1, wait })
    expect(reasons(asleep)['a']).toBe('sleeps until 2023-11-14T22:13:20.005Z')
  })

  it('for its items runs', () => {
    const core = Core.started([{ id: 'a', map: {} }])
    core.do({ type: 'items.list', index: 0, attempt: 1, count: 3, keys: null })
    expect(reasons(core)['a']).toBe('0 of its 3 items are through')
    expect(actions(core)).toEqual({ a: 'run' })
  })

  it('for the run it is is blocked when that can not go on', () => {
    const inner = { id: 'i', version: '1.0.0', nodes: [{ id: 'x', type: 'gone' }], edges: [] }
    const core = Core.started([{ id: 'a', type: 'workflow', nested: { workflow: inner } }])
    core.do({ type: 'child.start', index: 0, attempt: 1, input: null })
    expect(actions(core)).toEqual({ a: 'run' })
    expect(reasons(core)['a']).toBe('goes on with the run it is')
    expect(actions(core, ['gone'])).toEqual({ a: 'blocked' })
  })
})
