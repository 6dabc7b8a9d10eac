import { isWaystoneError } from '../base/errors.ts'
import type { RunState } from '../run/state.ts'
import type { RunSummary } from '../store/driver.ts'
import type { Store } from '../store/store.ts'
import { lookAt } from './subject.ts'

/** Most past runs that are looked at: the latest ones. */
const MAX_RUNS = 20

/** How long the nodes of a workflow took in past runs. */
export interface PastDurations {
  /** How many runs were looked at. */
  readonly runs: number
  /** The median of each node in milliseconds, by its id; 0 of one that most of them skipped. */
  readonly medians: ReadonlyMap<string, number>
}

/** What the latest runs of a workflow that completed say of its nodes; of none, there are no medians. */
export async function readPastDurations(store: Store, workflowId: string, exceptRunId: string): Promise<PastDurations> {
  const past: RunSummary[] = []
  for (let cursor: string | null = null; ; ) {
    const page = await store.list({ workflowId, statuses: ['completed'], cursor })
    past.push(...page.runs.filter(({ runId }) => runId !== exceptRunId))
    cursor = page.cursor
    if (cursor === null) break
  }
  const latest = past.sort((a, b) => b.updatedAt - a.updatedAt).slice(0, MAX_RUNS)
  const states: RunState[] = []
  for (const { runId } of latest) {
    try {
      states.push((await lookAt(store, runId)).state)
    } catch (error) {
      // An estimate is only an estimate; whoever looks at that run itself is told what is wrong with it.
      if (!isWaystoneError(error)) throw error
    }
  }
  return durationsOf(states)
}

/** The medians of runs that completed. */
export function durationsOf(states: readonly RunState[]): PastDurations {
  const samples = new Map<string, number[]>()
  for (const { nodes, workflow } of states) {
    nodes.forEach(({ status, startedAt, endedAt }, index) => {
      const { id } = workflow.nodes[index]!
      const took = startedAt === null || endedAt === null ? 0 : Math.max(0, endedAt - startedAt)
      const all = samples.get(id)
      const sample = status === 'skipped' ? 0 : took
      if (all === undefined) samples.set(id, [sample])
      else all.push(sample)
    })
  }
  return { runs: states.length, medians: new Map([...samples].map(([id, all]) => [id, medianOf(all)])) }
}

function medianOf(samples: number[]): number {
  samples.sort((a, b) => a - b)
  const middle = samples.length >> 1
  return samples.length % 2 === 1 ? samples[middle]! : (samples[middle - 1]! + samples[middle]!) / 2
}
