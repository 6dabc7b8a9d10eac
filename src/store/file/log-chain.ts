import { quote, type StoreError } from '../../base/errors.ts'
import { damaged } from '../store-failure.ts'
import type { RunFacts } from './event-index.ts'
import { decodeClaim, decodeRecord, decodeRun, isJoined, type LogRecord, NO_CHECKSUM } from './record.ts'

/** Where a chain stands: enough to go on from there. */
export interface ChainPoint {
  /** Byte after the record. */
  readonly offset: number
  readonly seq: number
  readonly checksum: string
  readonly epoch: number
}

/** A stretch of a log that holds no record. */
export interface BadStretch {
  readonly offset: number
  readonly sizeBytes: number
}

/** Where the first record's line begins: behind the line break every record begins with. */
export const FIRST_LINE = 1

/** The beginning of every log. */
export const CHAIN_START: ChainPoint = Object.freeze({ offset: 0, seq: 0, checksum: NO_CHECKSUM, epoch: 0 })

/**
 * Decides, line by line, which records of a log count.
 *
 * Three laws, and why they are enough:
 * - A log is only ever appended to, one write a record, so nothing a slow or stale writer does can take back what
 *   another wrote. A claimant never cuts the file either: between its look and its cut a successor could have written.
 * - A `claim` record of a higher epoch ends the epochs before it. A claimant first makes its claim file (whoever makes the
 *   log needs none), then appends its `claim` record, then reads the log. A writer looks at the size of the log after its own record is written: if
 *   the log grew by that record alone since the last look, it stands before any successor's `claim` record. If somebody
 *   else wrote, the writer looks for a successor's claim file and acknowledges only when there is none. So every
 *   acknowledged record stands before the successor's `claim` record, and every record of a lower epoch behind it was
 *   never acknowledged and does not count.
 * - Each record that counts names the checksum of the one that counted before. A stretch of garbage is therefore
 *   harmless exactly when the next record that counts follows on the one before the garbage: it was the torn write of
 *   a writer that died, or a stale writer's. If it does not follow, something is missing: damage. If none follows, it
 *   is a torn tail. A record that went to the file in one write with the one before it (`joined`) says nothing against
 *   that: disks write the pages of one write in any order, so it can stand whole behind the torn beginning.
 */
export class LogChain {
  readonly #runId: string
  #offset: number
  #seq: number
  #checksum: string
  #epoch: number
  #bad: { offset: number; sizeBytes: number } | null = null
  readonly #usedEpochs = new Set<number>()
  /** What the first `run` record said; null before it, and when the chain began after it. */
  facts: RunFacts | null = null
  /** The id of the log; null until its first record was taken, and when that can not be read or has none. */
  logId: string | null = null

  constructor(runId: string, from: ChainPoint = CHAIN_START) {
    this.#runId = runId
    this.#offset = from.offset
    this.#seq = from.seq
    this.#checksum = from.checksum
    this.#epoch = from.epoch
  }

  /** The chain after the last record that counted. */
  get point(): ChainPoint {
    return { offset: this.#offset, seq: this.#seq, checksum: this.#checksum, epoch: this.#epoch }
  }

  get seq(): number {
    return this.#seq
  }

  /** The highest epoch seen. */
  get epoch(): number {
    return this.#epoch
  }

  /** The garbage since the last record that counted, or null. */
  get badStretch(): BadStretch | null {
    return this.#bad
  }

  /** Whether an epoch was claimed when the log had seen it, or a higher one, before: nothing written under it counts. */
  isUsed(epoch: number): boolean {
    return this.#usedEpochs.has(epoch)
  }

  /**
   * Takes the next line.
   * @returns the record when it counts and holds events, else null
   * @throws {StoreError} STORE_DAMAGED when records are missing before this one
   */
  take(line: Uint8Array, offset: number): LogRecord | null {
    if (line.length === 0) return null
    const record = decodeRecord(line)
    if (record === null) {
      this.#takeGarbage(offset, line.length)
      return null
    }
    const taken = this.#takeRecord(record, offset)
    const sizeBytes = record.line.length
    if (sizeBytes < line.length) this.#takeGarbage(offset + sizeBytes, line.length - sizeBytes)
    return taken
  }

  #takeRecord(record: LogRecord, offset: number): LogRecord | null {
    if (record.kind === 'claim') {
      this.#takeClaim(record, offset)
      return null
    }
    if (record.epoch < this.#epoch || record.kind === 'release') return null
    const sizeBytes = record.line.length
    if (record.previous !== this.#checksum || (record.kind === 'events') !== record.seq > this.#seq) {
      if (this.#bad === null || !isJoined(record)) throw this.#damaged(offset)
      this.#takeGarbage(offset, sizeBytes)
      return null
    }
    this.#offset = offset + sizeBytes
    this.#seq = record.seq
    this.#checksum = record.checksum
    this.#epoch = record.epoch
    this.#bad = null
    if (record.kind === 'events') return record
    this.facts ??= decodeRun(record)
    return null
  }

  #takeGarbage(offset: number, sizeBytes: number): void {
    if (this.#bad === null) this.#bad = { offset, sizeBytes }
    else this.#bad.sizeBytes = offset + sizeBytes - this.#bad.offset
  }

  #takeClaim(record: LogRecord, offset: number): void {
    const { runId, logId } = decodeClaim(record)
    if (runId !== this.#runId) throw damaged(this.#runId, offset, `it is the log of run ${quote(runId)}`)
    if (offset === FIRST_LINE) this.logId = logId ?? null
    if (record.epoch > this.#epoch) this.#epoch = record.epoch
    else this.#usedEpochs.add(record.epoch)
  }

  #damaged(offset: number): StoreError {
    return this.#bad === null
      ? damaged(this.#runId, offset, 'the record there does not follow the one before it')
      : damaged(this.#runId, this.#bad.offset, `${this.#bad.sizeBytes} bytes hold no record, and later records need it`)
  }
}
