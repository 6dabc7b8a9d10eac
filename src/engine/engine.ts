import { checkOptions, invalidArgument } from '../base/argument.ts'
import { quote, RunError } from '../base/errors.ts'
import type { RunConfig } from '../run/config.ts'
import { isEnded } from '../run/reduce.ts'
import { createRun } from '../run/run.ts'
import { type Snapshot, takeSnapshot } from '../snapshot/snapshot.ts'
import type { ListQuery, RunPage, RunSummary } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { checkRunId } from '../store/store-arguments.ts'
import { compareWorkflows, isSameDefinition } from '../workflow/compare-workflows.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import { isWorkflow, type Workflow } from '../workflow/workflow.ts'
import { bystander } from './bystander.ts'
import { Checkpoints, DEFAULT_CHECKPOINT_EVENTS } from './checkpoints.ts'
import { ClaimKeeper } from './claim-keeper.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import {
  runActive,
  runExists,
  runIdle,
  runRunning,
  runUnknown,
  workflowMissing,
  workflowUnknown,
} from './engine-errors.ts'
import type { Engine, StartOptions } from './engine-interface.ts'
import { Operations } from './engine-operations.ts'
import { checkEngineOptions, type EngineOptions, workflowsById } from './engine-options.ts'
import { typesMissing } from './explain.ts'
import { meetChange, runOn } from './load.ts'
import { newState } from './new-run.ts'
import { checkRetry, type RetryOptions, retryOf } from './operations.ts'
import {
  type ConfigOptions,
  changesConfig,
  configOf,
  configOptions,
  startOptions,
  type World,
  worldOf,
} from './options.ts'
import { checkPauseOptions, type PauseOptions } from './pause-options.ts'
import { recoverRuns } from './recover.ts'
import type { Recovery, RunHandle } from './run-handle.ts'
import { RunTurns } from './run-turns.ts'
import { StoreJournal } from './store-journal.ts'
import { readRun, type StoredRun } from './stored-run.ts'

const DEFAULT_LEASE_MS = 30_000

/**
 * An engine over a store.
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const engine = createEngine({ store: memoryStore(), workflows: [flow] })
 * const { result } = await engine.start(flow)
 * const { output } = await result
 * output // 1
 */
export function createEngine(options: EngineOptions): Engine {
  checkEngineOptions(options)
  return new StoreEngine(options)
}

class StoreEngine extends Operations implements Engine {
  readonly #store: Store
  readonly #workflows: ReadonlyMap<string, Workflow>
  readonly #config: RunConfig
  readonly #world: World
  readonly #options: EngineOptions
  readonly #owner: string
  readonly #leaseMs: number
  readonly #keeper: ClaimKeeper
  readonly #active = new Map<string, RunHandle>()
  readonly #turns = new RunTurns()
  #isClosed = false

  constructor(options: EngineOptions) {
    super({
      command: (runId, give) => this.#command(runId, give),
      retry: (runId, retry) => this.#takeUp(runId, {}, retry),
      live: (runId) => this.#active.get(runId)?.executor,
      look: (runId) => this.#look(runId),
    })
    this.#options = options
    this.#store = options.store
    this.#world = worldOf(options)
    this.#owner = options.owner ?? this.#world.ids.newId()
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS
    this.#keeper = new ClaimKeeper(this.#store, this.#world.clock, this.#world.logger, this.#leaseMs)
    this.#workflows = workflowsById(options.workflows)
    this.#config = configOf(options)
  }

