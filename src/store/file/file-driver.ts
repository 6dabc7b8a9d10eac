import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { quote, StoreError } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { ListCursor } from '../../run/list-cursor.ts'
import type { EventCursor } from '../../run/recorded-event.ts'
import type {
  AppendExpectation,
  Checkpoint,
  CheckpointInfo,
  Claim,
  ClaimRequest,
  EventBatch,
  ListQuery,
  ReadRange,
  RunPage,
  RunSummary,
  StoreDriver,
  StoredEvent,
  StoreRepair,
  StoreStats,
  StoreSupports,
} from '../driver.ts'
import { fenced } from '../store-failure.ts'
import { CheckpointFiles } from './checkpoint-files.ts'
import { ClaimFiles } from './claim-files.ts'
import type { Durability } from './durability.ts'
import { type FileSystem, isMissing } from './file-system.ts'
import { GroupCommit } from './group-commit.ts'
import { LogReader } from './log-reader.ts'
import type { WriterSurroundings } from './log-writer.ts'
import type { ProcessIdentity } from './process-identity.ts'
import { type ReplayPlace, replayJournals } from './replay.ts'
import { DELETED_PREFIX, logName, nameOfLog, runIdOf, runName } from './run-name.ts'
import { SharedJournal } from './shared-journal.ts'
import { SharedFolderSync } from './shared-sync.ts'
import { takeRun } from './take-run.ts'
import { Tombstones } from './tombstones.ts'
import { WriterPool } from './writer-pool.ts'

/** What the driver is made of; all set. */
export interface FileDriverParts {
  readonly folder: string
  readonly durability: Durability
  readonly batchMs: number
  readonly fileSystem: FileSystem
  /** The process this store is in; tests stand in for others. */
  readonly self: ProcessIdentity
  /** Length of a journal file in bytes at which the next one is begun. */
  readonly journalBytes: number
  readonly onRepair: ((repair: StoreRepair) => void) | null
  readonly logger: Logger | null
}

/**
 * A run is a log, `<folder>/runs/<name>.log`, only ever appended to; what few runs have, claims after the first
 * (`claim-<epoch>`) and `checkpoints/`, is in the folder `<folder>/runs/<name>/`. Beside them `<folder>/journal/`, with which
 * writers of many runs share syncs; see {@link SharedJournal}.
 * For a local file system; on a network file system with caches two hosts may not see each other's claims in time.
 */
export class FileDriver implements StoreDriver {
  readonly name = 'file'
  readonly supports: StoreSupports = { durable: true, crossProcessClaims: true, checkpoints: true }
  readonly #parts: FileDriverParts
  readonly #runsFolder: string
  readonly #place: ReplayPlace
  readonly #journal: SharedJournal
  readonly #tombstones: Tombstones
  readonly #reader: LogReader
  readonly #pool: WriterPool
  readonly #around: WriterSurroundings
  /** Ids of runs whose folder name is a hash. */
  readonly #hashedIds = new Map<string, string>()
  /** Last epochs of runs deleted here, so that a claim from before the deletion never passes for one after it. */
  readonly #deletedEpochs = new Map<string, number>()
  /** Folders that got a name which is not on disk yet; kept when an opening fails, for the next. */
  readonly #unsyncedParents = new Set<string>()

  constructor(parts: FileDriverParts) {
    this.#parts = parts
    this.#runsFolder = path.join(path.resolve(parts.folder), 'runs')
    this.#reader = new LogReader(parts.fileSystem)
    this.#pool = new WriterPool(parts.durability === 'batch' ? parts.batchMs : null)
    const { fileSystem, durability, self, logger } = parts
    const journalFolder = path.join(path.resolve(parts.folder), 'journal')
    const allRuns = new SharedFolderSync(fileSystem, this.#runsFolder)
    this.#place = { fileSystem, runsFolder: this.#runsFolder, journalFolder, self, logger }
    this.#journal = new SharedJournal(this.#place, parts.journalBytes)
    this.#tombstones = new Tombstones(fileSystem, journalFolder)
    this.#around = {
      fileSystem,
      isSynced: durability !== 'exit',
      commit: new GroupCommit(
        fileSystem,
        durability,
        this.#journal,
        () => allRuns.sync(),
        () => this.#pool.openLogs <= 1,
      ),
      schedule: (flush) => this.#pool.schedule(flush),
      opening: (writer) => this.#pool.opening(writer),
    }
  }

