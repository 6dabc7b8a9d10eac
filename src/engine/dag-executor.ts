import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import type { Encoded } from '../base/encoded.ts'
import { LimitError, quote, WaystoneError } from '../base/errors.ts'
import type { RunCommand } from '../run/command.ts'
import type { RunConfig } from '../run/config.ts'
import type { RunEvent } from '../run/event.ts'
import type { Retry } from '../run/operation.ts'
import { isEnded } from '../run/reduce.ts'
import { createRun, type Run } from '../run/run.ts'
import type { RunStatus } from '../run/state.ts'
import { type Snapshot, takeSnapshot } from '../snapshot/snapshot.ts'
import { workflowFingerprint } from '../workflow/fingerprint.ts'
import { isWorkflow, type Workflow } from '../workflow/workflow.ts'
import type { Code } from './attempt.ts'
import { type CancelOptions, checkedCancel } from './cancel-options.ts'
import { codeOf } from './code.ts'
import { eventStream } from './event-stream.ts'
import { ExecutorOperations } from './executor-operations.ts'
import type { Journal } from './journal.ts'
import { isListenerType, type ListenerEvent, Listeners, type ListenerType } from './listeners.ts'
import { newState } from './new-run.ts'
import { checkRetry, type RetryOptions, retryOf } from './operations.ts'
import {
  configOf,
  type ExecutorArguments,
  type ExecutorOptions,
  executorOptions,
  type World,
  worldOf,
} from './options.ts'
import { checkPauseOptions, checkReason, type PauseOptions } from './pause-options.ts'
import { canCheckSchemas, loadSchemaChecker } from './payload-schema.ts'
import { type RunResult, resultOf } from './result.ts'
import { RunLoop } from './run-loop.ts'
import { answerCommand, checkSignal, hasSchemaOf, hasSchemas, type SignalOptions, signalCommand } from './signals.ts'

/** What a loaded run brings along; used by `loadSnapshot` and the engine. */
export interface RestoredRun {
  readonly run: Run
  readonly journal: Journal | null
  readonly world: World
  /** Configuration and workflow to go on with, when they are not those of the run. */
  readonly config: RunConfig | null
  readonly isWorkflowChanged: boolean
  /** What it goes on for, and how its timers do; default: someone asked for it, and they do as if it had never stopped. */
  readonly going?: Pick<Extract<RunCommand, { readonly type: 'run.resume' }>, 'cause' | 'timers'>
  /** Whether it settles as `waiting` also while a time is set; default false. */
  readonly letsGo?: boolean
  /** What to do when code is missing, for the message; default: to register it. */
  readonly adviceOnMissingCode?: string | null
}

/** What is loaded, by what stands for it in the place of a caller's options. */
const restoredRuns = new WeakMap<object, RestoredRun>()

/**
 * The loop of an executor, for those of this room who command it otherwise than the public may. No WeakMap: its values stay
 * until a full collection, and with the loop all of a run that has ended would.
 */
export let loopOf: (executor: DagExecutor) => RunLoop

/**
 * Runs one workflow once, and can write the whole run down at any moment.
 *
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const { status } = await new DagExecutor(flow, { concurrency: 4 }).execute()
 * status // 'completed'
 */
export class DagExecutor<Outputs extends object = Record<string, unknown>, Input = unknown> extends ExecutorOperations {
  readonly workflow: Workflow<Outputs, Input>
  readonly #run: Run
  readonly #loop: RunLoop
  readonly #listeners: Listeners
  readonly #world: World
  readonly #code: Code
  readonly #journal: Journal | null
  static {
    loopOf = (executor) => executor.#loop
  }
  #restored: RestoredRun | null
  #execution: Promise<RunResult<Outputs>> | null = null
  /** Once a signal had to wait for what checks schemas, all later ones do, so that none overtakes another. */
  #schemas: Promise<void> | null = null

  /**
   * @throws {DefinitionError} NODE_TYPE_MISSING, WORKFLOW_BAD_CONDITION before anything runs
   * @throws {LimitError} LIMIT_NODES
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  constructor(workflow: Workflow<Outputs, Input>, ...[options = {}]: ExecutorArguments<Input>) {
    super({
      operated: () => ({ run: this.#run, code: this.#code, world: this.#world }),
      operate: (operation) => this.#dispatch(operation),
    })
    const restored = restoredRuns.get(options) ?? null
    // Asked for once; a WeakMap keeps its values until a full collection, and with this one all of a run that has ended.
    if (restored !== null) restoredRuns.delete(options)
    if (restored === null) {
      if (!isWorkflow(workflow)) {
        const advice = 'build one with workflow() or parseWorkflow()'
        throw invalidArgument('workflow', 'a workflow', workflow, { of: 'DagExecutor', advice })
      }
      checkOptions(options, executorOptions, 'DagExecutor')
    }
    this.workflow = workflow
    this.#world = restored?.world ?? worldOf(options)
    this.#restored = restored
    this.#journal = restored?.journal ?? null
    this.#code = codeOf(workflow as Workflow, this.#world.registry, restored?.adviceOnMissingCode ?? null)
    this.#run =
      restored?.run ??
      createRun(workflow.graph, newState(workflow as Workflow, options, configOf(options), this.#world))
    if (restored?.letsGo === true) this.#run.agenda.letsGo = true
    const { state } = this.#run
    // A run without facts can't record a change of its configuration; it begins with the changed one.
    if (restored?.config && state.status === 'pending') state.config = restored.config
    checkSize(workflow as Workflow, restored?.config ?? state.config)
    this.#listeners = new Listeners(this.#world.codec, this.#world.logger)
    for (const [type, listener] of Object.entries(this.#world.listeners))
      this.on(type as ListenerType, listener as never)
    const { codec, clock, logger, services } = this.#world
    this.#loop = new RunLoop({
      run: this.#run,
      code: this.#code,
      codec,
      clock,
      logger,
      services,
      listeners: this.#listeners,
      blobs: this.#world.blobs,
      results: this.#world.results,
      journal: this.#journal,
    })
  }

  /** The id of the run: the one given as an option, or a new one. */
  get runId(): string {
    return this.#run.state.runId
  }

