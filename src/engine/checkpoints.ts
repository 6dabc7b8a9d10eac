import { quote } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunState } from '../run/state.ts'
import { deserialize } from '../snapshot/deserialize.ts'
import { UNLIMITED } from '../snapshot/limits.ts'
import { restoreState } from '../snapshot/restore.ts'
import { takeSnapshot } from '../snapshot/snapshot.ts'
import type { Checkpoint } from '../store/driver.ts'
import type { Store } from '../store/store.ts'

/** Fewest facts between two checkpoints of a run whose engine sets no number. */
export const DEFAULT_CHECKPOINT_EVENTS = 10_000

/** Facts of a node that runs once, twice over: a history of so many a node is longer than what it comes to. */
const EVENTS_A_NODE = 4

/**
 * Takes checkpoints of a run while it is recorded, so that taking it up costs its state, not its past. A run whose nodes
 * run once has a history as long as its state and takes none; one that retries, resumes or counts for days does. The
 * newest is kept alone: an older one leads to nothing that it does not lead to faster.
 */
export class Checkpoints {
  readonly #store: Store
  readonly #runId: string
  readonly #minEvents: number
  readonly #logger: Logger
  #since = 0
  #saving: Promise<void> = Promise.resolve()
  #isSaving = false

  constructor(store: Store, runId: string, minEvents: number, logger: Logger) {
    this.#store = store
    this.#runId = runId
    this.#minEvents = minEvents
    this.#logger = logger
  }

  /** A run was taken up that has so many facts since its latest checkpoint. */
  continueFrom(events: number): void {
    this.#since = events
  }

  /**
   * Counts facts that are about to be appended.
   * @returns the fold of the history up to them, when one is due; to be saved once they are on record
   */
  take(events: number, state: RunState): Checkpoint | null {
    this.#since += events
    const least = Math.max(this.#minEvents, EVENTS_A_NODE * state.nodes.length)
    if (this.#since < least || this.#isSaving || !this.#store.supports.checkpoints) return null
    this.#since = 0
    const bytes = new TextEncoder().encode(takeSnapshot(state, state.lastAt).compactText())
    return { seq: state.seq, at: state.lastAt, bytes }
  }

  /** Saves a checkpoint beside the run; a failure costs time at the next load, and nothing else. */
  save(checkpoint: Checkpoint): void {
    this.#isSaving = true
    this.#saving = this.#replace(checkpoint).finally(() => {
      this.#isSaving = false
    })
  }

  /** Resolves when nothing is being saved. */
  saved(): Promise<void> {
    return this.#saving
  }

  async #replace(checkpoint: Checkpoint): Promise<void> {
    try {
      await this.#store.saveCheckpoint(this.#runId, checkpoint)
      const older = (await this.#store.listCheckpoints(this.#runId)).filter(({ seq }) => seq < checkpoint.seq)
      if (older.length > 0)
        await this.#store.deleteCheckpoints(
          this.#runId,
          older.map(({ seq }) => seq),
        )
    } catch (error) {
      this.#logger.warn(`a checkpoint of run ${quote(this.#runId)} could not be saved; loading it takes longer`, {
        error,
      })
    }
  }
}

/**
 * The state a run had at its latest checkpoint, or null when the whole history has to be folded: there is none, it is
 * ahead of the log it belongs to, or it can not be trusted. Damage is no failure, since the log has all of it.
 */
export async function readCheckpoint(
  store: Store,
  runId: string,
  codec: ValueCodec,
  logger: Logger | null,
): Promise<RunState | null> {
  if (!store.supports.checkpoints) return null
  const checkpoint = await store.readCheckpoint(runId)
  if (checkpoint === null) return null
  try {
    const snapshot = deserialize(checkpoint.bytes, { codec, limits: UNLIMITED })
    const state = restoreState(snapshot, { now: checkpoint.at, cache: 'wallClock' })
    if (state.runId !== runId || state.seq !== checkpoint.seq || state.seq > ((await store.get(runId))?.seq ?? 0)) {
      return null
    }
    // The segment goes on: time after the checkpoint is active time too.
    if (state.status === 'running') state.activeSince = checkpoint.at
    return state
  } catch (error) {
    logger?.warn(`the checkpoint of run ${quote(runId)} can not be read; its whole history is`, { error })
    return null
  }
}
