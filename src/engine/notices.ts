import type { Logger } from '../base/ports.ts'
import type { AttemptContext } from '../nodes/context.ts'
import type { Run } from '../run/run.ts'
import type { NodeLogger } from '../workflow/handler.ts'
import type { ProgressNotice } from './listeners.ts'

/** Hands a node's log line to a logger, with where it comes from. */
export function logLine(
  logger: Logger,
  { path, state }: Run,
  { nodeId, attempt }: AttemptContext,
  level: keyof NodeLogger,
  message: string,
  details: object | undefined,
): void {
  logger[level](message, { runId: state.runId, ...pathOf(path), nodeId, attempt, ...details })
}

/** What a node says of how far it is, with where it comes from. */
export function progressNotice(
  { path, state }: Run,
  { nodeId, attempt }: AttemptContext,
  fraction: number,
  text: string | undefined,
): ProgressNotice {
  const notice = { type: 'progress', runId: state.runId, nodeId, attempt, fraction } as const
  return { ...notice, ...pathOf(path), ...(text === undefined ? {} : { text }) }
}

function pathOf(path: readonly string[]): { readonly path?: readonly string[] } {
  return path.length === 0 ? {} : { path }
}
