import type { RunCommand } from './command.ts'
import type { Run } from './run.ts'

/**
 * Says what a run owes itself next: a node to skip or to start, or an end to come to; null when it has to wait for a
 * report or a time. The shell sends it back as a command until there is none. Cost: amortised over what changed.
 * @param at - epoch ms; retries whose time has come by then are started
 */
export function plan(run: Run, at: number): RunCommand | null {
  const { state, frontier } = run
  if (state.status !== 'running') return null
  const doomed = frontier.nextDoomed(state)
  if (doomed !== undefined) return { type: 'node.skip', index: doomed }
  const isIdle = frontier.running === 0
  if (frontier.failing.size > 0) return isIdle ? { type: 'run.fail' } : null
  if (frontier.unsettled === 0) return { type: 'run.complete' }
  if (state.pausing) return isIdle ? { type: 'run.pause' } : null
  if (frontier.running < state.config.concurrency) {
    const ready = frontier.nextReady(state, at)
    if (ready !== undefined) return { type: 'node.start', index: ready }
  }
  if (!isIdle || frontier.nextDueAt(state) !== null) return null
  // Nobody can answer a run in which nothing asks: it would hang for ever.
  return { type: frontier.asking.size > 0 ? 'run.wait' : 'run.fail' }
}

/**
 * Epoch ms at which a run that waits for a time goes on; null when it waits for none. While as many nodes run as may, the
 * end of one is waited for: a timer for what is overdue would fire again and again, and start nothing.
 */
export function nextDueAt({ state, frontier }: Run): number | null {
  const isOpen = state.status === 'running' && !state.pausing && frontier.failing.size === 0
  return isOpen && frontier.running < state.config.concurrency ? frontier.nextDueAt(state) : null
}
