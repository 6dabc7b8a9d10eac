import { describe, expect, it } from 'vitest'
import { inspectRun } from '../../../src/run/inspect.ts'
import type { Inspection, WaitsFor } from '../../../src/run/inspection.ts'
import { createRun } from '../../../src/run/run.ts'
import { whyNode } from '../../../src/run/why.ts'
import { Core } from './core.ts'

const inspected = (core: Core, missing: readonly string[] = []): Inspection =>
  inspectRun(core.run.graph, core.run.state, { at: core.at, missingTypes: new Set(missing) })

const why = (core: Core, ...path: string[]) => {
  const reasons = whyNode(core.run.graph, core.run.state, path, { at: core.at })
  if (reasons === null) throw new Error(`no node ${path.join('/')}`)
  return reasons
}

/** Makes a node wait for the signal `s`. */
function waits(core: Core, id: string, durationMs: number | null = null): void {
  const dueAt = durationMs === null ? null : core.at + durationMs
  const { attempt } = core.node(id)
  const more = { onLoad: 'deadline', onTimeout: 'fail', take: 'first' } as const
  core.do({
    type: 'node.wait',
    index: core.index(id),
    attempt,
    wait: { kind: 'signal', name: 's', durationMs, dueAt, ...more },
  })
}

function pause(core: Core): Core {
  core.do({ type: 'run.request-pause', reason: 'lunch' })
  core.do({ type: 'run.cut-off' })
  core.settle()
  return core
}

interface Shape {
  readonly make: () => Core
  /** The status and kind of what each node that has not ended waits for. */
  readonly nodes: Readonly<Record<string, readonly [status: string, waitsFor: Partial<WaitsFor>]>>
  /** In the sentence of the node that comes first. */
  readonly says: string
  /** In the sentence of the run. */
  readonly run: string
  readonly missing?: readonly string[]
}

