import { checkOptions, invalidArgument } from '../base/argument.ts'

/** How a run is canceled. */
export interface CancelOptions {
  /**
   * Whether the compensations of its completed nodes run before its end; default: as `compensateOn` of the run says. False also
   * ends a run that compensates already, at once.
   */
  readonly compensate?: boolean
}

/** The options that are given. @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkedCancel(options: CancelOptions): CancelOptions {
  checkOptions(options, ['compensate'], 'cancel')
  const { compensate } = options
  if (compensate === undefined) return {}
  if (typeof compensate === 'boolean') return { compensate }
  throw invalidArgument('compensate', 'true or false', compensate, { of: 'cancel' })
}
