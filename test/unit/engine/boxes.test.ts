import { describe, expect, it } from 'vitest'
import { InFlight } from '../../../src/engine/in-flight.ts'
import { Inbox } from '../../../src/engine/inbox.ts'
import { Outbox } from '../../../src/engine/outbox.ts'
import type { RunScope } from '../../../src/engine/run-scope.ts'
import type { AttemptContext } from '../../../src/nodes/context.ts'
import type { RunCommand } from '../../../src/run/command.ts'
import type { RunEvent } from '../../../src/run/event.ts'

const start = (index: number): RunCommand => ({ type: 'node.start', index })
const started = (seq: number): RunEvent => ({
  seq,
  runId: 'r',
  at: 0,
  type: 'node.started',
  data: { nodeId: 'a', attempt: 1 },
})

describe('an inbox', () => {
  it('gives reports in the order they came, those too that come while it is emptied', () => {
    const inbox = new Inbox()
    const scopes = ['s', 't'] as unknown as RunScope[]
    expect(inbox.isEmpty).toBe(true)
    inbox.add(scopes[0]!, start(1))
    inbox.add(scopes[1]!, start(2))
    expect(inbox.scope).toBe(scopes[0])
    expect(inbox.take()).toEqual(start(1))
    inbox.add(scopes[0]!, start(3))
    expect([inbox.scope, inbox.take(), inbox.scope, inbox.take()]).toEqual([scopes[1], start(2), scopes[0], start(3)])
    expect(inbox.isEmpty).toBe(true)
    inbox.add(scopes[1]!, start(4))
    expect([inbox.isEmpty, inbox.scope, inbox.take()]).toEqual([false, scopes[1], start(4)])
  })
})

describe('an outbox', () => {
  it('has facts with the nodes they are of, and a list of them that outlives it', () => {
    const outbox = new Outbox()
    outbox.add(started(1), 4)
    outbox.add(started(2), -1)
    const list = outbox.list()
    expect([outbox.size, outbox.event(1), outbox.near(0), outbox.near(1)]).toEqual([2, started(2), 4, -1])
    outbox.clear()
    expect([outbox.size, outbox.list()]).toEqual([0, []])
    outbox.add(started(3), 0)
    expect(list).toEqual([started(1), started(2)])
    expect(outbox.list()).toEqual([started(3)])
  })
})

describe('the attempts in flight', () => {
  const attempt = (index: number, place: number | null) => ({ index, place }) as AttemptContext

  it('are found by node, and by item of a node, until they are taken out', () => {
    const inFlight = new InFlight(3)
    const [node, first, second] = [attempt(2, null), attempt(1, 0), attempt(1, 7)]
    for (const each of [first, node, second]) inFlight.add(each)
    expect(inFlight.at(2, null)).toBe(node)
    expect(inFlight.at(1, null)).toBeUndefined()
    expect([inFlight.at(1, 0), inFlight.at(1, 7)]).toEqual([first, second])
    expect([inFlight.at(1, 1), inFlight.at(0, 0)]).toEqual([undefined, undefined])
    expect(inFlight.all()).toEqual([node, first, second])
    inFlight.delete(node)
    inFlight.delete(first)
    expect(inFlight.all()).toEqual([second])
  })

  it('may be at nodes that a changed workflow has more', () => {
    const inFlight = new InFlight(1)
    const node = attempt(5_000, null)
    inFlight.add(node)
    expect([inFlight.at(5_000, null), inFlight.all()]).toEqual([node, [node]])
  })
})
