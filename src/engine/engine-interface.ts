import type { Snapshot } from '../snapshot/snapshot.ts'
import type { ListQuery, RunPage, RunSummary } from '../store/driver.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { CancelOptions } from './cancel-options.ts'
import type { EngineOperations, EngineSignals } from './engine-operations.ts'
import type { ConfigOptions, ExecutorOptions, TimerOptions } from './options.ts'
import type { PauseOptions } from './pause-options.ts'
import type { Recovery, RunHandle } from './run-handle.ts'

/** Options of one run of an engine. */
export type StartOptions = Pick<ExecutorOptions, 'runId' | 'variables' | 'context'> & ConfigOptions

/** What a run is started with: an input that the workflow says it needs can not be left out. */
export type StartArguments<Input> = undefined extends Input
  ? [input?: Input, options?: StartOptions]
  : [input: Input, options?: StartOptions]

/** How a run of an engine is taken up; the time of its last fact is the one up to which its timers had run. */
export interface ResumeOptions extends ConfigOptions, TimerOptions {}

/** Many runs, recorded: what a process did not finish, another takes up. */
export interface Engine extends EngineOperations, EngineSignals {
  /**
   * Starts a run under a claim of its own. No handler is called before the facts that lead to it are on record.
   * @throws {StoreError} STORE_EXISTS when there is a run of that id, STORE_HELD when another process starts it
   * @throws {DefinitionError} NODE_TYPE_MISSING, WORKFLOW_UNKNOWN
   * @throws {RunError} ENGINE_CLOSED
   */
  start<Outputs extends object, Input>(
    workflow: Workflow<Outputs, Input> | string,
    ...given: StartArguments<Input>
  ): Promise<RunHandle<Outputs>>
  /**
   * Takes a run up where its log ends; a failed one tries its failed nodes again, an ended one just gives its result. Of
   * a run that executes here already the handle is given.
   * @throws {StoreError} STORE_NOT_FOUND, STORE_HELD
   * @throws {DefinitionError} NODE_TYPE_MISSING, WORKFLOW_CHANGED
   * @throws {RunError} RUN_ACTIVE when options are given for a run that executes here already, ENGINE_CLOSED
   */
  resume(runId: string, options?: ResumeOptions): Promise<RunHandle>
  /**
   * Takes up every run whose process ended without finishing it, and every waiting one whose signal or time has come; those
   * whose time comes later go on then, as long as this engine is there.
   * @throws {RunError} ENGINE_CLOSED
   */
  recover(): Promise<Recovery>
  /** The handle of a run that executes here, or has settled and is about to be let go; null of any other. */
  executing(runId: string): RunHandle | null
  /** What the store knows of a run; null when it has none. */
  get(runId: string): Promise<RunSummary | null>
  list(query?: Partial<ListQuery>): Promise<RunPage>
  /** The run as a document: live when it executes here, else as its log tells. */
  snapshot(runId: string): Promise<Snapshot>
  /** Pauses a run that executes here. @throws {RunError} RUN_REJECTED when it executes nowhere, {StoreError} STORE_HELD elsewhere */
  pause(runId: string, options?: PauseOptions): Promise<Snapshot>
  /**
   * Cancels a run for good, whether it executes here or nowhere. Compensations of one that executes nowhere run when it is resumed.
   * @throws {StoreError} STORE_HELD when it executes elsewhere
   */
  cancel(runId: string, reason?: string, options?: CancelOptions): Promise<void>
  /**
   * Pauses every run that executes here, lets go of their claims and starts or resumes none any more. The store stays open.
   * @throws what keeps a run from pausing, once all others have
   */
  close(options?: PauseOptions): Promise<void>
}
