interface Waiter {
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

/** Those who wait for facts of a run to be recorded, or for the run to settle. */
export class Waiters {
  #seq: number
  readonly #recorded: (Waiter & { readonly seq: number })[] = []
  readonly #settling: Waiter[] = []

  /** @param seq - up to which everything is recorded already */
  constructor(seq: number) {
    this.#seq = seq
  }

  /** Resolves when everything up to a sequence is recorded; rejects when the journal breaks. */
  recorded(seq: number): Promise<void> {
    if (this.#seq >= seq) return Promise.resolve()
    return new Promise((resolve, reject) => this.#recorded.push({ seq, resolve, reject }))
  }

  /** Resolves when the run next settles; rejects when the journal breaks. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#settling.push({ resolve, reject }))
  }

  tellRecorded(seq: number): void {
    this.#seq = seq
    while (this.#recorded.length > 0 && this.#recorded[0]!.seq <= seq) this.#recorded.shift()!.resolve()
  }

  tellSettled(): void {
    for (const waiter of this.#settling.splice(0)) waiter.resolve()
  }

  tellBroken(error: Error): void {
    for (const waiter of [...this.#recorded.splice(0), ...this.#settling.splice(0)]) waiter.reject(error)
  }
}
