import { crc32 } from 'node:zlib'
import type { RunStatus } from '../../run/state.ts'
import type { EventBatch, RunSummary, StoredEvent } from '../driver.ts'

/** The checksum a log begins with, before its first record. */
export const NO_CHECKSUM = '00000000'

/** What a run's summary keeps for its whole life. */
export interface RunFacts {
  readonly workflowId: string
  readonly workflowVersion: string
  readonly createdAt: number
}

/**
 * One line of a log. Every record begins with a line break, so that garbage before it can not swallow it:
 *
 *     \n<crc-32> <length> <crc-32 of the record before> <kind> <epoch> <seq> <json>
 *
 * The first checksum covers all that follows it. Kinds: `claim` marks where a new epoch begins and stands outside the
 * chain, since it is written before the log is read; `run` and `events` are chained, so that a record that is missing
 * or in the wrong place shows. `seq` is the head after the record.
 */
export interface LogRecord {
  readonly kind: RecordKind
  readonly checksum: string
  readonly previous: string
  readonly epoch: number
  readonly seq: number
  /** The record without its line break, and where its JSON begins. */
  readonly line: Uint8Array
  readonly jsonOffset: number
}

export type RecordKind = 'claim' | 'run' | 'events'

/** A record ready to be written, and what the next one has to name. */
export interface EncodedRecord {
  readonly bytes: Uint8Array
  readonly checksum: string
}

/** Longest header: 8 + 16 + 8 + 6 + 16 + 16 characters and 6 spaces. */
const MAX_HEADER = 76
const HEADER = /^([0-9a-f]{8}) (\d+) ([0-9a-f]{8}) (claim|run|events) (\d+) (\d+) /
const EVENTS_MEMBER = ',"events":['
/** From this length on, a text is written to the record by itself. */
const LONG_CHARACTERS = 4096

/** The head of an `events` record: everything but the events' own text. */
interface EventsHead {
  /** Left out when it is `running`, as for most of a run's life. */
  readonly status?: RunStatus
  /** Left out when it is the time of the last event. */
  readonly updatedAt?: number
  /** Left out when it is what the `run` record says. */
  readonly run?: RunFacts
  /** Set when the record went to the file in one write with the one before it, so that both were torn together. */
  readonly joined?: 1
  readonly index: readonly IndexEntry[]
}

/** Type, node, time (null: that of the event before) and length of an event; a fifth member says that the text stands there whole. */
type IndexEntry = readonly [type: string, nodeId: string | null, at: number | null, length: number, whole?: 1]

/**
 * A record of kind `claim`.
 * @param logId - random; the one in the first record of a log names that log, so that another log made for the same run
 *   after a deletion is never taken for it
 */
export function encodeClaim(runId: string, epoch: number, logId: string): EncodedRecord {
  return encode('claim', NO_CHECKSUM, epoch, 0, JSON.stringify({ runId, logId }))
}

/** A record of kind `run`. */
export function encodeRun(
  previous: string,
  epoch: number,
  { workflowId, workflowVersion, createdAt }: RunFacts,
): EncodedRecord {
  return encode('run', previous, epoch, 0, JSON.stringify({ workflowId, workflowVersion, createdAt }))
}

/**
 * A record of kind `events`. What the index says of an event already is left out of its text when the text begins with
 * it, in the order of the envelope (`seq`, `runId`, `at`, `type`); any other text stands whole.
 * @param joined - whether it goes to the file in one write with the record before it; default false
 */
export function encodeEvents(
  previous: string,
  epoch: number,
  { events, summary }: EventBatch,
  base: RunFacts,
  joined = false,
): EncodedRecord {
  const envelopeText = envelopes(summary.runId)
  const index: IndexEntry[] = []
  // Long texts stay by themselves: each time one is put together with another, all of it is copied.
  const parts: string[] = ['']
  let short = ''
  let before: number | null = null
  for (const { seq, at, type, nodeId, text } of events) {
    const prefix = envelopeText(seq, at, type)
    const time = at === before ? null : at
    before = at
    // Compared as a whole, since `startsWith` goes character by character.
    const isUsual = text.length > prefix.length && text.slice(0, prefix.length) === prefix
    const rest = isUsual ? text.slice(prefix.length) : text
    if (index.length > 0) short += ','
    if (isUsual) {
      short += '{'
      index.push([type, nodeId, time, rest.length + 1])
    } else index.push([type, nodeId, time, rest.length, 1])
    if (rest.length < LONG_CHARACTERS) short += rest
    else {
      parts.push(short, rest)
      short = ''
    }
  }
  parts.push(`${short}]}`)
  const { status, updatedAt, workflowId, workflowVersion, createdAt } = summary
  const sameRun =
    workflowId === base.workflowId && workflowVersion === base.workflowVersion && createdAt === base.createdAt
  const head: EventsHead = {
    ...(status === 'running' ? {} : { status }),
    ...(updatedAt === events.at(-1)?.at ? {} : { updatedAt }),
    ...(sameRun ? {} : { run: { workflowId, workflowVersion, createdAt } }),
    ...(joined ? { joined: 1 } : {}),
    index,
  }
  parts[0] = JSON.stringify(head).slice(0, -1) + EVENTS_MEMBER
  return encode('events', previous, epoch, summary.seq, ...parts)
}

