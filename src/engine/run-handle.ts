import type { WaystoneError } from '../base/errors.ts'
import type { DagExecutor } from './dag-executor.ts'
import type { RunResult } from './result.ts'

/** A run an engine executes. */
export interface RunHandle<Outputs extends object = Record<string, unknown>> {
  readonly runId: string
  /** For listeners, snapshots and status. */
  readonly executor: DagExecutor<Outputs, unknown>
  /** Resolves when the run settles and its claim is let go; rejects when its facts can't be recorded. */
  readonly result: Promise<RunResult<Outputs>>
}

/** What a recovery did with each run that was left unfinished. */
export interface Recovery {
  readonly resumed: readonly RunHandle[]
  /** Runs another process holds. */
  readonly held: readonly string[]
  /** Runs that could not be taken up, each with the reason; they do not stop the others. */
  readonly failed: readonly { readonly runId: string; readonly error: WaystoneError }[]
}
