/** One thing at a time for each run, in the order it was asked for; different runs do not wait for each other. */
export class RunTurns {
  readonly #last = new Map<string, Promise<unknown>>()

  /** Does something once all that was asked for the same run before is done, whatever came of it. */
  take<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(runId)
    const own = before === undefined ? work() : before.then(work, work)
    this.#last.set(runId, own)
    const leave = () => {
      if (this.#last.get(runId) === own) this.#last.delete(runId)
    }
    own.then(leave, leave)
    return own
  }

  /** Resolves when all that was asked for so far is done. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#last.values())
  }
}
