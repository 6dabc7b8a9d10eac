import { randomBytes } from 'node:crypto'
import path from 'node:path'
import { quote } from '../../base/errors.ts'
import type { Logger } from '../../base/ports.ts'
import { type JournalEntry, JournalFile } from './journal-file.ts'
import { type ReplayPlace, replay } from './replay.ts'
import { SyncPace } from './sync-pace.ts'
import { Tombstones } from './tombstones.ts'

/** Logs that are synced at once when a file of the journal is given up: few, so that appends find the disk free. */
const LOGS_AT_ONCE = 2
/** The same when the store closes, and nothing else waits. */
const LAST_LOGS_AT_ONCE = 8

/**
 * The journal of a store: what many logs were given, in one file, so that one sync makes all of it durable. It matters
 * after a loss of power only, when {@link replayJournals} brings the logs up to it; in all other cases the logs have
 * their bytes already. A file of it goes once it was replayed, too, so that the logs it covers are on disk themselves.
 */
export class SharedJournal {
  readonly #place: ReplayPlace
  readonly #logger: Logger | null
  readonly #rotationBytes: number
  readonly #id = randomBytes(6).toString('hex')
  #number = 0
  #file: JournalFile | null = null
  readonly #pace = new SyncPace()
  /** Files that are written no more, being retired; settles without an error. */
  #retiring: Promise<void> = Promise.resolve()
  readonly #unretired: JournalFile[] = []
  #hasFolder = false
  #isClosing = false

  /** @param rotationBytes - a file of the journal is given up for a new one when it is that long */
  constructor(place: ReplayPlace, rotationBytes: number) {
    this.#place = place
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
    if (!this.#hasFolder) {
      // Synced even when it is there: whoever made it may have died before that.
      await fileSystem.makeFolder(journalFolder)
      await fileSystem.syncFolder(path.dirname(journalFolder))
      this.#hasFolder = true
    }
    this.#number += 1
    const file = await JournalFile.create(fileSystem, journalFolder, this.#id, this.#number, self)
    this.giveUp()
    this.#file = file
  }

  /** Writes entries as one record, unsynced. */
  put(entries: readonly JournalEntry[]): void {
    this.#file!.put(entries)
  }

  /**
   * Makes what was put durable.
   * @param isLone - nobody else is at work in this store, so that a quick disk is waited for on the spot; see {@link SyncPace}
   * @returns false when somebody took the file away meanwhile: then nothing is known
   */
  async sync(isLone: boolean): Promise<boolean> {
    const file = this.#file!
    const begin = performance.now()
    if (isLone && this.#pace.isQuick) file.syncNow()
    else await file.sync()
    this.#pace.note(performance.now() - begin)
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
    this.#isClosing = true
    this.giveUp()
    await this.#retiring
    const left = this.#unretired.splice(0)
    if (left.length > 0) await replay(this.#place, left.map(pathOf), LAST_LOGS_AT_ONCE)
  }

  async #tryToRetire(file: JournalFile): Promise<void> {
    try {
      const { fileSystem, journalFolder } = this.#place
      await replay(this.#place, [file.path], this.#isClosing ? LAST_LOGS_AT_ONCE : LOGS_AT_ONCE)
      await new Tombstones(fileSystem, journalFolder).sweep()
    } catch (error) {
      // All of it is in the journal, which stays; written to the logs again when the store closes, or is next opened.
      this.#unretired.push(file)
      this.#logger?.warn(`the logs under journal ${quote(file.path)} could not be synced; it is kept`, { error })
    }
  }
}

function pathOf(file: JournalFile): string {
  return file.path
}
