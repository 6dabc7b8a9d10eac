import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import type { RunCommand } from '../../../src/run/command.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { eventText, parseEvent } from '../../../src/run/event-text.ts'
import { reduce } from '../../../src/run/reduce.ts'
import { planResume } from '../../../src/run/resume-plan.ts'
import { Core, type EdgeSpec, type NodeSpec } from './core.ts'

const note = { by: 'ada', why: 'the feed was late' }
const skip = (nodeId: string): RunCommand => ({ type: 'operator.skip', path: [], nodeId, note })
const set = (nodeId: string, output: number | string | { json: string } = 1): RunCommand => ({
  type: 'operator.set',
  path: [],
  nodeId,
  output,
  decisions: null,
  note,
})
const edit = (name: string, value?: number | string): RunCommand => ({ type: 'operator.edit', name, value, note })
const retry = (...nodes: string[]): RunCommand => ({
  type: 'run.resume',
  retry: { nodes: nodes.length === 0 ? null : nodes, note },
})

/** A run that was paused before its nodes started. */
function paused(nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = []): Core {
  const core = new Core(nodes, edges)
  core.do({ type: 'run.start', seed: 7 })
  core.do({ type: 'run.request-pause', reason: 'x' })
  core.settle()
  expect(core.run.state.status).toBe('paused')
  return core
}

/** A run whose node `a` failed it. */
function failed(nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = []): Core {
  const core = Core.started(nodes, edges, { concurrency: 1 })
  core.fail('a')
  core.settle()
  expect(core.run.state.status).toBe('failed')
  return core
}

/** Each kind of node that has not ended, in a run that does not run. */
const open: Readonly<Record<string, () => Core>> = {
  pending: () => paused(['a', 'b'], ['a>b']),
  failed: () => failed(['a', 'b'], ['a>b']),
  interrupted() {
    const core = Core.started([{ id: 'a', onInterrupted: 'ask' }, 'b'], ['a>b'])
    core.do({ type: 'run.time-out' })
    return core
  },
  retrying() {
    const core = Core.started([{ id: 'a', retry: { maximumAttempts: 2 } }, 'b'], ['a>b'])
    core.fail('a')
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.settle()
    return core
  },
  waiting() {
    const core = Core.started(['a', 'b'], ['a>b'])
    const wait = {
      kind: 'signal',
      name: 's',
      durationMs: 9,
      dueAt: core.at + 9,
      onLoad: 'deadline',
      onTimeout: 'fail',
      take: 'first',
    } as const
    core.do({ type: 'node.wait', index: 0, attempt: 1, wait })
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.settle()
    return core
  },
  'running (quarantined)': () => {
    const core = Core.started(['a', 'b'], ['a>b'], { limits: { maxFruitlessResumes: 0 } })
    core.do({ type: 'run.resume' })
    expect(core.run.state.status).toBe('quarantined')
    return core
  },
  'waiting (items, quarantined)': () => {
    const core = Core.started([{ id: 'a', map: { items: '' } }, 'b'], ['a>b'], { limits: { maxFruitlessResumes: 0 } })
    core.do({ type: 'items.list', index: 0, attempt: 1, count: 2, keys: null })
    core.settle()
    core.do({ type: 'run.resume' })
    return core
  },
  'waiting (items)': () => {
    const core = Core.started([{ id: 'a', map: { items: '' } }, 'b'], ['a>b'])
    core.do({ type: 'items.list', index: 0, attempt: 1, count: 2, keys: null })
    core.settle()
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.do({ type: 'run.cut-off' })
    core.settle()
    return core
  },
}

