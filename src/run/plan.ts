import type { Due, RunCommand } from './command.ts'
import type { Run } from './run.ts'

/**
 * Says what a run owes itself next: a node to skip or to start, a wait or a list of items that is over, or an end to come
 * to; null when it has to wait for a report or a time. The shell sends it back as a command until there is none.
 * Cost: amortised over what changed.
 * @param at - epoch ms; retries and waits whose time has come by then go on
 */
export function plan(run: Run, at: number): RunCommand | Due | null {
  const { state, frontier } = run
  if (state.status !== 'running') return null
  const doomed = frontier.nextDoomed(state)
  if (doomed !== undefined) return { type: 'node.skip', index: doomed }
  const isIdle = frontier.running === 0
  if (frontier.failing.size > 0) return isIdle ? { type: 'run.fail' } : null
  if (frontier.unsettled === 0) return { type: 'run.complete' }
  if (state.pausing) return isIdle ? { type: 'run.pause' } : null
  const due = planDue(run, at)
  if (due !== null) return due
  if (frontier.running < state.config.concurrency) {
    const ready = frontier.nextReady(state, at)
    if (ready !== undefined) return { type: 'node.start', index: ready }
    const item = frontier.nextItem(at)
    // The node of an item that may not start fails, which it can do once its other items have come to their end.
    const mustWait = item !== undefined && isSpent(run) && frontier.maps.get(item.index)!.running > 0
    if (item !== undefined && !mustWait) return { type: 'item.start', ...item }
  }
  if (!isIdle || frontier.isEnding || frontier.nextDueAt(state) !== null) return null
  // Nobody can answer a run in which nothing asks: it would hang for ever.
  return { type: frontier.asking.size > 0 || frontier.waits.size > 0 ? 'run.wait' : 'run.fail' }
}

/** Whether the run may start no more attempts. */
function isSpent({ state }: Run): boolean {
  const max = state.config.limits.maxNodeExecutions
  return max !== null && (state.usage['nodeExecutions'] ?? 0) >= max
}

/** A wait that is over, or a map node whose items are. */
function planDue({ state, frontier }: Run, at: number): RunCommand | Due | null {
  const answered = frontier.takeAnswered(state)
  if (answered !== undefined) {
    const { index, signals } = answered
    return { type: 'wait.end', index, attempt: state.nodes[index]!.attempt, signals }
  }
  const over = frontier.takeOver(state, at)
  if (over !== undefined) return { type: 'wait.end', index: over, attempt: state.nodes[over]!.attempt, signals: null }
  const index = frontier.takeEndedMap()
  if (index === undefined) return null
  const { attempt } = state.nodes[index]!
  return { type: frontier.maps.get(index)!.isDoomed ? 'items.fail' : 'items.end', index, attempt }
}

/**
 * Epoch ms at which a run that waits for a time goes on; null when it waits for none. What is overdue is not among it: it
 * waits for a place, and a timer for it would fire again and again, and start nothing.
 */
export function nextDueAt({ state, frontier }: Run): number | null {
  const isOpen = state.status === 'running' && !state.pausing && frontier.failing.size === 0
  return isOpen ? frontier.nextDueAt(state) : null
}
