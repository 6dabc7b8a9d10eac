import type { FileSystem } from './file-system.ts'

/** Syncs of one folder, shared: who asks while one is under way waits for the next, together with all who ask meanwhile. */
export class SharedFolderSync {
  readonly #fileSystem: FileSystem
  readonly #path: string
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null

  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem
    this.#path = path
  }

  /** Resolves once a sync that began after this call has ended. */
  sync(): Promise<void> {
    if (this.#running === null) {
      this.#running = this.#run()
      return this.#running
    }
    this.#next ??= this.#running
      .catch(() => undefined)
      .then(() => {
        this.#next = null
        this.#running = this.#run()
        return this.#running
      })
    return this.#next
  }

  async #run(): Promise<void> {
    try {
      await this.#fileSystem.syncFolder(this.#path)
    } finally {
      // A follower, if any, puts itself here in the same turn.
      this.#running = null
    }
  }
}