describe.each(Object.entries(open))('a node that is %s', (kind, make) => {
  it('can be skipped, and its downstream is skipped as untaken', () => {
    const core = make()
    expect(core.node('a').status).toBe(kind.split(' ')[0])
    expect(core.do(skip('a'))).toMatchObject([
      { type: 'node.skipped', data: { nodeId: 'a', reason: 'operator', ...note } },
    ])
    expect(core.node('a')).toMatchObject({
      status: 'skipped',
      skipReason: 'operator',
      wait: null,
      parts: null,
      dueAt: null,
    })
    expect(planResume(core.run.graph, core.run.state).steps).toMatchObject([
      { action: 'skip', reason: 'someone skipped it' },
      { action: 'skip', reason: 'no edge to it was taken' },
    ])
    core.check()
    core.resume()
    core.check()
    expect(core.run.state.status).toBe('completed')
    expect(core.node('b').skipReason).toBe('untaken')
  })

  it('can be given a result, and its downstream starts', () => {
    const core = make()
    core.do(set('a', 5))
    expect(core.node('a')).toMatchObject({ status: 'completed', output: 5, operator: 'set', wait: null, parts: null })
    expect(core.run.state.completed).toEqual(['a'])
    expect(planResume(core.run.graph, core.run.state).steps).toMatchObject([
      { action: 'reuse', reason: 'someone set its result' },
      { action: 'run', reason: 'its upstreams have ended' },
    ])
    core.check()
    expect(core.resume()).toEqual(['node.start b'])
    core.complete('b')
    core.settle()
    expect(core.run.state.status).toBe('completed')
    core.check()
  })

  it('is as it was in the history before', () => {
    const core = make()
    const before = structuredClone(core.node('a'))
    core.do(set('a', 5))
    const prefix = new Core(core.run.graph.nodes, core.run.graph.edges)
    prefix.apply(...core.events.slice(0, -1))
    expect(prefix.node('a')).toEqual(before)
  })
})

describe('an operation on a node', () => {
  it.each([
    [
      'completed',
      () => {
        const core = Core.started(['a', 'b'], ['a>b'])
        core.complete('a')
        return pausedNow(core)
      },
    ],
    ['skipped', () => pausedNow(Core.started(['a', { id: 'b', fallback: 'a' }]))],
    [
      'failed, and the run goes on',
      () => {
        const core = Core.started([{ id: 'a', onError: 'continue' }, 'b'])
        core.fail('a')
        return pausedNow(core)
      },
    ],
  ])('that is %s is refused', (_, make) => {
    const core = make()
    for (const command of [skip('a'), set('a')]) {
      const refusal = core.refused(command)
      expect(refusal).toMatchObject({ code: 'RUN_REJECTED' })
      expect(refusal.message).toContain('start another run')
    }
  })

  it('that the workflow does not have is refused, and those it has are named', () => {
    const core = paused(['a', '__proto__'])
    for (const command of [skip('constructor'), set('constructor'), retry('constructor')]) {
      expect(core.refused(command).message).toContain('has no node "constructor"; it has: "a", "__proto__"')
    }
    core.do(skip('__proto__'))
    core.do(set('a'))
    core.check()
    expect(core.resume()).toEqual(['run.complete'])
  })

  it.each([
    ['pending', 'RUN_NOT_STARTED', 'start it first', () => new Core(['a'])],
    ['running', 'RUN_REJECTED', 'pause it first', () => Core.started(['a'])],
    [
      'completed',
      'RUN_ENDED',
      'completed for good',
      () => {
        const core = Core.started(['a'])
        core.complete('a')
        core.settle()
        return core
      },
    ],
    [
      'canceled',
      'RUN_ENDED',
      'canceled for good',
      () => {
        const core = Core.started(['a'])
        core.do({ type: 'run.cancel', reason: 'x' })
        return core
      },
    ],
  ])('of a run that is %s is refused with %s', (_, code, advice, make) => {
    const core = make()
    for (const command of [skip('a'), set('a'), edit('v', 1), edit('v')]) {
      const refusal = core.refused(command)
      expect(refusal.code).toBe(code)
      expect(refusal.message).toContain(advice)
    }
    if (code !== 'RUN_NOT_STARTED') expect(core.refused(retry('a')).code).toBe(code)
  })

  it('records the edges that are taken, and keeps results to their limit', () => {
    const core = paused(
      ['a', 'b', 'c'],
      [
        { source: 'a', target: 'b', sourceHandle: 'yes' },
        { source: 'a', target: 'c', sourceHandle: 'no' },
      ],
    )
    const [yes, no] = core.run.graph.edgeKeys
    const decisions = Object.assign(dictionary<boolean>(), { [yes!]: false, [no!]: true })
    core.do({ type: 'operator.set', path: [], nodeId: 'a', output: 'x', decisions, note: {} })
    core.check()
    expect(core.resume()).toEqual(['node.skip b', 'node.start c'])

    const small = new Core(['a'], [], { limits: { maxResultBytes: 5 } })
    small.do({ type: 'run.start', seed: 1 })
    small.do({ type: 'run.request-pause', reason: 'x' })
    small.settle()
    expect(small.refused(set('a', { json: '[1,2,3]' }))).toMatchObject({ code: 'LIMIT_RESULT_BYTES' })
  })
})

