import type { CompensationCause, CompensationState, CompensationStatus } from './compensation.ts'
import { CompensationQueue, stateOf } from './compensation-queue.ts'
import { listed } from './listed.ts'
import type { RunState } from './state.ts'
import { untilText } from './time-text.ts'

/** Where the compensation of one node stands. */
export interface CompensationInspection {
  /** Of a node of a nested run: ids of the nodes that lead to that run. */
  readonly path?: readonly string[]
  readonly nodeId: string
  readonly status: CompensationStatus | 'pending'
  /** Latest attempt, 1-based; 0: none has begun. */
  readonly attempt: number
  /** The same for people. */
  readonly sentence: string
}

/** Where a run stands that compensates for what it did, or has. */
export interface CompensationsInspection {
  /** What it compensates after. */
  readonly cause: CompensationCause
  readonly counts: Readonly<Record<CompensationStatus | 'pending', number>>
  /** All of them, in the order in which they run. */
  readonly nodes: readonly CompensationInspection[]
}

/** How many names a sentence lists. */
const SHOWN = 5

/** Where the compensations of a run stand; null when it has none to run, or has not come to them. */
export function inspectCompensations(state: RunState, at: number): CompensationsInspection | null {
  if (state.compensating === null) return null
  const counts = { pending: 0, running: 0, retrying: 0, interrupted: 0, completed: 0, failed: 0 }
  const nodes = new CompensationQueue(state).steps.map((step): CompensationInspection => {
    const compensation = stateOf(step)
    const status = compensation?.status ?? 'pending'
    const nodeId = step.definition.id
    counts[status] += 1
    return {
      ...(step.path.length === 0 ? {} : { path: step.path }),
      nodeId,
      status,
      attempt: compensation?.attempt ?? 0,
      sentence: `the compensation of node ${JSON.stringify(nodeId)} ${compensationText(compensation, at)}`,
    }
  })
  return { cause: state.compensating.cause, counts, nodes }
}

/** How far the compensations of a run are, as what follows the word that it compensates: `2 of 3 are through, "a" runs`. */
export function progressText({ counts, nodes }: CompensationsInspection): string {
  const of = (status: CompensationInspection['status']) =>
    nodes.filter((node) => node.status === status).map(({ nodeId }) => nodeId)
  const parts = [`${counts.completed + counts.failed} of ${nodes.length} compensations are through`]
  if (counts.failed > 0) parts.push(`${listed(of('failed'), SHOWN)} failed`)
  if (counts.running > 0) parts.push(`${listed(of('running'), SHOWN)} runs`)
  if (counts.retrying > 0) parts.push(`${listed(of('retrying'), SHOWN)} is tried again`)
  return parts.join(', ')
}

/** Where a compensation stands, as what is said of it. */
export function compensationText(compensation: CompensationState | undefined, at: number): string {
  if (compensation === undefined) return 'waits for its turn'
  const { status, attempt, dueAt, error } = compensation
  const why = error?.message ?? 'no reason is recorded'
  switch (status) {
    case 'running':
      return `runs in attempt ${attempt}`
    case 'retrying':
      return `waits for its next attempt${dueAt === null ? '' : ` ${untilText(dueAt, at)}`}, since attempt ${attempt} failed: ${why}`
    case 'interrupted':
      return `was cut off in attempt ${attempt} and runs again`
    case 'completed':
      return `completed in attempt ${attempt}`
    case 'failed':
      return `failed in attempt ${attempt}: ${why}`
  }
}
