import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ListCursor } from '../../../../src/run/list-cursor.ts'
import type { StoredEvent } from '../../../../src/store/driver.ts'
import {
  addEvents,
  decodeClaim,
  decodeEvents,
  decodeRecord,
  decodeRun,
  decodeSummary,
  encodeClaim,
  encodeEvents,
  encodeRun,
  NO_CHECKSUM,
} from '../../../../src/store/file/record.ts'
import { RecordCursor } from '../../../../src/store/file/record-cursor.ts'
import { sampleBatch, sampleEvent, sampleSummary } from '../../../helpers/sample-run.ts'

const facts = { workflowId: 'sample', workflowVersion: '1.0.0', createdAt: sampleSummary('run', 1).createdAt }

/** What follows the line break a record begins with. */
const lineOf = (bytes: Uint8Array): Uint8Array => bytes.subarray(1)

describe('a record of a log', () => {
  it('gives back the events and the summary it was made of', () => {
    const batch = sampleBatch('run', 4, 9, { status: 'waiting' })
    const { bytes, checksum } = encodeEvents('0a1b2c3d', 7, batch, facts)
    const record = decodeRecord(lineOf(bytes))
    expect(record).toMatchObject({ kind: 'events', previous: '0a1b2c3d', checksum, epoch: 7, seq: 9 })
    if (record === null) return
    expect(decodeEvents(record, 'run')).toEqual(batch.events)
    expect(decodeSummary(record, 'run', facts)).toEqual(batch.summary)
  })

  it('keeps a summary that differs from the run record', () => {
    const summary = { ...sampleSummary('run', 1), workflowVersion: '2.0.0', createdAt: 1.5, updatedAt: 2 }
    const record = decodeRecord(
      lineOf(encodeEvents(NO_CHECKSUM, 1, { ...sampleBatch('run', 1, 1), summary }, facts).bytes),
    )
    expect(record === null ? null : decodeSummary(record, 'run', facts)).toEqual(summary)
  })

  it.each(['{"seq":1}', '[]', '"\u2028 ,\\"events\\":["', '{"seq":1,"runId":"run","at":5,"type":"x",'])(
    'keeps the text %j whole',
    (text) => {
      const events: StoredEvent[] = [1, 2].map((seq) => ({ seq, at: 5, type: 'x', nodeId: '","events":[', text }))
      const batch = { events, summary: sampleSummary('run', 2) }
      const record = decodeRecord(lineOf(encodeEvents(NO_CHECKSUM, 1, batch, facts).bytes))
      expect(record === null ? null : decodeEvents(record, 'run')).toEqual(events)
    },
  )

  it('keeps short and long texts in their order', () => {
    const texts = ['x', 'y'.repeat(5_000), 'ø', '\u{1f600}'.repeat(5_000), 'z'.repeat(5_000), ''].map((note) => ({
      note,
    }))
    for (const some of [texts, texts.slice(0, 1), texts.slice(1, 2), texts.slice(3)]) {
      const events: StoredEvent[] = some.flatMap((data, index) => {
        const { seq, at } = { seq: 2 * index + 1, at: 5 }
        const usual = JSON.stringify({ seq, runId: 'run', at, type: 'x', data })
        return [
          { seq, at, type: 'x', nodeId: null, text: usual },
          { seq: seq + 1, at, type: 'x', nodeId: null, text: JSON.stringify(data) },
        ]
      })
      const batch = { events, summary: sampleSummary('run', events.length) }
      const record = decodeRecord(lineOf(encodeEvents(NO_CHECKSUM, 1, batch, facts).bytes))
      expect(record === null ? null : decodeEvents(record, 'run')).toEqual(events)
    }
  })

  it.each([
    [['a', null, 'b']],
    [[null, 'a']],
    [['']],
    [[null]],
    [['a,b', null, '']],
    [['"', '\\', '\u2028', '\u{1f600}', '__proto__']],
  ])('keeps the types, times, nodes and texts of events of %j', (nodes) => {
    for (const types of [['node.completed'], ['node.started', 'node.failed'], ['node.started', 'x'], ['', '0']]) {
      for (const times of [[5], [5, 5, 6], [1.5, -3, 1.5]]) {
        const of = <T>(list: readonly T[], index: number): T => list[index % list.length]!
        const events: StoredEvent[] = nodes.map((nodeId, index) => {
          const [seq, at, type] = [index + 3, of(times, index), of(types, index)]
          return {
            seq,
            at,
            type,
            nodeId,
            text: JSON.stringify({ seq, runId: 'run', at, type, data: { nodeId, more: 1 } }),
          }
        })
        const summary = { ...sampleSummary('run', events.length + 2), updatedAt: events.at(-1)!.at }
        const record = decodeRecord(lineOf(encodeEvents(NO_CHECKSUM, 1, { events, summary }, facts).bytes))
        expect(record === null ? null : decodeEvents(record, 'run')).toEqual(events)
        expect(record === null ? null : decodeSummary(record, 'run', facts)).toEqual(summary)
      }
    }
  })

  it.each([
    '{"seq":1,"runId":"run","at":5,"type":"x","data":{"nodeId":"n",',
    '{"seq":1,"runId":"run","at":5,"type":"x","data":{"nodeId":"n",}',
    '{"seq":1,"runId":"run","at":5,"type":"x","data":{"nodeId":"n"}}',
    '{"seq":1,"runId":"run","at":5,"type":"x","data":{"nodeId":"m","a":1}}',
    '{"seq":1,"runId":"run","at":5,"type":"x","data":{"nodeId":"n","a":1}} ',
  ])('keeps the text %j of an event of a node', (text) => {
    const events: StoredEvent[] = [{ seq: 1, at: 5, type: 'x', nodeId: 'n', text }]
    const { bytes } = encodeEvents(NO_CHECKSUM, 1, { events, summary: sampleSummary('run', 1) }, facts)
    const record = decodeRecord(lineOf(bytes))
    expect(record === null ? null : decodeEvents(record, 'run')).toEqual(events)
  })

  it('gives what it kept of an event of a node by itself too, where that is all the text says besides', () => {
    const texts = [
      '{"seq":1,"runId":"run","at":5,"type":"node.started","data":{"nodeId":"n\\"","attempt":1}}',
      '{"seq":2,"runId":"run","at":5,"type":"node.started","data":{"attempt":1,"nodeId":"n"}}',
    ]
    const events = texts.map((text, at) => ({
      seq: at + 1,
      at: 5,
      type: 'node.started',
      nodeId: at === 0 ? 'n"' : 'n',
      text,
    }))
    const record = decodeRecord(
      lineOf(encodeEvents(NO_CHECKSUM, 1, { events, summary: sampleSummary('run', 2) }, facts).bytes),
    )
    const cursor = new RecordCursor('run')
    addEvents(record!, cursor)
    const list = new ListCursor('run', events, true)
    for (const [at, data] of ['"attempt":1}', null].entries()) {
      for (const each of [cursor, list]) {
        expect(each.next()).toBe(true)
        const { seq, type, nodeId } = events[at]!
        expect(each).toMatchObject({ seq, at: 5, type, nodeId, data })
        expect(each.event()).toEqual(events[at])
      }
    }
    expect([cursor.next(), list.next()]).toEqual([false, false])
  })

  it('gives what follows the type of an event of no node by itself', () => {
    const text = '{"seq":1,"runId":"run","at":5,"type":"run.paused","data":{"reason":"pause"}}'
    const events: StoredEvent[] = [{ seq: 1, at: 5, type: 'run.paused', nodeId: null, text }]
    const { bytes } = encodeEvents(NO_CHECKSUM, 1, { events, summary: sampleSummary('run', 1) }, facts)
    const cursor = new RecordCursor('run')
    addEvents(decodeRecord(lineOf(bytes))!, cursor)
    expect(cursor.next()).toBe(true)
    expect(cursor.data).toBe('"data":{"reason":"pause"}}')
    expect(cursor.event()).toEqual(events[0])
  })

  it('is gone through with those behind it, from any event on', () => {
    const numbers = [1, 2, 3, 4, 5]
    for (const first of [1, 2, 3, 4, 5, 6]) {
      const cursor = new RecordCursor('run')
      for (const [start, end] of [
        [0, 2],
        [2, 3],
        [3, 5],
      ] as const) {
        const events = numbers.slice(start, end).map((seq) => sampleEvent('run', seq))
        const { bytes } = encodeEvents(NO_CHECKSUM, 1, { events, summary: sampleSummary('run', end) }, facts)
        expect(addEvents(decodeRecord(lineOf(bytes))!, cursor)).toBe(start + 1)
      }
      cursor.skipTo(first)
      const found: StoredEvent[] = []
      while (cursor.next()) found.push(cursor.event())
      expect(found).toEqual(numbers.slice(first - 1).map((seq) => sampleEvent('run', seq)))
    }
  })

  it.each([
    '{"index":[["node.started","n",5,13]],"events":[{"attempt":1}]}',
    '{"types":"9","nodes":"n","times":5,"lengths":[13],"events":[{"attempt":1}]}',
  ])('of another version is refused: %s', (json) => {
    const rest = `${json.length} ${NO_CHECKSUM} events 1 1 ${json}`
    const checksum = crc32(Buffer.from(rest)).toString(16).padStart(8, '0')
    const record = decodeRecord(Buffer.from(`${checksum} ${rest}`))!
    const refusal = expect.objectContaining({ code: 'STORE_DAMAGED', details: { runId: 'run', seq: 1 } })
    expect(() => decodeEvents(record, 'run')).toThrow(refusal)
    if (json.includes('index')) expect(() => decodeSummary(record, 'run', facts)).toThrow(refusal)
  })

  it('says nothing of an event twice that its text has in the usual order', () => {
    const text = '{"seq":1,"runId":"run","at":5,"type":"node.started","data":{"nodeId":"n1","attempt":1}}'
    const events: StoredEvent[] = [{ seq: 1, at: 5, type: 'node.started', nodeId: 'n1', text }]
    const { bytes } = encodeEvents(
      NO_CHECKSUM,
      1,
      { events, summary: { ...sampleSummary('run', 1), updatedAt: 5 } },
      facts,
    )
    expect(new TextDecoder().decode(bytes.subarray(bytes.indexOf(0x7b)))).toBe(
      '{"types":"0","nodes":"n1","times":5,"lengths":[13],"events":[{"attempt":1}]}',
    )
  })

  it('of a claim and of a run say whose they are', () => {
    const claim = decodeRecord(lineOf(encodeClaim('ø\n"', 3, '0123456789abcdef').bytes))
    const run = decodeRecord(lineOf(encodeRun(NO_CHECKSUM, 3, facts).bytes))
    expect(claim === null ? null : decodeClaim(claim)).toEqual({ runId: 'ø\n"', logId: '0123456789abcdef' })
    expect(run === null ? null : decodeRun(run)).toEqual(facts)
  })

  it('is one line that no other byte sequence passes for', () => {
    const { bytes } = encodeEvents(NO_CHECKSUM, 1, sampleBatch('run', 1, 2), facts)
    expect(bytes.lastIndexOf(0x0a)).toBe(0)
    const line = lineOf(bytes)
    for (let cut = 0; cut < line.length; cut++) expect(decodeRecord(line.subarray(0, cut))).toBeNull()
    for (let at = 0; at < line.length; at++) {
      for (const bit of [1, 16, 128]) {
        const changed = Uint8Array.from(line)
        changed[at] = (changed[at] ?? 0) ^ bit
        expect(decodeRecord(changed)).toBeNull()
      }
    }
  })
})
