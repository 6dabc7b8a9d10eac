import { quote, StoreError } from '../../base/errors.ts'
import type { AppendExpectation, Claim, EventBatch } from '../driver.ts'
import { conflict, fenced } from '../store-failure.ts'
import type { ClaimFiles } from './claim-files.ts'
import type { RunFacts } from './event-index.ts'
import { type FileSystem, isMissing } from './file-system.ts'
import type { GroupCommit, Stretch } from './group-commit.ts'
import type { LogScan } from './log-reader.ts'
import { encodeEvents, encodeRelease, encodeRun } from './record.ts'

/** Records larger than this are written without blocking. */
const LARGE_BYTES = 256 * 1024
const NOTHING = new Uint8Array(0)
const NOTHING_TO_CONFIRM = () => undefined

/** What a writer shares with all others of its store. */
export interface WriterSurroundings {
  readonly fileSystem: FileSystem
  /** Whether what is acknowledged has to be on disk. */
  readonly isSynced: boolean
  /** Calls back when what waits should be written now; in `batch` mode at the end of the present window. */
  schedule(flush: () => void): void
  /** Makes what was appended durable, together with what other writers appended. */
  readonly commit: GroupCommit
  /** Told before a writer opens its log, so that another can be closed. */
  opening(writer: LogWriter): void
}

/** A log as its next writer finds it, or has just made it. */
export interface TakenLog {
  /** Name of the run; see `runName`. */
  readonly name: string
  readonly path: string
  readonly inode: number
  readonly fd: number
  readonly logId: string | null
  readonly sizeBytes: number
  /** What is in the log and not on disk yet: the `claim` record of a new log; else empty. */
  readonly unsynced: Uint8Array
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * The one writer of a run's log under one claim. It keeps the head, so that an append costs the same however long the
 * history is: encode, one write, a look for a successor, a share in a sync. What is appended while the disk is busy
 * waits and goes together. After a failed write or sync it writes nothing more: what reached the disk is unknown until the run is
 * claimed again and the log read.
 */
export class LogWriter {
  readonly claim: Claim
  readonly #around: WriterSurroundings
  readonly #claims: ClaimFiles
  readonly #log: TakenLog
  #fd: number | null
  #seq: number
  #checksum: string
  #facts: RunFacts | null
  /** The end of the log, if nobody else wrote to it. */
  #end: number
  /** Whether somebody else was seen to write to the log since this writer's `claim` record. */
  #isShared: boolean
  /** What no commit was given yet, at the end of the log. */
  #unsynced: Uint8Array
  /** All before this byte is on disk. */
  #syncedTo: number
  #names: Stretch['names'] = 'unknown'
  #waiting: Waiting[] = []
  #scheduled = false
  #flushing: Promise<void> | null = null
  /** Why appends are refused from now on; the error is made when one is. */
  #refusal: (() => StoreError) | null = null
  /** Whether a write or sync failed, so that nobody knows what is on disk. */
  #isSuspect = false

  constructor(claim: Claim, scan: LogScan, log: TakenLog, claims: ClaimFiles, around: WriterSurroundings) {
    this.claim = claim
    this.#around = around
    this.#claims = claims
    this.#log = log
    this.#fd = log.fd
    this.#seq = scan.point.seq
    this.#checksum = scan.point.checksum
    this.#facts = scan.facts
    this.#end = log.sizeBytes
    this.#isShared = scan.point.epoch > claim.epoch
    this.#unsynced = log.unsynced
    this.#syncedTo = log.sizeBytes - log.unsynced.length
  }

