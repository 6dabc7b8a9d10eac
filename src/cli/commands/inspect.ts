import { quote, UsageError } from '../../base/errors.ts'
import { systemClock } from '../../engine/system.ts'
import { type InspectOptions, inspectRun } from '../../run/inspect.ts'
import type { RunState } from '../../run/state.ts'
import type { Graph } from '../../workflow/graph.ts'
import { checkWorkflow, loadCode } from '../code.ts'
import { inspectionText } from '../format/inspection-text.ts'
import { typesWithoutHandler } from '../load-registry.ts'
import { readSubject } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `inspect <run-or-file>`: where a run stands, and what each node that has not ended waits for. */
export async function inspect(args: ArgsOf<'inspect'>, { io }: CommandContext): Promise<number> {
  const { graph, state, options } = await readInspected(args)
  const inspection = inspectRun(graph, state, options)
  if (args.json) io.json(`${JSON.stringify(inspection)}\n`)
  else io.out(inspectionText(inspection, io.hasOutColor))
  return 0
}

/** A run that is looked at, and how. */
export interface Inspected {
  readonly graph: Graph
  readonly state: RunState
  readonly options: InspectOptions
}

/**
 * The run or snapshot a command looks at. Node types are looked at when code is given; a snapshot is seen as of its time.
 * @throws {UsageError} USAGE for a workflow, which waits for nothing
 */
export async function readInspected(args: ArgsOf<'inspect' | 'why'>): Promise<Inspected> {
  const code = await loadCode(args)
  const subject = await readSubject(args.subject, args.store)
  if (subject.kind === 'workflow')
    throw new UsageError(
      'USAGE',
      `${args.command} expects a run or a snapshot; ${quote(args.subject)} is a workflow, none of whose nodes has begun`,
    )
  const { graph, state } = subject
  if (code.workflow !== null) checkWorkflow(state.runId, state.workflow.id, code.workflow)
  const at = subject.kind === 'snapshot' ? Date.parse(subject.snapshot.snapshotTime) : systemClock.now()
  const isCodeGiven = code.workflow !== null || code.registry !== null
  const missing = isCodeGiven ? typesWithoutHandler(graph, code.workflow, code.registry) : []
  return { graph, state, options: { at, missingTypes: new Set(missing) } }
}
