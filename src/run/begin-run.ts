import { quote, RunError } from '../base/errors.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { validateDefinition } from '../workflow/validate.ts'
import type { RunEvent, RunStarted } from './event.ts'
import { runOf } from './fold.ts'
import type { Run } from './run.ts'

/** The run a log begins, before its first fact is applied; see {@link firstFact}. */
export function beginRun(event: RunEvent, graphOf: (definition: WorkflowDefinition) => Graph | null): Run {
  const { started, graph } = firstFact(event, graphOf)
  return runOf(graph, started)
}

/**
 * The first fact of a log, and the index over its workflow. The log is not trusted: its definition is checked, unless it is known.
 * @param graphOf - the index of a definition at hand; null for any other
 * @throws {RunError} HISTORY_DAMAGED when the fact begins no run, or a run of a workflow that can not be
 */
export function firstFact(
  event: RunEvent,
  graphOf: (definition: WorkflowDefinition) => Graph | null,
): { readonly started: RunStarted; readonly graph: Graph } {
  const { runId, seq, type } = event
  if (type !== 'run.started') {
    throw new RunError(
      'HISTORY_DAMAGED',
      `the history of run ${quote(runId)} begins with ${type}, not with run.started`,
    )
  }
  const { workflow } = event.data
  const known = graphOf(workflow)
  if (known !== null) return { started: event, graph: known }
  const problems = validateDefinition(workflow)
  if (problems.length > 0) {
    throw new RunError(
      'HISTORY_DAMAGED',
      `the history of run ${quote(runId)} begins with a workflow that can not be: ${problems[0]!.message}`,
      {
        details: {
          runId,
          seq,
          problems: problems.slice(0, 100).map(({ code, message, path }) => ({ code, message, path })),
        },
      },
    )
  }
  return { started: event, graph: buildGraph(workflow) }
}
