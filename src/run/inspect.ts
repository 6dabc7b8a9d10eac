import type { Graph } from '../workflow/graph.ts'
import { inspectCompensations } from './inspect-compensations.ts'
import { nodeSentence, runSentence } from './inspect-text.ts'
import type { Hold, Inspection, NodeInspection, WaitsFor } from './inspection.ts'
import { isEnded } from './reduce.ts'
import { graphOf } from './run.ts'
import { isSettled, meaningOf } from './settled.ts'
import { qualified } from './signal-waits.ts'
import type { NodeState, NodeStatus, RunState } from './state.ts'
import { judge } from './trigger.ts'

/** How a run is looked at. */
export interface InspectOptions {
  /** Epoch ms. */
  readonly at: number
  /** Node types nobody handles; default none. */
  readonly missingTypes?: ReadonlySet<string>
}

/** What nested runs share with those they are part of. */
interface Tree extends Required<InspectOptions> {
  readonly running: number
  readonly hold: Hold | null
  /** The state of the run all are part of, whose configuration, usage and signals they share. */
  readonly root: RunState
  /** Ids of the nodes that lead to this one. */
  readonly path: readonly string[]
}

/** Explains where a run stands. Linear in nodes, edges and items; asks and changes nothing. */
export function inspectRun(
  graph: Graph,
  state: RunState,
  { at, missingTypes = new Set() }: InspectOptions,
): Inspection {
  return inspectTree(graph, state, { at, missingTypes, running: runningIn(state), hold: null, root: state, path: [] })
}

/** The depth of its recursion is that of the definition, which has a limit. */
function inspectTree(graph: Graph, state: RunState, tree: Tree): Inspection {
  const hold = holdOf(state) ?? tree.hold
  const counts = noCounts()
  const nodes: NodeInspection[] = []
  const failures = failuresAbove(graph, state)
  state.nodes.forEach((node, index) => {
    if (isSettled(node)) {
      counts[node.status] += 1
      return
    }
    const verdict = node.status === 'pending' ? verdictOf(graph, state, index) : null
    const status: NodeInspection['status'] = verdict === 'start' ? 'ready' : node.status
    counts[status] += 1
    const waitsFor = waitsForOf(graph, state, index, { ...tree, hold }, verdict, failures)
    const inspected = { nodeId: graph.ids[index]!, status, waitsFor, ...visitOf(graph, node, index) }
    nodes.push({ ...inspected, sentence: nodeSentence(inspected, tree.at) })
  })
  const isStuck = state.status === 'running' && hold === null && nodes.length > 0 && !nodes.some(canGoOn)
  const { runId, status } = state
  const compensations = inspectCompensations(state, tree.at)
  const inspection = { runId, status, at: tree.at, hold, isStuck, counts, nodes, compensations }
  return { ...inspection, sentence: runSentence(inspection, state) }
}

function waitsForOf(
  graph: Graph,
  state: RunState,
  index: number,
  tree: Tree,
  verdict: Verdict | null,
  failures: Int32Array,
): WaitsFor {
  const node = state.nodes[index]!
  const definition = graph.nodes[index]!
  const { attempt, dueAt, wait, parts } = node
  // Whoever asked may change what it got.
  const error = structuredClone(node.error)
  if (state.status === 'completed' || state.status === 'canceled') return { kind: 'nothing', hold: 'ended' }
  if (tree.root.compensating !== null && node.status !== 'failed')
    return { kind: 'nothing', hold: isEnded(tree.root) ? 'ended' : 'compensating' }
  switch (node.status) {
    case 'running':
      return { kind: 'handler', attempt, since: node.startedAt }
    case 'failed':
      return { kind: 'failure', attempt, error, isLeft: node.operator === 'left' }
    case 'interrupted':
      return { kind: 'interrupted', attempt, then: definition.onInterrupted ?? 'rerun' }
    case 'retrying':
      return { kind: 'retry', attempt, dueAt: dueAt ?? tree.at, error }
    case 'waiting': {
      if (wait?.kind === 'timer') return { kind: 'timer', waitId: wait.id, dueAt: dueAt ?? tree.at }
      if (wait !== null) return signalOf(state, index, tree)
      if (parts?.child) {
        const inner = { ...tree, path: [...tree.path, definition.id] }
        return { kind: 'nested', run: inspectTree(graphOf(parts.child.workflow), parts.child, inner) }
      }
      return itemsOf(node, definition.map?.concurrency ?? null)
    }
    case 'pending':
      if (graph.isStandIn[index] === 1) return { kind: 'skip', reason: 'stand-in' }
      if (verdict === 'wait') return upstreamsOf(graph, state, index, failures)
      if (verdict !== 'start') return { kind: 'skip', reason: verdict === 'failed' ? 'upstream-failed' : 'untaken' }
      return readyOf(definition.type, tree)
    default:
      return { kind: 'nothing', hold: 'ended' }
  }
}

