import type { StoreError } from '../../base/errors.ts'
import type { LogWriter } from './log-writer.ts'

/** Most logs kept open. */
const MAX_OPEN = 128

/** The writers of a store, one for each run it holds: which logs stay open, and when they write. */
export class WriterPool {
  readonly #batchMs: number | null
  readonly #writers = new Map<string, LogWriter>()
  /** Where the log of a run whose writer failed is in doubt. */
  readonly #suspects = new Map<string, number>()
  /** Open logs, the longest unused first. */
  readonly #open = new Set<LogWriter>()
  #window: (() => void)[] | null = null

  /** @param batchMs - length of a window in which appends are gathered; null writes at once */
  constructor(batchMs: number | null) {
    this.#batchMs = batchMs
  }

  /** How many logs are open. */
  get openLogs(): number {
    return this.#open.size
  }

  get(runId: string): LogWriter | undefined {
    return this.#writers.get(runId)
  }

  /** A byte from which the log of a run is in doubt since a write or sync of this store failed; else null. */
  suspectFrom(runId: string): number | null {
    return this.#suspects.get(runId) ?? this.#writers.get(runId)?.suspectFrom ?? null
  }

  /** Puts the log of a run in doubt, from a byte on, until it is claimed. */
  suspect(runId: string, from: number): void {
    this.#suspects.set(runId, from)
  }

  /** Makes this the writer of a run; gives the one before, which is to be stopped. */
  put(runId: string, writer: LogWriter): LogWriter | undefined {
    const before = this.#writers.get(runId)
    if (before !== undefined) this.#open.delete(before)
    this.#suspects.delete(runId)
    this.#writers.set(runId, writer)
    this.opening(writer)
    return before
  }

  /** Stops a run's writer, if there is one, after what waits is written. */
  async drop(runId: string, reason: () => StoreError): Promise<void> {
    const writer = this.#writers.get(runId)
    if (writer === undefined) return
    await writer.stop(reason)
    if (writer.suspectFrom !== null) this.#suspects.set(runId, writer.suspectFrom)
    if (this.#writers.get(runId) === writer) this.#writers.delete(runId)
    this.#open.delete(writer)
  }

  async close(reason: () => StoreError): Promise<void> {
    await Promise.all([...this.#writers.keys()].map((runId) => this.drop(runId, reason)))
  }

  /** Marks a log as opened just now, and closes idle ones beyond the limit. */
  opening(writer: LogWriter): void {
    this.#open.delete(writer)
    this.#open.add(writer)
    if (this.#open.size <= MAX_OPEN) return
    for (const candidate of this.#open) {
      if (candidate === writer || candidate.isBusy) continue
      candidate.closeHandle()
      this.#open.delete(candidate)
      if (this.#open.size <= MAX_OPEN) return
    }
  }

  /** Calls back when waiting appends should be written: at the end of this turn, or of the window. */
  schedule(flush: () => void): void {
    if (this.#batchMs === null) {
      queueMicrotask(flush)
      return
    }
    if (this.#window !== null) {
      this.#window.push(flush)
      return
    }
    const window = [flush]
    this.#window = window
    setTimeout(() => {
      this.#window = null
      for (const each of window) each()
    }, this.#batchMs)
  }
}
