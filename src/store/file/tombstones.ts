import path from 'node:path'
import { type FileSystem, readWhole } from './file-system.ts'
import { isJournalName } from './journal-file.ts'

const TOMBSTONE_NAME = /^deleted-([0-9a-f]{16})$/

/**
 * The logs that were deleted while a journal might still hold their bytes: a file `deleted-<log id>` each, beside the
 * journals, with the names of those there were. It forbids to make the log anew from a journal, nothing more, and goes
 * once none of these journals is left: a writer looks whether its run is still there before it writes the beginning of
 * a log into a journal it made before, so later journals hold nothing the log could be made of.
 */
export class Tombstones {
  readonly #fileSystem: FileSystem
  readonly #folder: string

  constructor(fileSystem: FileSystem, folder: string) {
    this.#fileSystem = fileSystem
    this.#folder = folder
  }

  has(logId: string): boolean {
    return this.#fileSystem.exists(this.#path(logId))
  }

  /** Lays a tombstone, durably, if there is any journal. */
  async lay(logId: string): Promise<void> {
    const journals = this.#fileSystem.names(this.#folder).filter(isJournalName)
    if (journals.length === 0) return
    const bytes = Buffer.from(JSON.stringify(journals))
    const fd = await this.#fileSystem.create(this.#path(logId), 'replace')
    try {
      const written = this.#fileSystem.write(fd, bytes, 0)
      if (written !== bytes.length) throw new Error(`a tombstone took ${written} of ${bytes.length} bytes`)
      await this.#fileSystem.syncData(fd)
    } finally {
      this.#fileSystem.close(fd)
    }
    await this.#fileSystem.syncFolder(this.#folder)
  }

  /** Removes those no journal needs any more. */
  async sweep(): Promise<void> {
    const names = this.#fileSystem.names(this.#folder)
    const journals = new Set(names.filter(isJournalName).map(originalName))
    const over: string[] = []
    for (const name of names) {
      if (TOMBSTONE_NAME.test(name) && !(await this.#isNeeded(name, journals))) over.push(name)
    }
    if (over.length === 0) return
    // A journal whose removal is not on disk comes back with a power cut, and needs its tombstones then.
    await this.#fileSystem.syncFolder(this.#folder)
    for (const name of over) this.#fileSystem.remove(path.join(this.#folder, name))
  }

  async #isNeeded(name: string, journals: ReadonlySet<string>): Promise<boolean> {
    if (journals.size === 0) return false
    const bytes = await readWhole(this.#fileSystem, path.join(this.#folder, name))
    if (bytes === null) return false
    try {
      const listed = JSON.parse(Buffer.from(bytes).toString('utf8')) as readonly string[]
      return listed.some((journal) => journals.has(originalName(journal)))
    } catch {
      // Torn: nobody knows which journals it is about, so it stays as long as there is any.
      return true
    }
  }

  #path(logId: string): string {
    return path.join(this.#folder, `deleted-${logId}`)
  }
}

function originalName(journal: string): string {
  return journal.replace(/\.retired$/, '')
}
