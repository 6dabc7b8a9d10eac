import type { Encoded } from '../base/encoded.ts'
import { ENCODED_UNDEFINED } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import { DEFAULT_CONFIG, type RunConfig } from './config.ts'
import type { RunParent } from './event.ts'
import { Frontier } from './frontier.ts'
import type { NodeState, RunState } from './state.ts'

/** A run in memory: its state, and beside it the two indexes over it. Only `reduce` changes them. */
export interface Run {
  graph: Graph
  readonly state: RunState
  frontier: Frontier
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
    input: params.input ?? ENCODED_UNDEFINED,
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
    usage: dictionary(),
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
    wait: null,
    parts: null,
  }
}

/** A run over a state; the state is the run's own from then on. */
export function createRun(graph: Graph, state: RunState): Run {
  return { graph, state, frontier: new Frontier(graph, state) }
}

/**
 * Index of a node; undefined when the graph has none of that id.
 * @param near - the index it probably has, which spares the look-up of an id among many; any number will do
 */
export function nodeIndex({ ids, indexOf }: Graph, nodeId: string, near: number): number | undefined {
  return ids[near] === nodeId ? near : indexOf.get(nodeId)
}
