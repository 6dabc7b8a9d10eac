import type { ErrorCode } from '../base/error-codes.ts'
import { isWaystoneError } from '../base/errors.ts'
import type { RunStatus } from '../run/state.ts'

/** What the command ends with; stable, so that scripts can tell the cases apart. */
export const exitCodes = Object.freeze({
  done: 0,
  error: 1,
  usage: 2,
  runFailed: 3,
  /** The run is paused or waits; `waystone resume` takes it up. */
  resumable: 4,
  notFound: 5,
  /** What was read is damaged or not what its digest says. */
  integrity: 6,
  /** Another process holds the run. */
  held: 7,
  /** A document, history or workflow this command has no use for as it is: another version, a changed workflow, missing code. */
  incompatible: 8,
})

/** What each exit code says, in words for people. */
export const exitCodeWords: Readonly<Record<keyof typeof exitCodes, string>> = Object.freeze({
  done: 'done',
  error: 'error',
  usage: 'usage',
  runFailed: 'run failed',
  resumable: 'paused and resumable',
  notFound: 'not found',
  integrity: 'damaged',
  held: 'held by another process',
  incompatible: 'incompatible',
})

/** All exit codes in one sentence, for the help. */
export function exitCodesText(): string {
  const parts = Object.entries(exitCodeWords).map(
    ([name, words]) => `${exitCodes[name as keyof typeof exitCodes]} ${words}`,
  )
  return `Exit codes: ${parts.join(', ')}.`
}

const codesByExit: readonly (readonly [number, readonly ErrorCode[]])[] = [
  // The arguments a store refuses came from the command line.
  [exitCodes.usage, ['USAGE', 'STORE_BAD_ARGUMENT']],
  [exitCodes.notFound, ['STORE_NOT_FOUND', 'WAIT_UNKNOWN', 'TOKEN_INVALID', 'HISTORY_OUT_OF_RANGE']],
  [
    exitCodes.integrity,
    [
      'SNAPSHOT_INTEGRITY',
      'SNAPSHOT_INCONSISTENT',
      'SNAPSHOT_SCHEMA',
      'SNAPSHOT_SYNTAX',
      'SNAPSHOT_BAD_UTF8',
      'SNAPSHOT_BAD_GZIP',
      'SNAPSHOT_DUPLICATE_KEY',
      'SNAPSHOT_FORBIDDEN_KEY',
      'SNAPSHOT_NON_FINITE',
      'SNAPSHOT_VERIFY_FAILED',
      'STORE_DAMAGED',
      'HISTORY_DAMAGED',
    ],
  ],
  [exitCodes.held, ['STORE_HELD', 'STORE_FENCED', 'STORE_CONFLICT']],
  [
    exitCodes.incompatible,
    [
      'SNAPSHOT_TOO_NEW',
      'SNAPSHOT_WRONG_FORMAT',
      'SNAPSHOT_BAD_VERSION',
      'SNAPSHOT_NO_MIGRATION',
      'SNAPSHOT_MIGRATION_FAILED',
      'HISTORY_UNKNOWN_EVENT',
      'WORKFLOW_CHANGED',
      'NODE_TYPE_MISSING',
      'VALUE_UNKNOWN_TAG',
      'VALUE_UNKNOWN_CLASS',
    ],
  ],
]

const exitByCode = new Map(codesByExit.flatMap(([exit, codes]) => codes.map((code) => [code, exit] as const)))

/** The exit code for what was thrown; 1 for everything without one of its own. A file to be read that is not there counts as not found. */
export function exitCodeOf(error: unknown): number {
  if (!isWaystoneError(error)) return exitCodes.error
  const { use, systemCode, edges } = error.details
  // Functions of edges that are missing, as opposed to conditions that are wrong.
  if (error.code === 'WORKFLOW_BAD_CONDITION' && Array.isArray(edges)) return exitCodes.incompatible
  if (error.code === 'CLI_FILE' && use === 'read' && systemCode === 'ENOENT') return exitCodes.notFound
  return exitByCode.get(error.code) ?? exitCodes.error
}

/** The exit code for how a run stands after it was executed. */
export function exitCodeOfRun(status: RunStatus): number {
  switch (status) {
    case 'completed':
      return exitCodes.done
    case 'failed':
    case 'canceled':
      return exitCodes.runFailed
    default:
      return exitCodes.resumable
  }
}