describe('a variable', () => {
  it('is set and deleted, within the limit of the state', () => {
    const core = new Core(['a'], [], { limits: { maxStateBytes: 40 } })
    core.do({ type: 'run.start', seed: 1 })
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.settle()
    core.do(edit('__proto__', 1))
    core.do(edit('__proto__', 2))
    expect(Object.entries(core.run.state.variables)).toEqual([['__proto__', 2]])
    expect(core.refused(edit('v', 'x'.repeat(40)))).toMatchObject({
      code: 'LIMIT_STATE_BYTES',
      details: { key: 'v', limit: 'maxStateBytes', max: 40 },
    })
    expect(core.refused(edit('w')).message).toContain('has no variable "w" to delete; it has: "__proto__"')
    core.do(edit('__proto__'))
    expect(core.run.state.stateBytes).toBe(0)
    expect(core.events.at(-1)).toMatchObject({ type: 'variable.edited', data: { name: '__proto__', ...note } })
    core.check()
  })
})

describe('a retry of some failures', () => {
  /** `a` and `b` failed, `c` and `d` follow them, `e` follows `c` and has not been reached. */
  function twoFailures(): Core {
    const core = Core.started(['a', 'b', 'c', 'd', 'e'], ['a>c', 'b>d', 'c>e'])
    core.fail('a')
    core.fail('b')
    core.settle()
    expect(core.run.state).toMatchObject({ status: 'failed', failedNodeId: 'a' })
    return core
  }

  it('lets the run go on with the rest, and fails it at its end for the others', () => {
    const core = twoFailures()
    const events = core.do(retry('a'))
    expect(events.map(({ type, data }) => [type, data])).toEqual([
      ['run.resumed', { reason: 'failed', ...note }],
      ['node.reset', { nodeId: 'a' }],
    ])
    core.check()
    expect(core.node('b')).toMatchObject({ status: 'failed', operator: 'left' })
    expect(core.settle()).toEqual(['node.start a'])
    for (const id of ['a', 'c', 'e']) {
      core.complete(id)
      core.settle()
      core.check()
    }
    expect(core.statuses()).toEqual({ a: 'completed', b: 'failed', c: 'completed', d: 'pending', e: 'completed' })
    expect(core.run.state).toMatchObject({ status: 'failed', failedNodeId: 'b', error: { code: 'RUN_NODE_FAILED' } })
    core.do(retry('b'))
    core.settle()
    core.check()
    core.complete('b')
    core.settle()
    core.complete('d')
    core.settle()
    expect(core.run.state.status).toBe('completed')
    expect(core.node('b').operator).toBeNull()
  })

  it('is the same after a crash in between', () => {
    const core = twoFailures()
    core.do(retry('a'))
    core.settle()
    core.complete('a')
    // The process ends here; another takes the run up, which is no decision about its failures.
    core.do({ type: 'run.resume' })
    expect(core.events.at(-1)).toMatchObject({ type: 'run.resumed', data: { reason: 'loaded' } })
    expect(planResume(core.run.graph, core.run.state).steps.map(({ action }) => action)).toEqual([
      'reuse',
      'blocked',
      'run',
      'blocked',
      'run',
    ])
    core.check()
    expect(core.settle()).toEqual(['node.start c'])
    core.complete('c')
    core.settle()
    core.complete('e')
    core.settle()
    expect(core.run.state).toMatchObject({ status: 'failed', failedNodeId: 'b' })
    core.check()
  })

  it('keeps to its choice over a pause, and a plain resume then tries nothing of the rest', () => {
    const core = twoFailures()
    core.do(retry('a'))
    core.settle()
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.complete('a')
    core.settle()
    expect(core.run.state.status).toBe('paused')
    expect(core.resume()).toEqual(['node.start c'])
    core.check()
    expect(core.node('b')).toMatchObject({ status: 'failed', operator: 'left' })
  })

  it('takes a failure that was left, in a paused run too; and none of what did not fail', () => {
    const core = twoFailures()
    expect(core.refused(retry('c')).message).toContain(
      'retry takes nodes that failed the run, and those that ask: "a", "b"',
    )
    core.do(retry('a'))
    core.settle()
    core.do({ type: 'run.request-pause', reason: 'x' })
    core.complete('a')
    core.settle()
    core.do(retry())
    expect(core.settle()).toEqual(['node.start b', 'node.start c'])
    core.check()
  })

  it('of a paused run without failures is refused', () => {
    expect(paused(['a']).refused(retry()).message).toContain('nothing to retry; resume it')
  })

  it('of a failure that was left is done by a plain resume of the run once it has failed for it', () => {
    const core = twoFailures()
    core.do(retry('a'))
    core.settle()
    core.complete('a')
    core.settle()
    core.complete('c')
    core.settle()
    core.complete('e')
    core.settle()
    expect(core.resume()).toEqual(['node.start b'])
  })

  it('ends the run at once when what is tried again fails again', () => {
    const core = twoFailures()
    core.do(retry('b'))
    core.settle()
    core.fail('b')
    expect(core.settle()).toEqual(['run.fail'])
    expect(core.run.state.failedNodeId).toBe('a')
    core.check()
  })

  it('lets the run wait for a signal with a failure left, and go on when it comes', () => {
    const core = Core.started(['a', 'b', 'c'])
    core.fail('a')
    core.fail('b')
    core.complete('c')
    core.settle()
    core.do(retry('b'))
    core.settle()
    const wait = {
      kind: 'signal',
      name: 's',
      durationMs: null,
      dueAt: null,
      onLoad: 'deadline',
      onTimeout: 'fail',
      take: 'first',
    } as const
    core.do({ type: 'node.wait', index: 1, attempt: core.node('b').attempt, wait })
    expect(core.settle()).toEqual(['run.wait'])
    core.do({ type: 'signal.receive', name: 's', payload: 1 })
    core.do({ type: 'run.resume', cause: 'signaled' })
    core.settle()
    expect(core.run.state).toMatchObject({ status: 'failed', failedNodeId: 'a' })
    expect(core.node('b').status).toBe('completed')
    core.check()
  })

  it('of a node that asks lets the others ask on', () => {
    const core = Core.started([
      { id: 'a', onInterrupted: 'ask' },
      { id: 'b', onInterrupted: 'ask' },
    ])
    core.do({ type: 'run.resume' })
    core.settle()
    expect(core.run.state.status).toBe('waiting')
    core.do(retry('b'))
    expect(core.settle()).toEqual(['node.start b'])
    core.complete('b')
    expect(core.settle()).toEqual(['run.wait'])
    core.check()
  })

  it('lets a failure that was left be skipped or given a result, and the run complete', () => {
    for (const command of [skip('b'), set('b')]) {
      const core = twoFailures()
      core.do(retry('a'))
      core.settle()
      for (const id of ['a', 'c', 'e']) {
        core.complete(id)
        core.settle()
      }
      core.do(command)
      core.check()
      core.resume()
      if (core.node('d').status === 'running') core.complete('d')
      core.settle()
      expect(core.run.state.status).toBe('completed')
    }
  })
})