/**
 * The record a line begins with, or null when it begins with none: cut off, changed, or not ours. The record can be
 * shorter than the line: when a disk wrote the end of a torn write and not its beginning, no line break follows.
 */
export function decodeRecord(line: Uint8Array): LogRecord | null {
  const match = HEADER.exec(latin1(line, 0, Math.min(line.length, MAX_HEADER)))
  if (match === null) return null
  const jsonOffset = match[0].length
  const end = jsonOffset + Number(match[2])
  if (end > line.length) return null
  const checksum = match[1]!
  if (hex(crc32(line.subarray(9, end))) !== checksum) return null
  return {
    kind: match[4] as RecordKind,
    checksum,
    previous: match[3]!,
    epoch: Number(match[5]),
    seq: Number(match[6]),
    line: end === line.length ? line : line.subarray(0, end),
    jsonOffset,
  }
}

/** The run a `claim` record was written for, and the id its log has when it is the first record. */
export function decodeClaim(record: LogRecord): { readonly runId: string; readonly logId?: string } {
  return JSON.parse(jsonText(record)) as { readonly runId: string; readonly logId?: string }
}

/** Whether a record went to the file in one write with the one before it. */
export function isJoined(record: LogRecord): boolean {
  return record.kind === 'events' && headOf(jsonText(record)).joined === 1
}

/** What a `run` record says. */
export function decodeRun(record: LogRecord): RunFacts {
  return JSON.parse(jsonText(record)) as RunFacts
}

/** The events of an `events` record, each as it was appended. */
export function decodeEvents(record: LogRecord, runId: string): StoredEvent[] {
  const json = jsonText(record)
  const textStart = json.indexOf(EVENTS_MEMBER)
  const { index } = headOf(json)
  const envelopeText = envelopes(runId)
  const events: StoredEvent[] = []
  let position = textStart + EVENTS_MEMBER.length
  let seq = record.seq - index.length
  let at = 0
  for (const [type, nodeId, time, length, whole] of index) {
    seq += 1
    at = time ?? at
    const text =
      whole === 1
        ? json.slice(position, position + length)
        : envelopeText(seq, at, type) + json.slice(position + 1, position + length)
    events.push({ seq, at, type, nodeId, text })
    position += length + 1
  }
  return events
}

/** The run after an `events` record. */
export function decodeSummary(record: LogRecord, runId: string, base: RunFacts): RunSummary {
  const head = headOf(jsonText(record))
  const { workflowId, workflowVersion, createdAt } = head.run ?? base
  const updatedAt = head.updatedAt ?? head.index.findLast(([, , at]) => at !== null)?.[2] ?? createdAt
  const { status = 'running' } = head
  return { runId, workflowId, workflowVersion, status, seq: record.seq, createdAt, updatedAt }
}

function headOf(json: string): EventsHead {
  return JSON.parse(`${json.slice(0, json.indexOf(EVENTS_MEMBER))}}`) as EventsHead
}

/** What writes the beginning of events' texts; what is the same in neighbours, as in those of one turn, is made once. */
function envelopes(runId: string): (seq: number, at: number, type: string) => string {
  const runIdText = JSON.stringify(runId)
  let ofAt: number | null = null
  let ofType: string | null = null
  let rest = ''
  return (seq, at, type) => {
    if (at !== ofAt || type !== ofType) {
      rest = `,"runId":${runIdText},"at":${at},"type":${JSON.stringify(type)},`
      ofAt = at
      ofType = type
    }
    return `{"seq":${seq}${rest}`
  }
}

function encode(kind: RecordKind, previous: string, epoch: number, seq: number, ...parts: string[]): EncodedRecord {
  const json = parts.length > 2 ? parts : [parts.join('')]
  let length = 0
  for (const part of json) length += Buffer.byteLength(part)
  const rest = `${length} ${previous} ${kind} ${epoch} ${seq} `
  const bytes = Buffer.allocUnsafe(10 + rest.length + length)
  bytes.write(rest, 10, 'latin1')
  let position = 10 + rest.length
  for (const part of json) position += bytes.write(part, position, 'utf8')
  const checksum = hex(crc32(bytes.subarray(10)))
  bytes.write(`\n${checksum} `, 0, 'latin1')
  return { bytes, checksum }
}

function jsonText({ line, jsonOffset }: LogRecord): string {
  return Buffer.from(line.buffer, line.byteOffset + jsonOffset, line.length - jsonOffset).toString('utf8')
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1')
}

function hex(checksum: number): string {
  return checksum.toString(16).padStart(8, '0')
}
