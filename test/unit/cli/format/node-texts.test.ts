import { describe, expect, it } from 'vitest'
import { roughDuration } from '../../../../src/base/duration.ts'
import { factText } from '../../../../src/cli/format/fact-text.ts'
import { nodeDetail } from '../../../../src/cli/format/node-detail.ts'
import { signalText, untilText } from '../../../../src/cli/format/wait-text.ts'
import type { CompensationState } from '../../../../src/run/compensation.ts'
import type { RunEvent, RunEventType } from '../../../../src/run/event.ts'
import { noParts, untouchedItem } from '../../../../src/run/parts.ts'
import { untouchedNode } from '../../../../src/run/run.ts'
import type { NodeState } from '../../../../src/run/state.ts'
import type { SignalWait } from '../../../../src/run/wait.ts'
import type { NodeDefinition } from '../../../../src/workflow/definition.ts'

const ESCAPE = '\u001b[2J'
const at = Date.UTC(2026, 0, 1)
const error = { name: 'Error', message: `no${ESCAPE}` }

describe('nodeDetail', () => {
  const detail = (node: Partial<NodeState>, definition: Partial<NodeDefinition> = {}, now: number | null = at) =>
    nodeDetail({ ...untouchedNode(), ...node }, { id: 'a', type: 't', ...definition }, now)
  const timer = { kind: 'timer', id: 'w1', durationMs: 5, onLoad: 'deadline' } as const
  const signal: SignalWait = {
    ...{ kind: 'signal', id: 'w2', name: `go${ESCAPE}`, durationMs: null, onLoad: 'deadline', onTimeout: 'fail' },
    take: 'first',
  }
  const items = (...statuses: readonly ('pending' | 'running' | 'completed' | 'failed')[]) => ({
    ...noParts(),
    items: { keys: null, list: statuses.map((status) => ({ ...untouchedItem(), status })) },
  })
  const repeat = { until: { operator: 'truthy' }, maximumVisits: 3 } as const

  it.each<readonly [what: string, said: string, given: string]>([
    ['a pending node', '', detail({})],
    ['a skipped node', 'untaken', detail({ status: 'skipped', skipReason: 'untaken' })],
    ['a failed node', 'no\\u{1b}[2J', detail({ status: 'failed', error })],
    ['a given result', 'its result was given', detail({ status: 'completed', operator: 'set' })],
    ['a retry', '2s left, until 2026-01-01T00:00:02Z', detail({ status: 'retrying', dueAt: at + 2_000 })],
    [
      'a retry, as recorded',
      'due 2026-01-01T00:00:02.000Z',
      detail({ status: 'retrying', dueAt: at + 2_000 }, {}, null),
    ],
    [
      'a timer',
      '1h left, until 2026-01-01T01:00:00Z',
      detail({ status: 'waiting', wait: timer, dueAt: at + 3_600_000 }),
    ],
    [
      'a timer that is over',
      'overdue, until 2026-01-01T00:00:00Z',
      detail({ status: 'waiting', wait: timer, dueAt: at }),
    ],
    ['a signal', 'signal go\\u{1b}[2J (wait w2)', detail({ status: 'waiting', wait: signal })],
    [
      'a signal with a deadline, as recorded',
      'signal go\\u{1b}[2J (wait w2), until 2026-01-01T00:00:00.000Z',
      detail({ status: 'waiting', wait: signal, dueAt: at }, {}, null),
    ],
    [
      'items',
      '2/4 items, 1 running, 1 failed',
      detail({ status: 'waiting', parts: items('completed', 'failed', 'running', 'pending') }),
    ],
    [
      'a visit',
      'visit 2 of at most 3',
      detail({ status: 'running', attempt: 1, parts: { ...noParts(), visits: 1 } }, { repeat }),
    ],
    ['steps', '1 step done', detail({ status: 'running', attempt: 1, parts: { ...noParts(), steps: { a: 1 } } })],
    ['a second attempt', 'attempt 2', detail({ status: 'running', attempt: 2 })],
    ['a node that asks', 'asks what then', detail({ status: 'interrupted' }, { onInterrupted: 'ask' })],
  ])('says of %s: %s', (_, said, given) => {
    expect(given).toBe(said)
  })
})

