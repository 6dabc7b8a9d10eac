import { RunError } from '../base/errors.ts'
import { dictionary } from '../base/json.ts'
import type { Graph } from '../workflow/graph.ts'
import type { RunEvent, RunStarted } from './event.ts'
import { reduce } from './reduce.ts'
import { createRun, pendingState, type Run } from './run.ts'

/** The run a first fact speaks of, before that fact is applied. */
export function runOf(graph: Graph, started: RunStarted): Run {
  const { workflow, fingerprint } = started.data
  return createRun(graph, pendingState({ runId: started.runId, workflow, fingerprint, ...emptyAreas() }))
}

/**
 * The fold of a run's facts: the same state the live run had after the last of them. Calls nothing.
 * @param events - in sequence order, from the first fact on, or from the one after `from`'s head
 * @param from - a run to go on from; it is changed in place
 * @throws {RunError} HISTORY_DAMAGED when an event can't follow
 */
export function fold(graph: Graph, events: Iterable<RunEvent>, from?: Run): Run {
  let run = from
  for (const event of events) {
    if (run === undefined) {
      if (event.type !== 'run.started') {
        throw new RunError(
          'HISTORY_DAMAGED',
          `a history begins with run.started; this one with ${event.type} (sequence ${event.seq})`,
        )
      }
      run = runOf(graph, event)
    }
    reduce(run, event)
  }
  if (run === undefined) throw new RunError('HISTORY_DAMAGED', 'a history has at least one event; this one is empty')
  return run
}

function emptyAreas() {
  return {
    variables: dictionary<never>(),
    contextVariables: dictionary<never>(),
    contextConstants: dictionary<never>(),
  }
}
