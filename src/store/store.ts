import type { ErrorParts } from '../base/errors.ts'
import { isWaystoneError, quote, StoreError } from '../base/errors.ts'
import { ListCursor } from '../run/list-cursor.ts'
import type { EventCursor } from '../run/recorded-event.ts'
import type {
  AppendExpectation,
  Checkpoint,
  CheckpointInfo,
  Claim,
  ClaimRequest,
  EventBatch,
  ListQuery,
  ReadRange,
  RunPage,
  RunSummary,
  StoreDriver,
  StoredEvent,
  StoreRepair,
  StoreStats,
  StoreSupports,
} from './driver.ts'
import {
  checkBatch,
  checkCheckpoint,
  checkClaim,
  checkClaimRequest,
  checkDriver,
  checkExpectation,
  checkInteger,
  checkListQuery,
  checkReadRange,
  checkRunId,
  checkSequences,
  checkWalk,
  type EventWalk,
  readStoreArgument,
} from './store-arguments.ts'

/** Events of one page when the caller names no limit. */
export const DEFAULT_PAGE_LIMIT = 1000

/** Runs of one page when the caller names no limit. */
export const DEFAULT_LIST_LIMIT = 100

/**
 * What the engine and its users call: a driver behind checked arguments, defaults and coded errors.
 * The store opens itself on first use. Every method throws a {@link StoreError}: STORE_BAD_ARGUMENT for what it can not
 * take, STORE_CLOSED after `close`, STORE_IO with the cause for whatever the medium did, and the codes named at each.
 */
export interface Store {
  /** The driver's name, e.g. `memory`, `file`. */
  readonly name: string
  readonly supports: StoreSupports

  /** Makes the store ready now instead of on first use. */
  open(): Promise<void>

  /** Waits for what is under way and lets go of every handle; a second call does nothing. */
  close(): Promise<void>

  /**
   * Appends all events of the batch or none; resolves once they survive what the store promises to survive.
   * @throws {StoreError} STORE_CONFLICT when `expectedSeq` is not the head · STORE_FENCED when the claim of that epoch was
   *   lost, let go, or never made by this store
   */
  append(runId: string, expectation: AppendExpectation, batch: EventBatch): Promise<void>

  /**
   * One page of events in sequence order. A page can be shorter than its limit; only an empty one is the end.
   * @throws {StoreError} STORE_DAMAGED with `details.offset` where known, when the next event can not be read
   */
  read(runId: string, range?: Partial<ReadRange>): Promise<readonly StoredEvent[]>

  /**
   * One page of events to be gone through once, for which a store need make nothing of each. `limit` says how many or more;
   * a page can be shorter, and only one that is at the head is the last. A store that is not made with `createStore` may
   * leave it out.
   * @throws {StoreError} as `read`, also from the cursor
   */
  readCursor?(runId: string, range?: Partial<Omit<ReadRange, 'toSeq'>>): Promise<EventCursor>

  /** All events of a run in sequence order, read page by page, so that memory does not grow with the history. */
  events(runId: string, walk?: EventWalk): AsyncGenerator<StoredEvent, void, undefined>

  /** The run's summary, or null when there is none. */
  get(runId: string): Promise<RunSummary | null>

  /** One page of runs by run id; `cursor` of a page leads to the next, null ends. Default limit 100. */
  list(query?: Partial<ListQuery>): Promise<RunPage>

  /** Removes a run with all it has; unknown runs are no error. */
  delete(runId: string): Promise<void>

  stats(): Promise<StoreStats>

  /**
   * Takes the right to write a run, with an epoch above all before; `repairs` says what was mended on the way.
   * @throws {StoreError} STORE_HELD with `details.owner` and `details.expiresAt` · STORE_DAMAGED when nothing can be
   *   appended because the log is damaged in the middle
   */
  claim(runId: string, request: ClaimRequest): Promise<ClaimResult>

  /** Prolongs a claim. @throws {StoreError} STORE_FENCED when it was lost */
  renew(claim: Claim, request: ClaimRequest): Promise<Claim>

  /** Lets go of a claim; one that was lost is no error. */
  release(claim: Claim): Promise<void>

  /** Keeps a checkpoint; one at the same seq is replaced. */
  saveCheckpoint(runId: string, checkpoint: Checkpoint): Promise<void>

