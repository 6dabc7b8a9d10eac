import { roughDuration } from '../base/duration.ts'
import { LAST_INSTANT } from './decide-node.ts'

/** When something is due, and how long that is from now: `until 2026-01-01T00:00:00.000Z (2h5m left)`. */
export function untilText(dueAt: number, at: number): string {
  return `until ${timeText(dueAt)}${leftText(dueAt, at)}`
}

/** How long it is until something is due: ` (2h5m left)`, ` (overdue)`. */
export function leftText(dueAt: number, at: number): string {
  return dueAt > at ? ` (${roughDuration(dueAt - at)} left)` : ' (overdue)'
}

/** An instant as ISO 8601, that of the last one there is when it is beyond. */
export function timeText(at: number): string {
  return new Date(Math.max(-LAST_INSTANT, Math.min(LAST_INSTANT, at))).toISOString()
}
