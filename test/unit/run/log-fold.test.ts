import { describe, expect, it } from 'vitest'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { copyState } from '../../../src/run/copy-state.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { fold } from '../../../src/run/fold.ts'
import { ListCursor } from '../../../src/run/list-cursor.ts'
import { LogFold } from '../../../src/run/log-fold.ts'
import { noParts } from '../../../src/run/parts.ts'
import { eventReader } from '../../../src/run/read-event.ts'
import { reduce } from '../../../src/run/reduce.ts'
import { createRun } from '../../../src/run/run.ts'
import type { RunState } from '../../../src/run/state.ts'
import { Core, foldedLog } from './core.ts'

const damage = expect.objectContaining({ code: 'HISTORY_DAMAGED' })

/** A run of so many nodes that follow each other; some can be tried twice. */
function chain(size: number, retried: readonly number[] = []): Core {
  const ids = Array.from({ length: size }, (_, index) => `n${index}`)
  return Core.started(
    ids.map((id, index) =>
      retried.includes(index) ? { id, retry: { maximumAttempts: 2, initialIntervalMs: 0 } } : id,
    ),
    ids.slice(1).map((id, index) => `${ids[index]}>${id}`),
  )
}

function completeAll(core: Core, from = 0, to = core.run.graph.ids.length): void {
  for (const id of core.run.graph.ids.slice(from, to)) {
    core.at += 1
    core.complete(id, id === 'n2' ? { json: '{"writes":1}' } : from)
    core.settle()
  }
}

/** Types of the events that are read as facts when a log is folded. */
function readAsFacts(core: Core): readonly string[] {
  const read: string[] = []
  foldedLog(core.run.graph, core.events, ({ type }) => read.push(type))
  return read
}