  async open(): Promise<void> {
    const { fileSystem } = this.#parts
    for (let folder = this.#runsFolder; !fileSystem.exists(folder); folder = path.dirname(folder)) {
      this.#unsyncedParents.add(path.dirname(folder))
    }
    await fileSystem.makeFolder(this.#runsFolder)
    if (fileSystem.names(this.#runsFolder).length === 0) {
      // Another process may have made these and died before they were synced.
      const folder = path.dirname(this.#runsFolder)
      for (const parent of [folder, path.dirname(folder)]) this.#unsyncedParents.add(parent)
    }
    for (const parent of this.#unsyncedParents) {
      await fileSystem.syncFolder(parent)
      this.#unsyncedParents.delete(parent)
    }
    await replayJournals(this.#place)
    for (const name of fileSystem.names(this.#runsFolder)) {
      if (name.startsWith(DELETED_PREFIX)) await fileSystem.removeFolder(path.join(this.#runsFolder, name))
    }
  }

  async close(): Promise<void> {
    await this.#pool.close(() => new StoreError('STORE_CLOSED', 'the file store is closed'))
    await this.#journal.close()
  }

  async append(runId: string, expectation: AppendExpectation, batch: EventBatch): Promise<void> {
    const writer = this.#pool.get(runId)
    if (writer === undefined) {
      throw fenced(runId, expectation.epoch, 'this store does not hold a claim of the run')
    }
    return writer.append(expectation, batch)
  }

  async read(runId: string, range: ReadRange): Promise<readonly StoredEvent[]> {
    return this.#reader.readPage(this.#logPath(runId), runId, range)
  }

  async readCursor(runId: string, { fromSeq, limit }: Omit<ReadRange, 'toSeq'>): Promise<EventCursor> {
    const cursor = await this.#reader.readCursor(this.#logPath(runId), runId, fromSeq, fromSeq + limit - 1)
    return cursor ?? new ListCursor(runId, [], true)
  }

  async get(runId: string): Promise<RunSummary | null> {
    if (this.#pool.get(runId)?.isEmpty === true) return null
    const highestClaim = this.#claims(runId).epochs().at(-1) ?? 0
    return this.#reader.readSummary(this.#logPath(runId), runId, highestClaim)
  }

  async list({ statuses, workflowId, limit, cursor }: ListQuery): Promise<RunPage> {
    const runs: RunSummary[] = []
    for (const runId of await this.#runIds()) {
      if (cursor !== null && runId <= cursor) continue
      const summary = await this.#summaryForList(runId)
      if (summary === null) continue
      if (statuses !== null && !statuses.includes(summary.status)) continue
      if (workflowId !== null && summary.workflowId !== workflowId) continue
      // One more than asked for tells that there is a next page.
      if (runs.length === limit) return { runs, cursor: runs[limit - 1]!.runId }
      runs.push(summary)
    }
    return { runs, cursor: null }
  }

  async delete(runId: string): Promise<void> {
    const { fileSystem } = this.#parts
    const log = this.#logPath(runId)
    const highestClaim = this.#claims(runId).present()
    if (highestClaim > 0) this.#deletedEpochs.set(runId, highestClaim)
    await this.#pool.drop(runId, () => fenced(runId, highestClaim, 'the run was deleted'))
    this.#reader.forget(log)
    const logId = await this.#reader.readLogId(log)
    if (logId !== null) await this.#tombstones.lay(logId)
    // The log is the run, so it goes last: a checkpoint that outlived it would be taken for one of the next of that id.
    for (const at of [this.#runFolder(runId), log]) if (fileSystem.exists(at)) await this.#bury(at)
  }

  /** Removes a file or folder, which is there whole or not at all, whenever that is cut off. */
  async #bury(at: string): Promise<void> {
    const { fileSystem, durability } = this.#parts
    const grave = path.join(this.#runsFolder, DELETED_PREFIX + randomBytes(8).toString('hex'))
    try {
      fileSystem.rename(at, grave)
    } catch (error) {
      // Another process that deletes the run was faster; that is on disk when this returns all the same.
      if (!isMissing(error)) throw error
    }
    if (durability !== 'exit') await fileSystem.syncFolder(this.#runsFolder)
    await fileSystem.removeFolder(grave)
  }

  async stats(): Promise<StoreStats> {
    let runs = 0
    let events = 0
    let sizeBytes = 0
    for (const runId of await this.#runIds()) {
      const summary = await this.#summaryForList(runId)
      if (summary !== null) {
        runs += 1
        events += summary.seq
      }
      sizeBytes += this.#parts.fileSystem.infoOf(this.#logPath(runId))?.sizeBytes ?? 0
      sizeBytes += this.#checkpoints(runId).sizeBytes()
    }
    return { runs, events, sizeBytes }
  }

  async claim(
    runId: string,
    request: ClaimRequest,
  ): Promise<{ readonly claim: Claim; readonly repairs: readonly StoreRepair[] }> {
    const { onRepair, logger } = this.#parts
    const taken = takeRun({
      runId,
      name: runName(runId),
      request,
      logPath: this.#logPath(runId),
      claims: this.#claims(runId),
      reader: this.#reader,
      around: this.#around,
      suspectFrom: this.#pool.suspectFrom(runId),
      above: this.#deletedEpochs.get(runId) ?? 0,
    })
    const { writer, repairs } = await taken.catch((error: unknown) => {
      // A sync may have failed, over bytes of others too.
      if (!(error instanceof StoreError)) this.#pool.suspect(runId, 0)
      throw error
    })
    const { epoch } = writer.claim
    if ((this.#pool.get(runId)?.claim.epoch ?? 0) > epoch) {
      const overtaken = () => fenced(runId, epoch, 'this store claimed the run again meanwhile')
      await writer.stop(overtaken)
      throw overtaken()
    }
    const before = this.#pool.put(runId, writer)
    this.#deletedEpochs.delete(runId)
    await before?.stop(() => fenced(runId, before.claim.epoch, 'this store claimed the run again'))
    for (const repair of repairs) {
      logger?.warn(`the log of run ${quote(runId)} had a torn tail; it is passed over from now on`, repair)
      onRepair?.(repair)
    }
    return { claim: writer.claim, repairs }
  }

  async renew(claim: Claim, request: ClaimRequest): Promise<Claim> {
    this.#checkHeld(claim)
    return this.#claims(claim.runId).renew(claim, request)
  }

  async release(claim: Claim): Promise<void> {
    const writer = this.#pool.get(claim.runId)
    if (writer === undefined || writer.claim.epoch !== claim.epoch) return
    this.#reader.forgetPage(this.#logPath(claim.runId))
    const released = () => fenced(claim.runId, claim.epoch, 'it was released')
    const isLetGo = await writer.letGo(released)
    await this.#pool.drop(claim.runId, released)
    if (!isLetGo) await this.#claims(claim.runId).release(claim)
  }

  async saveCheckpoint(runId: string, checkpoint: Checkpoint): Promise<void> {
    await this.#checkpoints(runId).save(checkpoint)
  }

  async readCheckpoint(runId: string, atOrBeforeSeq: number): Promise<Checkpoint | null> {
    return this.#checkpoints(runId).readLatest(atOrBeforeSeq)
  }

  async listCheckpoints(runId: string): Promise<readonly CheckpointInfo[]> {
    return this.#checkpoints(runId).list()
  }

  async deleteCheckpoints(runId: string, seqs: readonly number[]): Promise<void> {
    this.#checkpoints(runId).delete(seqs)
  }

  #checkHeld(claim: Claim): void {
    if (this.#pool.get(claim.runId)?.claim.epoch !== claim.epoch) {
      throw fenced(claim.runId, claim.epoch, 'this store does not hold it')
    }
  }

  /** A summary, or null for a run whose log can not be read: one damaged run must not hide all others. */
  async #summaryForList(runId: string): Promise<RunSummary | null> {
    try {
      return await this.get(runId)
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'STORE_DAMAGED') throw error
      this.#parts.logger?.warn(`run ${quote(runId)} is left out of a list: ${error.message}`, error.details)
      return null
    }
  }

  /** All run ids in code unit order. */
  async #runIds(): Promise<string[]> {
    const runIds: string[] = []
    for (const fileName of this.#parts.fileSystem.names(this.#runsFolder)) {
      const name = nameOfLog(fileName)
      if (name === null) continue
      const runId = runIdOf(name)
      if (runId === null) {
        const hashed = this.#hashedIds.get(name) ?? (await this.#reader.readRunId(this.#logIn(name)))
        if (hashed === null || runName(hashed) !== name) continue
        this.#hashedIds.set(name, hashed)
        runIds.push(hashed)
      } else if (runId !== undefined) {
        runIds.push(runId)
      }
    }
    return runIds.sort(byCodeUnit)
  }

  #runFolder(runId: string): string {
    return path.join(this.#runsFolder, runName(runId))
  }

  #logPath(runId: string): string {
    return this.#logIn(runName(runId))
  }

  #logIn(name: string): string {
    return path.join(this.#runsFolder, logName(name))
  }

  #claims(runId: string): ClaimFiles {
    const place = { runId, folder: this.#runFolder(runId), logPath: this.#logPath(runId) }
    return new ClaimFiles(this.#parts.fileSystem, place, this.#parts.self)
  }

  #checkpoints(runId: string): CheckpointFiles {
    const folder = path.join(this.#runFolder(runId), 'checkpoints')
    return new CheckpointFiles(this.#parts.fileSystem, folder, this.#parts.durability !== 'exit')
  }
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
