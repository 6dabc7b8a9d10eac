import { invalidArgument, readArgument } from '../base/argument.ts'
import { Facts } from '../history/facts.ts'
import { History, historyFrom, type ReadOptions } from '../history/history.ts'
import { Moment, momentState } from '../history/moment.ts'
import { copyState } from '../run/copy-state.ts'
import { recordedEvent } from '../run/fact-batch.ts'
import { eventReader } from '../run/read-event.ts'
import { createRun } from '../run/run.ts'
import { type Snapshot, takeSnapshot } from '../snapshot/snapshot.ts'
import type { Store } from '../store/store.ts'
import { DagExecutor, loopOf } from './dag-executor.ts'
import { runUnknown } from './engine-errors.ts'

/** Events of one page; the host has a turn between two. */
const PAGE_EVENTS = 10_000

/**
 * The history of a run from its log, page by page. Writes nothing.
 * @throws {StoreError} STORE_NOT_FOUND, STORE_DAMAGED
 * @throws {RunError} HISTORY_DAMAGED
 */
export async function readHistory(store: Store, runId: string, options: ReadOptions): Promise<History> {
  const first = await store.read(runId, { fromSeq: 1, limit: PAGE_EVENTS })
  if (first.length === 0) throw runUnknown(runId)
  const history = historyFrom(first, options)
  for (;;) {
    const page = await store.read(runId, { fromSeq: history.lastSeq + 1, limit: PAGE_EVENTS })
    if (page.length === 0) return history
    history.append(page)
  }
}

/**
 * Records the events of an executor from now on: its history, which grows as they are recorded, in memory and without a
 * bound. What was before is not in it: of a run that is new, that is nothing.
 * @throws {WaystoneError} ARGUMENT_INVALID
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const executor = new DagExecutor(flow)
 * const history = recordHistory(executor)
 * await executor.execute()
 * history.search({ type: 'node.*', node: 'b' }).events.map(({ seq, type }) => `${seq} ${type}`) // ['4 node.started', '5 node.completed']
 */
export function recordHistory<Outputs extends object, Input>(executor: DagExecutor<Outputs, Input>): History {
  if (!readArgument('executor', () => executor instanceof DagExecutor, { of: 'recordHistory' })) {
    throw invalidArgument('executor', 'an executor', executor, { of: 'recordHistory' })
  }
  const { run, codec, clock, listeners } = loopOf(executor as DagExecutor<object, unknown> as DagExecutor)
  const { runId, seq, workflow } = run.state
  const facts = new Facts(runId, seq + 1, eventReader(runId, codec.check, [workflow]))
  const base = createRun(run.graph, copyState(run.state))
  const history = new History(facts, { run: base, at: clock.now(), first: null }, codec)
  listeners.addRecorder((event) => {
    // What was decided before may be told of only now.
    if (event.seq > seq) history.append([recordedEvent(event)])
  })
  return history
}

/**
 * A moment of a history as a snapshot: what `saveSnapshot` would have given then. It is resumed like any other, and what
 * comes of that is another life of the run: nothing of it gets into the log the history was read from.
 * @throws {WaystoneError} ARGUMENT_INVALID
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const executor = new DagExecutor(flow)
 * const history = recordHistory(executor)
 * await executor.execute()
 * const { results } = await executeFromSnapshot(snapshotAt(history.at(3)), flow)
 * results // { a: 1, b: 2 }
 */
export function snapshotAt(moment: Moment): Snapshot {
  if (!readArgument('moment', () => moment instanceof Moment, { of: 'snapshotAt' })) {
    throw invalidArgument('moment', 'a moment of a history', moment, { of: 'snapshotAt' })
  }
  const { state, codec } = momentState(moment)
  return takeSnapshot(state, moment.at, { codec })
}
