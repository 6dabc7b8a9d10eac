import type { Graph } from '../workflow/graph.ts'
import { isSettled } from './frontier.ts'
import type { RunState } from './state.ts'

/** What a resume would do with one node, and why. */
export interface ResumeStep {
  readonly nodeId: string
  /**
   * `reuse`: its result is there. `skip`: it was skipped, or will not run whatever happens. `run`: it starts, or may start
   * once its upstreams have ended. `blocked`: it can't run; the reason says what is missing.
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

/**
 * Lists for every node what a resume of this state would do with it. Linear in nodes and edges.
 * @param missingTypes - node types nobody handles; their nodes, and what needs them, are blocked
 */
export function planResume(graph: Graph, state: RunState, missingTypes: ReadonlySet<string> = new Set()): ResumePlan {
  const counts = { run: 0, reuse: 0, skip: 0, blocked: 0 }
  const isOver = state.status === 'completed' || state.status === 'canceled'
  const steps = graph.ids.map((nodeId, index): ResumeStep => {
    const step = stepOf(nodeId, index)
    counts[step.action] += 1
    return step
  })
  return { runId: state.runId, steps, counts }

  function stepOf(nodeId: string, index: number): ResumeStep {
    const node = state.nodes[index]!
    const definition = graph.nodes[index]!
    const because = (action: ResumeStep['action'], reason: string): ResumeStep => ({ nodeId, action, reason })
    switch (node.status) {
      case 'completed':
        return because('reuse', `completed in attempt ${node.attempt}`)
      case 'skipped':
        return because('skip', skipReasons[node.skipReason ?? 'untaken'])
      case 'failed':
        if (node.continues) return because('skip', 'failed, and the run goes on without it')
        break
      case 'canceled':
        return because('blocked', 'was canceled with the run')
      default:
    }
    if (isOver) return because('blocked', `the run is ${state.status}`)
    if (graph.isStandIn[index] === 1) return because('skip', skipReasons['stand-in'])
    if (missingTypes.has(definition.type)) {
      return because('blocked', `no handler is registered for its type ${JSON.stringify(definition.type)}`)
    }
    switch (node.status) {
      case 'failed':
        return because(
          'run',
          `failed in attempt ${node.attempt} and is tried again: ${node.error?.message ?? 'no reason is recorded'}`,
        )
      case 'running':
      case 'interrupted':
        if (definition.onInterrupted === 'fail')
          return because('blocked', 'was in flight, and its onInterrupted is "fail"')
        if (definition.onInterrupted === 'ask') return because('blocked', 'was in flight, and waits for an answer')
        return because('run', `was in flight in attempt ${node.attempt}`)
      case 'retrying':
        return because('run', `waits for its retry after attempt ${node.attempt}`)
      default:
        return because('run', pendingReason(index))
    }
  }

  function pendingReason(index: number): string {
    const open: string[] = []
    for (let at = graph.inStart[index]!; at < graph.inStart[index + 1]!; at += 1) {
      const source = graph.edgeSource[graph.inEdges[at]!]!
      if (!isSettled(state.nodes[source]!)) open.push(JSON.stringify(graph.ids[source]!))
    }
    if (open.length === 0) return 'its upstreams have ended'
    return `waits for ${open.slice(0, 5).join(', ')}${open.length > 5 ? ` and ${open.length - 5} more` : ''}`
  }
}

const skipReasons = {
  untaken: 'no edge to it was taken',
  'upstream-failed': 'an upstream failed',
  'stand-in': 'only stands in as a fallback',
} as const
