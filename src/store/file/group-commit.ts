import type { Durability } from './durability.ts'
import type { FileSystem } from './file-system.ts'
import type { SharedJournal } from './shared-journal.ts'

/** Bytes a writer has just appended to its log, not yet on disk. */
export interface Stretch {
  /** Name of the run; see `runName`. */
  readonly name: string
  readonly fd: number
  /** Null when the log has none: then a journal can not speak of it. */
  readonly logId: string | null
  /** Where the bytes begin in the log; null when that is not certain, since somebody else wrote too. */
  readonly offset: number | null
  readonly bytes: Uint8Array
  /** Whether the name of the log is on disk, or a journal holds the log from its beginning. */
  readonly names: 'synced' | 'journaled' | 'unknown'
  /** @throws {StoreError} STORE_FENCED when the writer has lost the run */
  confirm(): void
}

interface Pending {
  readonly stretch: Stretch
  readonly resolve: (names: Stretch['names']) => void
  readonly reject: (error: unknown) => void
}

/** Longer stretches are not written twice: their log is synced instead. */
const MAX_JOURNALED_BYTES = 128 * 1024
/** A lone stretch shares its sync with none, so it is written twice only while that is cheaper than the longer sync of a log that grew. */
const MAX_LONE_BYTES = 16 * 1024
/** So many lone stretches are synced in their logs before a journal is begun, so that a short life leaves none to clean up. */
const LONE_SYNCS = 8

/**
 * Makes what writers appended durable, all that is ready together with one sync. What is ready by the end of a turn goes
 * at once; what gets ready while the disk is busy goes next, with what the runs that were waiting do next.
 */
export class GroupCommit {
  readonly #fileSystem: FileSystem
  readonly #durability: Durability
  readonly #journal: SharedJournal
  readonly #syncNames: () => Promise<void>
  readonly #isLone: () => boolean
  #pending: Pending[] = []
  #isScheduled = false
  #isBusy = false
  #loneSyncs = 0

  /**
   * @param syncNames - makes the names of all logs durable
   * @param isLone - whether no more than one log is open
   */
  constructor(
    fileSystem: FileSystem,
    durability: Durability,
    journal: SharedJournal,
    syncNames: () => Promise<void>,
    isLone: () => boolean,
  ) {
    this.#fileSystem = fileSystem
    this.#durability = durability
    this.#journal = journal
    this.#syncNames = syncNames
    this.#isLone = isLone
  }

  /**
   * Resolves once a stretch survives what the store promises and its writer is confirmed.
   * @returns what is true of the log's name from now on
   */
  async commit(stretch: Stretch): Promise<Stretch['names']> {
    if (this.#durability === 'exit') {
      stretch.confirm()
      return 'unknown'
    }
    if (!isJournalable(stretch)) return this.#syncLog(stretch)
    return new Promise((resolve, reject) => {
      this.#pending.push({ stretch, resolve, reject })
      this.#schedule()
    })
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isBusy) return
    this.#isScheduled = true
    // Not a microtask: those of all runs that the last sync let go on come first, and so share the next one.
    setImmediate(() => {
      this.#isScheduled = false
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    this.#isBusy = true
    const group = this.#pending
    this.#pending = []
    try {
      await this.#commitGroup(group)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
    this.#isBusy = false
    // What got ready meanwhile waits for a turn too: for the runs just let go on, or each half of all would wait for the other's sync.
    if (this.#pending.length > 0) this.#schedule()
  }

  async #commitGroup(group: readonly Pending[]): Promise<void> {
    if (group.length === 1) {
      if (group[0]!.stretch.bytes.length > MAX_LONE_BYTES) return this.#commitEach(group)
      if (!this.#journal.isBegun && this.#loneSyncs < LONE_SYNCS) {
        this.#loneSyncs += 1
        return this.#commitEach(group)
      }
    }
    try {
      await this.#journal.ready()
    } catch {
      // No journal can be had, for want of room or handles, say: each log has a sync of its own then.
      return this.#commitEach(group)
    }
    const confirmed = group.filter(({ stretch, reject }) => {
      try {
        stretch.confirm()
        return true
      } catch (error) {
        reject(error)
        return false
      }
    })
    if (confirmed.length === 0) return
    try {
      this.#journal.put(confirmed.map(({ stretch }) => entryOf(stretch)))
    } catch {
      this.#journal.giveUp()
      return this.#commitEach(confirmed)
    }
    let isThere: boolean
    try {
      isThere = await this.#journal.sync(group.length === 1 && this.#durability === 'sync' && this.#isLone())
    } catch (error) {
      this.#journal.giveUp()
      for (const { reject } of confirmed) reject(error)
      return
    }
    if (!isThere) {
      this.#journal.giveUp()
      return this.#commitEach(confirmed)
    }
    for (const { stretch, resolve, reject } of confirmed) {
      if (stretch.names !== 'unknown') resolve(stretch.names)
      else if (stretch.offset === 0) resolve('journaled')
      else this.#syncNames().then(() => resolve('synced'), reject)
    }
  }

  async #commitEach(group: readonly Pending[]): Promise<void> {
    await Promise.all(group.map(({ stretch, resolve, reject }) => this.#syncLog(stretch).then(resolve, reject)))
  }

  async #syncLog(stretch: Stretch): Promise<'synced'> {
    const { fd, names } = stretch
    const synced = this.#fileSystem.syncData(fd)
    if (names === 'synced') await synced
    else {
      // Both are awaited to their end, so that no failure goes unheard.
      const results = await Promise.allSettled([synced, this.#syncNames()])
      for (const result of results) if (result.status === 'rejected') throw result.reason
    }
    stretch.confirm()
    return 'synced'
  }
}

function isJournalable(stretch: Stretch): boolean {
  return stretch.logId !== null && stretch.offset !== null && stretch.bytes.length <= MAX_JOURNALED_BYTES
}

function entryOf({ name, logId, offset, bytes }: Stretch) {
  return { name, logId: logId!, offset: offset!, bytes }
}
