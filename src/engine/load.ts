import { checkOptions, invalidArgument } from '../base/argument.ts'
import { DefinitionError, quote, SnapshotError } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { builtins } from '../nodes/builtin/builtins.ts'
import { isRegistry, missingTypes, type Registry } from '../nodes/registry.ts'
import { rebase } from '../run/rebase.ts'
import { planResume, type ResumePlan } from '../run/resume-plan.ts'
import { createRun, type Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import { deserializeFor } from '../snapshot/deserialize.ts'
import type { SnapshotLimits } from '../snapshot/limits.ts'
import { restoreState } from '../snapshot/restore.ts'
import { Snapshot } from '../snapshot/snapshot.ts'
import { requireResults } from '../snapshot/truncated.ts'
import { compareWorkflows, isSameDefinition, type WorkflowChange } from '../workflow/compare-workflows.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { workflowFingerprint } from '../workflow/fingerprint.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { type AnyWorkflow, isWorkflow, type Workflow } from '../workflow/workflow.ts'
import { type DagExecutor, restoredExecutor } from './dag-executor.ts'
import {
  type ConfigOptions,
  changesConfig,
  checkChoice,
  checkTimers,
  configOf,
  loadOptions,
  ON_WORKFLOW_CHANGE,
  type OnWorkflowChange,
  type TimerOptions,
  type WorldOptions,
  worldOf,
} from './options.ts'
import type { RunResult } from './result.ts'

/** Options of a run that is loaded; limits and concurrency override single fields of the document's configuration. */
export interface LoadOptions extends WorldOptions, ConfigOptions, TimerOptions {
  /** What becomes of cache entries: `wallClock` (default) keeps their expiry, `frozen` their remaining time. */
  readonly cache?: 'wallClock' | 'frozen'
  readonly onWorkflowChange?: OnWorkflowChange
  /** Limits for a document that is given as text, bytes or a plain object. */
  readonly snapshotLimits?: Partial<SnapshotLimits>
}

/** What a snapshot is loaded with: the workflow it was made with, or a registry of node types for the graph it carries. */
export type LoadTarget<Outputs extends object, Input> = Workflow<Outputs, Input> | Registry

/**
 * Takes up a run from its document; nothing runs until `execute` is called on what this returns.
 *
 * @param snapshot - a snapshot, or the text, bytes or plain object of one
 * @param target - the workflow (its handlers), or a registry of node types; default the built-in types
 * @throws {SnapshotError} when the document can't be trusted or read (see `deserialize`); SNAPSHOT_TRUNCATED when a node
 * that is left to run needs a result that was dropped
 * @throws {DefinitionError} NODE_TYPE_MISSING with all missing types; WORKFLOW_BAD_CONDITION with all missing functions
 * of edges; WORKFLOW_CHANGED with all changes
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const text = serialize(new DagExecutor(flow).saveSnapshot())
 * const { status } = await loadSnapshot(text, flow).execute()
 * status // 'completed'
 */
export function loadSnapshot<Outputs extends object = Record<string, unknown>, Input = unknown>(
  snapshot: Snapshot | string | Uint8Array | object,
  target?: LoadTarget<Outputs, Input>,
  options: LoadOptions = {},
): DagExecutor<Outputs, Input> {
  checkOptions(options, loadOptions, 'loadSnapshot')
  const { cache = 'wallClock', onWorkflowChange = 'refuse' } = options
  checkTimers(options)
  checkChoice('cache', cache, ['wallClock', 'frozen'])
  checkChoice('onWorkflowChange', onWorkflowChange, ON_WORKFLOW_CHANGE)
  const given = workflowOf(target)
  const document = snapshotOf(snapshot, given, options)
  // The registry has the types of nested workflows too, and what types keep of their own.
  const world =
    given === null && target !== undefined ? worldOf({ registry: target as Registry, ...options }) : worldOf(options)
  const state = restoreState(document, { now: world.clock.now(), cache, isOwned: document !== snapshot })
  const workflow = given ?? documentWorkflow(document, target as Registry | undefined)
  const changes = given === null ? [] : changesOf(document, given)
  if (changes.length > 0) meetChange(document.run.id, changes, onWorkflowChange, world.logger)
  const { run, isWorkflowChanged } = runOn(state, workflow as Workflow, changes.length > 0)
  requireResults(run.graph, run.state)
  return restoredExecutor(workflow as Workflow<Outputs, Input>, {
    run,
    journal: null,
    world,
    config: changesConfig(options) ? configOf(options, state.config) : null,
    isWorkflowChanged,
    going: { timers: { onLoad: options.timers ?? null, ranUntil: Date.parse(document.snapshotTime) } },
  })
}

/**
 * A run over a loaded state (or a run, whose index may serve) and the workflow given for it. Settings that are no part of a node's identity (time-outs,
 * retries) follow the workflow given; a change that was accepted becomes a fact of the run when it is resumed.
 */
export function runOn(
  loaded: Run | RunState,
  workflow: Workflow,
  isChanged: boolean,
): { readonly run: Run; readonly isWorkflowChanged: boolean } {
  const state = 'state' in loaded ? loaded.state : loaded
  if ('graph' in loaded && loaded.graph === workflow.graph) {
    state.workflow = workflow.definition
    return { run: loaded, isWorkflowChanged: false }
  }
  if (!isChanged && isSameOrder(state.workflow, workflow.definition)) {
    state.workflow = workflow.definition
    return { run: createRun(workflow.graph, state), isWorkflowChanged: false }
  }
  const run = createRun(buildGraph(state.workflow), state)
  if (isChanged && state.status === 'pending') rebase(run, workflow.definition, workflowFingerprint(workflow))
  return { run, isWorkflowChanged: isChanged && state.status !== 'pending' }
}

function isSameOrder(a: WorkflowDefinition, b: WorkflowDefinition): boolean {
  return (
    a === b ||
    (a.nodes.length === b.nodes.length &&
      a.edges.length === b.edges.length &&
      a.nodes.every((node, index) => node.id === b.nodes[index]!.id) &&
      a.edges.every(
        (edge, index) =>
          edge.source === b.edges[index]!.source &&
          edge.target === b.edges[index]!.target &&
          edge.id === b.edges[index]!.id,
      ))
  )
}

/**
 * Takes up a run from its document and runs what is left: `loadSnapshot` and `execute` in one call.
 * @throws as both of them
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).node('b', ['a'], ({ a }) => a + 1).build()
 * const text = serialize(new DagExecutor(flow).saveSnapshot())
 * const { output } = await executeFromSnapshot(text, flow)
 * output // 2
 */
export async function executeFromSnapshot<Outputs extends object = Record<string, unknown>, Input = unknown>(
  snapshot: Snapshot | string | Uint8Array | object,
  target?: LoadTarget<Outputs, Input>,
  options: LoadOptions = {},
): Promise<RunResult<Outputs>> {
  return loadSnapshot(snapshot, target, options).execute()
}

/** What a resume would do, and how the workflow given differs from the document's. */
export interface SnapshotResumePlan extends ResumePlan {
  readonly changes: readonly WorkflowChange[]
}

/**
 * Lists, node by node, what a resume of a document would run, reuse, skip or find blocked, and why. Nothing runs.
 * @param target - as for `loadSnapshot`; missing types block their nodes instead of throwing
 * @throws {SnapshotError} when the document can't be trusted or read (see `deserialize`); WORKFLOW_CHANGED when the
 * workflow given has another id
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const { steps } = resumePlan(new DagExecutor(flow).saveSnapshot(), flow)
 * steps.map(({ nodeId, action }) => `${nodeId}: ${action}`) // ['a: run']
 */
export function resumePlan(
  snapshot: Snapshot | string | Uint8Array | object,
  target?: AnyWorkflow | Registry,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'> = {},
): SnapshotResumePlan {
  checkOptions(options, ['snapshotLimits', 'codec'], 'resumePlan')
  const { document, given, graph, state, missingTypes } = lookInto(snapshot, target, options)
  return {
    ...planResume(graph, state, missingTypes),
    changes: given === null ? [] : changesOf(document, given),
  }
}

/** A document as it stands, for those who only look: nothing of it goes on. */
export interface LookedInto {
  readonly document: Snapshot
  /** The workflow given for it; null: none was. */
  readonly given: AnyWorkflow | null
  readonly graph: Graph
  readonly state: RunState
  /** Types of its nodes that the target, and Waystone, have no handler for. */
  readonly missingTypes: ReadonlySet<string>
}

/** @throws as `resumePlan` */
export function lookInto(
  snapshot: Snapshot | string | Uint8Array | object,
  target: AnyWorkflow | Registry | undefined,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'>,
): LookedInto {
  const given = workflowOf(target as LoadTarget<Record<string, unknown>, unknown> | undefined)
  const document = snapshotOf(snapshot, given, options)
  const state = restoreState(document, { now: Date.parse(document.snapshotTime), cache: 'frozen' })
  const workflow = given ?? documentWorkflow(document, target as Registry | undefined)
  const graph = buildGraph(state.workflow)
  const missing = missingTypes(graph, (type) => workflow.handlers.has(type) || builtins.some(([name]) => name === type))
  return { document, given, graph, state, missingTypes: new Set(missing) }
}

/**
 * Refuses a changed workflow, or lets it pass, with a warning when that is asked for.
 * @throws {DefinitionError} WORKFLOW_CHANGED
 */
export function meetChange(
  runId: string,
  changes: readonly WorkflowChange[],
  policy: OnWorkflowChange,
  logger: Logger,
): void {
  if (policy === 'accept') return
  const error = workflowChanged(runId, changes)
  if (policy === 'refuse') throw error
  const what = `the workflow of run ${quote(runId)} has changed; what had completed keeps its result, the rest runs as it is now`
  logger.warn(what, error.details)
}

/** The error that refuses a changed workflow, with all changes. */
function workflowChanged(runId: string, changes: readonly WorkflowChange[]): DefinitionError {
  const named = changes
    .slice(0, 5)
    .map(
      ({ nodeId, change, what }) => `${quote(nodeId)} ${change}${change === 'changed' ? ` (${what.join(', ')})` : ''}`,
    )
  const more = changes.length > 5 ? ` and ${changes.length - 5} more` : ''
  return new DefinitionError(
    'WORKFLOW_CHANGED',
    `run ${quote(runId)} was made with another workflow: ${named.join(', ')}${more}; give the one it was made with, or accept the change with onWorkflowChange: "accept"`,
    { details: { runId, changes: changes.map((change) => ({ ...change })) } },
  )
}

function snapshotOf(
  snapshot: unknown,
  given: AnyWorkflow | null,
  options: Pick<LoadOptions, 'snapshotLimits' | 'codec'>,
): Snapshot {
  if (Snapshot.is(snapshot)) return snapshot
  return deserializeFor(given?.definition ?? null, snapshot as string, {
    ...(options.snapshotLimits ? { limits: options.snapshotLimits } : {}),
    ...(options.codec ? { codec: options.codec } : {}),
  })
}

function workflowOf<Outputs extends object, Input>(
  target: LoadTarget<Outputs, Input> | undefined,
): Workflow<Outputs, Input> | null {
  if (target === undefined || isRegistry(target)) return null
  if (isWorkflow(target)) return target
  throw invalidArgument('target', 'a workflow or a registry of node types', target)
}

/** The workflow a document carries, over the handlers of a registry. */
function documentWorkflow(document: Snapshot, registry: Registry | undefined): Workflow {
  const handlers = new Map(
    registry === undefined ? [] : registry.types().map((type) => [type, registry.get(type)!] as const),
  )
  return { definition: document.workflow, graph: buildGraph(document.workflow), handlers, predicates: new Map() }
}

function changesOf(document: Snapshot, given: AnyWorkflow): readonly WorkflowChange[] {
  const givenId = given.definition.id
  if (document.workflow.id !== givenId) {
    throw new SnapshotError(
      'WORKFLOW_CHANGED',
      `the document is of workflow ${quote(document.workflow.id)}, and the workflow given is ${quote(givenId)}`,
      { details: { found: document.workflow.id, given: givenId } },
    )
  }
  // The same in the same order needs no index over the document's own.
  if (isSameDefinition(document.workflow, given.definition)) return []
  return compareWorkflows(buildGraph(document.workflow), given.graph)
}
