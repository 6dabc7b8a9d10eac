import { quote, StoreError } from '../base/errors.ts'
import type { RunEvent } from '../run/event.ts'
import { FactBatch } from '../run/fact-batch.ts'
import type { RunState } from '../run/state.ts'
import type { Claim, RunSummary } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import type { Checkpoints } from './checkpoints.ts'
import type { Journal } from './journal.ts'

/** A journal over a store, under a claim. */
export class StoreJournal implements Journal {
  readonly #store: Store
  readonly #runId: string
  readonly #checkpoints: Checkpoints | null
  #claim: Claim
  #seq: number
  #createdAt: number | null = null
  #tellLost: ((error: Error) => void) | null = null
  #lost: Error | null = null

  /**
   * A journal for a new run; see {@link continueFrom}.
   * @param checkpoints - takes them as the run goes on; null: none are taken
   */
  constructor(store: Store, claim: Claim, checkpoints: Checkpoints | null = null) {
    this.#store = store
    this.#checkpoints = checkpoints
    this.#runId = claim.runId
    this.#claim = claim
    this.#seq = 0
  }

  /** The run has facts already, so many of them since its latest checkpoint: the journal goes on from their head. */
  continueFrom(seq: number, createdAt: number, sinceCheckpoint = seq): void {
    this.#seq = seq
    this.#createdAt = createdAt
    this.#checkpoints?.continueFrom(sinceCheckpoint)
  }

  /** Resolves when nothing is being written beside the log. */
  async quiet(): Promise<void> {
    await this.#checkpoints?.saved()
  }

  get epoch(): number {
    return this.#claim.epoch
  }

  get claim(): Claim {
    return this.#claim
  }

  /** The claim was prolonged. */
  renewed(claim: Claim): void {
    this.#claim = claim
  }

  onLost(told: (error: Error) => void): void {
    this.#tellLost = told
  }

  /** The claim was lost: nothing more is written, and whoever works under it is told at once. */
  lose(error: Error): void {
    this.#lost = error
    this.#tellLost?.(error)
  }

  async append(events: readonly RunEvent[], state: RunState): Promise<void> {
    if (this.#lost !== null) throw this.#lost
    const first = events[0]
    const last = events.at(-1)
    if (first === undefined || last === undefined) return
    if (first.seq !== this.#seq + 1) {
      throw new StoreError(
        'STORE_CONFLICT',
        `run ${quote(this.#runId)}: expected to append sequence ${this.#seq + 1}, got ${first.seq}`,
      )
    }
    this.#createdAt ??= first.at
    const summary = summaryOf(state, last, this.#createdAt)
    const expectation = { expectedSeq: this.#seq, epoch: this.#claim.epoch }
    // Folded before the append, while the state is that of its last fact; saved after it, so that it is never ahead.
    const checkpoint = this.#checkpoints?.take(events.length, state) ?? null
    await this.#store.append(this.#runId, expectation, new FactBatch(events, summary))
    this.#seq = last.seq
    if (checkpoint !== null) this.#checkpoints?.save(checkpoint)
  }
}

function summaryOf(state: RunState, last: RunEvent, createdAt: number): RunSummary {
  return {
    runId: state.runId,
    workflowId: state.workflow.id,
    workflowVersion: state.workflow.version,
    status: state.status,
    seq: last.seq,
    createdAt,
    updatedAt: last.at,
  }
}
