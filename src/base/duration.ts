import { invalidArgument } from './argument.ts'
import { DefinitionError, type WaystoneError } from './errors.ts'

/** Milliseconds of each unit, largest first, which is also the order they are written in. */
const UNITS: readonly (readonly [unit: string, milliseconds: number])[] = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
]

/** `1h30m`: each unit at most once, in falling order, whole numbers without leading zeros. */
const SUM = /^(?:(0|[1-9]\d*)d)?(?:(0|[1-9]\d*)h)?(?:(0|[1-9]\d*)m)?(?:(0|[1-9]\d*)s)?(?:(0|[1-9]\d*)ms)?$/

/** No text of a duration that is a safe integer is longer than this. */
const MAX_TEXT = 64

/**
 * A duration in milliseconds.
 *
 * @param duration - whole milliseconds, 0 to 2^53-1, or text: `500ms`, `2s`, `5m`, `1h`, `3d`, or a sum such as `1h30m` with
 *   each unit at most once, largest first
 * @throws {DefinitionError} ARGUMENT_INVALID for anything else
 * @example
 * parseDuration('1h30m') // 5_400_000
 */
export function parseDuration(duration: string | number): number {
  if (typeof duration === 'number') {
    if (!Number.isSafeInteger(duration) || duration < 0) throw invalid(duration)
    return duration === 0 ? 0 : duration
  }
  if (typeof duration !== 'string' || duration === '' || duration.length > MAX_TEXT) throw invalid(duration)
  const parts = SUM.exec(duration)
  if (parts === null) throw invalid(duration)
  let sum = 0
  for (const [index, [, milliseconds]] of UNITS.entries()) sum += Number(parts[index + 1] ?? 0) * milliseconds
  if (!Number.isSafeInteger(sum)) throw invalid(duration)
  return sum
}

/**
 * A duration as the shortest text {@link parseDuration} reads back: `1h30m`, `0ms`.
 *
 * @param milliseconds - whole, 0 to 2^53-1
 * @throws {DefinitionError} ARGUMENT_INVALID for anything else
 * @example
 * formatDuration(5_400_000) // '1h30m'
 */
export function formatDuration(milliseconds: number): string {
  if (!Number.isSafeInteger(milliseconds) || milliseconds < 0) throw invalid(milliseconds)
  if (milliseconds === 0) return '0ms'
  let rest = milliseconds
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}

/** A duration in its two largest units, for people: `2h5m`, `3s`, `120ms`. Anything is a duration: what is below 0 is none. */
export function roughDuration(milliseconds: number): string {
  const whole = Math.min(Number.MAX_SAFE_INTEGER, Math.max(0, Math.round(milliseconds)))
  const seconds = whole < 1000 ? whole : whole - (whole % 1000)
  return formatDuration(seconds)
    .split(/(?<=[a-z])(?=\d)/)
    .slice(0, 2)
    .join('')
}

function invalid(duration: unknown): WaystoneError {
  const expected = 'a duration such as 500ms, 2s, 1h30m or whole milliseconds'
  return invalidArgument('duration', expected, duration, { error: DefinitionError })
}
