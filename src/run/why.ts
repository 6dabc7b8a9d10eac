import type { SerializedError } from '../base/serialized-error.ts'
import type { ConditionDefinition, EdgeDefinition, TriggerRule } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import type { CompensationState } from './compensation.ts'
import { type InspectOptions, inspectRun, isTaken } from './inspect.ts'
import { compensationText } from './inspect-compensations.ts'
import { skipReasons, waitText } from './inspect-text.ts'
import type { Inspection, NodeInspection, WaitsFor } from './inspection.ts'
import { listed } from './listed.ts'
import { graphOf } from './run.ts'
import { isSettled, meaningOf } from './settled.ts'
import type { NodeState, NodeStatus, RunState } from './state.ts'

/** Why a node ran, was skipped, failed or waits, with what decided it. */
export interface NodeReasons {
  readonly runId: string
  readonly nodeId: string
  readonly status: NodeStatus | 'ready'
  /** The answer for people. */
  readonly sentence: string
  readonly trigger: TriggerRule
  /** The edges that lead to it, in definition order. */
  readonly edges: readonly EdgeReason[]
  /** What it waits for; null when it has ended. */
  readonly waitsFor: WaitsFor | null
  /** Its latest failure, and what caused that, outermost first; empty when no attempt failed. */
  readonly errors: readonly Pick<SerializedError, 'name' | 'message' | 'code'>[]
  /** Of a node that did not run: from it, upstream by upstream, to the one whose fate decided it. */
  readonly chain: readonly ChainLink[]
  /** Where its compensation stands, as kept in the state; null when none of it has begun. */
  readonly compensation: CompensationState | null
}

/** What became of an edge. */
export interface EdgeReason {
  /** Its id, or its name made of source and target. */
  readonly edge: string
  readonly source: string
  readonly sourceStatus: NodeStatus
  /** `open`: its source has not ended; `failed`: its source failed, or was skipped for a failure. */
  readonly state: 'taken' | 'untaken' | 'failed' | 'open'
  /** The decision that was recorded for it; null when there is none. */
  readonly decision: boolean | null
  /** What decides it, and how that came out, for people. */
  readonly reason: string
}

/** One step on the way to what decided the fate of a node. */
export interface ChainLink {
  readonly nodeId: string
  readonly status: NodeStatus
  readonly reason: string
}

/**
 * Explains one node. Linear in the run.
 * @param path - its id, in a nested run with the ids of the nodes that lead to it before it
 * @returns null when there is no such node
 */
export function whyNode(
  graph: Graph,
  state: RunState,
  path: readonly string[],
  options: InspectOptions,
): NodeReasons | null {
  let place = { graph, state, inspection: inspectRun(graph, state, options) }
  for (const nodeId of path.slice(0, -1)) {
    const child = childOf(place, nodeId)
    if (child === null) return null
    const childGraph = graphOf(child.workflow)
    const found = place.inspection.nodes.find((node) => node.nodeId === nodeId)?.waitsFor
    const inspection = found?.kind === 'nested' ? found.run : inspectRun(childGraph, child, options)
    place = { graph: childGraph, state: child, inspection }
  }
  const nodeId = path.at(-1)
  const index = nodeId === undefined ? undefined : place.graph.indexOf.get(nodeId)
  return index === undefined ? null : reasonsOf(place, index)
}

interface Place {
  readonly graph: Graph
  readonly state: RunState
  readonly inspection: Inspection
}

function childOf({ graph, state }: Place, nodeId: string): RunState | null {
  return state.nodes[graph.indexOf.get(nodeId) ?? -1]?.parts?.child ?? null
}

function reasonsOf(place: Place, index: number): NodeReasons {
  const { graph, state, inspection } = place
  const node = state.nodes[index]!
  const nodeId = graph.ids[index]!
  const inspected = inspection.nodes.find((other) => other.nodeId === nodeId)
  const edges = edgesOf(graph, state, index)
  const chain = chainOf(place, index)
  const errors = errorsOf(node.error)
  const compensation = state.compensations[nodeId]
  const undone = compensation === undefined ? '' : `; its compensation ${compensationText(compensation, inspection.at)}`
  return {
    runId: state.runId,
    nodeId,
    status: inspected?.status ?? node.status,
    sentence: `${sentenceOf(nodeId, node, inspected, edges, chain, errors)}${undone}`,
    trigger: graph.nodes[index]!.trigger ?? 'all',
    edges,
    waitsFor: inspected?.waitsFor ?? null,
    errors,
    chain,
    compensation: compensation === undefined ? null : { ...compensation },
  }
}

