import { isWaystoneError } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import type { Graph } from '../workflow/graph.ts'
import type { RunEvent, RunStarted } from './event.ts'
import { startedState } from './fold.ts'
import { usualOutput } from './read-event.ts'
import type { EventCursor, RecordedEvent } from './recorded-event.ts'
import { reduce } from './reduce.ts'
import { damaged } from './reduce-check.ts'
import { createRun, type Run } from './run.ts'
import type { RunState } from './state.ts'

/** What a log is folded with. */
export interface LogFoldParts {
  /** Reads one event: what `eventReader` gives. */
  readonly read: (recorded: RecordedEvent, data: string | null) => RunEvent
  /** Throws for a tagged value that can't be decoded. */
  readonly checkValue: (tree: JsonValue) => void
  /** The index over the definition in the first fact; throws when the definition can not be, or it is no first fact. */
  readonly begin: (first: RunEvent) => { readonly started: RunStarted; readonly graph: Graph }
}

/**
 * Folds a run from the cursors of its log: the same run as `fold` gives. Two facts make up most of every log, that a node
 * started and that it completed. As long as nothing else comes, they go from the text straight into the state, and no
 * index over it is kept up to date; it is made when another fact needs it, and at the end.
 */
export class LogFold {
  readonly #parts: LogFoldParts
  #state: RunState | null
  #graph: Graph | null
  /** Null while no index is kept. */
  #run: Run | null = null
  /** Usual facts since the last other one, while an index is kept. */
  #calm = 0
  /** How many facts were folded. */
  folded = 0

  /** @param from - where to go on from, and the index over its workflow; null: from the first fact */
  constructor(parts: LogFoldParts, from: { readonly state: RunState; readonly graph: Graph } | null) {
    this.#parts = parts
    this.#state = from?.state ?? null
    this.#graph = from?.graph ?? null
  }

  /** The state so far; null before the first fact. */
  get state(): RunState | null {
    return this.#state
  }

  /** The run; null when there was no fact. */
  get run(): Run | null {
    if (this.#run === null && this.#state !== null) this.#run = createRun(this.#graph!, this.#state)
    return this.#run
  }

  /**
   * Folds what a cursor has left.
   * @throws {RunError} HISTORY_DAMAGED; and what the cursor throws
   */
  take(cursor: EventCursor): void {
    const before = this.#state?.seq ?? 0
    while (this.#goOn(cursor)) this.#takeFact(this.#parts.read(cursor.event(), cursor.data))
    this.folded += (this.#state?.seq ?? 0) - before
  }

  /** Goes to the next event that has to be taken as a fact; false when there is none. */
  #goOn(cursor: EventCursor): boolean {
    if (this.#run !== null || this.#state === null) return cursor.next()
    return foldUsual(this.#state, this.#graph!, cursor, this.#parts.checkValue)
  }

  #takeFact(event: RunEvent): void {
    if (this.#state === null) {
      const { started, graph } = this.#parts.begin(event)
      this.#state = startedState(started)
      this.#graph = graph
      return
    }
    const run = this.run!
    try {
      reduce(run, event)
    } catch (cause) {
      // A log is not trusted, and a fact in it may lack what every such fact has.
      throw isWaystoneError(cause) ? cause : damaged(event, 'it has not the form of such an event', cause)
    }
    this.#calm = event.type === 'node.started' || event.type === 'node.completed' ? this.#calm + 1 : 0
    // Each index is paid for by as many facts as it has nodes.
    if (this.#calm < run.graph.ids.length || run.frontier.nested.size > 0) return
    this.#calm = 0
    this.#graph = run.graph
    this.#run = null
  }
}

const FIRST_ATTEMPT = '"attempt":1}'
const FIRST_OUTPUT = '"attempt":1,"output":'

/**
 * Applies first starts of nodes and the completions that follow them to a state, as `reduce` would: as many as come. One
 * function, and none called for each fact but the cursor: see `EventCursor`.
 * @returns whether the cursor stands at an event that is another, or may not follow; else there are no more
 */
function foldUsual(
  state: RunState,
  { ids, indexOf }: Graph,
  cursor: EventCursor,
  checkValue: (tree: JsonValue) => void,
): boolean {
  const { nodes, completed, usage } = state
  let { seq, lastAt } = state
  let starts = 0
  let isOther = false
  // Where the next node of either fact probably is.
  let nextStart = 0
  let nextEnd = 0
  while (cursor.next()) {
    isOther = true
    const { type, nodeId, data, at } = cursor
    if (data === null || nodeId === null || cursor.seq !== seq + 1 || state.status !== 'running') break
    if (type === 'node.started') {
      const index = ids[nextStart] === nodeId ? nextStart : indexOf.get(nodeId)
      const node = index === undefined ? undefined : nodes[index]
      if (node === undefined || node.status !== 'pending' || node.attempt !== 0 || data !== FIRST_ATTEMPT) break
      node.status = 'running'
      node.attempt = 1
      node.startedAt = at
      node.endedAt = null
      node.dueAt = null
      starts += 1
      nextStart = index! + 1
    } else if (type === 'node.completed') {
      const index = ids[nextEnd] === nodeId ? nextEnd : indexOf.get(nodeId)
      const node = index === undefined ? undefined : nodes[index]
      if (node === undefined || node.status !== 'running' || node.attempt !== 1) break
      // The host compares whole strings many characters at a time, and `startsWith` one by one.
      if (node.wait !== null || node.parts !== null || data.slice(0, FIRST_OUTPUT.length) !== FIRST_OUTPUT) break
      const output = outputIn(data, checkValue)
      if (output === undefined) break
      node.status = 'completed'
      node.endedAt = at
      node.output = output
      state.fruitlessResumes = 0
      // The workflow's own text of the id: that of the log would be kept beside it.
      completed.push(ids[index!]!)
      nextEnd = index! + 1
    } else break
    isOther = false
    seq += 1
    lastAt = at
  }
  if (starts > 0) usage['nodeExecutions'] = (usage['nodeExecutions'] ?? 0) + starts
  state.seq = seq
  state.lastAt = lastAt
  return isOther
}

/** The output of a completion; undefined when there is more than it, or it can not be read. */
function outputIn(data: string, checkValue: (tree: JsonValue) => void) {
  try {
    if (!data.endsWith('}')) return undefined
    return usualOutput(data.slice(FIRST_OUTPUT.length, -1), checkValue)
  } catch {
    // Read again as a fact, which tells what is wrong with it.
    return undefined
  }
}
