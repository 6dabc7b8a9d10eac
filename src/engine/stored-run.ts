import { quote, RunError } from '../base/errors.ts'
import type { RunEvent } from '../run/event.ts'
import { parseEvent } from '../run/event-text.ts'
import { runOf } from '../run/fold.ts'
import { reduce } from '../run/reduce.ts'
import type { Run } from '../run/run.ts'
import type { Store } from '../store/store.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { runUnknown } from './engine-errors.ts'

/** A run as its log tells it. */
export interface StoredRun {
  readonly run: Run
  /** Epoch ms of its first fact. */
  readonly createdAt: number
}

/** Events of one page; a large run is folded in turns of tens of milliseconds, and another turn is cheap. */
const PAGE_EVENTS = 10_000

/**
 * Folds a run from its log, page by page. Calls nothing, writes nothing.
 * @param graphOf - the index over the run's definition; default a new one
 * @throws {StoreError} STORE_NOT_FOUND, STORE_DAMAGED
 * @throws {RunError} HISTORY_DAMAGED
 */
export async function readRun(
  store: Store,
  runId: string,
  graphOf: (definition: WorkflowDefinition) => Graph = buildGraph,
): Promise<StoredRun> {
  let run: Run | undefined
  let createdAt = 0
  for (let fromSeq = 1; ; ) {
    const page = await store.read(runId, { fromSeq, limit: PAGE_EVENTS })
    for (const { text } of page) {
      const event = parseEvent(text)
      if (run === undefined) {
        run = begin(runId, event, graphOf)
        createdAt = event.at
      }
      reduce(run, event)
    }
    const last = page.at(-1)
    if (last === undefined) break
    fromSeq = last.seq + 1
  }
  if (run === undefined) throw runUnknown(runId)
  return { run, createdAt }
}

function begin(runId: string, event: RunEvent, graphOf: (definition: WorkflowDefinition) => Graph): Run {
  if (event.type === 'run.started') return runOf(graphOf(event.data.workflow), event)
  throw new RunError(
    'HISTORY_DAMAGED',
    `the history of run ${quote(runId)} begins with ${event.type}, not with run.started`,
  )
}