function sentenceOf(
  nodeId: string,
  { status, attempt, operator, skipReason, continues }: NodeState,
  inspected: NodeInspection | undefined,
  edges: readonly EdgeReason[],
  chain: readonly ChainLink[],
  errors: NodeReasons['errors'],
): string {
  const name = `node ${JSON.stringify(nodeId)}`
  const causes = errors.slice(1).map(({ message }) => `, because ${message}`)
  const root = chain.at(-1)
  const rootText = root === undefined || chain.length < 2 ? '' : `; ${JSON.stringify(root.nodeId)} ${root.reason}`
  if (status === 'completed' && operator === 'set') return `${name} completed, since someone set its result`
  if (status === 'completed') return `${name} completed in attempt ${attempt}${startText(edges)}`
  if (status === 'skipped') return `${name} was skipped: ${skipReasons[skipReason ?? 'untaken']}${rootText}`
  if (status === 'failed' && continues)
    return `${name} failed in attempt ${attempt}, and the run goes on without it: ${errors[0]?.message ?? 'no reason is recorded'}${causes.join('')}`
  const sentence = inspected?.sentence ?? `${name} is ${status}`
  if (status === 'failed') return `${sentence}${causes.join('')}`
  if (status === 'pending') return `${sentence}${inspected?.status === 'ready' ? '' : rootText}`
  return attempt > 0 ? `${sentence}${startText(edges)}` : sentence
}

/** Which edges let a node start. */
function startText(edges: readonly EdgeReason[]): string {
  if (edges.length === 0) return '; no edge leads to it, so it started with the run'
  const taken = edges.filter(({ state }) => state === 'taken').map(({ source }) => source)
  return taken.length === 0 ? '' : `; the edges from ${listed([...new Set(taken)], 5)} were taken`
}

function edgesOf(graph: Graph, state: RunState, index: number): readonly EdgeReason[] {
  const edges: EdgeReason[] = []
  for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
    const edge = graph.inEdges[at]!
    const source = graph.edgeSource[edge]!
    const node = state.nodes[source]!
    const became = edgeState(graph, state, edge)
    const isConditional = graph.isConditional[edge] === 1
    const decision = isConditional ? (state.decisions[graph.edgeKeys[edge]!] ?? null) : null
    edges.push({
      edge: graph.edgeKeys[edge]!,
      source: graph.ids[source]!,
      sourceStatus: node.status,
      state: became,
      decision,
      reason: edgeReason(graph.edges[edge]!, node, became, decision),
    })
  }
  return edges
}

function edgeState(graph: Graph, state: RunState, edge: number): EdgeReason['state'] {
  const node = state.nodes[graph.edgeSource[edge]!]!
  if (!isSettled(node)) return 'open'
  if (meaningOf(node) === 'failed') return 'failed'
  return node.status === 'completed' && isTaken(graph, state, edge) ? 'taken' : 'untaken'
}

function edgeReason(
  edge: EdgeDefinition,
  { status, skipReason }: NodeState,
  became: EdgeReason['state'],
  decision: boolean | null,
): string {
  if (became === 'open') return `its source is ${status}`
  if (status === 'skipped') return `its source was skipped: ${skipReasons[skipReason ?? 'untaken']}`
  if (status === 'failed') return 'its source failed'
  const terms = termsOf(edge)
  if (terms === '') return 'it is taken whenever its source completes'
  if (decision === null) return `no decision is recorded for it (${terms})`
  return `its source decided ${decision ? 'for' : 'against'} it (${terms})`
}

