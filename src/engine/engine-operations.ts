import type { DagExecutor } from './dag-executor.ts'
import type { OperationOptions, RetryOptions } from './operations.ts'
import { retryOf } from './operations.ts'
import type { RunHandle } from './run-handle.ts'

/** What someone may do to a recorded run that does not execute; each is a fact of the run, with who asked for it and why. */
export interface EngineOperations {
  /**
   * Takes a failed, waiting or paused run up and tries its failed and asking nodes again, all or those named; see
   * `DagExecutor.retryFailed`.
   * @throws {RunError} RUN_REJECTED when the run executes, or has nothing of the kind to retry; RUN_ENDED, ENGINE_CLOSED
   * @throws {StoreError} STORE_NOT_FOUND, STORE_HELD
   * @throws {DefinitionError} NODE_TYPE_MISSING, WORKFLOW_CHANGED
   */
  retry(runId: string, options?: RetryOptions): Promise<RunHandle>
  /** Skips a node; see `DagExecutor.skipNode`. @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere */
  skipNode(runId: string, nodeId: string, options?: OperationOptions): Promise<void>
  /**
   * Gives a node its result; see `DagExecutor.setResult`. Conditions in code are those of the registered workflow.
   * @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere
   */
  setResult(runId: string, nodeId: string, value: unknown, options?: OperationOptions): Promise<void>
  /** Sets a variable; see `DagExecutor.setVariable`. @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere */
  setVariable(runId: string, name: string, value: unknown, options?: OperationOptions): Promise<void>
  /** Deletes a variable; see `DagExecutor.deleteVariable`. @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere */
  deleteVariable(runId: string, name: string, options?: OperationOptions): Promise<void>
}

/** What operations ask of the engine they are part of. */
export interface EngineAccess {
  /** Does something to a run, where it executes or under a claim of its own. */
  readonly command: (runId: string, give: (executor: DagExecutor) => Promise<void>) => Promise<void>
  readonly retry: (runId: string, options: RetryOptions) => Promise<RunHandle>
}

/** The operations of an engine. */
export class Operations implements EngineOperations {
  readonly #access: EngineAccess

  constructor(access: EngineAccess) {
    this.#access = access
  }

  async retry(runId: string, options: RetryOptions = {}): Promise<RunHandle> {
    retryOf(options, 'retry')
    return this.#access.retry(runId, options)
  }

  async skipNode(runId: string, nodeId: string, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.skipNode(nodeId, options))
  }

  async setResult(runId: string, nodeId: string, value: unknown, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.setResult(nodeId, value, options))
  }

  async setVariable(runId: string, name: string, value: unknown, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.setVariable(name, value, options))
  }

  async deleteVariable(runId: string, name: string, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.deleteVariable(name, options))
  }
}