  /** The latest readable checkpoint at or before a sequence (default: any), or null. A damaged one is passed over. */
  readCheckpoint(runId: string, atOrBeforeSeq?: number): Promise<Checkpoint | null>

  /** All checkpoints, newest first. */
  listCheckpoints(runId: string): Promise<readonly CheckpointInfo[]>

  /** Removes checkpoints by sequence; unknown ones are no error. */
  deleteCheckpoints(runId: string, seqs: readonly number[]): Promise<void>
}

/** A claim that was won, and what the store found and mended while taking it. */
export interface ClaimResult {
  readonly claim: Claim
  readonly repairs: readonly StoreRepair[]
}

/**
 * A store over a driver: the one way to call a driver.
 * @param driver - the primitive methods, called with valid arguments only
 * @throws {StoreError} STORE_BAD_ARGUMENT when what was given is no driver
 * @example
 * import { memoryDriver } from 'waystone/store/memory'
 * const store = createStore(memoryDriver())
 * await store.get('nobody') // null
 */
export function createStore(driver: StoreDriver): Store {
  return readStoreArgument('driver', () => {
    checkDriver(driver)
    return new CheckedStore(driver)
  })
}

/** The facade. Each method checks, waits until the driver is open, calls it, and names what failed. */
class CheckedStore implements Store {
  readonly name: string
  readonly supports: StoreSupports
  readonly #driver: StoreDriver
  #opening: Promise<void> | null = null
  #opened = false
  #closing: Promise<void> | null = null

  constructor(driver: StoreDriver) {
    this.#driver = driver
    this.name = driver.name
    this.supports = driver.supports
  }

  async open(): Promise<void> {
    await this.#call('open', null, () => Promise.resolve())
  }

  async close(): Promise<void> {
    this.#closing ??= this.#shut()
    return this.#closing
  }

  async append(runId: string, expectation: AppendExpectation, batch: EventBatch): Promise<void> {
    checkRunId(runId)
    readStoreArgument('batch', () => {
      checkExpectation(expectation)
      checkBatch(runId, expectation, batch, this.supports.durable)
    })
    return this.#call('append to', runId, () => this.#driver.append(runId, expectation, batch))
  }

  async read(runId: string, range: Partial<ReadRange> = {}): Promise<readonly StoredEvent[]> {
    checkRunId(runId)
    const full = readStoreArgument('range', () => checkReadRange(range, DEFAULT_PAGE_LIMIT))
    return this.#call('read', runId, () => this.#driver.read(runId, full))
  }