  /** Whether the run has no events, and none are under way, as far as this writer knows. */
  get isEmpty(): boolean {
    if (this.#facts !== null || this.#refusal !== null || this.#isShared) return false
    const { fileSystem } = this.#around
    const info = this.#fd === null ? fileSystem.infoOf(this.#log.path) : fileSystem.info(this.#fd)
    return info?.inode === this.#log.inode && info.sizeBytes === this.#end && info.links > 0
  }

  /** A byte of the log before which all is known to be on disk, when a write or sync failed; else null. */
  get suspectFrom(): number | null {
    return this.#isSuspect ? this.#syncedTo : null
  }

  get isBusy(): boolean {
    return this.#flushing !== null || this.#waiting.length > 0
  }

  /** @throws {StoreError} STORE_CONFLICT · STORE_FENCED · STORE_IO */
  append({ expectedSeq, epoch }: AppendExpectation, batch: EventBatch): Promise<void> {
    if (epoch !== this.claim.epoch) {
      throw fenced(this.claim.runId, epoch, `this store holds the claim with epoch ${this.claim.epoch}`)
    }
    if (this.#refusal !== null) throw this.#refusal()
    if (expectedSeq !== this.#seq) throw conflict(this.claim.runId, expectedSeq, this.#seq)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes: this.#encode(batch), resolve, reject })
      this.#wake()
    })
  }

  /** Refuses appends from now on, and lets those that wait go ahead. */
  async stop(reason: () => StoreError): Promise<void> {
    await this.#quiet(reason)
    this.closeHandle()
  }

  /**
   * As `stop`, and says in the log that the run is let go, if the log is the claim and is open.
   * @returns whether it did; else the claim is still to be let go
   */
  async letGo(reason: () => StoreError): Promise<boolean> {
    await this.#quiet(reason)
    const fd = this.#fd
    try {
      // A log that could not be written is closed, and is written no more.
      if (fd === null || !this.#claims.isInLog(this.claim.epoch)) return false
      const { bytes } = encodeRelease(this.claim.epoch)
      return this.#around.fileSystem.write(fd, bytes, null) === bytes.length
    } catch {
      // On a full disk, say: a claim file can still tell.
      return false
    } finally {
      this.closeHandle()
    }
  }

  async #quiet(reason: () => StoreError): Promise<void> {
    this.#refusal ??= reason
    while (this.isBusy) {
      this.#flushing ??= this.#flush()
      await this.#flushing
    }
  }

  closeHandle(): void {
    if (this.#fd === null) return
    const fd = this.#fd
    this.#fd = null
    this.#around.fileSystem.close(fd)
  }

  #encode(batch: EventBatch): Uint8Array {
    const { epoch } = this.claim
    const { workflowId, workflowVersion, createdAt } = batch.summary
    const parts: Uint8Array[] = []
    let checksum = this.#checksum
    let facts = this.#facts
    if (facts === null) {
      facts = { workflowId, workflowVersion, createdAt }
      const record = encodeRun(checksum, epoch, facts)
      parts.push(record.bytes)
      checksum = record.checksum
    }
    const isJoined = parts.length > 0 || this.#waiting.length > 0
    const record = encodeEvents(checksum, epoch, batch, facts, isJoined)
    parts.push(record.bytes)
    this.#facts = facts
    this.#checksum = record.checksum
    this.#seq = batch.summary.seq
    return parts.length === 1 ? record.bytes : Buffer.concat(parts)
  }

  #wake(): void {
    if (this.#scheduled || this.#flushing !== null) return
    this.#scheduled = true
    this.#around.schedule(() => {
      this.#scheduled = false
      if (this.#flushing === null && this.#waiting.length > 0) this.#flushing = this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const group = this.#waiting
    this.#waiting = []
    try {
      await this.#write(group.length === 1 ? group[0]!.bytes : Buffer.concat(group.map(({ bytes }) => bytes)))
      for (const { resolve } of group) resolve()
    } catch (error) {
      this.#fail(error, group)
    } finally {
      this.#flushing = null
      if (this.#waiting.length > 0) this.#wake()
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { fileSystem, commit } = this.#around
    const { name, logId } = this.#log
    const fd = this.#fd ?? (await this.#reopen())
    const written =
      bytes.length > LARGE_BYTES ? await fileSystem.writeLarge(fd, bytes) : fileSystem.write(fd, bytes, null)
    if (written !== bytes.length) throw new Error(`the file system took ${written} of ${bytes.length} bytes`)
    const { sizeBytes, links } = fileSystem.info(fd)
    if (links === 0) throw this.#lost()
    // A log only grows, so when it has just the size it would have without other writers, there were none.
    const isAlone = sizeBytes === this.#end + bytes.length
    if (!isAlone) this.#isShared = true
    const unsynced = this.#unsynced.length === 0 ? bytes : Buffer.concat([this.#unsynced, bytes])
    const offset = isAlone ? sizeBytes - unsynced.length : null
    this.#end = sizeBytes
    const names = this.#names
    this.#names = await commit.commit({
      ...{ name, fd, logId, offset, names, bytes: unsynced },
      // Where nobody else wrote, no successor's `claim` record stands before these bytes, so they count for whoever takes
      // the run over. Bytes that a journal could begin a log with are looked after all the same: see `Tombstones`.
      confirm: this.#isShared || offset === 0 ? () => this.#confirm() : NOTHING_TO_CONFIRM,
    })
    this.#unsynced = NOTHING
    this.#syncedTo = sizeBytes
  }

  /** @throws {StoreError} STORE_FENCED when the run has another owner, or its log is not the one at its path any more */
  #confirm(): void {
    const { fileSystem } = this.#around
    const { path, inode } = this.#log
    if (this.#claims.isOvertaken(this.claim.epoch) || fileSystem.infoOf(path)?.inode !== inode) throw this.#lost()
  }

  #lost(): StoreError {
    return fenced(this.claim.runId, this.claim.epoch, 'another owner took the run over, or it was deleted')
  }

  async #reopen(): Promise<number> {
    const { fileSystem } = this.#around
    const { runId, epoch } = this.claim
    this.#around.opening(this)
    let fd: number
    try {
      fd = fileSystem.open(this.#log.path, 'append')
    } catch (error) {
      if (isMissing(error)) throw fenced(runId, epoch, 'the run was deleted')
      throw error
    }
    try {
      // A file system gives the inode of a deleted log to the next one, so the claim has to be this writer's too.
      if (fileSystem.info(fd).inode !== this.#log.inode || !(await this.#claims.isOwn(this.claim))) {
        throw fenced(runId, epoch, 'the run was deleted and made anew')
      }
    } catch (error) {
      fileSystem.close(fd)
      throw error
    }
    this.#fd = fd
    return fd
  }

  #fail(error: unknown, group: readonly Waiting[]): void {
    const { runId } = this.claim
    const reason = error instanceof Error ? error.message : quote(error)
    const failure =
      error instanceof StoreError
        ? error
        : new StoreError(
            'STORE_IO',
            `the log of run ${quote(runId)} could not be written: ${reason}; its events may or may not be kept, claim the run again to know`,
            { details: { runId, ...systemCodeOf(error) }, cause: error },
          )
    this.#refusal = () => failure
    this.#isSuspect = failure.code === 'STORE_IO'
    const behind = this.#waiting
    this.#waiting = []
    for (const { reject } of group) reject(failure)
    for (const { reject } of behind) reject(failure)
    this.closeHandle()
  }
}

function systemCodeOf(error: unknown): { readonly systemCode?: string } {
  const code = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined
  return typeof code === 'string' ? { systemCode: code } : {}
}
