import { quote, RunError } from '../base/errors.ts'
import type { RunEvent } from '../run/event.ts'
import { parseEvent } from '../run/event-text.ts'
import { runOf } from '../run/fold.ts'
import { reduce } from '../run/reduce.ts'
import type { Run } from '../run/run.ts'
import type { Store } from '../store/store.ts'
import { buildGraph } from '../workflow/graph.ts'
import { runUnknown } from './engine-errors.ts'

/** A run as its log tells it. */
export interface StoredRun {
  readonly run: Run
  /** Epoch ms of its first fact. */
  readonly createdAt: number
}

/**
 * Folds a run from its log, page by page. Calls nothing, writes nothing.
 * @throws {StoreError} STORE_NOT_FOUND, STORE_DAMAGED
 * @throws {RunError} HISTORY_DAMAGED
 */
export async function readRun(store: Store, runId: string): Promise<StoredRun> {
  let run: Run | undefined
  let createdAt = 0
  for await (const { text } of store.events(runId)) {
    const event: RunEvent = parseEvent(text)
    if (run === undefined) {
      if (event.type !== 'run.started') {
        throw new RunError(
          'HISTORY_DAMAGED',
          `the history of run ${quote(runId)} begins with ${event.type}, not with run.started`,
        )
      }
      run = runOf(buildGraph(event.data.workflow), event)
      createdAt = event.at
    }
    reduce(run, event)
  }
  if (run === undefined) {
    throw runUnknown(runId)
  }
  return { run, createdAt }
}
