import { type Run, runsOf } from './run.ts'
import { signalsFor } from './signal-waits.ts'

/**
 * What a run that settled as `waiting` can go on for: a signal that came for one of its waits, or a time.
 * @returns null when neither has come
 */
export function causeToGoOn(run: Run, at: number): 'signaled' | 'due' | null {
  for (const { state, path, frontier } of runsOf(run)) {
    if (frontier.waits.indexes().some((index) => signalsFor(state, path, index).length > 0)) return 'signaled'
  }
  const dueAt = wakeAt(run)
  return dueAt !== null && dueAt <= at ? 'due' : null
}

/** Epoch ms of the earliest time a run, or one nested in it, waits for, whatever its status; null when it waits for none. */
export function wakeAt(root: Run): number | null {
  let earliest: number | null = null
  for (const { state, frontier } of runsOf(root)) {
    const dueAt = frontier.nextDueAt(state)
    if (dueAt !== null && (earliest === null || dueAt < earliest)) earliest = dueAt
  }
  return earliest
}
