import { isItemSettled } from '../run/parts.ts'
import type { Run } from '../run/run.ts'
import { isSettled } from '../run/settled.ts'
import type { NodeState } from '../run/state.ts'
import type { PastDurations } from './past-runs.ts'

/**
 * How long a run is likely to take from now on, from what its nodes took in past runs: the longest way through the nodes that
 * have not ended, or the work that is left over its places, whichever is more. Nodes no past run knows count nothing.
 * @param at - now, in epoch ms
 * @returns milliseconds; null without past runs, or when the run goes nowhere by itself
 */
export function estimateRest({ graph, state }: Run, { runs, medians }: PastDurations, at: number): number | null {
  if (runs === 0 || state.status !== 'running' || state.compensating !== null) return null
  const { inStart, inEdges, outStart, outEdges, edgeSource, edgeTarget, ids } = graph
  const rests = state.nodes.map((node, index) =>
    isSettled(node) || graph.isStandIn[index] === 1 ? 0 : restOf(node, medians.get(ids[index]!) ?? 0, at),
  )
  const work = rests.reduce((sum, rest) => sum + rest, 0)
  // Upstreams before downstreams: each ends as long after the latest of its upstreams as it takes.
  const ends = rests.map(() => 0)
  const open = ids.map((_, index) => inStart[index + 1]! - inStart[index]!)
  const queue = ids.flatMap((_, index) => (open[index] === 0 ? [index] : []))
  for (let head = 0; head < queue.length; head += 1) {
    const index = queue[head]!
    let begin = 0
    for (let edge = inStart[index]!; edge < inStart[index + 1]!; edge += 1) {
      begin = Math.max(begin, ends[edgeSource[inEdges[edge]!]!]!)
    }
    ends[index] = begin + rests[index]!
    for (let edge = outStart[index]!; edge < outStart[index + 1]!; edge += 1) {
      const target = edgeTarget[outEdges[edge]!]!
      open[target]! -= 1
      if (open[target] === 0) queue.push(target)
    }
  }
  const longest = ends.reduce((most, end) => Math.max(most, end), 0)
  return Math.max(longest, work / state.config.concurrency)
}

/** What one node that has not ended is likely to take. */
function restOf({ status, startedAt, dueAt, wait, parts }: NodeState, median: number, at: number): number {
  if (wait?.kind === 'timer' && dueAt !== null) return Math.max(0, dueAt - at)
  const elapsed = startedAt === null ? 0 : Math.max(0, at - startedAt)
  if (status === 'retrying') return Math.max(0, (dueAt ?? at) - at) + median
  if (status !== 'running' && status !== 'waiting') return median
  const list = parts?.items?.list ?? []
  const done = list.filter(isItemSettled).length
  if (done > 0) return (elapsed / done) * (list.length - done)
  return Math.max(0, median - elapsed)
}
