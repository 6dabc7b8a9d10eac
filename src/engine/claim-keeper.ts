import { isWaystoneError, quote } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import type { Store } from '../store/store.ts'
import type { StoreJournal } from './store-journal.ts'

/**
 * Renews the claims of the runs an engine executes, at a third of the lease, each by itself: one that hangs holds up no
 * other. A renewal that fails is reported and tried again; a claim that was lost ends the work under it at once.
 */
export class ClaimKeeper {
  readonly #store: Store
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #leaseMs: number
  readonly #journals = new Set<StoreJournal>()
  readonly #renewing = new Set<StoreJournal>()
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

  /** Lets go of a claim, and of the timer with the last one. A claim the store does not let go of ends with its lease. */
  async release(journal: StoreJournal): Promise<void> {
    this.#journals.delete(journal)
    if (this.#journals.size === 0) {
      this.#stopTimer?.()
      this.#stopTimer = null
    }
    const { claim } = journal
    try {
      await journal.quiet()
      await this.#store.release(claim)
    } catch (error) {
      this.#logger.warn(`the claim of run ${quote(claim.runId)} could not be let go; it ends with its lease`, { error })
    }
  }

  #arm(): void {
    this.#stopTimer ??= this.#clock.setTimer(this.#leaseMs / 3, () => {
      this.#stopTimer = null
      this.#arm()
      for (const journal of this.#journals) void this.#renew(journal)
    })
  }

  async #renew(journal: StoreJournal): Promise<void> {
    if (this.#renewing.has(journal)) return
    this.#renewing.add(journal)
    const { claim } = journal
    try {
      const { owner } = claim
      journal.renewed(await this.#store.renew(claim, { owner, leaseMs: this.#leaseMs, now: this.#clock.now() }))
    } catch (error) {
      // Let go while the store was asked.
      if (!this.#journals.has(journal)) return
      const isLost = isWaystoneError(error, 'STORE_FENCED')
      const what = isLost ? 'was lost; work on it stops' : 'could not be renewed'
      this.#logger.warn(`the claim of run ${quote(claim.runId)} ${what}`, { error })
      if (isLost) journal.lose(error)
    } finally {
      this.#renewing.delete(journal)
    }
  }
}
