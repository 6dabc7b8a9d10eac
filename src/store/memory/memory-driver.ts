import type { RunEvent } from '../../run/event.ts'
import { FactBatch, recordedEvent } from '../../run/fact-batch.ts'
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
} from '../driver.ts'
import { createStore, type Store } from '../store.ts'
import { conflict, fenced, held } from '../store-failure.ts'

interface MemoryRun {
  /** Frozen events, and facts whose texts nobody has asked for yet; `events[seq - 1]`. */
  readonly events: (StoredEvent | RunEvent)[]
  summary: RunSummary | null
  claim: { readonly owner: string; readonly epoch: number; expiresAt: number; released: boolean } | null
  readonly checkpoints: Map<number, Checkpoint>
}

/**
 * A store that lives in this process and ends with it, for tests, browsers and runs that need no durability.
 * What is stored is copied on the way in and can not be changed on the way out; facts of an engine, which nobody changes, are
 * kept as they are and put into words when they are read.
 *
 * @example
 * const flow = workflow('hello').node('a', () => 1).build()
 * const store = memoryStore()
 * const { result } = await createEngine({ store }).start(flow, undefined, { runId: 'r' })
 * await result
 * const run = await store.get('r')
 * run?.status // 'completed'
 */
export function memoryStore(): Store {
  return createStore(memoryDriver())
}

/** The driver under {@link memoryStore}. */
export function memoryDriver(): StoreDriver {
  return new MemoryDriver()
}

class MemoryDriver implements StoreDriver {
  readonly name = 'memory'
  readonly supports: StoreSupports = { durable: false, crossProcessClaims: false, checkpoints: true }
  readonly #runs = new Map<string, MemoryRun>()
  /** Last epochs of deleted runs, so that a writer from before the deletion stays fenced. */
  readonly #deletedEpochs = new Map<string, number>()

  async open(): Promise<void> {}

  async close(): Promise<void> {
    this.#runs.clear()
    this.#deletedEpochs.clear()
  }

  async append(runId: string, { expectedSeq, epoch }: AppendExpectation, batch: EventBatch): Promise<void> {
    const run = this.#runs.get(runId)
    if (run?.claim == null) throw fenced(runId, epoch, 'nobody holds a claim of the run')
    if (run.claim.epoch !== epoch) throw fenced(runId, epoch, `the present epoch is ${run.claim.epoch}`)
    if (run.claim.released) throw fenced(runId, epoch, 'it was released')
    if (run.events.length !== expectedSeq) throw conflict(runId, expectedSeq, run.events.length)
    const facts = FactBatch.factsOf(batch)
    if (facts === null) for (const event of batch.events) run.events.push(copyOf(event))
    else for (const fact of facts) run.events.push(fact)
    const { workflowId, workflowVersion, status, seq, createdAt, updatedAt } = batch.summary
    run.summary = Object.freeze({ runId, workflowId, workflowVersion, status, seq, createdAt, updatedAt })
  }

