import type { FileInfo } from './file-system.ts'
import { addEvents, type LogRecord } from './record.ts'
import { RecordCursor } from './record-cursor.ts'

/** A page is cut after this many characters of records, so that long events do not pile up. */
export const PAGE_CHARACTERS = 4 * 1024 * 1024

/** The first page ends with the record in which so many events are through. */
const PAGE_EVENTS = 10_000

/**
 * The first page of a log, gathered while all of it is read for its next writer: who claims a run mostly reads it next, and
 * need not read it twice.
 */
export class FirstPage {
  readonly path: string
  readonly #log: FileInfo
  /** Null when it can not be read; who reads the log is told why. */
  #cursor: RecordCursor | null
  #lastSeq = 0

  /** @param log - the file as it is before it is read */
  constructor(path: string, log: FileInfo, runId: string) {
    this.path = path
    this.#log = log
    this.#cursor = new RecordCursor(runId)
  }

  /** Puts a record behind those it has, unless it is full; whether it is with that. */
  add(record: LogRecord): boolean {
    if (this.#cursor === null || this.#isFull) return false
    try {
      if (addEvents(record, this.#cursor) === this.#lastSeq + 1) {
        this.#lastSeq = record.seq
        return this.#isFull
      }
    } catch {
      // Another version wrote it.
    }
    this.#cursor = null
    return false
  }

  /** All of the log was read, up to a sequence. */
  end(seq: number): void {
    if (this.#cursor !== null) this.#cursor.isAtHead = this.#lastSeq === seq
  }

  /** Its events from one on; null when it has none, and when the file is another now or has grown. */
  from(seq: number, log: FileInfo | null): RecordCursor | null {
    const isSame = log?.inode === this.#log.inode && log.sizeBytes === this.#log.sizeBytes
    if (this.#cursor === null || seq > this.#lastSeq || !isSame) return null
    this.#cursor.skipTo(seq)
    return this.#cursor
  }

  get #isFull(): boolean {
    return this.#lastSeq >= PAGE_EVENTS || (this.#cursor?.characters ?? 0) >= PAGE_CHARACTERS
  }
}
