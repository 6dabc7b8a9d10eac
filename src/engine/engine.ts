import { checkOptions, invalidArgument } from '../base/argument.ts'
import { isWaystoneError, quote, RunError } from '../base/errors.ts'
import type { RunConfig } from '../run/config.ts'
import { isEnded } from '../run/reduce.ts'
import { createRun, type Run } from '../run/run.ts'
import { causeToGoOn, wakeAt } from '../run/wake.ts'
import { type Snapshot, takeSnapshot } from '../snapshot/snapshot.ts'
import type { ListQuery, RunPage, RunSummary } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { checkRunId } from '../store/store-arguments.ts'
import { compareWorkflows } from '../workflow/compare-workflows.ts'
import { isWorkflow, type Workflow } from '../workflow/workflow.ts'
import { bystander } from './bystander.ts'
import type { CancelOptions } from './cancel-options.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import { DueRuns } from './due-runs.ts'
import {
  runActive,
  runExists,
  runIdle,
  runRunning,
  runUnknown,
  workflowMissing,
  workflowUnknown,
} from './engine-errors.ts'
import type { Engine, ResumeOptions, StartOptions } from './engine-interface.ts'
import { Operations } from './engine-operations.ts'
import { checkEngineOptions, type EngineOptions, workflowsById } from './engine-options.ts'
import { meetChange, runOn } from './load.ts'
import { newState } from './new-run.ts'
import { checkRetry, type RetryOptions, retryOf } from './operations.ts'
import { changesConfig, checkTimers, configOf, resumeOptions, startOptions, type World, worldOf } from './options.ts'
import { checkPauseOptions, type PauseOptions } from './pause-options.ts'
import { recoverRuns } from './recover.ts'
import type { Recovery, RunHandle } from './run-handle.ts'
import { RunTurns } from './run-turns.ts'
import type { StoreJournal } from './store-journal.ts'
import { readRun, type StoredRun } from './stored-run.ts'
import { StoredRuns } from './stored-runs.ts'
import { typesMissing } from './types-missing.ts'

const DEFAULT_LEASE_MS = 30_000