describe('the compensation of a node', () => {
  const told = (compensation: Partial<CompensationState>) =>
    nodeDetail({ ...untouchedNode(), status: 'completed' }, { id: 'a', type: 't' }, at, {
      ...{ status: 'running', attempt: 1, failures: 0, dueAt: null, error: null },
      ...compensation,
    })

  it('is told with how it stands', () => {
    expect(told({})).toBe('compensation running')
    expect(told({ status: 'completed' })).toBe('compensated')
    expect(told({ status: 'failed', error })).toBe('compensation failed: no\\u{1b}[2J')
    expect(told({ status: 'retrying', dueAt: at + 5_000 })).toBe(
      'compensation retrying, 5s left, until 2026-01-01T00:00:05Z',
    )
  })
})

describe('times', () => {
  it.each([
    [0, '0ms'],
    [999, '999ms'],
    [1_500, '1s'],
    [3_723_000, '1h2m'],
    [90_061_000, '1d1h'],
    [-5, '0ms'],
    [Number.MAX_VALUE, '104249991d8h'],
  ])('%d ms are %s', (milliseconds, text) => {
    expect(roughDuration(milliseconds)).toBe(text)
  })

  it('are told beyond the last date there is', () => {
    expect(untilText(Number.MAX_VALUE, at)).toContain('until +275760-09-13T00:00:00Z')
  })

  it('come after the name of the signal', () => {
    expect(signalText({ name: '', waitId: 'w3', dueAt: at + 5 }, at)).toBe(
      'signal "" (wait w3), 5ms left, until 2026-01-01T00:00:00Z',
    )
  })
})

describe('factText', () => {
  const fact = (type: RunEventType, data: object, path?: readonly string[]) =>
    factText({ seq: 1, runId: 'r', at: 0, type, data, ...(path === undefined ? {} : { path }) } as unknown as RunEvent)

  it.each<readonly [type: RunEventType, data: object, line: string | null]>([
    ['node.started', { nodeId: 'a', attempt: 1 }, 'started a'],
    ['node.started', { nodeId: '', attempt: 2 }, 'started "" (attempt 2)'],
    ['node.completed', { nodeId: 'a', attempt: 1, reused: 'k' }, 'completed a (reused)'],
    ['node.set', { nodeId: 'a' }, 'set the result of a'],
    ['node.waiting', { nodeId: 'a', wait: { kind: 'timer' }, dueAt: at }, 'waiting a until 2026-01-01T00:00:00.000Z'],
    [
      'node.waiting',
      { nodeId: 'a', wait: { kind: 'signal', name: ESCAPE, id: 'w1' }, dueAt: null },
      'waiting a for signal \\u{1b}[2J (wait w1)',
    ],
    ['node.visited', { nodeId: 'a', visit: 2 }, 'visited a (visit 2)'],
    ['items.listed', { nodeId: 'a', count: 1 }, 'listed a: 1 item'],
    ['item.failed', { nodeId: 'a', item: 3, error }, 'failed item 3 of a: no\\u{1b}[2J'],
    ['item.retry-scheduled', { nodeId: 'a', item: 0, delayMs: 5, error }, 'retrying item 0 of a in 5 ms: no\\u{1b}[2J'],
    ['item.completed', { nodeId: 'a', item: 0 }, null],
    ['signal.received', { name: `s${ESCAPE}` }, 'received signal s\\u{1b}[2J'],
    ['signal.received', { name: 's', waitId: 'w1' }, 'received the answer to the wait w1'],
    ['run.compensating', { cause: 'failure' }, 'compensating after a failure'],
    ['compensation.started', { nodeId: 'a', attempt: 2 }, 'compensating a (attempt 2)'],
    ['compensation.completed', { nodeId: 'a', attempt: 1 }, 'compensated a'],
    ['compensation.failed', { nodeId: 'a', attempt: 1, error }, 'failed to compensate a: no\\u{1b}[2J'],
    ['run.completed', {}, null],
  ])('says %s %j as %j', (type, data, line) => {
    expect(fact(type, data)).toBe(line)
  })

  it('names a node of a nested run by the ids that lead to it', () => {
    expect(fact('node.completed', { nodeId: 'c', attempt: 1 }, ['a', `b${ESCAPE}`])).toBe(
      'completed a › b\\u{1b}[2J › c',
    )
  })
})
