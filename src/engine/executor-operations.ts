import { explain } from '../run/explain.ts'
import { inspectRun } from '../run/inspect.ts'
import type { Inspection } from '../run/inspection.ts'
import type { NodePath } from '../run/node-path.ts'
import type { Operation } from '../run/operation.ts'
import type { NodeReasons } from '../run/why.ts'
import { deletionOf, type Operated, type OperationOptions, resultOperation, settingOf, skipOf } from './operations.ts'

/** What operations ask of the executor they are part of. */
export interface ExecutorAccess {
  readonly operated: () => Operated
  /** Resolves once the operation is recorded. */
  readonly operate: (operation: Operation) => Promise<void>
}

/** What someone may do to a run that does not execute, and ask of one at any time. */
export class ExecutorOperations {
  readonly #access: ExecutorAccess

  constructor(access: ExecutorAccess) {
    this.#access = access
  }

  /**
   * Skips a node that has not ended, in a run that is paused, failed, waiting or quarantined; what follows it behaves as after
   * any skip.
   * @param node - its id; of a nested run that is under way the ids that lead to it
   * @returns once that is recorded
   * @throws {RunError} RUN_REJECTED when the run is running or the node has ended; RUN_ENDED, RUN_NOT_STARTED
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  async skipNode(node: NodePath, options: OperationOptions = {}): Promise<void> {
    await this.#access.operate(skipOf(node, options))
  }

  /**
   * Gives a node its result in place of its handler, in a run that is paused, failed, waiting or quarantined; `route` chooses
   * the edges it takes.
   * @param node - its id; of a nested run that is under way the ids that lead to it
   * @returns once that is recorded
   * @throws {RunError} RUN_REJECTED when the run is running or the node has ended; RUN_ENDED, RUN_NOT_STARTED
   * @throws {NodeError} NODE_CONDITION_FAILED; {LimitError} LIMIT_RESULT_BYTES; what the codec throws for a value it can't keep
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  async setResult(node: NodePath, value: unknown, options: OperationOptions = {}): Promise<void> {
    await this.#access.operate(await resultOperation(this.#access.operated(), node, value, options))
  }

  /**
   * Sets a variable of a run that is paused, failed, waiting or quarantined.
   * @returns once that is recorded
   * @throws {RunError} RUN_REJECTED when the run is running; RUN_ENDED, RUN_NOT_STARTED
   * @throws {LimitError} LIMIT_STATE_BYTES; what the codec throws for a value it can't keep
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN, STATE_BAD_KEY
   */
  async setVariable(name: string, value: unknown, options: OperationOptions = {}): Promise<void> {
    await this.#access.operate(settingOf(this.#access.operated(), name, value, options))
  }

  /**
   * Deletes a variable of a run that is paused, failed, waiting or quarantined.
   * @returns once that is recorded
   * @throws {RunError} RUN_REJECTED when the run is running, or has no such variable; RUN_ENDED, RUN_NOT_STARTED
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN, STATE_BAD_KEY
   */
  async deleteVariable(name: string, options: OperationOptions = {}): Promise<void> {
    await this.#access.operate(deletionOf(name, options))
  }

  /** Where the run stands now, and what each node that has not ended waits for; see `inspect`. */
  inspect(): Inspection {
    const { run, world } = this.#access.operated()
    return inspectRun(run.graph, run.state, { at: world.clock.now() })
  }

  /**
   * Why a node ran, was skipped, failed or waits; see `why`.
   * @param node - its id; of a nested run the ids that lead to it
   * @throws {WaystoneError} ARGUMENT_INVALID, also for a node the workflow does not have
   */
  why(node: NodePath): NodeReasons {
    const { run, world } = this.#access.operated()
    return explain(run.graph, run.state, node, { at: world.clock.now() })
  }
}
