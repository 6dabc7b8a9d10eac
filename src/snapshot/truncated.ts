import { isTruncated } from '../base/encoded.ts'
import { quote, SnapshotError } from '../base/errors.ts'
import { isSettled } from '../run/settled.ts'
import type { RunState } from '../run/state.ts'
import type { Graph } from '../workflow/graph.ts'

/** A node that is left to run and the upstream whose result it needs, which was dropped. */
export interface TruncatedInput {
  readonly nodeId: string
  readonly upstream: string
}

/** How many of them a message names. */
const NAMED = 5

/** What is left to run of a state, but can't for want of a result that was over its limit and dropped; in definition order. */
export function truncatedInputs(graph: Graph, state: RunState): readonly TruncatedInput[] {
  if (state.status === 'completed' || state.status === 'canceled') return []
  const found: TruncatedInput[] = []
  state.nodes.forEach(({ status, output }, source) => {
    if (status !== 'completed' || output === undefined || !isTruncated(output)) return
    for (let at = graph.outStart[source]!; at < graph.outStart[source + 1]!; at += 1) {
      const edge = graph.outEdges[at]!
      const target = graph.edgeTarget[edge]!
      const isTaken = graph.isConditional[edge] === 0 || state.decisions[graph.edgeKeys[edge]!] === true
      if (!isTaken || graph.isStandIn[target] === 1 || isSettled(state.nodes[target]!)) continue
      found.push({ nodeId: graph.ids[target]!, upstream: graph.ids[source]! })
    }
  })
  return found
}

/**
 * Refuses a state that can't be run to its end, before any of it runs.
 * @throws {SnapshotError} SNAPSHOT_TRUNCATED with every node that needs a dropped result
 */
export function requireResults(graph: Graph, state: RunState): void {
  const missing = truncatedInputs(graph, state)
  if (missing.length === 0) return
  const named = missing
    .slice(0, NAMED)
    .map(({ nodeId, upstream }) => `${quote(nodeId)} needs that of ${quote(upstream)}`)
  const more = missing.length > NAMED ? `; and ${missing.length - NAMED} more in details.inputs` : ''
  throw new SnapshotError(
    'SNAPSHOT_TRUNCATED',
    `run ${quote(state.runId)} can not be resumed, since results over limits.maxResultBytes were dropped: ${named.join('; ')}${more}; run it anew with a higher limit, or with another policy for such results`,
    { details: { runId: state.runId, inputs: missing.map((input) => ({ ...input })) } },
  )
}
