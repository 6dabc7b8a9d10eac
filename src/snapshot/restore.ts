import { type Dictionary, dictionary } from '../base/json.ts'
import type { CacheEntry, RunState } from '../run/state.ts'
import { stateBytesOf } from '../run/state-size.ts'
import { activeMsOf } from './document-text.ts'
import type { Snapshot } from './snapshot.ts'

/** How time is taken into account when a snapshot is loaded. */
export interface RestoreOptions {
  /** Epoch ms of the load. */
  readonly now: number
  /** `wallClock`: entries keep their expiry. `frozen`: they keep the time they had left when the snapshot was taken. */
  readonly cache: 'wallClock' | 'frozen'
}

/**
 * The state to go on from. Nothing is evaluated, imported or called; entries that are dead by now are dropped.
 * Active time is counted up to the snapshot, so that a pause of days counts against no time-out.
 */
export function restoreState(snapshot: Snapshot, { now, cache }: RestoreOptions): RunState {
  const { state, takenAt } = snapshot.copyOfState()
  state.cache = alive(state.cache, cache === 'frozen' ? now - takenAt : 0, now)
  state.activeMs = activeMsOf(state, takenAt)
  state.activeSince = null
  state.stateBytes = stateBytesOf(state)
  return state
}

function alive(entries: Dictionary<CacheEntry>, shiftMs: number, now: number): Dictionary<CacheEntry> {
  const kept = dictionary<CacheEntry>()
  for (const key of Object.keys(entries)) {
    const { value, expiresAt } = entries[key]!
    const shifted = expiresAt === null ? null : expiresAt + shiftMs
    if (shifted === null || now < shifted) kept[key] = { value, expiresAt: shifted }
  }
  return kept
}
