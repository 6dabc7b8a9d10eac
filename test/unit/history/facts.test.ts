import { describe, expect, it } from 'vitest'
import { defaultCodec } from '../../../src/base/values/codec.ts'
import { runIdIn } from '../../../src/history/fact-text.ts'
import { Facts } from '../../../src/history/facts.ts'
import { eventText } from '../../../src/run/event-text.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { eventReader } from '../../../src/run/read-event.ts'
import type { RecordedEvent } from '../../../src/run/recorded-event.ts'
import { finished } from './recorded.ts'

const names = ['', '__proto__', 'a"b', '\\', ',"type":"', '],"type":"', ',"path":', 'é\u2028', '\ud800', '/', '~']

function fact(seq: number, at: number, runId = 'r', path?: readonly string[], nodeId = 'a'): RecordedEvent {
  const where = path === undefined ? {} : { path }
  return recordedEvent({ seq, runId, at, ...where, type: 'node.started', data: { nodeId, attempt: 1 } })
}

const factsOf = (firstSeq: number, events: readonly RecordedEvent[], runId = 'r') => {
  const facts = new Facts(runId, firstSeq, eventReader(runId, defaultCodec.check))
  facts.append(events)
  return facts
}

describe('facts', () => {
  it('are read anew each time they are asked for', () => {
    const { events } = finished(['a', 'b'], ['a>b'], (nodeId) => ({ of: nodeId }))
    const facts = factsOf(1, events.map(recordedEvent))
    for (const event of events) {
      const once = facts.read(event.seq)
      expect(once).toEqual(event)
      expect(facts.read(event.seq)).not.toBe(once)
    }
    expect([facts.length, facts.firstSeq, facts.lastSeq]).toEqual([events.length, 1, events.length])
  })

  it('keep the sequences they were recorded with, from any on', () => {
    const facts = factsOf(41, [fact(41, 5), fact(42, 6)])
    facts.append([fact(43, 7)])
    expect([facts.firstSeq, facts.lastSeq, facts.at(43), facts.read(42).seq]).toEqual([41, 43, 7, 42])
  })

  it('have a last sequence before the first while there are none', () => {
    const facts = factsOf(8, [])
    expect([facts.length, facts.firstSeq, facts.lastSeq, facts.lastUpTo(99)]).toEqual([0, 8, 7, 7])
  })

  it.each([
    ['a gap', [2, 4]],
    ['one twice', [2, 2]],
    ['one before', [1]],
  ])('refuse %s, and take none of what came with it', (_, seqs) => {
    const facts = factsOf(1, [fact(1, 1)])
    expect(() => facts.append(seqs.map((seq) => fact(seq, 1)))).toThrow(
      expect.objectContaining({ code: 'HISTORY_DAMAGED' }),
    )
    expect(facts.length).toBe(1)
  })

  it('know their path and node, whatever these are called', () => {
    for (const runId of names) {
      for (const first of names) {
        for (const nodeId of names) {
          const facts = factsOf(
            1,
            [fact(1, 12.5, runId, [first, nodeId], nodeId), fact(2, 0, runId, undefined, first)],
            runId,
          )
          expect([facts.path(1), facts.nodeId(1)]).toEqual([[first, nodeId], nodeId])
          expect([facts.path(2), facts.nodeId(2)]).toEqual([[], first])
          expect(facts.node(1)).not.toBe(facts.node(2))
          expect(runIdIn(facts.text(1))).toBe(runId)
        }
      }
    }
  })

  it('take a text that is none of a fact for one without a path; who reads it is told', () => {
    const text = '{"seq":1,"runId":"r","at":1,"path":[1,"type":"'
    const facts = factsOf(1, [{ ...fact(1, 1), text }])
    expect(facts.path(1)).toEqual([])
    expect(() => facts.read(1)).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
    for (const none of ['', '{}', '{"seq":1,"runId":5,"at":1}', '"runId":', '"runId":"a,"at":'])
      expect(runIdIn(none)).toBe('')
  })

  it('refuse one whose text says something else than its store', () => {
    const facts = factsOf(1, [{ ...fact(1, 1), nodeId: 'b' }])
    expect(() => facts.read(1)).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
    const other = factsOf(1, [{ ...fact(1, 1), text: eventText(finished(['a']).events[0]!) }])
    expect(() => other.read(1)).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
  })
})

describe('the last fact up to a time', () => {
  it.each([
    [9, 0],
    [10, 1],
    [11, 1],
    [20, 3],
    [25, 3],
    [30, 4],
    [99, 4],
    [Number.NEGATIVE_INFINITY, 0],
    [Number.POSITIVE_INFINITY, 4],
  ])('at %d is that of sequence %d', (time, seq) => {
    expect(
      factsOf(
        1,
        [10, 20, 20, 30].map((at, index) => fact(index + 1, at)),
      ).lastUpTo(time),
    ).toBe(seq)
  })

  it('follows the sequence where the clock went back: it stands still until it is where it had been', () => {
    const facts = factsOf(
      1,
      [10, 50, 20, 40, 60].map((at, index) => fact(index + 1, at)),
    )
    expect([10, 20, 40, 49, 50, 59, 60].map((time) => facts.lastUpTo(time))).toEqual([1, 1, 1, 1, 4, 4, 5])
  })
})
