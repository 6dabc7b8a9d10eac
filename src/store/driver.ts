import type { EventCursor } from '../run/recorded-event.ts'
import type { RunStatus } from '../run/state.ts'

/** One fact as a store keeps it: what a store may index, and the whole event as JSON text, opaque to it. */
export interface StoredEvent {
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  readonly type: string
  readonly nodeId: string | null
  /** The event as compact JSON text without line breaks. */
  readonly text: string
}

/** What a store knows of a run without reading its events; handed in with every append. */
export interface RunSummary {
  readonly runId: string
  readonly workflowId: string
  readonly workflowVersion: string
  readonly status: RunStatus
  /** Sequence of the last fact. */
  readonly seq: number
  /** Epoch ms of the first and of the last fact. */
  readonly createdAt: number
  readonly updatedAt: number
}

/** Facts that are appended together: all of them or none. */
export interface EventBatch {
  readonly events: readonly StoredEvent[]
  /** The run after these events. */
  readonly summary: RunSummary
}

/** What an append states: the head it builds on, and the claim it is made under. */
export interface AppendExpectation {
  /** Sequence of the last fact the writer knows; 0 creates the run. */
  readonly expectedSeq: number
  readonly epoch: number
}

/** The right to write a run, held for a while by one owner. Each new claim has a higher epoch (fencing). */
export interface Claim {
  readonly runId: string
  readonly owner: string
  readonly epoch: number
  /** Epoch ms. */
  readonly expiresAt: number
}

export interface ClaimRequest {
  /** Who claims; unique per engine instance. */
  readonly owner: string
  readonly leaseMs: number
  /** Epoch ms, the caller's clock. */
  readonly now: number
}

/** A fold kept to shorten loading; its bytes mean nothing to the store. */
export interface Checkpoint {
  readonly seq: number
  /** Epoch ms. */
  readonly at: number
  readonly bytes: Uint8Array
}

export interface CheckpointInfo {
  readonly seq: number
  readonly at: number
  readonly sizeBytes: number
}

export interface ReadRange {
  /** First sequence to read; 1 or more. */
  readonly fromSeq: number
  /** Last sequence to read; null: to the head. */
  readonly toSeq: number | null
  /** Most events of one page. */
  readonly limit: number
}

export interface ListQuery {
  readonly statuses: readonly RunStatus[] | null
  readonly workflowId: string | null
  /** Most runs of one page. */
  readonly limit: number
  /** Where the page before ended; null: from the start. */
  readonly cursor: string | null
}

/** One page of runs. */
export interface RunPage {
  /** By run id, in code unit order. */
  readonly runs: readonly RunSummary[]
  readonly cursor: string | null
}

export interface StoreStats {
  readonly runs: number
  readonly events: number
  readonly sizeBytes: number
}

/** What a store can do beyond the minimum; the conformance suite reads it, so a skip is documentation. */
export interface StoreSupports {
  /** Facts survive the end of the process. */
  readonly durable: boolean
  /** Claims hold between processes. */
  readonly crossProcessClaims: boolean
  readonly checkpoints: boolean
}

/** Something a store found and mended when a run was claimed. */
export interface StoreRepair {
  readonly runId: string
  readonly kind: 'torn-tail'
  /** Where the damage began, and how much was cut. */
  readonly offset: number
  readonly sizeBytes: number
}

/**
 * What a store has to do: few primitive methods, called with valid arguments only.
 * The facade `createStore(driver)` checks, defaults and wraps; nothing else calls a driver.
 * Failures are {@link StoreError}s with the codes named at each method; anything else is wrapped as STORE_IO.
 */
export interface StoreDriver {
  readonly name: string
  readonly supports: StoreSupports

  open(): Promise<void>
  close(): Promise<void>

  /**
   * Appends all events of the batch or none; resolves once they survive what the store promises to survive.
   * @throws STORE_CONFLICT when `expectedSeq` is not the head · STORE_FENCED when a higher epoch was claimed
   */
  append(runId: string, expectation: AppendExpectation, batch: EventBatch): Promise<void>

  /** One page of events in sequence order; empty for an unknown run and past the head. @throws STORE_DAMAGED */
  read(runId: string, range: ReadRange): Promise<readonly StoredEvent[]>

  /**
   * As `read`, for who goes through many events once; left out by a driver to which it is all the same.
   * @param range - `limit`: how many events or more, as it suits the store; fewer where `read` gives fewer
   * @throws STORE_DAMAGED, from the cursor too
   */
  readCursor?(runId: string, range: Omit<ReadRange, 'toSeq'>): Promise<EventCursor>

  /** The run's summary, or null when there is none. */
  get(runId: string): Promise<RunSummary | null>

  list(query: ListQuery): Promise<RunPage>

  /** Removes a run with all it has; unknown runs are no error. */
  delete(runId: string): Promise<void>

  stats(): Promise<StoreStats>

  /**
   * Takes the right to write a run (a run that does not exist yet too), with an epoch above all before.
   * Only an owner that let go, whose lease is over, or that is known to be dead can be succeeded.
   * @throws STORE_HELD with `details.owner` and `details.expiresAt`
   */
  claim(
    runId: string,
    request: ClaimRequest,
  ): Promise<{ readonly claim: Claim; readonly repairs: readonly StoreRepair[] }>

  /** Prolongs a claim. @throws STORE_FENCED when it was lost */
  renew(claim: Claim, request: ClaimRequest): Promise<Claim>

  /** Lets go of a claim; one that was lost is no error. */
  release(claim: Claim): Promise<void>

  /** Keeps a checkpoint; one at the same seq is replaced. */
  saveCheckpoint(runId: string, checkpoint: Checkpoint): Promise<void>

  /** The latest readable checkpoint at or before a sequence, or null. A damaged one is passed over. */
  readCheckpoint(runId: string, atOrBeforeSeq: number): Promise<Checkpoint | null>

  /** All checkpoints, newest first. */
  listCheckpoints(runId: string): Promise<readonly CheckpointInfo[]>

  deleteCheckpoints(runId: string, seqs: readonly number[]): Promise<void>
}