  async read(runId: string, { fromSeq, toSeq, limit }: ReadRange): Promise<readonly StoredEvent[]> {
    const end = Math.min(toSeq ?? Number.POSITIVE_INFINITY, fromSeq + limit - 1)
    return storedEvents(this.#runs.get(runId)?.events ?? [], fromSeq - 1, end)
  }

  async get(runId: string): Promise<RunSummary | null> {
    return this.#runs.get(runId)?.summary ?? null
  }

  async list({ statuses, workflowId, limit, cursor }: ListQuery): Promise<RunPage> {
    const wanted: RunSummary[] = []
    for (const { summary } of this.#runs.values()) {
      if (summary === null || (cursor !== null && summary.runId <= cursor)) continue
      if (statuses !== null && !statuses.includes(summary.status)) continue
      if (workflowId !== null && summary.workflowId !== workflowId) continue
      wanted.push(summary)
    }
    wanted.sort((a, b) => (a.runId < b.runId ? -1 : 1))
    const runs = wanted.slice(0, limit)
    return { runs, cursor: wanted.length > limit ? runs[limit - 1]!.runId : null }
  }

  async delete(runId: string): Promise<void> {
    const run = this.#runs.get(runId)
    if (run === undefined) return
    if (run.claim !== null) this.#deletedEpochs.set(runId, run.claim.epoch)
    this.#runs.delete(runId)
  }

  async stats(): Promise<StoreStats> {
    let runs = 0
    let events = 0
    let sizeBytes = 0
    for (const run of this.#runs.values()) {
      if (run.summary !== null) runs += 1
      events += run.events.length
      for (const { text } of storedEvents(run.events)) sizeBytes += text.length
      for (const checkpoint of run.checkpoints.values()) sizeBytes += checkpoint.bytes.byteLength
    }
    return { runs, events, sizeBytes }
  }

  async claim(
    runId: string,
    { owner, leaseMs, now }: ClaimRequest,
  ): Promise<{ readonly claim: Claim; readonly repairs: readonly StoreRepair[] }> {
    const run = this.#runFor(runId)
    const current = run.claim
    if (current !== null && !current.released && current.owner !== owner && now < current.expiresAt) {
      throw held(runId, current.owner, current.expiresAt, current.epoch)
    }
    const epoch = (current?.epoch ?? this.#deletedEpochs.get(runId) ?? 0) + 1
    this.#deletedEpochs.delete(runId)
    run.claim = { owner, epoch, expiresAt: now + leaseMs, released: false }
    return { claim: { runId, owner, epoch, expiresAt: now + leaseMs }, repairs: [] }
  }

  async renew(claim: Claim, { leaseMs, now }: ClaimRequest): Promise<Claim> {
    const current = this.#runs.get(claim.runId)?.claim ?? null
    if (current === null || current.epoch !== claim.epoch || current.released) {
      throw fenced(claim.runId, claim.epoch, current === null ? 'nobody holds it' : 'it was taken over or released')
    }
    current.expiresAt = now + leaseMs
    return { runId: claim.runId, owner: current.owner, epoch: current.epoch, expiresAt: current.expiresAt }
  }

  async release(claim: Claim): Promise<void> {
    const current = this.#runs.get(claim.runId)?.claim
    if (current != null && current.epoch === claim.epoch) current.released = true
  }

  async saveCheckpoint(runId: string, { seq, at, bytes }: Checkpoint): Promise<void> {
    this.#runFor(runId).checkpoints.set(seq, { seq, at, bytes: Uint8Array.from(bytes) })
  }

  async readCheckpoint(runId: string, atOrBeforeSeq: number): Promise<Checkpoint | null> {
    let best: Checkpoint | null = null
    for (const checkpoint of this.#runs.get(runId)?.checkpoints.values() ?? []) {
      if (checkpoint.seq <= atOrBeforeSeq && (best === null || checkpoint.seq > best.seq)) best = checkpoint
    }
    return best === null ? null : { ...best, bytes: best.bytes.slice() }
  }

  async listCheckpoints(runId: string): Promise<readonly CheckpointInfo[]> {
    return [...(this.#runs.get(runId)?.checkpoints.values() ?? [])]
      .map(({ seq, at, bytes }) => ({ seq, at, sizeBytes: bytes.byteLength }))
      .sort((a, b) => b.seq - a.seq)
  }

  async deleteCheckpoints(runId: string, seqs: readonly number[]): Promise<void> {
    for (const seq of seqs) this.#runs.get(runId)?.checkpoints.delete(seq)
  }

  #runFor(runId: string): MemoryRun {
    let run = this.#runs.get(runId)
    if (run === undefined) {
      run = { events: [], summary: null, claim: null, checkpoints: new Map() }
      this.#runs.set(runId, run)
    }
    return run
  }
}

function copyOf({ seq, at, type, nodeId, text }: StoredEvent): StoredEvent {
  return Object.freeze({ seq, at, type, nodeId, text })
}

const ANYTHING = /^/

function inWords(fact: RunEvent): StoredEvent {
  const event = recordedEvent(fact)
  // The host keeps the pieces a text was put together from, twice its size, until somebody looks into it.
  ANYTHING.test(event.text)
  return Object.freeze(event)
}

/** Events from one place up to another; facts among them are put into words, once. */
function storedEvents(events: MemoryRun['events'], from = 0, to = events.length): readonly StoredEvent[] {
  for (let at = from; at < Math.min(to, events.length); at += 1) {
    const event = events[at]!
    if (!('text' in event)) events[at] = inWords(event)
  }
  return events.slice(from, Math.max(to, from)) as StoredEvent[]
}