  /** Where the run stands now; `pending` until it is executed. */
  get status(): RunStatus {
    return this.#run.state.status
  }

  /** The configuration in force. */
  get config(): RunConfig {
    return this.#restored?.config ?? this.#run.state.config
  }

  /**
   * Runs what is left to run: everything of a new run, the rest of a restored, paused or failed one (whose failed nodes are
   * tried again), nothing of one that has completed or was canceled.
   *
   * @returns once the run has completed, failed, paused, waits, or was canceled; a failed run is a result, not a rejection
   * @throws {RunError} RUN_ACTIVE when it executes already
   * @throws {StoreError} when the run's facts can't be recorded
   */
  async execute(): Promise<RunResult<Outputs>> {
    return this.#execute(null)
  }

  async #execute(retry: Retry | null): Promise<RunResult<Outputs>> {
    if (this.#execution !== null) {
      throw new WaystoneError(
        'RUN_ACTIVE',
        `run ${quote(this.runId)} is executing already; await the promise of that call`,
      )
    }
    if (this.#loop.failure !== null) throw this.#loop.failure
    if (isEnded(this.#run.state)) return this.#result()
    this.#execution = this.#executeOnce(retry)
    try {
      return await this.#execution
    } finally {
      this.#execution = null
    }
  }

  /**
   * Lets no further node start, lets running ones end (or cuts them off at the deadline), and gives the run as a document.
   * A run that ends meanwhile, or does not execute, is given as it is. A handler that waits for the pause of its own run
   * waits for itself: call this without awaiting it there, or with a deadline.
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   * @throws {StoreError} when the run's facts can't be recorded
   */
  async pause(options: PauseOptions = {}): Promise<Snapshot> {
    checkPauseOptions(options, 'pause')
    const { reason = 'pause', deadlineMs } = options
    if (this.#execution === null) return this.saveSnapshot()
    if (this.status === 'running') this.#loop.dispatch({ type: 'run.request-pause', reason })
    let stop: (() => void) | undefined
    if (deadlineMs !== undefined) {
      stop = this.#world.clock.setTimer(deadlineMs, () => {
        if (this.status === 'running' && this.#loop.failure === null) this.#loop.dispatch({ type: 'run.cut-off' })
      })
    }
    try {
      await this.#execution
    } finally {
      stop?.()
    }
    return this.saveSnapshot()
  }

  /**
   * Ends the run for good: no node starts any more, running ones are told to stop, their late results are dropped. With
   * compensations to run, these come before the end; those of a run that does not execute, when it is executed.
   * @returns once that is recorded
   * @throws {RunError} RUN_ENDED, RUN_NOT_STARTED
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  async cancel(reason = 'canceled', options: CancelOptions = {}): Promise<void> {
    checkReason(reason, 'cancel')
    await this.#dispatch({ type: 'run.cancel', reason, ...checkedCancel(options) })
  }

  /**
   * Records a signal; it is kept until something waits for it. A run that has settled as `waiting` goes on with it when it
   * is executed again.
   * @param payload - checked against the schemas of the nodes that may wait for the name: it goes to those it fits
   * @returns once it is recorded
   * @throws {RunError} SIGNAL_INVALID when it fits none of them, and nothing is recorded; RUN_ENDED, RUN_NOT_STARTED
   * @throws {LimitError} LIMIT_RESULT_BYTES
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN; what the codec throws for a payload it can't keep
   */
  async signal(name: string, payload?: unknown, options: SignalOptions = {}): Promise<void> {
    checkSignal('signal', 'name', name, options)
    await this.#receive(hasSchemas(this.#run, name), payload, (encoded) =>
      signalCommand(this.#run, this.#world.codec, name, encoded, options),
    )
  }

  /**
   * Records the answer to one wait, which a node that waits for a signal names: `wait.id` of its `node.waiting` fact.
   * @returns once it is recorded
   * @throws {RunError} WAIT_UNKNOWN when the wait is not open; else as for a signal
   */
  async answer(waitId: string, payload?: unknown, options: SignalOptions = {}): Promise<void> {
    checkSignal('answer', 'waitId', waitId, options)
    await this.#receive(hasSchemaOf(this.#run, waitId), payload, (encoded) =>
      answerCommand(this.#run, this.#world.codec, waitId, encoded, options),
    )
  }

  /**
   * Runs a failed, waiting or paused run on, its failed and asking nodes from their first attempt, with the code as it is now:
   * all of them, or those named. Then the failures of the others keep nothing but their downstream nodes from running, and
   * the run fails for them at its end, unless they are retried, skipped or given a result before.
   * @throws {RunError} RUN_REJECTED when the run is running, or has nothing of the kind to retry; RUN_ENDED, RUN_NOT_STARTED
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   */
  async retryFailed(options: RetryOptions = {}): Promise<RunResult<Outputs>> {
    const retry = retryOf(options, 'retryFailed')
    checkRetry(this.#run, retry)
    return this.#execute(retry)
  }

  /**
   * Calls a function for every fact of a type, for all facts (`*`), or for progress; in one order, after each is recorded.
   * A listener that throws, or whose promise rejects, is reported to the logger and changes nothing.
   * @returns what takes the listener off again
   * @throws {WaystoneError} ARGUMENT_INVALID, also for a type that does not exist
   */
  on<Type extends ListenerType>(type: Type, listener: (event: ListenerEvent<Type>) => unknown): () => void {
    if (!isListenerType(type)) throw invalidArgument('type', 'a type of event, "*" or "progress"', type, { of: 'on' })
    if (typeof listener !== 'function') throw invalidArgument('listener', 'a function', listener, { of: 'on' })
    return this.#listeners.add(type, listener)
  }

  /**
   * All facts from now on, until the run settles; what comes while the reader is busy is kept for it, all of it, so leave
   * the loop when you stop reading. Over at once when the run has ended for good.
   * @throws {StoreError} from the iterator, when the run's facts can't be recorded any more
   */
  events(): AsyncIterableIterator<RunEvent> {
    return eventStream({
      isOver: isEnded(this.#run.state) && this.#execution === null,
      failure: this.#loop.failure,
      onEvent: (listener) => this.#listeners.add('*', listener),
      onFailure: (listener) => this.#listeners.addFailure(listener),
    })
  }

  /**
   * The whole run as it stands, now: synchronous, allowed at any moment, and of one consistent cut.
   * A node that runs now is in it as running; whoever resumes the snapshot runs that node again.
   */
  saveSnapshot(): Snapshot {
    return takeSnapshot(this.#run.state, this.#world.clock.now(), {
      codec: this.#world.codec,
      epoch: this.#journal?.epoch ?? 0,
    })
  }

  /** Takes a payload as it is now, and gives the command made of it once schemas can be asked; in the order of the calls. */
  async #receive(hasSchema: boolean, payload: unknown, command: (encoded: Encoded) => RunCommand): Promise<void> {
    const encoded = this.#world.codec.encode(payload)
    if (hasSchema && !canCheckSchemas()) this.#schemas ??= loadSchemaChecker()
    const arrived = this.#loop.expectSignal()
    try {
      if (this.#schemas !== null) await this.#schemas
      this.#loop.dispatch(command(encoded))
    } finally {
      arrived()
    }
    await this.#loop.recorded()
  }

  async #executeOnce(retry: Retry | null): Promise<RunResult<Outputs>> {
    const restored = this.#restored
    if (this.#run.state.status === 'pending')
      this.#loop.dispatch({ type: 'run.start', seed: readArgument('ids', () => this.#world.ids.newSeed()) })
    else {
      this.#loop.dispatch({
        type: 'run.resume',
        ...restored?.going,
        ...(retry === null ? {} : { retry }),
        ...(restored?.config ? { config: restored.config } : {}),
        ...(restored?.isWorkflowChanged
          ? {
              workflow: {
                definition: this.workflow.definition,
                fingerprint: workflowFingerprint(this.workflow as Workflow),
              },
            }
          : {}),
      })
    }
    this.#restored = null
    await this.#loop.settled()
    return this.#result()
  }

  async #dispatch(command: RunCommand): Promise<void> {
    this.#loop.dispatch(command)
    await this.#loop.recorded()
  }

  #result(): RunResult<Outputs> {
    return resultOf<Outputs>(this.#run, this.#world.codec)
  }
}

/** An executor over a run that exists already; nothing runs until asked. */
export function restoredExecutor<Outputs extends object, Input>(
  workflow: Workflow<Outputs, Input>,
  restored: RestoredRun,
): DagExecutor<Outputs, Input> {
  const options: ExecutorOptions<Input> = {}
  restoredRuns.set(options, restored)
  // Its input is that of the run it restores.
  return new DagExecutor(workflow, ...([options] as readonly unknown[] as ExecutorArguments<Input>))
}

function checkSize({ graph }: Workflow, config: RunConfig): void {
  const max = config.limits.maxNodes
  const actual = graph.nodes.length
  if (max === null || actual <= max) return
  throw new LimitError('LIMIT_NODES', `the workflow has ${actual} nodes and limits.maxNodes is ${max}`, {
    details: { limit: 'maxNodes', max, actual },
  })
}