function readyOf(type: string, { hold, missingTypes, running, root }: Tree): WaitsFor {
  if (missingTypes.has(type)) return { kind: 'code', type }
  const { limits, concurrency } = root.config
  const used = root.usage['nodeExecutions'] ?? 0
  const max = limits.maxNodeExecutions
  if (max !== null && used >= max) return { kind: 'limit', limit: 'maxNodeExecutions', max, used }
  if (hold !== null) return { kind: 'run', hold }
  return running >= concurrency ? { kind: 'place', running, concurrency } : { kind: 'start' }
}

function signalOf(state: RunState, index: number, { root, path }: Tree): WaitsFor {
  const { wait, dueAt } = state.nodes[index]!
  const { id, data } = state.workflow.nodes[index]!
  const nodeId = qualified(path, id)
  const { name, id: waitId } = wait as Extract<NodeState['wait'], { readonly kind: 'signal' }>
  const named = root.signals.filter((signal) => signal.name === name)
  const fitting = named.filter(
    (signal) => (signal.waitId ?? waitId) === waitId && (signal.fits?.includes(nodeId) ?? true),
  ).length
  const hasSchema = typeof data === 'object' && data !== null && Object.hasOwn(data, 'schema')
  return { kind: 'signal', name, waitId, dueAt, hasSchema, fitting, unfit: named.length - fitting }
}

function itemsOf({ parts }: NodeState, concurrency: number | null): WaitsFor {
  const counts = { pending: 0, running: 0, retrying: 0, completed: 0, failed: 0, interrupted: 0 }
  const list = parts?.items?.list ?? []
  let next: number | null = null
  for (const { status, dueAt } of list) {
    counts[status] += 1
    if (status === 'retrying' && dueAt !== null && (next === null || dueAt < next)) next = dueAt
  }
  return { kind: 'items', total: list.length, counts, concurrency, dueAt: next }
}

function upstreamsOf(graph: Graph, state: RunState, index: number, failures: Int32Array): WaitsFor {
  const sources = new Set<number>()
  for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
    const source = graph.edgeSource[graph.inEdges[at]!]!
    if (!isSettled(state.nodes[source]!)) sources.add(source)
  }
  const upstreams = [...sources].map((source) => ({ nodeId: graph.ids[source]!, status: state.nodes[source]!.status }))
  const failure = failures[index]!
  const blockedBy = failure < 0 ? null : graph.ids[failure]!
  return { kind: 'upstreams', trigger: graph.nodes[index]!.trigger ?? 'all', upstreams, blockedBy }
}

/** What a trigger rule says now, and of a node that can not start whether for a failure. */
type Verdict = 'start' | 'wait' | 'failed' | 'untaken'

function verdictOf(graph: Graph, state: RunState, index: number): Verdict {
  let taken = 0
  let failed = 0
  let open = 0
  for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
    const edge = graph.inEdges[at]!
    const source = state.nodes[graph.edgeSource[edge]!]!
    if (!isSettled(source)) open += 1
    else if (meaningOf(source) === 'failed') failed += 1
    else if (source.status === 'completed' && isTaken(graph, state, edge)) taken += 1
  }
  const isRoot = graph.inStart[index] === graph.inStart[index + 1]
  const verdict = judge(graph.nodes[index]!.trigger, isRoot, taken, failed, open)
  if (verdict !== 'skip') return graph.isStandIn[index] === 1 ? 'untaken' : verdict
  return failed > 0 ? 'failed' : 'untaken'
}