/** What an edge asks of its source. */
function termsOf({ sourceHandle, condition }: EdgeDefinition): string {
  const terms: string[] = []
  if (typeof sourceHandle === 'string') terms.push(`the handle ${JSON.stringify(sourceHandle)}`)
  if (condition !== undefined)
    terms.push('kind' in condition ? 'a condition in code' : conditionText(condition as ConditionDefinition))
  return terms.join(' and ')
}

function conditionText({ path = '', operator, value }: ConditionDefinition): string {
  const subject = path === '' ? 'the output' : JSON.stringify(path)
  return value === undefined ? `${subject} ${operator}` : `${subject} ${operator} ${JSON.stringify(value)}`
}

/** A place, with what its nodes wait for. */
interface Walk extends Place {
  readonly waits: ReadonlyMap<string, WaitsFor>
}

/** From a node that did not run to what decided its fate; each step goes to an upstream, so it ends. */
function chainOf(place: Place, from: number): readonly ChainLink[] {
  const { graph, state, inspection } = place
  const { status } = state.nodes[from]!
  if (status !== 'skipped' && status !== 'pending') return []
  const waits = new Map(inspection.nodes.map(({ nodeId, waitsFor }) => [nodeId, waitsFor]))
  const chain: ChainLink[] = []
  for (let index: number | null = from; index !== null; ) {
    const step = stepOf({ ...place, waits }, index)
    chain.push({ nodeId: graph.ids[index]!, status: state.nodes[index]!.status, reason: step.reason })
    index = step.next
  }
  return chain
}

/** Why a node is as it is, and the upstream that made it so; null when it is the root of the matter. */
function stepOf(place: Walk, index: number): { readonly reason: string; readonly next: number | null } {
  const { graph, state, waits, inspection } = place
  const waitsFor = waits.get(graph.ids[index]!)
  const { status, skipReason, error, attempt } = state.nodes[index]!
  if (status === 'failed') {
    return { reason: `failed in attempt ${attempt}: ${error?.message ?? 'no reason is recorded'}`, next: null }
  }
  if (status === 'completed') return { reason: 'completed, and its edge was not taken', next: null }
  const skipped = skipReason ?? (waitsFor?.kind === 'skip' ? waitsFor.reason : null)
  if (skipped !== null) {
    const reason = `${status === 'skipped' ? 'was' : 'is about to be'} skipped: ${skipReasons[skipped]}`
    if (skipped === 'operator' || skipped === 'stand-in') return { reason, next: null }
    return { reason, next: sourceThat(graph, state, index, skipped === 'untaken' ? 'untaken' : 'failed') }
  }
  if (waitsFor === undefined) return { reason: `is ${status}`, next: null }
  const reason = waitText(waitsFor, inspection.at)
  return { reason, next: waitsFor.kind === 'upstreams' ? openUpstream(waitsFor, place) : null }
}

/** The upstream a node waits for that leads to what keeps it waiting: a failure, if there is one above it. */
function openUpstream(
  { upstreams, blockedBy }: Extract<WaitsFor, { readonly kind: 'upstreams' }>,
  { graph, waits }: Walk,
): number {
  const leading = upstreams.find(({ nodeId }) => {
    const waitsFor = waits.get(nodeId)
    return waitsFor?.kind === 'failure' || (waitsFor?.kind === 'upstreams' && waitsFor.blockedBy === blockedBy)
  })
  const { nodeId } = (blockedBy === null ? undefined : leading) ?? upstreams[0]!
  return graph.indexOf.get(nodeId)!
}

/** The first upstream whose edge became that; null when there is none. */
function sourceThat(graph: Graph, state: RunState, index: number, became: EdgeReason['state']): number | null {
  for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
    const edge = graph.inEdges[at]!
    if (edgeState(graph, state, edge) === became) return graph.edgeSource[edge]!
  }
  return null
}

function errorsOf(error: SerializedError | null): NodeReasons['errors'] {
  const errors: Pick<SerializedError, 'name' | 'message' | 'code'>[] = []
  for (let at = error; at !== null; at = at.cause ?? null) {
    const { name, message, code } = at
    errors.push(code === undefined ? { name, message } : { name, message, code })
  }
  return errors
}
