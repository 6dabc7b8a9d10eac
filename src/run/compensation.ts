import type { SerializedError } from '../base/serialized-error.ts'

/** What may be followed by compensations: the failure of a run, or that someone cancels it. */
export type CompensationCause = 'failure' | 'cancel'

/** Why a run compensates for what it did, and how it ends after that. Kept when it has ended. */
export interface Compensating {
  readonly cause: CompensationCause
  /** What the run fails with, or that it was canceled. */
  readonly error: SerializedError
  /** The node that failed the run; null when none did. */
  readonly nodeId: string | null
  /** Of a canceled run: what whoever canceled it said. */
  readonly reason: string | null
}

/** Where the compensation of a node stands; one that has not begun has no state. */
export type CompensationStatus = 'running' | 'retrying' | 'interrupted' | 'completed' | 'failed'

/** What a run knows of the compensation of one node. */
export interface CompensationState {
  status: CompensationStatus
  attempt: number
  failures: number
  /** Epoch ms at which a retrying one is due. */
  dueAt: number | null
  /** Its latest failure. */
  error: SerializedError | null
}

/** Whether a compensation is through: nothing of it runs any more. */
export function isCompensationOver(state: CompensationState | undefined): boolean {
  return state?.status === 'completed' || state?.status === 'failed'
}
