import { describe, expect, it } from 'vitest'
import { type EventSource, eventStream } from '../../../src/engine/event-stream.ts'
import type { RunEvent } from '../../../src/run/event.ts'

/** A source in hand; counts who listens. */
function source(given: Partial<Pick<EventSource, 'isOver' | 'failure'>> = {}) {
  const onEvent = new Set<(event: RunEvent) => void>()
  const onFailure = new Set<(error: Error) => void>()
  let seq = 0
  return {
    tell: (type = 'node.started') => {
      seq += 1
      for (const listener of onEvent) listener({ seq, type } as RunEvent)
    },
    fail: (error: Error) => {
      for (const listener of onFailure) listener(error)
    },
    listening: () => onEvent.size + onFailure.size,
    source: {
      isOver: false,
      failure: null,
      ...given,
      onEvent: (listener: (event: RunEvent) => void) => {
        onEvent.add(listener)
        return () => void onEvent.delete(listener)
      },
      onFailure: (listener: (error: Error) => void) => {
        onFailure.add(listener)
        return () => void onFailure.delete(listener)
      },
    },
  }
}

const done = { value: undefined, done: true }

describe('an event stream', () => {
  it('gives a hundred thousand kept facts in order, and none twice', async () => {
    const { tell, source: from } = source()
    const stream = eventStream(from)
    for (let count = 0; count < 100_000; count += 1) tell()
    let expected = 0
    for (; expected < 3_000; expected += 1) expect((await stream.next()).value.seq).toBe(expected + 1)
    tell('run.completed')
    for await (const { seq } of stream) {
      expected += 1
      if (seq !== expected) expect(seq).toBe(expected)
    }
    expect(expected).toBe(100_001)
  })

  it.each(['run.completed', 'run.failed', 'run.paused', 'run.waiting', 'run.canceled'])(
    'ends with %s and stops listening',
    async (type) => {
      const { tell, source: from, listening } = source()
      const stream = eventStream(from)
      expect(listening()).toBe(2)
      tell()
      tell(type)
      tell()
      expect(listening()).toBe(0)
      expect((await stream.next()).value.type).toBe('node.started')
      expect((await stream.next()).value.type).toBe(type)
      expect([await stream.next(), await stream.next()]).toEqual([done, done])
    },
  )

  it('lets go of everything when its reader leaves, and ends for all who wait', async () => {
    const { tell, source: from, listening } = source()
    const stream = eventStream(from)
    const waiting = [stream.next(), stream.next()]
    tell()
    expect(await stream.return?.()).toEqual(done)
    expect(listening()).toBe(0)
    expect(await waiting[0]).toMatchObject({ done: false })
    expect(await waiting[1]).toEqual(done)
    tell()
    expect(await stream.next()).toEqual(done)
  })

  it('throws a failure once: to who waits, or after what was kept', async () => {
    const error = new Error('disk full')
    const one = source()
    const first = eventStream(one.source)
    const waiting = [first.next(), first.next()]
    one.fail(error)
    await expect(waiting[0]).rejects.toBe(error)
    expect(await waiting[1]).toEqual(done)
    const other = source()
    const second = eventStream(other.source)
    other.tell()
    other.fail(error)
    expect(await second.next()).toMatchObject({ done: false })
    await expect(second.next()).rejects.toBe(error)
    expect(await second.next()).toEqual(done)
    expect([one.listening(), other.listening()]).toEqual([0, 0])
  })

  it('of a run that is over, or can not go on, listens to nothing', async () => {
    const over = source({ isOver: true })
    expect(await eventStream(over.source).next()).toEqual(done)
    const failure = new Error('fenced')
    const failed = source({ failure })
    await expect(eventStream(failed.source).next()).rejects.toBe(failure)
    expect(await eventStream(failed.source).return?.()).toEqual(done)
    expect([over.listening(), failed.listening()]).toEqual([0, 0])
  })
})