/** A run that is taken up, and what executes it. */
interface Restored {
  readonly run: Run
  readonly executor: DagExecutor
}

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
  readonly #leaseMs: number
  readonly #stored: StoredRuns
  readonly #active = new Map<string, RunHandle>()
  readonly #turns = new RunTurns()
  readonly #due: DueRuns
  #isClosed = false

  constructor(options: EngineOptions) {
    super({
      command: (runId, give) => this.#command(runId, give),
      deliver: (runId, give) => this.#command(runId, give, true),
      now: () => this.#world.clock.now(),
      retry: (runId, retry) => this.#takeUp(runId, {}, retry),
      live: (runId) => this.#active.get(runId)?.executor,
      look: (runId) => this.#look(runId),
      history: (runId) => this.#stored.history(runId),
    })
    this.#options = options
    this.#store = options.store
    this.#world = worldOf(options)
    this.#leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS
    this.#due = new DueRuns(this.#world.clock, (runId) => void this.#wake(runId))
    this.#workflows = workflowsById(options.workflows)
    this.#stored = new StoredRuns(options, this.#world, this.#leaseMs, [...this.#workflows.values()])
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
      return this.#stored.claimed(runId, async (journal) => {
        if ((await this.#store.get(runId)) !== null) throw runExists(runId)
        const run = createRun(workflow.graph, state)
        const executor = restoredExecutor(workflow, {
          run,
          journal,
          world: this.#world,
          config: null,
          isWorkflowChanged: false,
          letsGo: true,
        })
        return this.#execute({ run, executor }, journal) as RunHandle as RunHandle<Outputs>
      })
    })
  }

  async resume(runId: string, options: ResumeOptions = {}): Promise<RunHandle> {
    checkOptions(options, resumeOptions, 'resume')
    checkTimers(options)
    return this.#takeUp(runId, options, null)
  }

  async #takeUp(runId: string, options: ResumeOptions, retry: RetryOptions | null): Promise<RunHandle> {
    return this.#turns.take(runId, async () => {
      this.#requireOpen()
      const active = this.#unsettled(runId)
      if (active !== undefined) {
        if (retry !== null) throw runRunning(runId)
        if (changesConfig(options) || options.timers !== undefined) throw runActive(runId)
        return active
      }
      await this.#settled(runId)
      await this.#known(runId)
      return this.#stored.claimed(runId, async (journal) => {
        const stored = await this.#stored.read(runId, journal)
        if (retry !== null) checkRetry(stored.run, retryOf(retry, 'retry'))
        return this.#execute(this.#restored(stored, journal, options), journal, retry)
      })
    })
  }

  async recover(): Promise<Recovery> {
    this.#requireOpen()
    return recoverRuns(
      this.#store,
      (runId) => this.#active.has(runId),
      (runId) => this.resume(runId),
      (runId) => this.#wakeOrArm(runId),
    )
  }

  executing(runId: string): RunHandle | null {
    return this.#active.get(runId) ?? null
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

  async cancel(runId: string, reason = 'canceled', options: CancelOptions = {}): Promise<void> {
    await this.#command(runId, (executor) => executor.cancel(reason, options))
  }

  async close(options: PauseOptions = {}): Promise<void> {
    checkPauseOptions(options, 'close')
    this.#isClosed = true
    // A start or resume under way ends up among the active ones, or fails.
    await this.#turns.idle()
    this.#due.clear()
    const closed = await Promise.allSettled(
      [...this.#active.values()].map(async ({ executor, result }) => {
        await executor.pause({ reason: 'engine closed', ...options })
        await result
      }),
    )
    const failed = closed.find((outcome) => outcome.status === 'rejected')
    if (failed !== undefined) throw failed.reason
  }

  /**
   * Gives a command to a run that executes here, or to one that executes nowhere, under a claim of its own.
   * @param goesOn - whether a run that executes nowhere goes on with it when it can
   */
  async #command(runId: string, give: (executor: DagExecutor) => Promise<void>, goesOn = false): Promise<void> {
    const active = this.#unsettled(runId)
    if (active !== undefined) return give(active.executor as DagExecutor)
    await this.#turns.take(runId, async () => {
      // It may have been taken up meanwhile.
      const active = this.#unsettled(runId)
      if (active !== undefined) return give(active.executor as DagExecutor)
      await this.#settled(runId)
      await this.#known(runId)
      await this.#stored.claimed(runId, async (journal) => {
        const stored = await this.#stored.read(runId, journal)
        const restored = goesOn ? this.#restoredToGoOn(stored, journal) : null
        const registered = this.#workflows.get(stored.run.state.workflow.id)
        await give(restored?.executor ?? bystander(stored, journal, this.#world, registered))
        if (restored !== null && this.#canGoOn(restored.run)) this.#execute(restored, journal)
        else await this.#stored.release(journal)
      })
    })
  }

  /** A run that executes nowhere and is to go on; null when it may not, or its code is not here. */
  #restoredToGoOn(stored: StoredRun, journal: StoreJournal): Restored | null {
    const { runId, status } = stored.run.state
    if (this.#isClosed || (status !== 'waiting' && status !== 'running')) return null
    try {
      return this.#restored(stored, journal, {}, status === 'waiting' ? 'signaled' : undefined)
    } catch (error) {
      this.#world.logger.info(`run ${quote(runId)} takes a signal, and can't go on here`, { error })
      return null
    }
  }

  #canGoOn(run: Run): boolean {
    return run.state.status === 'running' || causeToGoOn(run, this.#world.clock.now()) !== null
  }

  /** The time has come at which a run that was let go is looked at again. */
  async #wake(runId: string): Promise<void> {
    try {
      if (!this.#isClosed) await this.#wakeOrArm(runId)
    } catch (error) {
      if (isWaystoneError(error, 'STORE_NOT_FOUND')) return
      // Whoever holds it may only look at it: what is still waiting later is looked at again.
      this.#due.arm(runId, this.#world.clock.now() + this.#leaseMs)
      if (!isWaystoneError(error, 'STORE_HELD'))
        this.#world.logger.warn(`run ${quote(runId)} could not be taken up at its time`, { error })
    }
  }

  /** Takes a waiting run up when what it waits for has come; null when it has not, or the run waits no more. */
  async #wakeOrArm(runId: string): Promise<RunHandle | null> {
    return this.#turns.take(runId, async () => {
      await this.#settled(runId)
      if (this.#isClosed || this.#active.has(runId)) return null
      // Looked at without a claim first, which would keep others from answering it.
      if ((await this.#store.get(runId))?.status !== 'waiting') return null
      const { run } = await this.#stored.look(runId)
      if (causeToGoOn(run, this.#world.clock.now()) === null) {
        this.#due.arm(runId, wakeAt(run))
        return null
      }
      return this.#stored.claimed(runId, async (journal) => {
        const stored = await this.#stored.read(runId, journal)
        const cause = stored.run.state.status === 'waiting' ? causeToGoOn(stored.run, this.#world.clock.now()) : null
        if (cause !== null) return this.#execute(this.#restored(stored, journal, {}, cause), journal)
        await this.#stored.release(journal)
        return null
      })
    })
  }

  /** The handle of a run that executes here and has not settled. */
  #unsettled(runId: string): RunHandle | undefined {
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
    await this.#stored.claimed(runId, (journal) => this.#stored.release(journal))
    throw runIdle(runId, status)
  }

  #execute({ run, executor }: Restored, journal: StoreJournal, retry: RetryOptions | null = null): RunHandle {
    const { runId } = executor
    this.#due.disarm(runId)
    const result = (retry === null ? executor.execute() : executor.retryFailed(retry)).finally(async () => {
      await this.#stored.release(journal)
      this.#active.delete(runId)
      if (run.state.status === 'waiting' && !this.#isClosed) this.#due.arm(runId, wakeAt(run))
    })
    // The handle's owner may look at the result late or never; what stopped the run is logged in any case.
    result.catch((error: unknown) =>
      this.#world.logger.error(`run ${quote(runId)} stopped: its facts can't be recorded`, { error }),
    )
    const handle = Object.freeze({ runId, executor, result })
    this.#active.set(runId, handle)
    return handle
  }

  #restored(stored: StoredRun, journal: StoreJournal, options: ResumeOptions, cause?: 'signaled' | 'due'): Restored {
    const { run } = stored
    const { state } = run
    // Nothing of an ended run is left to run, so no code has to be there, and none is compared.
    if (isEnded(state)) return { run, executor: bystander(stored, journal, this.#world) }
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
    // Of a run that was let go while it waits, time went on; any other stood still since its last fact.
    const stoodStill = state.status !== 'waiting' || options.timers !== undefined
    const timers = stoodStill ? { timers: { onLoad: options.timers ?? null, ranUntil: state.lastAt } } : {}
    const going = cause === undefined ? timers : { cause, ...timers }
    const parts = { ...on, journal, world: this.#world, config, adviceOnMissingCode, going, letsGo: true }
    return { run: on.run, executor: restoredExecutor(workflow, parts) }
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