const shapes: Readonly<Record<string, Shape>> = {
  'a run that has not started': {
    make: () => new Core(['a']),
    nodes: { a: ['ready', { kind: 'run', hold: 'pending' }] },
    says: 'node "a" is ready, but the run has not started',
    run: 'the run has not started',
  },
  'a handler that runs': {
    make: () => Core.started(['a']),
    nodes: { a: ['running', { kind: 'handler', attempt: 1, since: 1_700_000_000_000 }] },
    says: 'runs since 2023-11-14T22:13:20.000Z in attempt 1',
    run: 'the run is running: 1 running',
  },
  'all places taken': {
    make: () => Core.started(['a', 'b'], [], { concurrency: 1 }),
    nodes: {
      a: ['running', { kind: 'handler' }],
      b: ['ready', { kind: 'place', running: 1, concurrency: 1 }],
    },
    says: 'node "a" runs since',
    run: '1 running, 1 ready',
  },
  'a signal nobody sent': {
    make() {
      const core = Core.started([{ id: 'a', data: { name: 's', schema: true } }])
      waits(core, 'a')
      core.settle()
      return core
    },
    nodes: {
      a: ['waiting', { kind: 'signal', name: 's', waitId: 'w3', dueAt: null, hasSchema: true, fitting: 0, unfit: 0 }],
    },
    says: 'waits for the signal "s", whose payload has a schema (wait w3)',
    run: 'the run waits for a signal for "a"',
  },
  'a signal that does not fit': {
    make() {
      const core = Core.started(['a', 'b'])
      waits(core, 'a')
      core.do({ type: 'signal.receive', name: 's', payload: 1, fits: ['b'] })
      return core
    },
    nodes: {
      a: ['waiting', { kind: 'signal', hasSchema: false, fitting: 0, unfit: 1 }],
      b: ['running', { kind: 'handler' }],
    },
    says: 'waits for the signal "s" (wait w4): 1 of that name came and does not fit',
    run: '1 running, 1 waiting',
  },
  'a signal that came when nobody drove the run': {
    make() {
      const core = Core.started(['a'])
      waits(core, 'a')
      core.settle()
      core.do({ type: 'signal.receive', name: 's', payload: 1 })
      return core
    },
    nodes: { a: ['waiting', { kind: 'signal', fitting: 1, unfit: 0 }] },
    says: '1 came, and the run has not gone on since',
    run: 'the run waits for a signal for "a"',
  },
  'a wait with a deadline': {
    make() {
      const core = Core.started(['a'])
      waits(core, 'a', 90_000)
      return core
    },
    nodes: { a: ['waiting', { kind: 'signal', dueAt: 1_700_000_090_000 }] },
    says: 'waits for the signal "s" until 2023-11-14T22:14:50.000Z (1m30s left) (wait w3)',
    run: '1 waiting',
  },
  sleeping: {
    make() {
      const core = Core.started(['a'])
      const wait = { kind: 'timer', durationMs: 5_000, dueAt: core.at + 5_000, onLoad: 'deadline' } as const
      core.do({ type: 'node.wait', index: 0, attempt: 1, wait })
      core.at += 6_000
      return core
    },
    nodes: { a: ['waiting', { kind: 'timer', waitId: 'w3', dueAt: 1_700_000_005_000 }] },
    says: 'sleeps until 2023-11-14T22:13:25.000Z (overdue) (wait w3)',
    run: '1 waiting',
  },
  'back-off': {
    make() {
      const core = Core.started([{ id: 'a', retry: { maximumAttempts: 3, initialIntervalMs: 1_000, jitter: 0 } }])
      core.fail('a')
      return core
    },
    nodes: { a: ['retrying', { kind: 'retry', attempt: 1, dueAt: 1_700_000_001_000 }] },
    says: 'waits for its next attempt until 2023-11-14T22:13:21.000Z (1s left), since attempt 1 failed: planned',
    run: '1 retrying',
  },
  'an upstream that failed': {
    make() {
      const core = Core.started(['a', 'b', 'c'], ['a>b', 'b>c'])
      core.fail('a')
      core.settle()
      return core
    },
    nodes: {
      a: ['failed', { kind: 'failure', attempt: 1, isLeft: false }],
      b: ['pending', { kind: 'upstreams', upstreams: [{ nodeId: 'a', status: 'failed' }], blockedBy: 'a' }],
      c: ['pending', { kind: 'upstreams', upstreams: [{ nodeId: 'b', status: 'pending' }], blockedBy: 'a' }],
    },
    says: 'node "a" failed in attempt 1: planned',
    run: 'the run has failed: node "a" failed: planned',
  },
  'a failure while another node runs': {
    make() {
      const core = Core.started(['a', 'b', 'c'], [], { concurrency: 2 })
      core.fail('b')
      core.settle()
      return core
    },
    nodes: {
      a: ['running', { kind: 'handler' }],
      b: ['failed', { kind: 'failure' }],
      c: ['ready', { kind: 'run', hold: 'failing' }],
    },
    says: 'node "a" runs',
    run: 'the run is about to fail for "b", and waits for what runs: "a"',
  },
  'an upstream that was skipped': {
    make() {
      const core = Core.started(['a', 'b'], ['a>b'])
      pause(core)
      core.do({ type: 'operator.skip', path: [], nodeId: 'a', note: {} })
      return core
    },
    nodes: { b: ['pending', { kind: 'skip', reason: 'untaken' }] },
    says: 'node "b" is about to be skipped: no edge to it was taken',
    run: 'the run is paused (lunch); resume it',
  },
  'a crash, and a node that asks': {
    make() {
      const core = Core.started([{ id: 'a', onInterrupted: 'ask' }, 'b'], ['a>b'])
      core.do({ type: 'run.resume' })
      core.settle()
      return core
    },
    nodes: {
      a: ['interrupted', { kind: 'interrupted', attempt: 1, then: 'ask' }],
      b: ['pending', { kind: 'upstreams', blockedBy: null }],
    },
    says: 'was cut off in attempt 1 and asks what then: retry it, skip it or give its result',
    run: 'the run waits for an answer for "a", which a resume is',
  },
  'a time-out, and a node that fails when it is cut off': {
    make() {
      const core = Core.started([{ id: 'a', onInterrupted: 'fail' }], [], { limits: { runTimeoutMs: 5 } })
      core.do({ type: 'run.time-out' })
      return core
    },
    nodes: { a: ['interrupted', { kind: 'interrupted', then: 'fail' }] },
    says: 'was cut off in attempt 1, and its onInterrupted is "fail": the next resume fails it',
    run: 'the run has failed: run "r" was active longer than limits.runTimeoutMs (5 ms)',
  },
  'a pause that cut a node off': {
    make: () => pause(Core.started(['a', 'b'], [], { concurrency: 1 })),
    nodes: {
      a: ['interrupted', { kind: 'interrupted', then: 'rerun' }],
      b: ['ready', { kind: 'run', hold: 'paused' }],
    },
    says: 'node "a" was cut off in attempt 1 and runs again',
    run: 'the run is paused (lunch); resume it',
  },
  'a pause that waits for a slow handler': {
    make() {
      const core = Core.started(['a', 'b'], [], { concurrency: 1 })
      core.do({ type: 'run.request-pause', reason: 'lunch' })
      return core
    },
    nodes: {
      a: ['running', { kind: 'handler' }],
      b: ['ready', { kind: 'run', hold: 'pausing' }],
    },
    says: 'node "a" runs',
    run: 'the run is about to pause, and waits for what runs: "a"',
  },
  'a map with a failed item and one item at once': {
    make() {
      const map = { items: '', concurrency: 1, onItemError: 'settle' } as const
      const core = Core.started([{ id: 'a', map, retry: { maximumAttempts: 2, jitter: 0 } }])
      core.do({ type: 'items.list', index: 0, attempt: 1, count: 4, keys: null })
      const error = { name: 'E', message: 'planned' }
      core.settle()
      core.do({ type: 'item.fail', index: 0, item: 0, attempt: 1, error, retryable: false })
      core.settle()
      core.do({ type: 'item.fail', index: 0, item: 1, attempt: 1, error, retryable: true })
      core.settle()
      return core
    },
    nodes: {
      a: [
        'waiting',
        {
          kind: 'items',
          total: 4,
          counts: { pending: 1, running: 1, retrying: 1, completed: 0, failed: 1, interrupted: 0 },
          concurrency: 1,
          dueAt: 1_700_000_001_000,
        },
      ],
    },
    says: 'has 0 of 4 items completed, 1 running, 1 retrying, 1 failed, 1 pending, at most 1 at once; the next retry is due 2023-11-14T22:13:21.000Z (1s left)',
    run: '1 waiting',
  },
  'a repeated node at its limit': {
    make() {
      const until = { operator: 'truthy' } as const
      const core = Core.started([{ id: 'a', repeat: { until, maximumVisits: 2 } }])
      core.do({ type: 'node.visit', index: 0, attempt: 1, output: 1, writes: null })
      core.settle()
      return core
    },
    nodes: { a: ['running', { kind: 'handler', attempt: 2 }] },
    says: 'node "a", visit 2 of at most 2 runs since',
    run: '1 running',
  },
  'node executions that are used up': {
    make() {
      const core = Core.started(['a', 'b'], ['a>b'], { limits: { maxNodeExecutions: 1 } })
      core.complete('a')
      return core
    },
    nodes: { b: ['ready', { kind: 'limit', limit: 'maxNodeExecutions', max: 1, used: 1 }] },
    says: 'can not start: 1 of 1 node executions are used up (limits.maxNodeExecutions); raise the limit',
    run: '1 ready',
  },
  'a type without a handler': {
    make: () => pause(Core.started(['a', { id: 'b', type: 'mystery' }], ['a>b'])),
    nodes: {
      a: ['interrupted', { kind: 'interrupted' }],
      b: ['pending', { kind: 'upstreams' }],
    },
    says: 'was cut off',
    run: 'the run is paused',
    missing: ['mystery'],
  },
  'a ready node whose type has no handler': {
    make: () => new Core([{ id: 'b', type: 'mystery' }]),
    nodes: { b: ['ready', { kind: 'code', type: 'mystery' }] },
    says: 'can not start: no handler is registered for its type "mystery"',
    run: 'the run has not started',
    missing: ['mystery'],
  },
  'a node that stands in': {
    make: () => new Core([{ id: 'a', fallback: 'b' }, 'b']),
    nodes: {
      a: ['ready', { kind: 'run', hold: 'pending' }],
      b: ['pending', { kind: 'skip', reason: 'stand-in' }],
    },
    says: 'node "a" is ready',
    run: 'the run has not started',
  },
  'a node that takes any of its upstreams, all of them open': {
    make: () => Core.started(['a', 'b', { id: 'c', trigger: 'any' }], ['a>c', 'b>c']),
    nodes: {
      a: ['running', { kind: 'handler' }],
      b: ['running', { kind: 'handler' }],
      c: ['pending', { kind: 'upstreams', trigger: 'any', blockedBy: null }],
    },
    says: 'runs',
    run: '2 running, 1 pending',
  },
  'a failure that a retry left out': {
    make() {
      const core = Core.started(['a', 'b', 'c'], ['a>c'])
      core.fail('a')
      core.fail('b')
      core.settle()
      core.do({ type: 'run.resume', retry: { nodes: ['b'], note: {} } })
      core.settle()
      return core
    },
    nodes: {
      a: ['failed', { kind: 'failure', isLeft: true }],
      b: ['running', { kind: 'handler', attempt: 2 }],
      c: ['pending', { kind: 'upstreams', blockedBy: 'a' }],
    },
    says: 'a retry has left it out, and the run fails for it at its end',
    run: '1 running, 1 pending, 1 failed',
  },
  'a run that was canceled': {
    make() {
      const core = Core.started(['a', 'b'], ['a>b'])
      core.do({ type: 'run.cancel', reason: 'enough' })
      return core
    },
    nodes: { a: ['canceled', { kind: 'nothing' }], b: ['pending', { kind: 'nothing' }] },
    says: 'will not run: the run has ended',
    run: 'the run was canceled (enough)',
  },
  'a quarantined run': {
    make() {
      const core = Core.started(['a'], [], { limits: { maxFruitlessResumes: 0 } })
      core.do({ type: 'run.resume' })
      return core
    },
    nodes: { a: ['running', { kind: 'handler' }] },
    says: 'runs since',
    run: 'the run is quarantined',
  },
}

