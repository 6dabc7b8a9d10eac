import type { NodeDefinition } from '../workflow/definition.ts'
import type { Graph } from '../workflow/graph.ts'
import { isAnswered } from './decide-resume.ts'
import { skipReasons } from './inspect-text.ts'
import { isItemSettled } from './parts.ts'
import { graphOf } from './run.ts'
import { isSettled, meaningOf } from './settled.ts'
import { qualified } from './signal-waits.ts'
import type { NodeState, RunState } from './state.ts'
import { timeText } from './time-text.ts'
import { judge } from './trigger.ts'

/** What a resume would do with one node, and why. */
export interface ResumeStep {
  readonly nodeId: string
  /**
   * `reuse`: its result is there. `skip`: it was skipped, or will not run whatever happens. `run`: it starts, or may start
   * once its upstreams have ended. `blocked`: this resume can't run it; the reason says what is missing.
   */
  readonly action: 'run' | 'reuse' | 'skip' | 'blocked'
  readonly reason: string
}

/** What a resume would do, node by node in definition order; nothing runs. */
export interface ResumePlan {
  readonly runId: string
  readonly steps: readonly ResumeStep[]
  /** How many nodes each action has. */
  readonly counts: Readonly<Record<ResumeStep['action'], number>>
}

type Step = Omit<ResumeStep, 'nodeId'>

/**
 * Lists for every node what a resume of this state would do with it. Linear in nodes and edges.
 * @param missingTypes - node types nobody handles; their nodes, and what needs them, are blocked
 * @param path - of a nested run: ids of the nodes that lead to it
 * @param isUndone - whether the run it is part of compensates for what it did, or has
 */
export function planResume(
  graph: Graph,
  state: RunState,
  missingTypes: ReadonlySet<string> = new Set(),
  path: readonly string[] = [],
  isUndone = state.compensating !== null,
): ResumePlan {
  const own = state.nodes.map((node, index) =>
    node.status === 'waiting' && !isUndone && state.status !== 'completed' && state.status !== 'canceled'
      ? waitingStep(state, node, graph.nodes[index]!, missingTypes, path)
      : ownStep(state, node, graph.nodes[index]!, missingTypes, isStandIn(index), isUndone),
  )
  const first = isUndone ? -1 : state.nodes.findIndex((node, index) => failsRun(state, node, graph.nodes[index]!))
  if (first >= 0) blockAll(own, first, graph.ids[first]!)
  else blockDownstream(graph, state, own)
  const counts = { run: 0, reuse: 0, skip: 0, blocked: 0 }
  const steps = own.map((step, index): ResumeStep => {
    counts[step.action] += 1
    return { nodeId: graph.ids[index]!, ...step }
  })
  return { runId: state.runId, steps, counts }

  function isStandIn(index: number): boolean {
    return graph.isStandIn[index] === 1
  }
}

/** What becomes of a node as far as it alone can say. */
function ownStep(
  state: RunState,
  node: NodeState,
  definition: NodeDefinition,
  missingTypes: ReadonlySet<string>,
  isStandIn: boolean,
  isUndone: boolean,
): Step {
  const { status, attempt } = node
  if (status === 'completed')
    return {
      action: 'reuse',
      reason: node.operator === 'set' ? 'someone set its result' : `completed in attempt ${attempt}`,
    }
  if (status === 'skipped') return { action: 'skip', reason: skipReasons[node.skipReason ?? 'untaken'] }
  if (status === 'failed' && node.continues) return { action: 'skip', reason: 'failed, and the run goes on without it' }
  if (status === 'canceled') return { action: 'blocked', reason: 'was canceled with the run' }
  if (state.status === 'completed' || state.status === 'canceled')
    return { action: 'blocked', reason: `the run is ${state.status}` }
  if (isUndone) return { action: 'blocked', reason: 'the run compensates for what it did: nothing else of it goes on' }
  if (isStandIn) return { action: 'skip', reason: skipReasons['stand-in'] }
  if (isCutOff(node) && definition.onInterrupted === 'fail') {
    return definition.onError === 'continue'
      ? { action: 'skip', reason: 'was in flight, and its onInterrupted is "fail"; the run goes on without it' }
      : { action: 'blocked', reason: 'was in flight, and its onInterrupted is "fail"' }
  }
  if (missingTypes.has(definition.type))
    return { action: 'blocked', reason: `no handler is registered for its type ${JSON.stringify(definition.type)}` }
  if (isCutOff(node)) {
    if (definition.onInterrupted !== 'ask') return { action: 'run', reason: `was in flight in attempt ${attempt}` }
    return isAnswered(state.status)
      ? { action: 'run', reason: `was in flight in attempt ${attempt}, and this resume is the answer it waits for` }
      : { action: 'blocked', reason: 'was in flight, and waits for an answer' }
  }
  if (status === 'failed' && node.operator === 'left' && !isAnswered(state.status))
    return { action: 'blocked', reason: `failed in attempt ${attempt}, and was left out of a retry; retry it by name` }
  if (status === 'failed') {
    const why = node.error?.message ?? 'no reason is recorded'
    return { action: 'run', reason: `failed in attempt ${attempt} and is tried again: ${why}` }
  }
  if (status === 'retrying') return { action: 'run', reason: `waits for its retry after attempt ${attempt}` }
  return { action: 'run', reason: 'its upstreams have ended' }
}

/**
 * A node that waits goes on when what it waits for has come; a signal nobody has sent yet keeps it from that. The depth of its
 * recursion is that of the definition, which has a limit.
 */
