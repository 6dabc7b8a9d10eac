import { checkOptions, readArgument } from '../base/argument.ts'
import type { Registry } from '../nodes/registry.ts'
import { explain } from '../run/explain.ts'
import { inspectRun } from '../run/inspect.ts'
import type { Inspection } from '../run/inspection.ts'
import type { NodePath } from '../run/node-path.ts'
import type { NodeReasons } from '../run/why.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { AnyWorkflow } from '../workflow/workflow.ts'
import { DagExecutor } from './dag-executor.ts'
import { type LoadOptions, lookInto } from './load.ts'

/**
 * Says where a run stands and what each node that has not ended waits for. Nothing runs.
 * @param run - an executor, or a snapshot, or the text, bytes or plain object of one
 * @param target - as for `loadSnapshot`: nodes whose types it has no handler for are named; default: types are not looked at
 * @throws {SnapshotError} when the document can't be trusted or read (see `deserialize`)
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const { nodes } = inspect(new DagExecutor(flow))
 * nodes.map(({ sentence }) => sentence) // ['node "a" is ready, but the run has not started', 'node "b" waits for "a" (pending)']
 */
export function inspect(
  run: DagExecutor<never, never> | Snapshot | string | Uint8Array | object,
  target?: AnyWorkflow | Registry,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'> = {},
): Inspection {
  checkOptions(options, ['snapshotLimits', 'codec'], 'inspect')
  if (isExecutor(run)) return run.inspect()
  const { graph, state, at, missing } = looked(run, target, options)
  return inspectRun(graph, state, { at, missingTypes: missing })
}

/**
 * Says why a node ran, was skipped, failed or waits, with what decided it: the edges that lead to it, the decisions that were
 * recorded, its trigger rule, its failure with all causes, and the way to the upstream whose fate decided its own. Nothing runs.
 * @param run - as for `inspect`
 * @param node - its id; of a nested run the ids that lead to it
 * @throws {SnapshotError} when the document can't be trusted or read (see `deserialize`)
 * @throws {WaystoneError} ARGUMENT_INVALID, also for a node the workflow does not have; OPTION_UNKNOWN
 * @example
 * const flow = workflow('sized').node('a', () => 1).node('b', [{ source: 'a', sourceHandle: 'large' }], () => 2).build()
 * const executor = new DagExecutor(flow)
 * await executor.execute()
 * why(executor, 'b').sentence // 'node "b" was skipped: no edge to it was taken; "a" completed, and its edge was not taken'
 */
export function why(
  run: DagExecutor<never, never> | Snapshot | string | Uint8Array | object,
  node: NodePath,
  target?: AnyWorkflow | Registry,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'> = {},
): NodeReasons {
  checkOptions(options, ['snapshotLimits', 'codec'], 'why')
  if (isExecutor(run)) return run.why(node)
  const { graph, state, at, missing } = looked(run, target, options)
  return explain(graph, state, node, { at, missingTypes: missing })
}

function isExecutor(run: unknown): run is DagExecutor {
  return readArgument('run', () => run instanceof DagExecutor)
}

function looked(
  run: Snapshot | string | Uint8Array | object,
  target: AnyWorkflow | Registry | undefined,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'>,
) {
  const { document, graph, state, missingTypes } = lookInto(run, target, options)
  const missing: ReadonlySet<string> = target === undefined ? new Set() : missingTypes
  return { graph, state, at: Date.parse(document.snapshotTime), missing }
}
