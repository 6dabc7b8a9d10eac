import { crc32 } from 'node:zlib'
import type { EventBatch, RunSummary, StoredEvent } from '../driver.ts'
import { eventsJson, isJoinedIn, type RunFacts, summaryIn } from './event-index.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { eventsIn, type RecordCursor } from './record-cursor.ts'

/** The checksum a log begins with, before its first record. */
export const NO_CHECKSUM = '00000000'

/**
 * One line of a log. Every record begins with a line break, so that garbage before it can not swallow it:
 *
 *     \n<crc-32> <length> <crc-32 of the record before> <kind> <epoch> <seq> <json>
 *
 * The first checksum covers all that follows it. Kinds: `claim` marks where a new epoch begins and stands outside the
 * chain, since it is written before the log is read; so does `release`, with which whoever began the log lets go of it.
 * `run` and `events` are chained, so that a record that is missing or in the wrong place shows. `seq` is the head after
 * the record.
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

export type RecordKind = 'claim' | 'release' | 'run' | 'events'

/** A record ready to be written, and what the next one has to name. */
export interface EncodedRecord {
  readonly bytes: Uint8Array
  readonly checksum: string
}

/** Who holds a run, and until when. */
export interface Holder extends ProcessIdentity {
  readonly owner: string
  /** Epoch ms. */
  readonly expiresAt: number
}

/** What a `claim` record says. */
export interface ClaimFacts {
  readonly runId: string
  /** Left out in logs from before they had ids. */
  readonly logId?: string
  /** Who holds the run, where the record itself is the claim; else the claim is a file. */
  readonly holder?: Holder
}

/** Longest header: 8 + 16 + 8 + 7 + 16 + 16 characters and 6 spaces. */
const MAX_HEADER = 77
const HEADER = /^([0-9a-f]{8}) (\d+) ([0-9a-f]{8}) (claim|release|run|events) (\d+) (\d+) /
/** Longest record of kind `release`. */
export const MAX_RELEASE_BYTES = MAX_HEADER + 3

/**
 * A record of kind `claim`.
 * @param logId - random; the one in the first record of a log names that log, so that another log made for the same run
 *   after a deletion is never taken for it
 * @param holder - who holds the run by this record; default: a file says so
 */
export function encodeClaim(runId: string, epoch: number, logId: string, holder?: Holder): EncodedRecord {
  return encode('claim', NO_CHECKSUM, epoch, 0, JSON.stringify({ runId, logId, holder }))
}

/** A record of kind `release`. */
export function encodeRelease(epoch: number): EncodedRecord {
  return encode('release', NO_CHECKSUM, epoch, 0, '{}')
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
 * A record of kind `events`. What its index says of an event already is left out of the event's text where the text has
 * it in the usual order.
 * @param joined - whether it goes to the file in one write with the record before it; default false
 */
export function encodeEvents(
  previous: string,
  epoch: number,
  batch: EventBatch,
  base: RunFacts,
  joined = false,
): EncodedRecord {
  return encode('events', previous, epoch, batch.summary.seq, ...eventsJson(batch, base, joined))
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

/** How long the record is that a line begins with, as it says itself; 0 when it begins with none. */
export function recordLength(line: Uint8Array): number {
  const match = HEADER.exec(latin1(line, 0, Math.min(line.length, MAX_HEADER)))
  return match === null ? 0 : match[0].length + Number(match[2])
}

/** The run a `claim` record was written for, and the id its log has when it is the first record. */
export function decodeClaim(record: LogRecord): ClaimFacts {
  return JSON.parse(jsonText(record)) as ClaimFacts
}

/** Whether a record went to the file in one write with the one before it. */
export function isJoined(record: LogRecord): boolean {
  return record.kind === 'events' && isJoinedIn(jsonText(record))
}

/** What a `run` record says. */
export function decodeRun(record: LogRecord): RunFacts {
  return JSON.parse(jsonText(record)) as RunFacts
}

/** The events of an `events` record, each as it was appended. */
export function decodeEvents(record: LogRecord, runId: string): StoredEvent[] {
  return eventsIn(jsonText(record), record.seq, runId)
}

/** Puts the events of an `events` record behind those a cursor has; gives the sequence of the first. */
export function addEvents(record: LogRecord, cursor: RecordCursor): number {
  return cursor.add(jsonText(record), record.seq)
}

/** The run after an `events` record. */
export function decodeSummary(record: LogRecord, runId: string, base: RunFacts): RunSummary {
  return summaryIn(jsonText(record), record.seq, runId, base)
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
