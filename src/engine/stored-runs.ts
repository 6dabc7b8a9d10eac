import { quote } from '../base/errors.ts'
import type { History } from '../history/history.ts'
import type { Store } from '../store/store.ts'
import { isSameDefinition } from '../workflow/compare-workflows.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { Checkpoints, DEFAULT_CHECKPOINT_EVENTS } from './checkpoints.ts'
import { ClaimKeeper } from './claim-keeper.ts'
import type { EngineOptions } from './engine-options.ts'
import { readHistory } from './history.ts'
import type { World } from './options.ts'
import { StoreJournal } from './store-journal.ts'
import { readRun, type StoredRun } from './stored-run.ts'

/** The runs in the store of an engine: reads them, and claims those that are worked on. */
export class StoredRuns {
  readonly #store: Store
  readonly #world: World
  readonly #owner: string
  readonly #leaseMs: number
  readonly #checkpointEvents: number | undefined
  readonly #workflows: readonly Workflow[]
  readonly #keeper: ClaimKeeper

  constructor(
    { store, owner, checkpointEvents }: Pick<EngineOptions, 'store' | 'owner' | 'checkpointEvents'>,
    world: World,
    leaseMs: number,
    workflows: readonly Workflow[],
  ) {
    this.#store = store
    this.#world = world
    this.#owner = owner ?? world.ids.newId()
    this.#leaseMs = leaseMs
    this.#checkpointEvents = checkpointEvents
    this.#workflows = workflows
    this.#keeper = new ClaimKeeper(store, world.clock, world.logger, leaseMs)
  }

  /** Works under a new claim, which is let go when the work fails. */
  async claimed<T>(runId: string, work: (journal: StoreJournal) => Promise<T>): Promise<T> {
    const journal = await this.#claim(runId)
    try {
      return await work(journal)
    } catch (error) {
      await this.release(journal)
      throw error
    }
  }

  /** Reads a run whose log a journal goes on from. */
  async read(runId: string, journal: StoreJournal): Promise<StoredRun> {
    const stored = await this.look(runId)
    journal.continueFrom(stored.run.state.seq, stored.createdAt, stored.folded)
    return stored
  }

  /** Reads a run without a claim: another may write to it meanwhile. */
  look(runId: string): Promise<StoredRun> {
    return readRun(this.#store, runId, { ...this.#reading, logger: this.#world.logger })
  }

  /** Reads all facts of a run, without a claim. */
  history(runId: string): Promise<History> {
    return readHistory(this.#store, runId, this.#reading)
  }

  get #reading() {
    return {
      codec: this.#world.codec,
      definitions: this.#workflows.map(({ definition }) => definition),
      graphOf: (definition: WorkflowDefinition) => this.#graphOf(definition),
    }
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
    const minEvents = this.#checkpointEvents ?? DEFAULT_CHECKPOINT_EVENTS
    const journal = new StoreJournal(this.#store, claim, new Checkpoints(this.#store, runId, minEvents, logger))
    this.#keeper.keep(journal)
    return journal
  }

  /** Lets go of the claim a journal writes under. */
  release(journal: StoreJournal): Promise<void> {
    return this.#keeper.release(journal)
  }

  /** The index of the registered workflow when it is of the same definition, so that a resume builds no second one. */
  #graphOf(definition: WorkflowDefinition): Graph | null {
    const registered = this.#workflows.find(({ definition: { id } }) => id === definition.id)
    const isSame = registered !== undefined && isSameDefinition(definition, registered.definition)
    return isSame ? registered.graph : null
  }
}
