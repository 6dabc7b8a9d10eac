import { isWaystoneError } from '../../base/errors.ts'
import type { ReadRange, RunSummary, StoredEvent } from '../driver.ts'
import { damaged } from '../store-failure.ts'
import type { RunFacts } from './event-index.ts'
import { type FileSystem, isMissing } from './file-system.ts'
import { FirstPage, PAGE_CHARACTERS } from './first-page.ts'
import { type BadStretch, CHAIN_START, type ChainPoint, FIRST_LINE, LogChain } from './log-chain.ts'
import { logLines } from './log-lines.ts'
import { addEvents, decodeClaim, decodeRecord, decodeSummary, isJoined, type LogRecord } from './record.ts'
import { eventsTo, RecordCursor } from './record-cursor.ts'

/** What reading a whole log tells its next writer. */
export interface LogScan {
  readonly point: ChainPoint
  readonly facts: RunFacts | null
  /** The id of the log; null when its first record can not be read, or is from before logs had ids. */
  readonly logId: string | null
  readonly badStretch: BadStretch | null
  /** The epoch the log has seen that the claimed one is not above; null when the claimed one is new. */
  readonly usedEpoch: number | null
}

/** The scan of a log without records. */
export const EMPTY_SCAN: LogScan = Object.freeze({
  point: CHAIN_START,
  facts: null,
  logId: null,
  badStretch: null,
  usedEpoch: null,
})

/** Distance of remembered points in a log, and how many logs are remembered. */
const POINT_BYTES = 256 * 1024
const MAX_LOGS = 256
/** First look at the end of a log; doubled until it holds the last record. */
const TAIL_BYTES = 16 * 1024

/** Points of one log: at regular distances, and where the latest page ended. */
interface KnownLog {
  readonly inode: number
  readonly points: ChainPoint[]
  pageEnd: ChainPoint
}

/** Reads logs: pages of events, summaries, and the whole for a new writer. Remembers points in them to go on from. */
export class LogReader {
  readonly #fileSystem: FileSystem
  readonly #known = new Map<string, KnownLog>()
  /** What the latest scan found first. */
  #first: FirstPage | null = null

  constructor(fileSystem: FileSystem) {
    this.#fileSystem = fileSystem
  }

  forget(path: string): void {
    this.#known.delete(path)
    this.forgetPage(path)
  }