/** Whether an edge whose source completed is taken. */
export function isTaken(graph: Graph, state: RunState, edge: number): boolean {
  return graph.isConditional[edge] === 0 || state.decisions[graph.edgeKeys[edge]!] === true
}

/** For each node a failed node before it without whose end it can not start, by index; -1 for none. */
function failuresAbove(graph: Graph, state: RunState): Int32Array {
  const { inStart, inEdges, outStart, outEdges, edgeSource, edgeTarget } = graph
  const failures = new Int32Array(graph.ids.length).fill(-1)
  const isFailed = (index: number) => state.nodes[index]!.status === 'failed' && !isSettled(state.nodes[index]!)
  if (!graph.ids.some((_, index) => isFailed(index))) return failures
  const left = Int32Array.from(graph.ids, (_, index) => inStart[index + 1]! - inStart[index]!)
  const queue = graph.ids.flatMap((_, index) => (left[index] === 0 ? [index] : []))
  for (let head = 0; head < queue.length; head += 1) {
    const index = queue[head]!
    if (isFailed(index)) failures[index] = index
    else if (state.nodes[index]!.status === 'pending') failures[index] = failureOf(index)
    for (let at = outStart[index]!; at < outStart[index + 1]!; at += 1) {
      const target = edgeTarget[outEdges[at]!]!
      left[target]! -= 1
      if (left[target] === 0) queue.push(target)
    }
  }
  return failures

  function failureOf(index: number): number {
    let first = -1
    for (let at = inStart[index]!; at < inStart[index + 1]!; at += 1) {
      const source = edgeSource[inEdges[at]!]!
      const failure = isSettled(state.nodes[source]!) ? -1 : failures[source]!
      if (first < 0) first = failure
      // Another upstream may still be enough.
      if (graph.nodes[index]!.trigger === 'any' && failure < 0 && !isSettled(state.nodes[source]!)) return -1
    }
    return first
  }
}

function holdOf(state: RunState): Hold | null {
  if (state.status !== 'running') return state.status
  if (state.compensating !== null) return 'compensating'
  if (state.nodes.some((node) => node.status === 'failed' && !isSettled(node) && node.operator !== 'left')) {
    return 'failing'
  }
  return state.pausing ? 'pausing' : null
}

/** Whether anything can still come of a node without someone's doing, or someone outside is asked. */
function canGoOn({ waitsFor }: NodeInspection): boolean {
  switch (waitsFor.kind) {
    case 'upstreams':
    case 'nothing':
      return false
    case 'failure':
      return waitsFor.isLeft
    case 'interrupted':
      return waitsFor.then !== 'fail'
    case 'nested':
      return !waitsFor.run.isStuck
    default:
      return true
  }
}

function visitOf(graph: Graph, { parts, status }: NodeState, index: number): Pick<NodeInspection, 'visit'> {
  const { repeat } = graph.nodes[index]!
  if (repeat === undefined) return {}
  const visits = parts?.visits ?? 0
  const number = status === 'failed' ? Math.max(1, visits) : visits + 1
  return { visit: { number: Math.min(number, repeat.maximumVisits), maximum: repeat.maximumVisits } }
}

/** Nodes and items that run, in a run and all nested in it. */
function runningIn(state: RunState): number {
  let running = 0
  const states = [state]
  for (const { nodes } of states) {
    for (const { status, parts } of nodes) {
      if (status === 'running') running += 1
      if (status !== 'waiting' || parts === null) continue
      if (parts.child) states.push(parts.child)
      for (const item of parts.items?.list ?? []) if (item.status === 'running') running += 1
    }
  }
  return running
}

function noCounts(): Record<NodeStatus | 'ready', number> {
  return {
    pending: 0,
    ready: 0,
    running: 0,
    retrying: 0,
    waiting: 0,
    completed: 0,
    failed: 0,
    skipped: 0,
    canceled: 0,
    interrupted: 0,
  }
}