  async readCursor(runId: string, range: Partial<Omit<ReadRange, 'toSeq'>> = {}): Promise<EventCursor> {
    checkRunId(runId)
    const full = readStoreArgument('range', () => checkReadRange(range, DEFAULT_PAGE_LIMIT))
    return this.#call('read', runId, async () => {
      if (this.#driver.readCursor !== undefined) return this.#driver.readCursor(runId, full)
      const page = await this.#driver.read(runId, { ...full, toSeq: null })
      return new ListCursor(runId, page, page.length === 0)
    })
  }

  async *events(runId: string, walk: EventWalk = {}): AsyncGenerator<StoredEvent, void, undefined> {
    checkRunId(runId)
    const { fromSeq, toSeq, fromAt, toAt, pageLimit } = readStoreArgument('walk', () =>
      checkWalk(walk, DEFAULT_PAGE_LIMIT),
    )
    let next = fromSeq
    while (toSeq === null || next <= toSeq) {
      const page = await this.read(runId, { fromSeq: next, toSeq, limit: pageLimit })
      for (const event of page) {
        if ((fromAt === null || event.at >= fromAt) && (toAt === null || event.at <= toAt)) yield event
      }
      const last = page.at(-1)
      if (last === undefined) return
      next = last.seq + 1
    }
  }

  async get(runId: string): Promise<RunSummary | null> {
    checkRunId(runId)
    return this.#call('read the summary of', runId, () => this.#driver.get(runId))
  }

  async list(query: Partial<ListQuery> = {}): Promise<RunPage> {
    const full = readStoreArgument('query', () => checkListQuery(query, DEFAULT_LIST_LIMIT))
    return this.#call('list runs', null, () => this.#driver.list(full))
  }

  async delete(runId: string): Promise<void> {
    checkRunId(runId)
    return this.#call('delete', runId, () => this.#driver.delete(runId))
  }

  async stats(): Promise<StoreStats> {
    return this.#call('count', null, () => this.#driver.stats())
  }

  async claim(runId: string, request: ClaimRequest): Promise<ClaimResult> {
    checkRunId(runId)
    readStoreArgument('request', () => checkClaimRequest(request))
    return this.#call('claim', runId, () => this.#driver.claim(runId, request))
  }

  async renew(claim: Claim, request: ClaimRequest): Promise<Claim> {
    readStoreArgument('claim', () => checkClaim(claim))
    readStoreArgument('request', () => checkClaimRequest(request))
    return this.#call('renew the claim of', claim.runId, () => this.#driver.renew(claim, request))
  }

  async release(claim: Claim): Promise<void> {
    readStoreArgument('claim', () => checkClaim(claim))
    return this.#call('release the claim of', claim.runId, () => this.#driver.release(claim))
  }

  async saveCheckpoint(runId: string, checkpoint: Checkpoint): Promise<void> {
    checkRunId(runId)
    readStoreArgument('checkpoint', () => checkCheckpoint(checkpoint))
    return this.#checkpoints('save a checkpoint of', runId, () => this.#driver.saveCheckpoint(runId, checkpoint))
  }

  async readCheckpoint(runId: string, atOrBeforeSeq: number = Number.MAX_SAFE_INTEGER): Promise<Checkpoint | null> {
    checkRunId(runId)
    checkInteger(atOrBeforeSeq, 'atOrBeforeSeq', 0)
    return this.#checkpoints('read a checkpoint of', runId, () => this.#driver.readCheckpoint(runId, atOrBeforeSeq))
  }

  async listCheckpoints(runId: string): Promise<readonly CheckpointInfo[]> {
    checkRunId(runId)
    return this.#checkpoints('list the checkpoints of', runId, () => this.#driver.listCheckpoints(runId))
  }

  async deleteCheckpoints(runId: string, seqs: readonly number[]): Promise<void> {
    checkRunId(runId)
    readStoreArgument('seqs', () => checkSequences(seqs))
    return this.#checkpoints('delete checkpoints of', runId, () => this.#driver.deleteCheckpoints(runId, seqs))
  }

  async #checkpoints<T>(what: string, runId: string, operation: () => Promise<T>): Promise<T> {
    if (this.supports.checkpoints) return this.#call(what, runId, operation)
    throw new StoreError(
      'STORE_UNSUPPORTED',
      `the ${this.name} store keeps no checkpoints (supports.checkpoints is false)`,
    )
  }

  async #call<T>(what: string, runId: string | null, operation: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) {
      throw new StoreError(
        'STORE_CLOSED',
        `the ${this.name} store is closed; make a new one to ${describe(what, runId)}`,
      )
    }
    try {
      if (!this.#opened) {
        this.#opening ??= this.#driver.open()
        await this.#opening.catch((error: unknown) => {
          // A failed opening is not kept: the next call tries again.
          this.#opening = null
          throw error
        })
        this.#opened = true
      }
      return await operation()
    } catch (error) {
      throw this.#coded(error, what, runId)
    }
  }

  async #shut(): Promise<void> {
    if (this.#opening === null) return
    try {
      await this.#opening.catch(() => undefined)
      await this.#driver.close()
    } catch (error) {
      throw this.#coded(error, 'close', null)
    }
  }

  #coded(error: unknown, what: string, runId: string | null): Error {
    if (isWaystoneError(error)) return error
    const reason = error instanceof Error ? error.message : quote(error)
    const systemCode = error instanceof Error ? (error as { readonly code?: unknown }).code : undefined
    const parts: ErrorParts = {
      details: {
        ...(runId === null ? {} : { runId }),
        ...(typeof systemCode === 'string' ? { systemCode } : {}),
      },
      cause: error,
    }
    return new StoreError('STORE_IO', `the ${this.name} store could not ${describe(what, runId)}: ${reason}`, parts)
  }
}

function describe(what: string, runId: string | null): string {
  return runId === null ? what : `${what} run ${quote(runId)}`
}
