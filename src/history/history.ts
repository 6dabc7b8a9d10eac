import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { quote, RunError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import { defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import { beginRun } from '../run/begin-run.ts'
import type { RunEvent, RunEventOf, RunEventType } from '../run/event.ts'
import { publicEvent } from '../run/public-event.ts'
import { eventReader } from '../run/read-event.ts'
import type { RecordedEvent } from '../run/recorded-event.ts'
import type { Run } from '../run/run.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import { FactIndex } from './fact-index.ts'
import { runIdIn } from './fact-text.ts'
import { Facts } from './facts.ts'
import { checkFilter, type HistoryFilter } from './filter.ts'
import { Moment } from './moment.ts'
import { recordedEvents } from './recorded-events.ts'
import { type HistoryPage, searchFacts } from './search.ts'
import { Timeline } from './timeline.ts'
import { type NodeTiming, timingsOf } from './timings.ts'

/** Options of {@link createHistory}. */
export interface HistoryOptions {
  /** Decodes values of users; default the codec without classes. */
  readonly codec?: ValueCodec
}

/** What a history goes on from: a run before the first fact of the history. */
export interface HistoryBase {
  /** The history's own from then on. */
  readonly run: Run
  /** What stands for the time of a fact before there is one, in epoch ms. */
  readonly at: number
  /** The first fact, when it was read already. */
  readonly first: RunEvent | null
}

/**
 * The events of one run, and the run as it stood after any of them. To look back calls nothing and changes nothing.
 *
 * In memory: the text of every event, about 90 bytes beside each, and keyframes of the state in proportion to the number of
 * events. It grows by {@link History.append} alone.
 */
export class History {
  readonly #facts: Facts
  readonly #index = new FactIndex()
  readonly #timeline: Timeline
  readonly #codec: ValueCodec
  readonly #baseAt: number

  /** Made by `createHistory`, an engine and `recordHistory`. */
  constructor(facts: Facts, { run, at, first }: HistoryBase, codec: ValueCodec) {
    this.#facts = facts
    this.#codec = codec
    this.#baseAt = at
    this.#timeline = new Timeline(run, first, (seq) => facts.read(seq))
    this.#indexFrom(facts.firstSeq)
  }

  get runId(): string {
    return this.#facts.runId
  }

  /** How many events it has. */
  get length(): number {
    return this.#facts.length
  }

  /** Sequence of its first event: 1, unless it was begun while the run was under way. */
  get firstSeq(): number {
    return this.#facts.firstSeq
  }

  /** Sequence of its last event; one before the first while it has none. */
  get lastSeq(): number {
    return this.#facts.lastSeq
  }

  /** When the first event was recorded, in epoch ms; null while it has none. */
  get firstAt(): number | null {
    return this.length === 0 ? null : this.#facts.at(this.firstSeq)
  }

  /** When the last event was recorded, in epoch ms; null while it has none. */
  get lastAt(): number | null {
    return this.length === 0 ? null : this.#facts.at(this.lastSeq)
  }

  /**
   * Adds events that were recorded since, all of them or none; what was handed out before stays as it is.
   * @param events - as a store gives them, from the one after the last on
   * @throws {RunError} HISTORY_DAMAGED when they do not follow the last one
   * @throws {WaystoneError} ARGUMENT_INVALID
   */
  append(events: Iterable<RecordedEvent>): void {
    const from = this.lastSeq + 1
    this.#facts.append(recordedEvents(events))
    this.#indexFrom(from)
  }

  /**
   * One event, as listeners see it.
   * @throws {RunError} HISTORY_OUT_OF_RANGE; HISTORY_DAMAGED
   * @throws {WaystoneError} ARGUMENT_INVALID
   */
  event(seq: number): RunEvent {
    this.#requireSeq(seq, this.firstSeq, 'event')
    return this.#event(seq)
  }

  /** All events in order; those that are added meanwhile too. @throws {RunError} HISTORY_DAMAGED */
  *[Symbol.iterator](): IterableIterator<RunEvent> {
    for (let seq = this.firstSeq; seq <= this.lastSeq; seq += 1) yield this.#event(seq)
  }

  /**
   * The run as it stood after an event. Equal to the fold of all events up to it, in every field.
   * @param seq - its sequence; one before the first event gives the run before it
   * @throws {RunError} HISTORY_OUT_OF_RANGE; HISTORY_DAMAGED
   * @throws {WaystoneError} ARGUMENT_INVALID
   */
  at(seq: number): Moment {
    this.#requireSeq(seq, this.firstSeq - 1, 'at')
    return this.#moment(seq)
  }

  /**
   * The run as it stood at a time: after the last event up to it, that instant included. Before the first event that is the
   * run before it, after the last one the newest.
   *
   * Order is the sequence: where the clock of the run went back, it counts as having stood still until it was where it had been.
   * @param time - epoch ms
   * @throws {RunError} HISTORY_DAMAGED
   * @throws {WaystoneError} ARGUMENT_INVALID
   */
  atTime(time: number): Moment {
    if (typeof time !== 'number' || Number.isNaN(time)) {
      throw invalidArgument('time', 'a time in epoch milliseconds', time, { of: 'atTime' })
    }
    return this.#moment(this.#facts.lastUpTo(time))
  }

  /**
   * The events a filter finds, a page at a time. An index finds those of a type or a node; it is right after every event that is
   * added, and pages stay as they are when there are more.
   * @throws {RunError} HISTORY_DAMAGED
   * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
   * @example
   * const store = memoryStore()
   * const flow = workflow('sums', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
   * const engine = createEngine({ store, workflows: [flow] })
   * const { runId, result } = await engine.start(flow)
   * await result
   * const history = await engine.history(runId)
   * history.search({ type: 'node.completed', node: 'b' }).events.map(({ data }) => data.output) // [2]
   */
  search<Type extends RunEventType>(
    filter: HistoryFilter & { readonly type: Type | readonly Type[] },
  ): HistoryPage<RunEventOf<Type>>
  search(filter?: HistoryFilter): HistoryPage
  search(filter: HistoryFilter = {}): HistoryPage {
    return searchFacts(this.#facts, this.#index, checkFilter(filter), this.#codec)
  }

  /** How many events there are of each type, in the order of their first. */
  counts(): Readonly<Dictionary<number>> {
    const counts = dictionary<number>()
    for (const type of this.#index.types) counts[type] = this.#index.ofType(type).length
    return counts
  }

  /**
   * When each node ran, in the order in which they began or ended.
   * @throws {RunError} HISTORY_DAMAGED
   */
  timings(): readonly NodeTiming[] {
    return timingsOf(this.#facts)
  }

  #event(seq: number): RunEvent {
    return publicEvent(this.#facts.read(seq), this.#codec)
  }

  #moment(seq: number): Moment {
    const run = this.#timeline.runAt(seq)
    const isBase = seq < this.firstSeq
    const event = isBase ? null : this.#event(seq)
    return new Moment({ run, at: event?.at ?? this.#baseAt, event, codec: this.#codec })
  }

  #indexFrom(from: number): void {
    for (let seq = from; seq <= this.lastSeq; seq += 1) {
      this.#index.add(seq, this.#facts.type(seq), this.#facts.node(seq))
    }
  }

  #requireSeq(seq: number, first: number, of: string): void {
    if (!Number.isSafeInteger(seq))
      throw invalidArgument('seq', 'the sequence of an event, a whole number', seq, { of })
    const last = this.lastSeq
    if (seq >= first && seq <= last) return
    const has = last < first ? 'none' : `${first} to ${last}`
    throw new RunError(
      'HISTORY_OUT_OF_RANGE',
      `${of}: the history of run ${quote(this.runId)} has no sequence ${seq}; it has ${has}`,
      { details: { runId: this.runId, seq, first, last } },
    )
  }
}

/**
 * The history of a run from its events, as a store keeps them; each is read when it is first needed.
 * @param events - from `run.started` on, in order: what `store.read` and `store.events` give
 * @throws {RunError} HISTORY_DAMAGED when they do not begin a run, or do not follow each other
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const store = memoryStore()
 * const flow = workflow('sums', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
 * await result
 * const history = createHistory(await store.read(runId))
 * history.at(3).results // Object.assign(Object.create(null), { a: 1 })
 */
export function createHistory(events: Iterable<RecordedEvent>, options: HistoryOptions = {}): History {
  checkOptions(options, ['codec'], 'createHistory')
  const { codec = defaultCodec } = options
  if (!readArgument('codec', () => typeof codec?.check === 'function' && typeof codec.decode === 'function')) {
    throw invalidArgument('codec', 'what createCodec() gives', codec, { of: 'createHistory' })
  }
  return historyFrom(events, { codec })
}

/** How the events of a history are read. */
export interface ReadOptions {
  readonly codec: ValueCodec
  /** Definitions at hand, one of which may be that in the first event; default none. */
  readonly definitions?: Iterable<WorkflowDefinition>
  /** The index of a definition at hand; default: one is made. */
  readonly graphOf?: (definition: WorkflowDefinition) => Graph | null
}

/** @throws {RunError} HISTORY_DAMAGED; {WaystoneError} ARGUMENT_INVALID */
export function historyFrom(
  events: Iterable<RecordedEvent>,
  { codec, definitions = [], graphOf = () => null }: ReadOptions,
): History {
  const recorded = recordedEvents(events)
  const head = recorded[0]
  if (head === undefined) throw new RunError('HISTORY_DAMAGED', 'a history has at least one event; this one is empty')
  const runId = runIdIn(head.text)
  const facts = new Facts(runId, 1, eventReader(runId, codec.check, definitions))
  facts.append(recorded)
  const first = facts.read(1)
  return new History(facts, { run: beginRun(first, graphOf), at: first.at, first }, codec)
}
