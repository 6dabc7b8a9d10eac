import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { quote } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { isMissing } from './file-system.ts'
import { type JournalEntry, JournalFile } from './journal-file.ts'
import { type ReplayPlace, replay } from './replay.ts'
import type { SharedFolderSync } from './shared-sync.ts'
import { Tombstones } from './tombstones.ts'

/** Logs that are synced at once when a file of the journal is given up. */
const SYNCS_AT_ONCE = 8

/**
 * The journal of a store: what many logs were given, in one file, so that one sync makes all of it durable. It matters
 * after a loss of power only, when {@link replayJournals} brings the logs up to it; in all other cases the logs have
 * their bytes already. A file of it goes once the logs it covers are synced themselves.
 */
export class SharedJournal {
  readonly #place: ReplayPlace
  readonly #allRuns: SharedFolderSync
  readonly #logger: Logger | null
  readonly #rotationBytes: number
  readonly #id = randomBytes(6).toString('hex')
  #number = 0
  #file: JournalFile | null = null
  /** Files that are written no more, being retired; settles without an error. */
  #retiring: Promise<void> = Promise.resolve()
  readonly #unretired: JournalFile[] = []

  /** @param rotationBytes - a file of the journal is given up for a new one when it is that long */
  constructor(place: ReplayPlace, allRuns: SharedFolderSync, rotationBytes: number) {
    this.#place = place
    this.#allRuns = allRuns
    this.#logger = place.logger
    this.#rotationBytes = rotationBytes
  }

  get isBegun(): boolean {
    return this.#file !== null
  }

  /** Makes ready for {@link put}: begins a file when there is none, or the present one is long enough. */
  async ready(): Promise<void> {
    if (this.#file !== null && this.#file.sizeBytes < this.#rotationBytes) return
    const { fileSystem, journalFolder, self } = this.#place
    if (!fileSystem.exists(journalFolder)) {
      await fileSystem.makeFolder(journalFolder)
      await fileSystem.syncFolder(path.dirname(journalFolder))
    }
    this.#number += 1
    const file = await JournalFile.create(fileSystem, journalFolder, this.#id, this.#number, self)
    this.giveUp()
    this.#file = file
  }

  /** Writes entries as one record, unsynced. */
  put(entries: readonly JournalEntry[]): void {
    const file = this.#file!
    for (const { name } of entries) file.folders.add(path.join(this.#place.runsFolder, name))
    file.put(entries)
  }

  /**
   * Makes what was put durable.
   * @returns false when somebody took the file away meanwhile: then nothing is known
   */
  async sync(): Promise<boolean> {
    const file = this.#file!
    await file.sync()
    return this.#place.fileSystem.exists(file.path)
  }

  /** Writes no more to the present file, and removes it in the background once its logs are synced. */
  giveUp(): void {
    const file = this.#file
    if (file === null) return
    this.#file = null
    file.close()
    this.#retiring = this.#retiring.then(() => this.#tryToRetire(file))
  }

  /**
   * Syncs all logs and removes all files.
   * @throws the failure of a log's sync; its journal stays for whoever opens the folder next
   */
  async close(): Promise<void> {
    this.giveUp()
    await this.#retiring
    const left = this.#unretired.splice(0)
    if (left.length > 0) await replay(this.#place, left.map(pathOf))
  }

  async #tryToRetire(file: JournalFile): Promise<void> {
    try {
      await this.#retire(file)
    } catch (error) {
      // All of it is in the journal, which stays; written to the logs again when the store closes, or is next opened.
      this.#unretired.push(file)
      this.#logger?.warn(`the logs under journal ${quote(file.path)} could not be synced; it is kept`, { error })
    }
  }

  async #retire(file: JournalFile): Promise<void> {
    const { fileSystem, journalFolder } = this.#place
    const folders = [...file.folders]
    const failures: unknown[] = []
    const worker = async () => {
      for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
        try {
          await this.#syncRun(folder)
        } catch (error) {
          if (!isMissing(error)) failures.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: SYNCS_AT_ONCE }, worker))
    if (failures.length > 0) throw failures[0]
    await this.#allRuns.sync()
    fileSystem.remove(file.path)
    await new Tombstones(fileSystem, journalFolder).sweep()
  }

  /** Syncs the log and the names of a run; one that was deleted is missing. */
  async #syncRun(folder: string): Promise<void> {
    const { fileSystem } = this.#place
    const fd = fileSystem.open(path.join(folder, 'log'), 'append')
    try {
      await fileSystem.syncData(fd)
    } finally {
      fileSystem.close(fd)
    }
    await fileSystem.syncFolder(folder)
  }
}

function pathOf(file: JournalFile): string {
  return file.path
}
