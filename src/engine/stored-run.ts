import type { Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { firstFact } from '../run/begin-run.ts'
import { ListCursor } from '../run/list-cursor.ts'
import { LogFold } from '../run/log-fold.ts'
import { eventReader } from '../run/read-event.ts'
import type { EventCursor } from '../run/recorded-event.ts'
import type { Run } from '../run/run.ts'
import type { Store } from '../store/store.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { readCheckpoint } from './checkpoints.ts'
import { runUnknown } from './engine-errors.ts'

/** A run as its log tells it. */
export interface StoredRun {
  readonly run: Run
  /** Epoch ms of its first fact. */
  readonly createdAt: number
  /** How many facts were folded, those after the latest checkpoint. */
  readonly folded: number
}

/** Events of one page; a large run is folded in turns of tens of milliseconds, and another turn is cheap. */
const PAGE_EVENTS = 10_000

/** How a run is read. */
export interface ReadRunOptions {
  /** Checks the values in the log. */
  readonly codec: ValueCodec
  /** Definitions at hand, one of which may be that in the log; default none. */
  readonly definitions?: Iterable<WorkflowDefinition>
  /** The index of a workflow at hand, when it is of the definition in the log; default: one is made. */
  readonly graphOf?: (definition: WorkflowDefinition) => Graph | null
  /** Told of a checkpoint that can't be read; default none. */
  readonly logger?: Logger | null
}

/**
 * Folds a run from its log, page by page, on from its latest checkpoint. Calls nothing, writes nothing, trusts nothing: texts, values and the definition
 * are checked as those of a document are.
 * @throws {StoreError} STORE_NOT_FOUND, STORE_DAMAGED
 * @throws {RunError} HISTORY_DAMAGED
 */
export async function readRun(
  store: Store,
  runId: string,
  { codec, definitions = [], graphOf = () => null, logger = null }: ReadRunOptions,
): Promise<StoredRun> {
  const state = await readCheckpoint(store, runId, codec, logger)
  const fold = new LogFold(
    {
      read: eventReader(runId, codec.check, definitions),
      checkValue: codec.check,
      begin: (first) => firstFact(first, graphOf),
    },
    state === null ? null : { state, graph: graphOf(state.workflow) ?? buildGraph(state.workflow) },
  )
  for (let isMore = true; isMore; ) {
    const cursor = await pageOf(store, runId, (fold.state?.seq ?? 0) + 1)
    fold.take(cursor)
    isMore = !cursor.isAtHead
  }
  const { run, folded } = fold
  if (run === null) throw runUnknown(runId)
  return { run, createdAt: run.state.startedAt ?? 0, folded }
}

async function pageOf(store: Store, runId: string, fromSeq: number): Promise<EventCursor> {
  const range = { fromSeq, limit: PAGE_EVENTS }
  if (store.readCursor !== undefined) return store.readCursor(runId, range)
  const page = await store.read(runId, range)
  return new ListCursor(runId, page, page.length === 0)
}