function waitingStep(
  state: RunState,
  { wait, dueAt, parts }: NodeState,
  { id }: NodeDefinition,
  missingTypes: ReadonlySet<string>,
  path: readonly string[],
): Step {
  const until = dueAt === null ? '' : ` until ${timeText(dueAt)}`
  if (wait?.kind === 'timer') return { action: 'run', reason: `sleeps${until}` }
  if (wait !== null) {
    const what = `the signal ${JSON.stringify(wait.name)} (wait ${wait.id})`
    const nodeId = qualified(path, id)
    const hasCome = state.signals.some(
      ({ name, waitId, fits }) =>
        name === wait.name && (waitId ?? wait.id) === wait.id && (fits === undefined || fits.includes(nodeId)),
    )
    if (hasCome) return { action: 'run', reason: `${what} has come` }
    return { action: dueAt === null ? 'blocked' : 'run', reason: `waits for ${what}${until}` }
  }
  if (parts?.child) {
    const { child } = parts
    const { counts } = planResume(graphOf(child.workflow), child, missingTypes, [...path, id])
    return counts.run === 0 && counts.blocked > 0
      ? { action: 'blocked', reason: 'is a run that can not go on' }
      : { action: 'run', reason: 'goes on with the run it is' }
  }
  const list = parts?.items?.list ?? []
  return { action: 'run', reason: `${list.filter(isItemSettled).length} of its ${list.length} items are through` }
}

function isCutOff({ status }: NodeState): boolean {
  return status === 'running' || status === 'interrupted'
}

/** Whether a node fails the run before anything starts: it was cut off and says so, or the run was cut off while failing. */
function failsRun(state: RunState, node: NodeState, definition: NodeDefinition): boolean {
  if (state.status === 'completed' || state.status === 'canceled') return false
  if (isCutOff(node)) return definition.onInterrupted === 'fail' && definition.onError !== 'continue'
  return node.status === 'failed' && !node.continues && node.operator !== 'left' && !isAnswered(state.status)
}

function blockAll(steps: Step[], first: number, nodeId: string): void {
  steps.forEach(({ action }, index) => {
    if (action !== 'run') return
    const reason =
      index === first
        ? 'failed; this resume records the failure of the run, and the one after it tries the node again'
        : `node ${JSON.stringify(nodeId)} fails the run first; resume it once more`
    steps[index] = { action: 'blocked', reason }
  })
}

/** Blocks what waits for a blocked node, upstreams before downstreams, and says of the rest what it waits for. */
function blockDownstream(graph: Graph, state: RunState, steps: Step[]): void {
  const { inStart, inEdges, outStart, outEdges, edgeSource, edgeTarget } = graph
  const left = Int32Array.from(graph.ids, (_, index) => inStart[index + 1]! - inStart[index]!)
  const queue = graph.ids.flatMap((_, index) => (left[index] === 0 ? [index] : []))
  for (let head = 0; head < queue.length; head += 1) {
    const index = queue[head]!
    if (state.nodes[index]!.status === 'pending' && steps[index]!.action === 'run') steps[index] = pendingStep(index)
    for (let at = outStart[index]!; at < outStart[index + 1]!; at += 1) {
      const target = edgeTarget[outEdges[at]!]!
      left[target]! -= 1
      if (left[target] === 0) queue.push(target)
    }
  }

  function pendingStep(index: number): Step {
    const open: number[] = []
    let taken = 0
    let failed = 0
    for (let at = inStart[index]!; at < inStart[index + 1]!; at += 1) {
      const edge = inEdges[at]!
      const source = edgeSource[edge]!
      const node = state.nodes[source]!
      const isOpen = !isSettled(node)
      if (isOpen && steps[source]!.action !== 'skip') open.push(source)
      else if (isOpen ? passesFailure(source) : meaningOf(node) === 'failed') failed += 1
      else if (node.status === 'completed' && isTaken(edge)) taken += 1
    }
    const { trigger } = graph.nodes[index]!
    const hasUpstreams = inStart[index] !== inStart[index + 1]
    const verdict = judge(trigger, !hasUpstreams, taken, failed, open.length)
    if (verdict === 'start')
      return { action: 'run', reason: hasUpstreams ? 'its upstreams have ended' : 'no edge leads to it' }
    if (verdict === 'skip') return { action: 'skip', reason: skipReasons[failed > 0 ? 'upstream-failed' : 'untaken'] }
    const isAny = trigger === 'any'
    const blocked = open.filter((source) => steps[source]!.action === 'blocked')
    const isBlocked = isAny ? blocked.length === open.length : blocked.length > 0
    return isBlocked
      ? { action: 'blocked', reason: `waits for ${named(blocked)}, which can not run` }
      : { action: 'run', reason: `waits for ${named(open)}` }
  }

  function isTaken(edge: number): boolean {
    return graph.isConditional[edge] === 0 || state.decisions[graph.edgeKeys[edge]!] === true
  }

  /** Whether a node that will not run is a failure for those after it. */
  function passesFailure(index: number): boolean {
    return steps[index]!.reason === skipReasons['upstream-failed'] || isCutOff(state.nodes[index]!)
  }

  function named(indexes: readonly number[]): string {
    const shown = indexes.slice(0, 5).map((index) => JSON.stringify(graph.ids[index]!))
    return `${shown.join(', ')}${indexes.length > 5 ? ` and ${indexes.length - 5} more` : ''}`
  }
}