  /** Lets go of the page that {@link scan} keeps for who reads next. */
  forgetPage(path: string): void {
    if (this.#first?.path === path) this.#first = null
  }

  /**
   * One page; shorter than its limit before damage, at the head and when events are long.
   * @throws {StoreError} STORE_DAMAGED when the first event of the page can not be read
   */
  async readPage(path: string, runId: string, { fromSeq, toSeq, limit }: ReadRange): Promise<readonly StoredEvent[]> {
    const last = Math.min(toSeq ?? Number.MAX_SAFE_INTEGER, fromSeq + limit - 1)
    const cursor = last < fromSeq ? null : await this.readCursor(path, runId, fromSeq, last)
    return cursor === null ? [] : eventsTo(cursor, last)
  }

  /**
   * The events from one on, up to the record that holds another, or to where {@link readPage} would end before.
   * @returns null when there is no log
   * @throws {StoreError} STORE_DAMAGED when the first event can not be read
   */
  async readCursor(path: string, runId: string, fromSeq: number, last: number): Promise<RecordCursor | null> {
    const first = this.#takeFirst(path, fromSeq)
    if (first !== null) return first
    return this.#withLog(path, async (fd) => {
      const from = this.#pointBefore(path, fd, fromSeq)
      try {
        return await this.#cursor(path, fd, runId, fromSeq, last, from)
      } catch (error) {
        // A remembered point can be of a log that was deleted and made anew: only the whole chain can accuse a log.
        if (from === CHAIN_START || !isWaystoneError(error, 'STORE_DAMAGED')) throw error
        this.forget(path)
        return this.#cursor(path, fd, runId, fromSeq, last, CHAIN_START)
      }
    })
  }

  /**
   * Reads the whole log for its next writer, and keeps the first page, which is mostly asked for next.
   * @param claimEpoch - the epoch whose `claim` record the writer has just appended
   * @throws {StoreError} STORE_DAMAGED
   */
  async scan(path: string, runId: string, claimEpoch: number): Promise<LogScan> {
    const scan = await this.#withLog(path, async (fd): Promise<LogScan> => {
      const chain = new LogChain(runId)
      const first = new FirstPage(path, this.#fileSystem.info(fd), runId)
      for await (const lines of logLines(this.#fileSystem, fd, 0)) {
        for (const line of lines) {
          const record = chain.take(line.bytes, line.offset)
          if (record !== null) this.#remember(path, fd, chain, first.add(record))
        }
      }
      first.end(chain.seq)
      this.#first = first
      const usedEpoch = chain.isUsed(claimEpoch) ? chain.epoch : null
      const { point, facts, logId, badStretch } = chain
      return { point, facts, logId, badStretch, usedEpoch }
    })
    return scan ?? EMPTY_SCAN
  }

  /**
   * The run's summary from the first records and the last, or null when there is no run.
   * @param highestClaim - the highest epoch claimed so far
   */
  async readSummary(path: string, runId: string, highestClaim: number): Promise<RunSummary | null> {
    const summary = await this.#withLog(path, async (fd) => {
      const last = await this.#lastRecord(fd, highestClaim)
      const facts = last === null ? null : await this.#readFacts(fd, runId)
      if (last !== null && facts !== null) return decodeSummary(last, runId, facts)
      return this.#scanSummary(fd, runId)
    })
    return summary ?? null
  }

  /** The id of a log, or null when there is none, or its first record can not be read. */
  async readLogId(path: string): Promise<string | null> {
    const logId = await this.#withLog(path, (fd) => logIdIn(this.#fileSystem, fd))
    return logId ?? null
  }

  /** The run id its log was begun for, or null when that can not be read. */
  async readRunId(path: string): Promise<string | null> {
    const runId = await this.#withLog(path, async (fd) => {
      for await (const lines of logLines(this.#fileSystem, fd, 0, TAIL_BYTES)) {
        for (const { bytes } of lines) {
          const record = decodeRecord(bytes)
          if (record?.kind === 'claim') return decodeClaim(record).runId
        }
      }
      return null
    })
    return runId ?? null
  }

  /** The page that was kept, once, if it holds an event and the log is still what it was. */
  #takeFirst(path: string, fromSeq: number): RecordCursor | null {
    const first = this.#first
    if (first?.path !== path) return null
    this.#first = null
    return first.from(fromSeq, this.#fileSystem.infoOf(path))
  }

  async #cursor(
    path: string,
    fd: number,
    runId: string,
    fromSeq: number,
    last: number,
    from: ChainPoint,
  ): Promise<RecordCursor> {
    const cursor = new RecordCursor(runId)
    const chain = new LogChain(runId, from)
    // A page of one run is mostly close to the point it starts from.
    const chunkBytes = from === CHAIN_START ? TAIL_BYTES * 4 : TAIL_BYTES * 16
    try {
      for await (const lines of logLines(this.#fileSystem, fd, from.offset, chunkBytes)) {
        for (const { bytes, offset } of lines) {
          const before = chain.seq
          const record = chain.take(bytes, offset)
          if (record === null) continue
          if (record.seq >= fromSeq && addEvents(record, cursor) !== before + 1) {
            throw damaged(runId, offset, 'its sequence does not follow')
          }
          const ends = record.seq >= last || cursor.characters >= PAGE_CHARACTERS
          this.#remember(path, fd, chain, ends)
          if (ends) {
            cursor.skipTo(fromSeq)
            return cursor
          }
        }
      }
    } catch (error) {
      // What stands before the damage is good and comes first; the next page begins at the damage and reports it.
      if (cursor.characters === 0 || !isWaystoneError(error, 'STORE_DAMAGED')) throw error
      cursor.skipTo(fromSeq)
      return cursor
    }
    // The next look, mostly for what comes after these, has nothing of them to read again.
    if (chain.seq > 0) this.#remember(path, fd, chain, true)
    cursor.isAtHead = true
    cursor.skipTo(fromSeq)
    return cursor
  }

  /**
   * The last record with events, found from the end, or null when only the whole log can tell: it has a torn tail, no
   * events, or a stale writer may have written last. A record of epoch e is the last that counts when every epoch
   * claimed after e has its `claim` record behind it, since then no higher epoch began before it. One that was written
   * together with the record before it needs that one to be whole, too.
   */
  async #lastRecord(fd: number, highestClaim: number): Promise<LogRecord | null> {
    const { sizeBytes } = this.#fileSystem.info(fd)
    for (let window = TAIL_BYTES; ; window *= 4) {
      const start = Math.max(0, sizeBytes - window)
      const tail = Buffer.allocUnsafe(sizeBytes - start)
      if ((await this.#fileSystem.read(fd, tail, start)) < tail.length) return null
      const epochsBehind = new Set<number>()
      let last: LogRecord | null = null
      let needed: string | null = null
      let end = tail.length
      for (;;) {
        const lineBreak = end === 0 ? -1 : tail.lastIndexOf(0x0a, end - 1)
        if (lineBreak === -1) break
        const line = tail.subarray(lineBreak + 1, end)
        const record = decodeRecord(line)
        if (record === null || record.line.length < line.length || (needed !== null && record.checksum !== needed))
          return null
        if (last === null && record.kind === 'events') {
          for (let epoch = record.epoch + 1; epoch <= highestClaim; epoch++) if (!epochsBehind.has(epoch)) return null
          last = record
        }
        if (last === null) {
          if (record.kind === 'run') return null
          epochsBehind.add(record.epoch)
        } else if (isJoined(record)) needed = record.previous
        else return last
        end = lineBreak
      }
      if (start === 0) return null
    }
  }

  async #readFacts(fd: number, runId: string): Promise<RunFacts | null> {
    const chain = new LogChain(runId)
    for await (const lines of logLines(this.#fileSystem, fd, 0, TAIL_BYTES)) {
      for (const { bytes, offset } of lines) {
        if (chain.take(bytes, offset) !== null) return null
        if (chain.facts !== null) return chain.facts
      }
    }
    return null
  }

  async #scanSummary(fd: number, runId: string): Promise<RunSummary | null> {
    const chain = new LogChain(runId)
    let summary: RunSummary | null = null
    for await (const lines of logLines(this.#fileSystem, fd, 0)) {
      let last: LogRecord | null = null
      for (const { bytes, offset } of lines) last = chain.take(bytes, offset) ?? last
      if (last === null) continue
      if (chain.facts === null) throw damaged(runId, 0, 'events stand before the record of their run')
      summary = decodeSummary(last, runId, chain.facts)
    }
    return summary
  }

  #pointBefore(path: string, fd: number, seq: number): ChainPoint {
    const known = this.#known.get(path)
    if (known === undefined) return CHAIN_START
    const { inode, sizeBytes } = this.#fileSystem.info(fd)
    if (known.inode !== inode) {
      this.forget(path)
      return CHAIN_START
    }
    let low = 0
    let high = known.points.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (known.points[middle]!.seq < seq) low = middle + 1
      else high = middle
    }
    let point = known.points[low - 1] ?? CHAIN_START
    if (known.pageEnd.seq < seq && known.pageEnd.offset > point.offset) point = known.pageEnd
    return point.offset > sizeBytes ? CHAIN_START : point
  }

  #remember(path: string, fd: number, chain: LogChain, isPageEnd = false): void {
    let known = this.#known.get(path)
    const nextOffset = (known?.points.at(-1)?.offset ?? 0) + POINT_BYTES
    const { point } = chain
    if (point.offset < nextOffset && !isPageEnd) return
    const { inode } = this.#fileSystem.info(fd)
    if (known === undefined || known.inode !== inode) {
      known = { inode, points: [], pageEnd: CHAIN_START }
      const oldest = this.#known.keys().next()
      if (this.#known.size >= MAX_LOGS && oldest.done === false) this.#known.delete(oldest.value)
      this.#known.set(path, known)
    }
    if (point.offset >= nextOffset) known.points.push(point)
    if (isPageEnd) known.pageEnd = point
  }

  async #withLog<T>(path: string, read: (fd: number) => Promise<T>): Promise<T | null> {
    let fd: number
    try {
      fd = this.#fileSystem.open(path, 'read')
    } catch (error) {
      if (isMissing(error)) return null
      throw error
    }
    try {
      return await read(fd)
    } finally {
      this.#fileSystem.close(fd)
    }
  }
}

/** The id of an open log, or null when its first record can not be read. */
export async function logIdIn(fileSystem: FileSystem, fd: number): Promise<string | null> {
  for await (const lines of logLines(fileSystem, fd, 0, TAIL_BYTES)) {
    for (const { bytes, offset } of lines) {
      if (offset < FIRST_LINE) continue
      const record = offset === FIRST_LINE ? decodeRecord(bytes) : null
      return record?.kind === 'claim' ? (decodeClaim(record).logId ?? null) : null
    }
  }
  return null
}