describe('the fold of a log', () => {
  it('gives the state of the facts after each of them', () => {
    const core = chain(4, [1])
    completeAll(core, 0, 1)
    core.fail('n1')
    core.at += 1
    core.settle()
    completeAll(core, 1)
    expect(core.run.state.status).toBe('completed')
    for (let count = 1; count <= core.events.length; count += 1) {
      const events = core.events.slice(0, count)
      const { run } = foldedLog(core.run.graph, events)
      expect(run!.state).toEqual(fold(core.run.graph, events).state)
    }
  })

  it('reads neither starts nor completions of nodes as facts', () => {
    const core = chain(50)
    completeAll(core)
    expect(core.events).toHaveLength(102)
    // What n2 gives looks as if something came behind it.
    expect(readAsFacts(core)).toEqual([
      'run.started',
      'node.completed',
      ...Array(49).fill(expect.anything()),
      'run.completed',
    ])
  })

  it('does so again once as many facts have come after another as there are nodes', () => {
    const core = chain(60, [1])
    completeAll(core, 0, 1)
    core.fail('n1')
    core.at += 1
    core.settle()
    for (const id of core.run.graph.ids.slice(1)) {
      core.complete(id)
      core.settle()
    }
    const read = readAsFacts(core)
    expect(read.slice(0, 3)).toEqual(['run.started', 'node.retry-scheduled', 'node.started'])
    expect(read).toHaveLength(1 + 1 + 60 + 1)
    expect(core.events).toHaveLength(1 + 60 * 2 + 2 + 1)
  })

  it.each<[string, (events: RunEvent[]) => void]>([
    ['a fact is missing', (events) => events.splice(3, 1)],
    ['a node starts twice', (events) => events.splice(2, 0, { ...events[1]!, seq: 3 })],
    [
      'a node completes that does not run',
      (events) => {
        const { at, runId } = events[0]!
        events[2] = { seq: 3, runId, at, type: 'node.completed', data: { nodeId: 'n3', attempt: 1, output: 1 } }
      },
    ],
    [
      'a node is not of the workflow',
      (events) => {
        const { at, runId } = events[0]!
        events[2] = { seq: 3, runId, at, type: 'node.started', data: { nodeId: 'n9', attempt: 1 } }
      },
    ],
    [
      'an attempt is not the one that runs',
      (events) => {
        const { at, runId } = events[0]!
        events[2] = { seq: 3, runId, at, type: 'node.completed', data: { nodeId: 'n0', attempt: 2, output: 1 } }
      },
    ],
    [
      'a fact names no node',
      (events) => {
        events[2] = { ...events[2]!, type: 'node.interrupted', data: {} } as unknown as RunEvent
      },
    ],
    [
      'a fact lacks what such facts have',
      (events) => {
        const data = { nodeId: 'n0', attempt: 1, wait: { kind: 'signal' }, dueAt: null }
        events[2] = { ...events[2]!, type: 'node.waiting', data } as unknown as RunEvent
      },
    ],
    [
      'a value can not be decoded',
      (events) => {
        const { at, runId } = events[0]!
        const output = { json: '{"#type":"nothing known"}' }
        events[2] = { seq: 3, runId, at, type: 'node.completed', data: { nodeId: 'n0', attempt: 1, output } }
      },
    ],
  ])('is refused when %s', (_what, change) => {
    const core = chain(4)
    completeAll(core)
    const events = [...core.events]
    change(events)
    expect(() => foldedLog(core.run.graph, events)).toThrow(damage)
  })

  it.each<[string, (core: Core) => void]>([
    ['a node that was tried before starts as if for the first time', (core) => core.fail('n0')],
    [
      'a node starts in a run that does not go on',
      (core) => {
        core.do({ type: 'run.cancel', reason: 'test' })
        core.node('n0').attempt = 0
      },
    ],
  ])('that goes on from a state is refused when %s', (_what, act) => {
    const core = Core.started([{ id: 'n0', retry: { maximumAttempts: 2, initialIntervalMs: 0 } }, 'n1'])
    act(core)
    const state = copyState(core.run.state)
    for (const node of state.nodes) node.status = 'pending'
    const { seq, lastAt: at } = state
    const event: RunEvent = { seq: seq + 1, runId: 'r', at, type: 'node.started', data: { nodeId: 'n0', attempt: 1 } }
    expect(() => goneOn(core, state, event)).toThrow(damage)
  })

  it.each<[string, object, object]>([
    ['has saved a step', { parts: { ...noParts(), steps: { s: 1 } } }, {}],
    ['is of a run that was taken up in vain', {}, { fruitlessResumes: 2 }],
  ])('that goes on from a state comes to what the facts come to when a node completes that %s', (_what, node, run) => {
    const core = Core.started(['n0', 'n1'])
    Object.assign(core.node('n0'), node)
    Object.assign(core.run.state, run)
    const event = completionOfFirst(core)
    const reduced = createRun(core.run.graph, copyState(core.run.state))
    reduce(reduced, event)
    expect(goneOn(core, copyState(core.run.state), event)).toEqual(reduced.state)
  })

  it('that goes on from a state is refused when a node completes an attempt before the one that runs', () => {
    const core = Core.started(['n0', 'n1'])
    core.node('n0').attempt = 2
    expect(() => goneOn(core, copyState(core.run.state), completionOfFirst(core))).toThrow(damage)
  })
})

/** That the first attempt of a node has completed. */
function completionOfFirst({ run }: Core): RunEvent {
  const { seq, lastAt: at } = run.state
  return { seq: seq + 1, runId: 'r', at, type: 'node.completed', data: { nodeId: 'n0', attempt: 1, output: 1 } }
}

/** Folds one event behind a state. */
function goneOn(core: Core, state: RunState, event: RunEvent): RunState | null {
  const parts = {
    checkValue: defaultCodec.check,
    read: eventReader('r', defaultCodec.check),
    begin: () => {
      throw new Error('it has begun')
    },
  }
  const logFold = new LogFold(parts, { state, graph: core.run.graph })
  logFold.take(new ListCursor('r', [recordedEvent(event)], true))
  return logFold.state
}
