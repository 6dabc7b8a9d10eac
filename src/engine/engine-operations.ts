import type { ErrorCode } from '../base/error-codes.ts'
import { isWaystoneError } from '../base/errors.ts'
import type { History } from '../history/history.ts'
import { LAST_INSTANT } from '../run/decide-node.ts'
import { explain } from '../run/explain.ts'
import { type InspectOptions, inspectRun } from '../run/inspect.ts'
import type { Inspection } from '../run/inspection.ts'
import type { NodePath } from '../run/node-path.ts'
import type { Run } from '../run/run.ts'
import type { NodeReasons } from '../run/why.ts'
import { checkRunId } from '../store/store-arguments.ts'
import { type DagExecutor, loopOf } from './dag-executor.ts'
import type { OperationOptions, RetryOptions } from './operations.ts'
import { retryOf } from './operations.ts'
import type { RunHandle } from './run-handle.ts'
import { checkSignal, type SignalOptions } from './signals.ts'
import {
  checkTokenOptions,
  newToken,
  requireToken,
  type TokenOptions,
  tokenCommand,
  tokenInvalid,
  tokenParts,
} from './tokens.ts'

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
  skipNode(runId: string, node: NodePath, options?: OperationOptions): Promise<void>
  /**
   * Gives a node its result; see `DagExecutor.setResult`. Conditions in code are those of the registered workflow.
   * @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere
   */
  setResult(runId: string, node: NodePath, value: unknown, options?: OperationOptions): Promise<void>
  /** Sets a variable; see `DagExecutor.setVariable`. @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere */
  setVariable(runId: string, name: string, value: unknown, options?: OperationOptions): Promise<void>
  /** Deletes a variable; see `DagExecutor.deleteVariable`. @throws {StoreError} STORE_NOT_FOUND, STORE_HELD when the run executes elsewhere */
  deleteVariable(runId: string, name: string, options?: OperationOptions): Promise<void>
  /** Where a run stands, live when it executes here, else as its log tells; see `inspect`. @throws {StoreError} STORE_NOT_FOUND */
  inspect(runId: string): Promise<Inspection>
  /**
   * Why a node of a run ran, was skipped, failed or waits; see `why`.
   * @throws {StoreError} STORE_NOT_FOUND
   * @throws {WaystoneError} ARGUMENT_INVALID, also for a node the workflow does not have
   */
  why(runId: string, node: NodePath): Promise<NodeReasons>
  /**
   * The history of a run: all its events on record by now, and the run as it stood after any of them. It grows by
   * `append` alone; ask again for what has come since.
   * @throws {StoreError} STORE_NOT_FOUND; {RunError} HISTORY_DAMAGED
   * @example
   * const flow = workflow('hello', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
   * const engine = createEngine({ store: memoryStore(), workflows: [flow] })
   * const { runId, result } = await engine.start(flow)
   * await result
   * const history = await engine.history(runId)
   * history.at(4).completedNodes // ['a']
   */
  history(runId: string): Promise<History>
}

/** What reaches a run from outside while it waits, wherever it executes. */
export interface EngineSignals {
  /**
   * Records a signal. A run that executes nowhere and waits for it goes on here at once, when its workflow is registered;
   * one that is paused or has failed keeps it.
   * @param payload - checked against the schemas of the nodes that may wait for the name
   * @returns once it is recorded
   * @throws {RunError} SIGNAL_INVALID, RUN_ENDED, RUN_NOT_STARTED
   * @throws {StoreError} STORE_NOT_FOUND; STORE_HELD when the run executes elsewhere: send it again, with the same key
   */
  signal(runId: string, name: string, payload?: unknown, options?: SignalOptions): Promise<void>
  /**
   * Records the answer to one wait; else as a signal.
   * @throws {RunError} WAIT_UNKNOWN when the wait is not open
   */
  answer(runId: string, waitId: string, payload?: unknown, options?: SignalOptions): Promise<void>
  /**
   * A token with which its holder may answer a wait, once: opaque text that fits in an address. Only its digest is recorded.
   * @throws {RunError} WAIT_UNKNOWN when the wait is not open or was answered; RUN_ENDED
   * @throws {StoreError} STORE_NOT_FOUND, STORE_HELD
   */
  issueToken(runId: string, waitId: string, options?: TokenOptions): Promise<string>
  /**
   * Answers the wait a token is for, as `answer` does.
   * @throws {RunError} TOKEN_INVALID when the token is forged, expired or used, all alike; SIGNAL_INVALID
   * @throws {StoreError} STORE_HELD
   */
  answerToken(token: string, payload?: unknown): Promise<void>
}

