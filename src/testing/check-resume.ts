import { checkOptions, invalidArgument } from '../base/argument.ts'
import { pointer } from '../base/json-pointer.ts'
import { DagExecutor } from '../engine/dag-executor.ts'
import { type LoadOptions, loadSnapshot } from '../engine/load.ts'
import { type ExecutorOptions, executorOptions } from '../engine/options.ts'
import type { RunState, RunStatus } from '../run/state.ts'
import type { SnapshotDocument } from '../snapshot/document.ts'
import { restoreState } from '../snapshot/restore.ts'
import { serialize } from '../snapshot/serialize.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
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
  /** JSON Pointer into that to the first place that differs; for a node the ids that lead to it, its own last. */
  readonly path: string
  /** JSON text of what is there (`undefined`: nothing is), or the id of the node. */
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
  const completed = completedIn(executor.saveSnapshot())
  const differences: ResumeDifference[] = []
  executor.on('node.started', ({ path = [], data: { nodeId } }) => {
    const place = pointer(...path, nodeId)
    if (completed.has(place))
      differences.push({ seq, what: 'completed node', path: place, expected: nodeId, got: nodeId })
  })
  await executor.execute()
  const got = executor.saveSnapshot().document
  const compare = (what: string, a: unknown, b: unknown) => {
    const found = firstDifference(a, b)
    if (found !== null) differences.push({ seq, what, ...found })
  }
  compare('status', expected.run.status, got.run.status)
  compare('failedNodeId', expected.run.failedNodeId, got.run.failedNodeId)
  for (const member of COMPARED) compare(member, expected[member], got[member])
  return differences
}

/** The nodes that have completed, those of nested runs too, as pointers of the ids that lead to them. */
function completedIn(snapshot: Snapshot): ReadonlySet<string> {
  const completed = new Set<string>()
  const runs: { readonly state: RunState; readonly path: readonly string[] }[] = [
    { state: restoreState(snapshot, { now: 0, cache: 'frozen' }), path: [] },
  ]
  for (const { state, path } of runs) {
    state.nodes.forEach(({ status, parts }, index) => {
      const ids = [...path, state.workflow.nodes[index]!.id]
      if (status === 'completed') completed.add(pointer(...ids))
      else if (parts?.child) runs.push({ state: parts.child, path: ids })
    })
  }
  return completed
}

/** Where two JSON values differ first, and what is there; null when they are the same. Cost is their size for each level. */
function firstDifference(a: unknown, b: unknown): Pick<ResumeDifference, 'path' | 'expected' | 'got'> | null {
  const textOf = (value: unknown): string => JSON.stringify(value) ?? 'undefined'
  if (textOf(a) === textOf(b)) return null
  const path: string[] = []
  for (let [left, right] = [a, b]; ; ) {
    const next = membersOf(left, right).find((name) => textOf(memberOf(left, name)) !== textOf(memberOf(right, name)))
    if (next === undefined) return { path: pointer(...path), expected: textOf(left), got: textOf(right) }
    path.push(next)
    ;[left, right] = [memberOf(left, next), memberOf(right, next)]
  }
}

/** The names of the members of two values, when both are objects, or both lists; none otherwise. */
function membersOf(a: unknown, b: unknown): readonly string[] {
  const isTree = (value: unknown): value is object => typeof value === 'object' && value !== null
  if (!isTree(a) || !isTree(b) || Array.isArray(a) !== Array.isArray(b)) return []
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
}

function memberOf(value: unknown, name: string): unknown {
  return Object.hasOwn(value as object, name) ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
