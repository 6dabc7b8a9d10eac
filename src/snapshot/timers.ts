import type { RunState } from '../run/state.ts'
import type { TimerDocument } from './document.ts'
import { isoTime, remainingMs } from './time.ts'

/** What a run waits for: retries, waits that end at some time, and retries of items; by node in definition order, then by place. */
export function timersOf({ nodes, workflow }: RunState, at: number): readonly TimerDocument[] {
  const timers: TimerDocument[] = []
  nodes.forEach(({ status, dueAt, wait, parts }, index) => {
    if (status !== 'retrying' && status !== 'waiting') return
    const nodeId = workflow.nodes[index]!.id
    if (dueAt !== null) timers.push({ nodeId, kind: status === 'waiting' ? 'wait' : 'retry', ...until(dueAt, at) })
    if (status === 'retrying' || wait !== null) return
    parts?.items?.list.forEach((item, place) => {
      if (item.status === 'retrying' && item.dueAt !== null)
        timers.push({ nodeId, kind: 'item', item: place, ...until(item.dueAt, at) })
    })
  })
  return timers
}

function until(dueAt: number, at: number): Pick<TimerDocument, 'dueAt' | 'remainingMs'> {
  return { dueAt: isoTime(dueAt), remainingMs: remainingMs(at, dueAt) }
}
