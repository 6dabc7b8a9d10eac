import { type Dictionary, dictionary } from '../base/json.ts'
import type { CacheEntry, RunState } from '../run/state.ts'
import { stateBytesOf } from '../run/state-size.ts'
import { activeMsAt, isAlive } from './assemble.ts'
import type { Snapshot } from './snapshot.ts'

/** How time is taken into account when a snapshot is loaded. */
export interface RestoreOptions {
  /** Epoch ms of the load. */
  readonly now: number
  /** `wallClock`: entries keep their expiry. `frozen`: they keep the time they had left when the snapshot was taken. */
  readonly cache: 'wallClock' | 'frozen'
  /** Whether nobody else sees the snapshot, so that its state need not be copied; default false. */
  readonly isOwned?: boolean
}

/**
 * The state to go on from. Nothing is evaluated, imported or called; entries that are dead by now are dropped, timers keep
 * their deadlines. Active time is counted up to the snapshot, so that a pause of days counts against no time-out.
 */
export function restoreState(snapshot: Snapshot, { now, cache, isOwned = false }: RestoreOptions): RunState {
  const { state, takenAt } = isOwned ? snapshot.stateItself() : snapshot.copyOfState()
  state.cache = entriesAlive(state.cache, takenAt, { now, cache })
  state.activeMs = activeMsAt(state, takenAt)
  state.activeSince = null
  state.stateBytes = stateBytesOf(state)
  return state
}

function entriesAlive(
  entries: Dictionary<CacheEntry>,
  takenAt: number,
  { now, cache }: Pick<RestoreOptions, 'now' | 'cache'>,
): Dictionary<CacheEntry> {
  const kept = dictionary<CacheEntry>()
  for (const key of Object.keys(entries)) {
    const { value, expiresAt } = entries[key]!
    // What had expired when the snapshot was taken is no part of it, however time is counted afterwards.
    if (!isAlive(expiresAt, takenAt)) continue
    const expires = expiresAt !== null && cache === 'frozen' ? now + (expiresAt - takenAt) : expiresAt
    if (isAlive(expires, now)) kept[key] = { value, expiresAt: expires }
  }
  return kept
}