/** What would tell the holder of a token something of the run beside that the token is not good. */
const TELLING: readonly ErrorCode[] = [
  'STORE_NOT_FOUND',
  'STORE_BAD_ARGUMENT',
  'WAIT_UNKNOWN',
  'RUN_ENDED',
  'RUN_NOT_STARTED',
]

/** What operations ask of the engine they are part of. */
export interface EngineAccess {
  /** Does something to a run, where it executes or under a claim of its own. */
  readonly command: (runId: string, give: (executor: DagExecutor) => Promise<void>) => Promise<void>
  /** Like `command`, and a run that executes nowhere goes on when it can. */
  readonly deliver: (runId: string, give: (executor: DagExecutor) => Promise<void>) => Promise<void>
  readonly now: () => number
  readonly retry: (runId: string, options: RetryOptions) => Promise<RunHandle>
  /** What executes a run here. */
  readonly live: (runId: string) => Pick<DagExecutor, 'inspect' | 'why'> | undefined
  /** A recorded run, and the types of its nodes nobody handles. */
  readonly look: (runId: string) => Promise<{ readonly run: Run } & InspectOptions>
  readonly history: (runId: string) => Promise<History>
}

/** The operations of an engine. */
export class Operations implements EngineOperations, EngineSignals {
  readonly #access: EngineAccess

  constructor(access: EngineAccess) {
    this.#access = access
  }

  async retry(runId: string, options: RetryOptions = {}): Promise<RunHandle> {
    retryOf(options, 'retry')
    return this.#access.retry(runId, options)
  }

  async signal(runId: string, name: string, payload?: unknown, options: SignalOptions = {}): Promise<void> {
    checkSignal('signal', 'name', name, options)
    await this.#access.deliver(runId, (executor) => executor.signal(name, payload, options))
  }

  async answer(runId: string, waitId: string, payload?: unknown, options: SignalOptions = {}): Promise<void> {
    checkSignal('answer', 'waitId', waitId, options)
    await this.#access.deliver(runId, (executor) => executor.answer(waitId, payload, options))
  }

  async issueToken(runId: string, waitId: string, options: TokenOptions = {}): Promise<string> {
    checkRunId(runId)
    checkTokenOptions(waitId, options)
    const { expiresInMs } = options
    const token = newToken(runId, waitId)
    await this.#access.command(runId, async (executor) => {
      const loop = loopOf(executor)
      const expiresAt = expiresInMs === undefined ? null : Math.min(LAST_INSTANT, this.#access.now() + expiresInMs)
      loop.dispatch(tokenCommand(token, waitId, expiresAt))
      await loop.recorded()
    })
    return token
  }

  async answerToken(token: string, payload?: unknown): Promise<void> {
    const parts = tokenParts(token)
    const { runId, waitId } = parts
    try {
      // Looked at first, so that a token that is not good neither takes a claim nor tells whether there is such a run.
      const { run, at } = await this.#access.look(runId)
      requireToken(run, parts, at)
      await this.#access.deliver(runId, async (executor) => {
        requireToken(loopOf(executor).run, parts, this.#access.now())
        await executor.answer(waitId, payload)
      })
    } catch (error) {
      if (isWaystoneError(error) && TELLING.includes(error.code)) throw tokenInvalid()
      throw error
    }
  }

  async skipNode(runId: string, node: NodePath, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.skipNode(node, options))
  }

  async setResult(runId: string, node: NodePath, value: unknown, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.setResult(node, value, options))
  }

  async setVariable(runId: string, name: string, value: unknown, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.setVariable(name, value, options))
  }

  async deleteVariable(runId: string, name: string, options?: OperationOptions): Promise<void> {
    await this.#access.command(runId, (executor) => executor.deleteVariable(name, options))
  }

  async inspect(runId: string): Promise<Inspection> {
    const live = this.#access.live(runId)
    if (live !== undefined) return live.inspect()
    const { run, ...options } = await this.#access.look(runId)
    return inspectRun(run.graph, run.state, options)
  }

  async why(runId: string, node: NodePath): Promise<NodeReasons> {
    const live = this.#access.live(runId)
    if (live !== undefined) return live.why(node)
    const { run, ...options } = await this.#access.look(runId)
    return explain(run.graph, run.state, node, options)
  }

  async history(runId: string): Promise<History> {
    checkRunId(runId)
    return this.#access.history(runId)
  }
}
