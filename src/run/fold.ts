import type { Encoded } from '../base/encoded.ts'
import { RunError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { Graph } from '../workflow/graph.ts'
import type { RunEvent, RunStarted } from './event.ts'
import { reduce, startState } from './reduce.ts'
import { damaged } from './reduce-check.ts'
import { createRun, pendingState, type Run } from './run.ts'
import type { RunState } from './state.ts'

/** The run a first fact speaks of, as it was before that fact. */
export function runOf(graph: Graph, started: RunStarted): Run {
  return createRun(graph, stateBefore(started))
}

/** The state after a first fact. @throws {RunError} HISTORY_DAMAGED when its sequence is another than 1 */
export function startedState(started: RunStarted): RunState {
  const state = stateBefore(started)
  if (started.seq !== 1) throw damaged(started, 'expected sequence 1')
  startState(state, started)
  state.seq = 1
  state.lastAt = started.at
  return state
}

function stateBefore({ runId, data }: RunStarted): RunState {
  const { workflow, fingerprint, input, config, parent } = data
  const areas = {
    variables: entriesOf(data.variables),
    contextVariables: entriesOf(data.contextVariables),
    contextConstants: entriesOf(data.contextConstants),
  }
  return pendingState({ runId, workflow, fingerprint, input, config, parent, ...areas })
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

function entriesOf(entries: Dictionary<Encoded>): Dictionary<Encoded> {
  return Object.assign(dictionary<Encoded>(), entries)
}
