import type { Clock, Logger } from '../base/ports.ts'
import type { Store } from '../store/store.ts'
import type { StoreJournal } from './store-journal.ts'

/**
 * Renews the claims of the runs an engine executes, at a third of the lease. A claim that is lost is reported here and
 * shows at the run's next append, which the store refuses; so nothing is written under a claim that another holds.
 */
export class ClaimKeeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leaseMs: number
  readonly #journals = new Set<StoreJournal>()
  #stopTimer: (() => void) | null = null

  constructor(store: Store, clock: Clock, logger: Logger, leaseMs: number) {
    this.#store = store
    this.#clock = clock
    this.#logger = logger
    this.#leaseMs = leaseMs
  }

  keep(journal: StoreJournal): void {
    this.#journals.add(journal)
    this.#arm()
  }

  /** A journal takes over the claim of another. */
  exchange(before: StoreJournal, after: StoreJournal): void {
    this.#journals.delete(before)
    this.#journals.add(after)
  }

  /** Lets go of a claim, and of the timer with the last one. */
  async release(journal: StoreJournal): Promise<void> {
    this.#journals.delete(journal)
    if (this.#journals.size === 0) {
      this.#stopTimer?.()
      this.#stopTimer = null
    }
    await this.#store.release(journal.claim)
  }

  #arm(): void {
    this.#stopTimer ??= this.#clock.setTimer(this.#leaseMs / 3, () => {
      this.#stopTimer = null
      void this.#renewAll()
    })
  }

  async #renewAll(): Promise<void> {
    for (const journal of [...this.#journals]) {
      const { claim } = journal
      try {
        journal.renewed(
          await this.#store.renew(claim, { owner: claim.owner, leaseMs: this.#leaseMs, now: this.#clock.now() }),
        )
      } catch (error) {
        this.#logger.warn(`the claim of run ${JSON.stringify(claim.runId)} could not be renewed`, { error })
      }
    }
    if (this.#journals.size > 0) this.#arm()
  }
}
