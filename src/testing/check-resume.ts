import { checkOptions, invalidArgument } from '../base/argument.ts'
import { DagExecutor } from '../engine/dag-executor.ts'
import { type LoadOptions, loadSnapshot } from '../engine/load.ts'
import { type ExecutorOptions, executorOptions } from '../engine/options.ts'
import type { RunStatus } from '../run/state.ts'
import type { SnapshotDocument } from '../snapshot/document.ts'
import { serialize } from '../snapshot/serialize.ts'
import type { AnyWorkflow, Workflow } from '../workflow/workflow.ts'

/** How a workflow is checked; everything else goes to the runs. */
export interface CheckResumeOptions extends Omit<ExecutorOptions, 'runId'> {
  /** Most moments the run is cut at, from its beginning; default 1,000. */
  readonly maxCuts?: number
}

/** Something a resumed run did otherwise than the one that was not interrupted. */
export interface ResumeDifference {
  /** Sequence of the last fact in the snapshot the run was resumed from; 0: before it began. */
  readonly seq: number
  /** What differs, as a member of the document (`results`, `variables`, `status`), or `completed node` that ran again. */
  readonly what: string
  /** JSON text, or the id of the node. */
  readonly expected: string
  readonly got: string
}

/** What a check of a workflow found. */
export interface ResumeReport {
  /** How the run that was not interrupted ended. */
  readonly status: RunStatus
  /** Moments the run was cut at, each resumed from bytes. */
  readonly cuts: number
  /** Empty when the workflow resumes well. */
  readonly differences: readonly ResumeDifference[]
}

const CHECK_OPTIONS: readonly string[] = ['maxCuts', ...executorOptions.filter((name) => name !== 'runId')]

const COMPARED = ['results', 'variables', 'accumulators', 'counters', 'context', 'decisions'] as const

/**
 * Runs a workflow, writes the run down after every fact, resumes each of these documents as another process would, and
 * compares ends: same status, same results and shared state, no completed node called again.
 * Handlers are called many times; give stand-ins for what must not be (`registry`, `services`). A handler whose result
 * depends on time, chance or the world shows as a difference.
 *
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN; what the executor throws before the run begins
 * @example
 * const flow = workflow('two', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const { differences } = await checkResume(flow)
 * differences.length // 0
 */
export async function checkResume(workflow: AnyWorkflow, options: CheckResumeOptions = {}): Promise<ResumeReport> {
  checkOptions(options, CHECK_OPTIONS, 'checkResume')
  const { maxCuts = 1_000, ...run } = options
  if (!(typeof maxCuts === 'number' && maxCuts >= 1)) throw invalidArgument('maxCuts', 'a number of 1 or more', maxCuts)
  const { input: _, variables: _variables, context: _context, ...world } = run
  const executor = new DagExecutor(workflow as Workflow, { ...run, runId: 'checked' })
  const cuts = [{ seq: 0, text: serialize(executor.saveSnapshot()) }]
  executor.on('*', ({ seq }) => {
    if (cuts.length < maxCuts) cuts.push({ seq, text: serialize(executor.saveSnapshot()) })
  })
  await executor.execute()
  const expected = executor.saveSnapshot().document
  const differences: ResumeDifference[] = []
  for (const { seq, text } of cuts) differences.push(...(await resumed(workflow, seq, text, expected, world)))
  return { status: expected.run.status, cuts: cuts.length, differences }
}

async function resumed(
  workflow: AnyWorkflow,
  seq: number,
  text: string,
  expected: SnapshotDocument,
  options: LoadOptions,
): Promise<readonly ResumeDifference[]> {
  const executor = loadSnapshot(text, workflow as Workflow, options)
  const completed = new Set(executor.saveSnapshot().completedNodes)
  const differences: ResumeDifference[] = []
  executor.on('node.started', ({ data: { nodeId } }) => {
    if (completed.has(nodeId)) differences.push({ seq, what: 'completed node', expected: nodeId, got: nodeId })
  })
  await executor.execute()
  const got = executor.saveSnapshot().document
  const compare = (what: string, a: unknown, b: unknown) => {
    const texts = { expected: JSON.stringify(a), got: JSON.stringify(b) }
    if (texts.expected !== texts.got) differences.push({ seq, what, ...texts })
  }
  compare('status', expected.run.status, got.run.status)
  compare('failedNodeId', expected.run.failedNodeId, got.run.failedNodeId)
  for (const member of COMPARED) compare(member, expected[member], got[member])
  return differences
}
