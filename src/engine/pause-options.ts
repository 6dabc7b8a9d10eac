import { checkOptions, invalidArgument } from '../base/argument.ts'

/** How a run is paused. */
export interface PauseOptions {
  /** Who or what asked; recorded. */
  readonly reason?: string
  /** How long running nodes may go on, in milliseconds, before they are cut off; default: until they end. */
  readonly deadlineMs?: number
}

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkPauseOptions(options: PauseOptions, of: string): void {
  checkOptions(options, ['reason', 'deadlineMs'], of)
  const { reason, deadlineMs } = options
  if (reason !== undefined) checkReason(reason, of)
  if (deadlineMs === undefined || (Number.isFinite(deadlineMs) && deadlineMs >= 0)) return
  throw invalidArgument('deadlineMs', 'a number of 0 or more', deadlineMs, { of })
}

/** @throws {WaystoneError} ARGUMENT_INVALID */
export function checkReason(reason: unknown, of: string): void {
  if (typeof reason === 'string') return
  throw invalidArgument('reason', 'a string', reason, { of })
}
