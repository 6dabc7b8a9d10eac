import type { Due, RunCommand } from './command.ts'
import { stateOf } from './compensation-queue.ts'
import { type Run, someRun } from './run.ts'

/**
 * Says what a run owes itself next: a node to skip or to start, a wait or a list of items that is over, or an end to come
 * to; null when it has to wait for a report or a time. The shell sends it back as a command until there is none.
 * Cost: amortised over what changed.
 * @param at - epoch ms; retries and waits whose time has come by then go on
 */
export function plan(run: Run, at: number): RunCommand | Due | null {
  const { state, frontier, activity, root } = run
  if (state.status !== 'running' || isHeld(run)) return null
  if (state.compensating !== null) return planCompensation(run, at)
  const doomed = frontier.nextDoomed(state)
  if (doomed !== undefined) return { type: 'node.skip', index: doomed }
  const isIdle = activity.running === 0
  if (frontier.failing.size > 0) return isIdle ? { type: 'run.fail' } : null
  if (frontier.unsettled === 0) return { type: 'run.complete' }
  if (state.pausing) return isIdle ? { type: 'run.pause' } : null
  const due = frontier.hasWaiting ? planDue(run, at) : null
  if (due !== null) return due
  if (root.activity.running < root.state.config.concurrency) {
    const ready = frontier.nextReady(state, at)
    if (ready !== undefined) return { type: 'node.start', index: ready }
    const item = frontier.nextItem(at)
    // The node of an item that may not start fails, which it can do once its other items have come to their end.
    const mustWait = item !== undefined && isSpent(run) && frontier.maps.get(item.index)!.running > 0
    if (item !== undefined && !mustWait) return { type: 'item.start', ...item }
  }
  return planIdle(run)
}

/** The next compensation, one after the other; the run's end when all are through. */
function planCompensation({ state, activity, compensations }: Run, at: number): RunCommand | null {
  if (activity.running > 0) return null
  const step = compensations?.next
  if (step === undefined) return { type: 'compensation.end' }
  if (state.pausing) return { type: 'run.pause' }
  const dueAt = stateOf(step)?.dueAt ?? null
  return dueAt === null || dueAt <= at ? { type: 'compensation.start' } : null
}

/** What becomes of a run in which nothing can start. */
function planIdle(run: Run): RunCommand | null {
  const { state, frontier, activity, agenda, root } = run
  if (activity.running > 0 || frontier.isEnding) return null
  if (run !== root) {
    const isOn = isOpenFor(run) || frontier.nested.size > 0 || frontier.isHungry || frontier.nextDueAt(state) !== null
    return isOn ? null : { type: 'run.fail' }
  }
  if (agenda.isBusy || someRun(run, ({ frontier }) => frontier.isEnding)) return null
  if (nextDueAt(run) !== null && !(agenda.letsGo && someRun(run, waitsForSignal))) return null
  // Nobody can answer a run in which nothing asks: it would hang for ever.
  return { type: someRun(run, isOpenFor) ? 'run.wait' : 'run.fail' }
}

/** Whether a run waits for someone outside. */
function isOpenFor(run: Run): boolean {
  return run.frontier.asking.size > 0 || waitsForSignal(run)
}

function waitsForSignal({ frontier }: Run): boolean {
  return frontier.waits.size > 0
}

/** Whether a run it is part of lets nothing go on in a nested one: it pauses, or comes to an end. */
function isHeld({ root, parent }: Run): boolean {
  if (parent === null) return false
  if (root.state.pausing || root.state.compensating !== null) return true
  for (let at: Run | null = parent; at !== null; at = at.parent) {
    if (at.state.status !== 'running' || at.frontier.failing.size > 0) return true
  }
  return false
}

/**
 * The next run of a tree that may have something to do; undefined when none has. Those that want a place wait until there is one.
 * @param at - epoch ms, as `plan` takes it
 */
export function nextRun({ agenda, root }: Run, at: number): Run | undefined {
  return agenda.take(root, root.activity.running < root.state.config.concurrency, at)
}

/** A run has nothing to do: it is asked again when something happens in it, its time comes, or there is a place for what it could start. */
export function rest(run: Run): void {
  const { root, agenda, frontier } = run
  if (run === root || isHeld(run)) return
  const isFull = root.activity.running >= root.state.config.concurrency
  if (isFull && frontier.isHungry) agenda.hunger(run)
  const dueAt = ownDueAt(run)
  if (dueAt !== null) agenda.note(run, dueAt)
}

/** A wait that is over, or a map node or nested run that is. */
function planDue({ state, frontier, path }: Run, at: number): RunCommand | Due | null {
  const answered = frontier.takeAnswered(state, path)
  if (answered !== undefined) {
    const { index, signals } = answered
    return { type: 'wait.end', index, attempt: state.nodes[index]!.attempt, signals }
  }
  const over = frontier.takeOver(state, at)
  if (over !== undefined) return { type: 'wait.end', index: over, attempt: state.nodes[over]!.attempt, signals: null }
  const mapped = frontier.takeEndedMap()
  if (mapped !== undefined) {
    const { attempt } = state.nodes[mapped]!
    return { type: frontier.maps.get(mapped)!.isDoomed ? 'items.fail' : 'items.end', index: mapped, attempt }
  }
  const nested = frontier.takeEndedNested()
  if (nested === undefined) return null
  const { attempt, parts } = state.nodes[nested]!
  return { type: parts?.child?.status === 'completed' ? 'child.end' : 'child.fail', index: nested, attempt }
}

/** Whether the run may start no more attempts. */
function isSpent({ state }: Run): boolean {
  const max = state.config.limits.maxNodeExecutions
  return max !== null && (state.usage['nodeExecutions'] ?? 0) >= max
}

/**
 * Epoch ms at which a run that waits for a time goes on, or one nested in it does; null when none waits for one. What is
 * overdue is not among it: it waits for a place, and a timer for it would fire again and again, and start nothing.
 */
export function nextDueAt(root: Run): number | null {
  if (root.state.compensating !== null) return compensationDueAt(root)
  if (!isOpen(root)) return null
  const [own, nested] = [ownDueAt(root), root.agenda.nextDueAt(ownDueAt)]
  return own === null || nested === null ? (own ?? nested) : Math.min(own, nested)
}

/** When the compensation is tried again whose turn it is. */
function compensationDueAt({ state, compensations }: Run): number | null {
  const step = state.status === 'running' && !state.pausing ? compensations?.next : undefined
  return step === undefined ? null : (stateOf(step)?.dueAt ?? null)
}

function ownDueAt(run: Run): number | null {
  return isOpen(run) ? run.frontier.nextDueAt(run.state) : null
}

/** Whether what waits for a time goes on when it comes. */
function isOpen({ state, frontier }: Run): boolean {
  return state.status === 'running' && !state.pausing && frontier.failing.size === 0
}
