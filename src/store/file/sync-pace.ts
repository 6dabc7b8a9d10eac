/** A sync that takes longer keeps whatever else the process does waiting for longer than anybody should not notice. */
const QUICK_MS = 1
/** So many syncs have to be quick, one after the other, before one is waited for on the spot. */
const QUICK_IN_A_ROW = 8

/**
 * Whether a disk is so quick that a sync is best waited for on the spot: handing it to another thread and hearing of its
 * end costs a good part of the sync itself then, and the event loop stands still no longer than for a turn of its own.
 * One slow sync, and the next ones are waited for elsewhere again.
 */
export class SyncPace {
  #quickInARow = 0

  get isQuick(): boolean {
    return this.#quickInARow >= QUICK_IN_A_ROW
  }

  /** @param ms - how long a sync took, the way there and back included */
  note(ms: number): void {
    this.#quickInARow = ms <= QUICK_MS ? this.#quickInARow + 1 : 0
  }
}
