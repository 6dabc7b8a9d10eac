import type { RunEvent } from '../run/event.ts'
import type { RunState } from '../run/state.ts'

/**
 * Where a run records its facts. What follows from a fact (a handler called, a listener told, a promise resolved)
 * happens only after the append that holds it has resolved.
 */
export interface Journal {
  /** Epoch of the claim the journal writes under. */
  readonly epoch: number
  /**
   * Records facts, all or none, after those recorded before.
   * @param state - the run after these facts
   */
  append(events: readonly RunEvent[], state: RunState): Promise<void>
  /** Names who is told, once, that the right to write was lost between two appends. */
  onLost(told: (error: Error) => void): void
}
