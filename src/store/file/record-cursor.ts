import { isWaystoneError } from '../../base/errors.ts'
import { beginnings } from '../../run/event-beginning.ts'
import type { EventCursor } from '../../run/recorded-event.ts'
import type { StoredEvent } from '../driver.ts'
import { ENVELOPE, type EventsHead, knownHead, NODE, TYPES, textsStart, unknownForm, WHOLE } from './event-index.ts'

const ZERO = 48
const NO_NUMBERS: readonly number[] = []

/** The JSON of an `events` record. */
interface RecordJson {
  readonly json: string
  readonly head: EventsHead
  readonly firstSeq: number
}

/** Goes through the events of records that follow each other, as they were appended. */
export class RecordCursor implements EventCursor {
  seq = 0
  at = 0
  type = ''
  nodeId: string | null = null
  data: string | null = null
  isAtHead = false
  /** Characters of all records it has. */
  characters = 0
  readonly #runId: string
  readonly #records: RecordJson[] = []
  #record = -1
  readonly #beginning: ReturnType<typeof beginnings>
  /** The text of the event it stands at, where it is not made of the rest. */
  #text = ''
  // Of the record it stands in.
  #json = ''
  #firstSeq = 1
  #types: EventsHead['types'] = ''
  #ids: readonly (string | null)[] = []
  #noId: string | null = null
  #times: readonly number[] = NO_NUMBERS
  #nextTime = 0
  #omissions: readonly number[] = NO_NUMBERS
  #nextOmission = 0
  #lengths: readonly number[] = NO_NUMBERS
  #place = -1
  #position = 0

  constructor(runId: string) {
    this.#runId = runId
    this.#beginning = beginnings(runId)
  }

  /**
   * Puts a record behind those it has.
   * @param lastSeq - sequence of its last event
   * @returns the sequence of its first
   * @throws {StoreError} STORE_DAMAGED when another version wrote what this one does not know; from `next` too
   */
  add(json: string, lastSeq: number): number {
    const head = knownHead(json, this.#runId, lastSeq)
    const firstSeq = lastSeq - head.lengths.length + 1
    this.#records.push({ json, head, firstSeq })
    this.characters += json.length
    return firstSeq
  }

  /** Goes on to just before the event of a sequence. */
  skipTo(seq: number): void {
    while (this.#nextSeq() < seq && this.next());
  }

  #nextSeq(): number {
    const nextPlace = this.#place + 1
    if (nextPlace < this.#lengths.length) return this.#firstSeq + nextPlace
    return this.#records[this.#record + 1]?.firstSeq ?? Number.POSITIVE_INFINITY
  }

  next(): boolean {
    this.#place += 1
    while (this.#place >= this.#lengths.length) {
      if (!this.#openNext()) return false
      this.#place = 0
    }
    const place = this.#place
    if (this.#times[this.#nextTime] === place) {
      this.at = this.#times[this.#nextTime + 1]!
      this.#nextTime += 2
    }
    this.seq = this.#firstSeq + place
    const type = typeof this.#types === 'string' ? TYPES[this.#types.charCodeAt(place) - ZERO] : this.#types[place]
    if (type === undefined) throw unknownForm(this.#runId, this.seq)
    this.type = type
    const id = this.#ids[place]!
    this.nodeId = id === this.#noId ? null : id
    const usual = this.nodeId === null ? ENVELOPE : NODE
    let omission: number = usual
    if (this.#omissions[this.#nextOmission] === place) {
      omission = this.#omissions[this.#nextOmission + 1]!
      this.#nextOmission += 2
    }
    const start = this.#position
    const end = start + this.#lengths[place]!
    this.#position = end + 1
    if (omission === usual) this.data = this.#json.slice(start + 1, end)
    else {
      this.data = null
      this.#text =
        omission === ENVELOPE
          ? this.#beginning(this.seq, this.at, type, null) + this.#json.slice(start + 1, end)
          : this.#json.slice(omission === WHOLE ? start : start + 1, end)
    }
    return true
  }

  event(): StoredEvent {
    const { seq, at, type, nodeId, data } = this
    const text =
      data === null ? this.#text : `${this.#beginning(seq, at, type, nodeId)}${data}${nodeId === null ? '' : '}'}`
    return { seq, at, type, nodeId, text }
  }

  #openNext(): boolean {
    this.#record += 1
    const record = this.#records[this.#record]
    if (record === undefined) return false
    const { types, nodes, times, lengths, omissions = NO_NUMBERS } = record.head
    this.#json = record.json
    this.#firstSeq = record.firstSeq
    this.#types = types
    this.#ids = typeof nodes === 'string' ? nodes.split(',') : nodes
    this.#noId = typeof nodes === 'string' ? '' : null
    this.#times = typeof times === 'number' ? NO_NUMBERS : times
    this.at = typeof times === 'number' ? times : 0
    this.#nextTime = 0
    this.#omissions = omissions
    this.#nextOmission = 0
    this.#lengths = lengths
    this.#position = textsStart(record.json)
    return true
  }
}

/**
 * The events of a record's JSON, each as it was appended.
 * @throws {StoreError} STORE_DAMAGED when another version wrote what this one does not know
 */
export function eventsIn(json: string, lastSeq: number, runId: string): StoredEvent[] {
  const cursor = new RecordCursor(runId)
  cursor.add(json, lastSeq)
  const events: StoredEvent[] = []
  while (cursor.next()) events.push(cursor.event())
  return events
}

/** The events a cursor goes through, to a last one; those before one that can not be read, unless that is the first. */
export function eventsTo(cursor: RecordCursor, last: number): readonly StoredEvent[] {
  const page: StoredEvent[] = []
  try {
    while (cursor.next() && cursor.seq <= last) page.push(cursor.event())
  } catch (error) {
    if (page.length === 0 || !isWaystoneError(error, 'STORE_DAMAGED')) throw error
  }
  return page
}