it('the facts of operations come back equal from their text, and are refused where they do not fit', () => {
  const core = failed(['a', 'b'])
  core.do(edit('__proto__', 'x'))
  core.do(edit('__proto__'))
  core.do({
    type: 'operator.set',
    path: [],
    nodeId: 'a',
    output: { json: '[1]' },
    decisions: Object.assign(dictionary<boolean>(), { __proto__x: true }),
    note: {},
  })
  core.do(skip('b'))
  for (const event of core.events) {
    const back = parseEvent(eventText(event))
    expect(back).toEqual(event)
    expect(eventText(back)).toBe(eventText(event))
  }
  const { seq } = core.run.state
  const wrong: readonly Pick<RunEvent, 'type' | 'data'>[] = [
    { type: 'node.set', data: { nodeId: 'a', output: 1 } },
    { type: 'node.set', data: { nodeId: 'x', output: 1 } },
    { type: 'node.skipped', data: { nodeId: 'a', reason: 'operator' } },
  ]
  for (const event of wrong) {
    expect(() => reduce(core.run, { seq: seq + 1, runId: 'r', at: 1, ...event } as RunEvent)).toThrow(
      expect.objectContaining({ code: 'HISTORY_DAMAGED' }),
    )
  }
  core.resume()
  const late = {
    seq: core.run.state.seq + 1,
    runId: 'r',
    at: 1,
    type: 'variable.edited',
    data: { name: 'v', value: 1 },
  }
  expect(() => reduce(core.run, late as RunEvent)).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
})

function pausedNow(core: Core): Core {
  core.settle()
  core.do({ type: 'run.request-pause', reason: 'x' })
  core.do({ type: 'run.cut-off' })
  core.settle()
  expect(core.run.state.status).toBe('paused')
  return core
}