  async start<Outputs extends object, Input>(
    given: Workflow<Outputs, Input> | string,
    input?: Input,
    options: StartOptions = {},
  ): Promise<RunHandle<Outputs>> {
    checkOptions(options, startOptions, 'start')
    const workflow = this.#workflow(given as Workflow | string)
    const state = newState(workflow, { ...options, input }, configOf(options, this.#config), this.#world)
    const { runId } = state
    return this.#turns.take(runId, async () => {
      this.#requireOpen()
      // Claiming it again would take the claim from the run itself.
      if (this.#active.has(runId)) throw runExists(runId)
      return this.#claimed(runId, async (journal) => {
        if ((await this.#store.get(runId)) !== null) throw runExists(runId)
        const run = createRun(workflow.graph, state)
        const executor = restoredExecutor(workflow, {
          run,
          journal,
          world: this.#world,
          config: null,
          isWorkflowChanged: false,
        })
        return this.#execute(executor, journal) as RunHandle as RunHandle<Outputs>
      })
    })
  }

  async resume(runId: string, options: ConfigOptions = {}): Promise<RunHandle> {
    checkOptions(options, configOptions, 'resume')
    return this.#takeUp(runId, options, null)
  }

  async #takeUp(runId: string, options: ConfigOptions, retry: RetryOptions | null): Promise<RunHandle> {
    return this.#turns.take(runId, async () => {
      this.#requireOpen()
      const active = this.#executing(runId)
      if (active !== undefined) {
        if (retry !== null) throw runRunning(runId)
        if (changesConfig(options)) throw runActive(runId)
        return active
      }
      await this.#settled(runId)
      await this.#known(runId)
      return this.#claimed(runId, async (journal) => {
        const stored = await this.#read(runId, journal)
        if (retry !== null) checkRetry(stored.run, retryOf(retry, 'retry'))
        return this.#execute(this.#executor(stored, journal, options), journal, retry)
      })
    })
  }

  async recover(): Promise<Recovery> {
    this.#requireOpen()
    return recoverRuns(
      this.#store,
      (runId) => this.#active.has(runId),
      (runId) => this.resume(runId),
    )
  }

  get(runId: string): Promise<RunSummary | null> {
    return this.#store.get(runId)
  }

  list(query?: Partial<ListQuery>): Promise<RunPage> {
    return this.#store.list(query)
  }

  async snapshot(runId: string): Promise<Snapshot> {
    checkRunId(runId)
    const active = this.#active.get(runId)
    if (active !== undefined) return active.executor.saveSnapshot()
    const { run } = await readRun(this.#store, runId, { codec: this.#world.codec })
    return takeSnapshot(run.state, this.#world.clock.now(), { codec: this.#world.codec })
  }

  async #look(runId: string) {
    checkRunId(runId)
    const { run } = await readRun(this.#store, runId, { codec: this.#world.codec })
    const { clock, registry } = this.#world
    const workflow = this.#workflows.get(run.state.workflow.id)
    return { run, at: clock.now(), missingTypes: typesMissing(run.graph, workflow, registry) }
  }

  async pause(runId: string, options: PauseOptions = {}): Promise<Snapshot> {
    const active = this.#active.get(runId) ?? (await this.#turns.take(runId, () => this.#unpausable(runId)))
    if (active === null) return this.snapshot(runId)
    const snapshot = await active.executor.pause(options)
    await active.result
    return snapshot
  }

  async cancel(runId: string, reason = 'canceled'): Promise<void> {
    await this.#command(runId, (executor) => executor.cancel(reason))
  }

  async signal(runId: string, name: string, payload?: unknown): Promise<void> {
    await this.#command(runId, (executor) => executor.signal(name, payload))
  }

  async close(options: PauseOptions = {}): Promise<void> {
    checkPauseOptions(options, 'close')
    this.#isClosed = true
    // A start or resume under way ends up among the active ones, or fails.
    await this.#turns.idle()
    const closed = await Promise.allSettled(
      [...this.#active.values()].map(async ({ executor, result }) => {
        await executor.pause({ reason: 'engine closed', ...options })
        await result
      }),
    )
    const failed = closed.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /** Gives a command to a run that executes here, or to one that executes nowhere, under a claim of its own. */
  async #command(runId: string, give: (executor: DagExecutor) => Promise<void>): Promise<void> {
    const active = this.#executing(runId)
    if (active !== undefined) return give(active.executor as DagExecutor)
    await this.#turns.take(runId, async () => {
      // It may have been taken up meanwhile.
      const active = this.#executing(runId)
      if (active !== undefined) return give(active.executor as DagExecutor)
      await this.#settled(runId)
      await this.#known(runId)
      await this.#claimed(runId, async (journal) => {
        const stored = await this.#read(runId, journal)
        await give(bystander(stored, journal, this.#world, this.#workflows.get(stored.run.state.workflow.id)))
        await this.#keeper.release(journal)
      })
    })
  }

  /** The handle of a run that executes here and has not settled. */
  #executing(runId: string): RunHandle | undefined {
    const active = this.#active.get(runId)
    return active?.executor.status === 'running' ? active : undefined
  }

  /** Waits until a run that has settled here has let go of its claim. */
  async #settled(runId: string): Promise<void> {
    // What keeps it from being recorded is told where its result is awaited.
    await this.#active.get(runId)?.result.catch(() => undefined)
  }

  /** The handle of a run that has been taken up meanwhile; null when the run is paused already; throws when it executes nowhere. */
  async #unpausable(runId: string): Promise<RunHandle | null> {
    const active = this.#active.get(runId)
    if (active !== undefined) return active
    const { status } = await this.#known(runId)
    if (status === 'paused') return null
    // Whoever holds it is named by the refusal.
    await this.#claimed(runId, (journal) => this.#keeper.release(journal))
    throw runIdle(runId, status)
  }

  #execute(executor: DagExecutor, journal: StoreJournal, retry: RetryOptions | null = null): RunHandle {
    const { runId } = executor
    const result = (retry === null ? executor.execute() : executor.retryFailed(retry)).finally(async () => {
      await this.#keeper.release(journal)
      this.#active.delete(runId)
    })
    // The handle's owner may look at the result late or never; what stopped the run is logged in any case.
    result.catch((error: unknown) =>
      this.#world.logger.error(`run ${quote(runId)} stopped: its facts can't be recorded`, { error }),
    )
    const handle = Object.freeze({ runId, executor, result })
    this.#active.set(runId, handle)
    return handle
  }

  /** The index of the registered workflow when it is of the same definition, so that a resume builds no second one. */
  #graphOf(definition: WorkflowDefinition): Graph | null {
    const registered = this.#workflows.get(definition.id)
    const isSame = registered !== undefined && isSameDefinition(definition, registered.definition)
    return isSame ? registered.graph : null
  }

  #executor(stored: StoredRun, journal: StoreJournal, options: ConfigOptions): DagExecutor {
    const { run } = stored
    const { state } = run
    // Nothing of an ended run is left to run, so no code has to be there, and none is compared.
    if (isEnded(state)) return bystander(stored, journal, this.#world)
    const registered = this.#workflows.get(state.workflow.id)
    const workflow = registered ?? {
      definition: state.workflow,
      graph: run.graph,
      handlers: new Map(),
      predicates: new Map(),
    }
    const changes = registered === undefined ? [] : compareWorkflows(run.graph, registered.graph)
    if (changes.length > 0) {
      meetChange(state.runId, changes, this.#options.onWorkflowChange ?? 'refuse', this.#world.logger)
    }
    const on = runOn(run, workflow, changes.length > 0)
    const config = changesConfig(options) ? configOf(options, state.config) : null
    const adviceOnMissingCode = registered === undefined ? workflowMissing(state.workflow.id) : null
    return restoredExecutor(workflow, { ...on, journal, world: this.#world, config, adviceOnMissingCode })
  }

  /** Works under a new claim, which is let go when the work fails. */
  async #claimed<T>(runId: string, work: (journal: StoreJournal) => Promise<T>): Promise<T> {
    const journal = await this.#claim(runId)
    try {
      return await work(journal)
    } catch (error) {
      await this.#keeper.release(journal)
      throw error
    }
  }

  /** Reads a run whose log a journal goes on from. */
  async #read(runId: string, journal: StoreJournal): Promise<StoredRun> {
    const stored = await readRun(this.#store, runId, {
      codec: this.#world.codec,
      logger: this.#world.logger,
      definitions: [...this.#workflows.values()].map(({ definition }) => definition),
      graphOf: (definition) => this.#graphOf(definition),
    })
    journal.continueFrom(stored.run.state.seq, stored.createdAt, stored.folded)
    return stored
  }

  async #claim(runId: string): Promise<StoreJournal> {
    const { clock, logger } = this.#world
    const { claim, repairs } = await this.#store.claim(runId, {
      owner: this.#owner,
      leaseMs: this.#leaseMs,
      now: clock.now(),
    })
    for (const repair of repairs)
      logger.warn(
        `the log of run ${quote(runId)} had a torn tail: ${repair.sizeBytes} bytes were cut at ${repair.offset}`,
        repair,
      )
    const minEvents = this.#options.checkpointEvents ?? DEFAULT_CHECKPOINT_EVENTS
    const journal = new StoreJournal(this.#store, claim, new Checkpoints(this.#store, runId, minEvents, logger))
    this.#keeper.keep(journal)
    return journal
  }

  #requireOpen(): void {
    if (this.#isClosed) throw new RunError('ENGINE_CLOSED', 'the engine is closed and takes up no run; make a new one')
  }

  async #known(runId: string): Promise<RunSummary> {
    const summary = await this.#store.get(runId)
    if (summary !== null) return summary
    throw runUnknown(runId)
  }

  #workflow(given: Workflow | string): Workflow {
    if (typeof given !== 'string') {
      if (isWorkflow(given)) return given
      throw invalidArgument('workflow', 'a workflow or the id of one', given, { of: 'start' })
    }
    const workflow = this.#workflows.get(given)
    if (workflow !== undefined) return workflow
    throw workflowUnknown(given, [...this.#workflows.keys()])
  }
}
