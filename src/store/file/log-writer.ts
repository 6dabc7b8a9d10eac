import { quote, StoreError } from '../../base/errors.ts'
import type { AppendExpectation, Claim, EventBatch } from '../driver.ts'
import { conflict, fenced } from '../store-failure.ts'
import type { ClaimFiles } from './claim-files.ts'
import type { Durability } from './durability.ts'
import { type FileSystem, isMissing } from './file-system.ts'
import type { LogScan } from './log-reader.ts'
import { encodeEvents, encodeRun, type RunFacts } from './record.ts'

/** Records larger than this are written without blocking. */
const LARGE_BYTES = 256 * 1024

/** What a writer shares with all others of its store. */
export interface WriterSurroundings {
  readonly fileSystem: FileSystem
  readonly durability: Durability
  /** Calls back when what waits should be written now; in `batch` mode at the end of the present window. */
  schedule(flush: () => void): void
  /** Makes the names of a run's folder, and of the folder of all runs, durable. */
  syncFolders(runFolder: string): Promise<void>
  /** Told before a writer opens its log, so that another can be closed. */
  opening(writer: LogWriter): void
}

interface Waiting {
  readonly bytes: Uint8Array
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/**
 * The one writer of a run's log under one claim. It keeps the head, so that an append costs the same however long the
 * history is: encode, one write, one sync, a look for a successor. What is appended while the disk is busy waits and
 * goes together. After a failed write or sync it writes nothing more: what reached the disk is unknown until the run is
 * claimed again and the log read.
 */
export class LogWriter {
  readonly claim: Claim
  readonly #around: WriterSurroundings
  readonly #claims: ClaimFiles
  readonly #folder: string
  readonly #logPath: string
  readonly #inode: number
  #fd: number | null
  #seq: number
  #checksum: string
  #facts: RunFacts | null
  #syncedBytes: number
  #foldersSynced = false
  #waiting: Waiting[] = []
  #scheduled = false
  #flushing: Promise<void> | null = null
  #failure: StoreError | null = null

  constructor(
    claim: Claim,
    scan: LogScan,
    log: {
      readonly folder: string
      readonly path: string
      readonly inode: number
      readonly fd: number
      readonly syncedBytes: number
    },
    claims: ClaimFiles,
    around: WriterSurroundings,
  ) {
    this.claim = claim
    this.#around = around
    this.#claims = claims
    this.#folder = log.folder
    this.#logPath = log.path
    this.#inode = log.inode
    this.#fd = log.fd
    this.#seq = scan.point.seq
    this.#checksum = scan.point.checksum
    this.#facts = scan.facts
    this.#syncedBytes = log.syncedBytes
  }

  /** A byte of the log before which all is known to be on disk, when a write or sync failed; else null. */
  get suspectFrom(): number | null {
    return this.#failure?.code === 'STORE_IO' ? this.#syncedBytes : null
  }

  get isBusy(): boolean {
    return this.#flushing !== null || this.#waiting.length > 0
  }

  /** @throws {StoreError} STORE_CONFLICT · STORE_FENCED · STORE_IO */
  append({ expectedSeq, epoch }: AppendExpectation, batch: EventBatch): Promise<void> {
    if (epoch !== this.claim.epoch) {
      throw fenced(this.claim.runId, epoch, `this store holds the claim with epoch ${this.claim.epoch}`)
    }
    if (this.#failure !== null) throw this.#failure
    if (expectedSeq !== this.#seq) throw conflict(this.claim.runId, expectedSeq, this.#seq)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes: this.#encode(batch), resolve, reject })
      this.#wake()
    })
  }

  /** Refuses appends from now on, and lets those that wait go ahead. */
  async stop(reason: StoreError): Promise<void> {
    this.#failure ??= reason
    while (this.isBusy) {
      this.#flushing ??= this.#flush()
      await this.#flushing
    }
    this.closeHandle()
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
    const record = encodeEvents(checksum, epoch, batch, facts)
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
    const { fileSystem, durability } = this.#around
    const { runId, epoch } = this.claim
    const fd = this.#fd ?? (await this.#reopen())
    const written =
      bytes.length > LARGE_BYTES ? await fileSystem.writeLarge(fd, bytes) : fileSystem.write(fd, bytes, null)
    if (written !== bytes.length) throw new Error(`the file system took ${written} of ${bytes.length} bytes`)
    if (durability !== 'exit') {
      const synced = fileSystem.syncData(fd)
      if (this.#foldersSynced) await synced
      else {
        // Both are awaited to their end, so that no failure goes unheard.
        const results = await Promise.allSettled([synced, this.#around.syncFolders(this.#folder)])
        for (const result of results) if (result.status === 'rejected') throw result.reason
        this.#foldersSynced = true
      }
    }
    this.#syncedBytes += bytes.length
    if (this.#claims.isOvertaken(epoch) || fileSystem.infoOf(this.#logPath)?.inode !== this.#inode) {
      throw fenced(runId, epoch, 'another owner took the run over, or it was deleted')
    }
  }

  async #reopen(): Promise<number> {
    const { fileSystem } = this.#around
    const { runId, epoch } = this.claim
    this.#around.opening(this)
    let fd: number
    try {
      fd = fileSystem.open(this.#logPath, 'append')
    } catch (error) {
      if (isMissing(error)) throw fenced(runId, epoch, 'the run was deleted')
      throw error
    }
    try {
      // A file system gives the inode of a deleted log to the next one, so the claim has to be this writer's too.
      if (fileSystem.info(fd).inode !== this.#inode || !(await this.#claims.isOwn(this.claim))) {
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
    this.#failure = failure
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