describe('inspect', () => {
  it.each(Object.entries(shapes))('names %s', (_, { make, nodes, says, run, missing = [] }) => {
    const core = make()
    const before = JSON.stringify(core.run.state)
    const inspection = inspected(core, missing)
    expect(JSON.stringify(core.run.state)).toBe(before)
    expect(Object.fromEntries(inspection.nodes.map(({ nodeId, status }) => [nodeId, status]))).toEqual(
      Object.fromEntries(Object.entries(nodes).map(([id, [status]]) => [id, status])),
    )
    for (const node of inspection.nodes) expect(node.waitsFor).toMatchObject(nodes[node.nodeId]![1])
    expect(inspection.nodes[0]!.sentence).toContain(says)
    expect(inspection.sentence).toContain(run)
    expect(inspection.isStuck).toBe(false)
    const counted = Object.values(inspection.counts).reduce((sum, count) => sum + count, 0)
    expect(counted).toBe(core.run.graph.ids.length)
    // What says nothing of itself says it of whoever it is blocked by.
    for (const { nodeId } of inspection.nodes) expect(why(core, nodeId).sentence).toContain(JSON.stringify(nodeId))
  })

  it('names the visit a repeated node failed at', () => {
    const core = Core.started([{ id: 'a', repeat: { until: { operator: 'truthy' }, maximumVisits: 1 } }])
    core.fail('a', false, { name: 'NodeError', code: 'NODE_VISITS_SPENT', message: 'spent' })
    core.settle()
    expect(inspected(core).nodes[0]).toMatchObject({
      visit: { number: 1, maximum: 1 },
      waitsFor: { kind: 'failure', error: { code: 'NODE_VISITS_SPENT' } },
    })
  })

  it('says of a completed run that nothing is left', () => {
    const core = Core.started(['a'])
    core.complete('a')
    core.settle()
    expect(inspected(core)).toMatchObject({
      status: 'completed',
      hold: 'completed',
      nodes: [],
      counts: { completed: 1 },
    })
  })

  it('names a stuck run, whose failure says of each node why', () => {
    const core = Core.started([{ id: 'a', onInterrupted: 'fail' }, 'b'], ['a>b'])
    // No facts lead to it: cut off, with nobody who would fail it.
    core.run.state.nodes[0]!.status = 'interrupted'
    const foreign = new Core(core.run.graph.nodes, core.run.graph.edges)
    Object.assign(foreign, { run: createRun(core.run.graph, core.run.state), at: core.at })
    expect(inspected(foreign)).toMatchObject({ isStuck: true, sentence: expect.stringContaining('can not go on') })
    expect(foreign.settle()).toEqual(['run.fail'])
    const { error } = foreign.run.state
    expect(error).toMatchObject({ code: 'RUN_STUCK', details: { nodeIds: ['a', 'b'] } })
    expect(error!.message).toContain('node "a" was cut off in attempt 1, and its onInterrupted is "fail"')
    expect(error!.message).toContain('node "b" waits for "a" (interrupted)')
  })

  it('takes hostile ids for what they are', () => {
    const ids = ['__proto__', 'constructor', '', 'toString', '" ']
    const core = Core.started(
      ids,
      ids.slice(1).map((target) => ({ source: '__proto__', target })),
    )
    expect(inspected(core).nodes.map(({ nodeId }) => nodeId)).toEqual(ids)
    for (const id of ids) expect(why(core, id).nodeId).toBe(id)
    expect(whyNode(core.run.graph, core.run.state, ['hasOwnProperty'], { at: 0 })).toBeNull()
    expect(whyNode(core.run.graph, core.run.state, [], { at: 0 })).toBeNull()
  })

  it('explains a chain of 20,000 nodes, each end of it', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => `n${index}`)
    const core = Core.started(
      ids,
      ids.slice(1).map((id, index) => `n${index}>${id}`),
    )
    core.fail('n0')
    core.settle()
    expect(inspected(core).nodes.at(-1)!.waitsFor).toMatchObject({ kind: 'upstreams', blockedBy: 'n0' })
    expect(why(core, 'n19999').chain).toHaveLength(20_000)
  })
})
