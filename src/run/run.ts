import type { Encoded } from '../base/encoded.ts'
import { ENCODED_UNDEFINED } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph, type Graph } from '../workflow/graph.ts'
import { Activity } from './activity.ts'
import { Agenda } from './agenda.ts'
import { CompensationQueue, stateOf } from './compensation-queue.ts'
import { DEFAULT_CONFIG, type RunConfig } from './config.ts'
import type { RunParent } from './event.ts'
import { Frontier } from './frontier.ts'
import type { NodeState, RunState } from './state.ts'

/**
 * A run in memory: its state, and beside it the two indexes over it. Only `reduce` changes them. A node may be a run in
 * turn: the runs of a tree share one log, one configuration, one usage and the signals, and each has a state of its own.
 */
export interface Run {
  graph: Graph
  readonly state: RunState
  frontier: Frontier
  /** The run all of the tree is part of; itself when it is part of none. */
  readonly root: Run
  /** The run one of whose nodes this one is, and which node; null for a root. */
  readonly parent: Run | null
  readonly host: number
  /** Ids of the nodes that lead to it from the root; empty for a root. */
  readonly path: readonly string[]
  /** Indexes of the same. */
  readonly place: readonly number[]
  readonly activity: Activity
  readonly agenda: Agenda
  /** Of a root that compensates for what it did, or has: the order in which. Derived, never saved. */
  compensations: CompensationQueue | null
}

/** What a new run is made of; everything but id and workflow has a default. */
export interface RunParams {
  readonly runId: string
  readonly workflow: WorkflowDefinition
  readonly fingerprint: string
  readonly input?: Encoded
  readonly config?: RunConfig
  readonly variables?: Dictionary<Encoded>
  readonly contextVariables?: Dictionary<Encoded>
  readonly contextConstants?: Dictionary<Encoded>
  readonly parent?: RunParent | null
}

/** The state of a run before its first fact. */
export function pendingState(params: RunParams): RunState {
  return {
    runId: params.runId,
    workflow: params.workflow,
    fingerprint: params.fingerprint,
    status: 'pending',
    pausing: false,
    seq: 0,
    config: params.config ?? DEFAULT_CONFIG,
    // Null is an input.
    input: params.input === undefined ? ENCODED_UNDEFINED : params.input,
    seed: 0,
    parent: params.parent ?? null,
    startedAt: null,
    endedAt: null,
    activeMs: 0,
    activeSince: null,
    lastAt: 0,
    nodes: params.workflow.nodes.map(untouchedNode),
    completed: [],
    decisions: dictionary(),
    variables: params.variables ?? dictionary(),
    accumulators: dictionary(),
    counters: dictionary(),
    cache: dictionary(),
    contextVariables: params.contextVariables ?? dictionary(),
    contextConstants: params.contextConstants ?? dictionary(),
    signals: [],
    signalKeys: dictionary(),
    types: dictionary(),
    tokens: dictionary(),
    usage: dictionary(),
    compensating: null,
    compensations: dictionary(),
    fruitlessResumes: 0,
    stateBytes: 0,
    error: null,
    failedNodeId: null,
    reason: null,
  }
}

/** The state of a node nothing has happened to. */
export function untouchedNode(): NodeState {
  return {
    status: 'pending',
    attempt: 0,
    failures: 0,
    startedAt: null,
    endedAt: null,
    output: undefined,
    error: null,
    dueAt: null,
    continues: false,
    fallback: false,
    skipReason: null,
    operator: null,
    wait: null,
    parts: null,
  }
}

/** A run over a state; the state is the run's own from then on. */
export function createRun(graph: Graph, state: RunState): Run {
  const run = makeRun(graph, state, null, -1)
  openNested(run)
  openCompensations(run)
  return run
}

/** Makes runs of the nodes of a run that are runs and are under way; depth is that of the definition, which has a limit. */
export function openNested(run: Run): void {
  for (const index of run.graph.composites) {
    const { status, parts } = run.state.nodes[index]!
    if (status === 'waiting' && parts?.child) openChild(run, index, parts.child)
  }
}

/** Makes the order of a run's compensations anew from its state, and counts the one in flight. */
export function openCompensations(run: Run): void {
  if (run.state.compensating === null || run.parent !== null) return
  run.compensations = new CompensationQueue(run.state)
  const { next } = run.compensations
  if (next !== undefined && stateOf(next)?.status === 'running') run.frontier.running += 1
}

/** Makes a run of a node that is one. */
export function openChild(parent: Run, index: number, state: RunState): Run {
  const { root } = parent
  // One run counts and is configured as a whole, and a signal is for whoever waits for it.
  state.config = root.state.config
  state.usage = root.state.usage
  state.signals = root.state.signals
  state.signalKeys = root.state.signalKeys
  state.types = root.state.types
  state.tokens = root.state.tokens
  const child = makeRun(graphOf(state.workflow), state, parent, index)
  parent.frontier.nested.set(index, child)
  openNested(child)
  if (state.status === 'running') wake(child)
  else parent.frontier.nestedEnded(index)
  return child
}

/** A run, nested or not, may have something to do. */
export function wake(run: Run): void {
  run.agenda.wake(run)
}

/** The run a path leads to; undefined when none is under way there. */
export function runAt(root: Run, path: readonly string[]): Run | undefined {
  let run: Run | undefined = root
  for (const nodeId of path) {
    const index: number | undefined = run.graph.indexOf.get(nodeId)
    run = index === undefined ? undefined : run.frontier.nested.get(index)
    if (run === undefined) return undefined
  }
  return run
}

/** A run and all that are under way in it, each before those in it. */
export function runsOf(run: Run): Run[] {
  const runs = [run]
  for (const next of runs) for (const child of next.frontier.nested.values()) runs.push(child)
  return runs
}

/** Whether something holds for a run or one under way in it; looks no further than it has to. */
export function someRun(run: Run, holds: (run: Run) => boolean): boolean {
  const runs = [run]
  for (const next of runs) {
    if (holds(next)) return true
    for (const child of next.frontier.nested.values()) runs.push(child)
  }
  return false
}

function makeRun(graph: Graph, state: RunState, parent: Run | null, host: number): Run {
  const activity = new Activity(parent?.activity ?? null)
  const path = parent === null ? [] : [...parent.path, parent.graph.ids[host]!]
  const place = parent === null ? [] : [...parent.place, host]
  const agenda = parent?.agenda ?? new Agenda()
  const frontier = new Frontier(graph, state, activity)
  const run = { graph, state, frontier, parent, host, path, place, activity, agenda, compensations: null }
  return Object.assign(run, { root: parent?.root ?? (run as unknown as Run) })
}

/** Graphs of nested definitions; a definition never changes. */
const graphs = new WeakMap<WorkflowDefinition, Graph>()

export function graphOf(definition: WorkflowDefinition): Graph {
  let graph = graphs.get(definition)
  if (graph === undefined) {
    graph = buildGraph(definition)
    graphs.set(definition, graph)
  }
  return graph
}

/**
 * Index of a node; undefined when the graph has none of that id.
 * @param near - the index it probably has, which spares the look-up of an id among many; any number will do
 */
export function nodeIndex({ ids, indexOf }: Graph, nodeId: string, near: number): number | undefined {
  // A fact of a damaged log may name no node at all, and there is none before the first.
  return near >= 0 && ids[near] === nodeId ? near : indexOf.get(nodeId)
}
