import type { Facts } from './facts.ts'

/** When a node ran, as its facts tell. Times are epoch ms. */
export interface NodeTiming {
  readonly nodeId: string
  /** Of a node of a nested run: ids of the nodes that lead to it. */
  readonly path?: readonly string[]
  /** When its first attempt started; null when none did. */
  readonly startedAt: number | null
  /** When it came to its end: completed, failed, was skipped, given a result or canceled; null as long as it has not. */
  readonly endedAt: number | null
  /** From start to end, 0 or more; null as long as it has not started and ended. */
  readonly durationMs: number | null
  /** How many attempts started. */
  readonly attempts: number
  /** How much of that time nothing of it was under way: back-offs, timers, signals, and until it was tried again. */
  readonly waitedMs: number
}

/** A timing in the making. */
interface Timing {
  readonly nodeId: string
  readonly path: readonly string[]
  startedAt: number | null
  endedAt: number | null
  attempts: number
  waitedMs: number
  /** Since when nothing of it is under way; null when something is, or nothing ever was. */
  idleSince: number | null
}

/** The timing of every node that has begun or ended, in the order in which they did. Linear in the facts. */
export function timingsOf(facts: Facts): readonly NodeTiming[] {
  const timings = new Map<string, Timing>()
  for (let seq = facts.firstSeq; seq <= facts.lastSeq; seq += 1) {
    const type = facts.type(seq)
    if (type.startsWith('node.')) {
      const node = facts.node(seq)!
      const timing = timings.get(node) ?? untouched(facts, seq)
      timings.set(node, timing)
      apply(timing, type, facts.at(seq))
    } else if (isCancel(facts, seq)) {
      for (const timing of timings.values()) if (timing.endedAt === null) end(timing, facts.at(seq))
    }
  }
  return [...timings.values()].map(shown)
}

function untouched(facts: Facts, seq: number): Timing {
  const nodeId = facts.nodeId(seq)!
  const path = facts.path(seq)
  return { nodeId, path, startedAt: null, endedAt: null, attempts: 0, waitedMs: 0, idleSince: null }
}

/** Whether a fact cancels all that is under way: nodes are told of it by no fact of their own. */
function isCancel(facts: Facts, seq: number): boolean {
  const type = facts.type(seq)
  if (type === 'run.canceled') return true
  if (type !== 'run.compensating') return false
  const event = facts.read(seq)
  return event.type === 'run.compensating' && event.data.cause === 'cancel'
}

function apply(timing: Timing, type: string, at: number): void {
  switch (type) {
    case 'node.started':
      // A node of a nested run that is tried again is so by no fact of its own.
      waited(timing, timing.idleSince ?? timing.endedAt, at)
      timing.startedAt ??= at
      timing.endedAt = null
      timing.attempts += 1
      break
    case 'node.retry-scheduled':
    case 'node.fell-back':
    case 'node.waiting':
    case 'node.visited':
    case 'node.interrupted':
      timing.idleSince ??= at
      break
    case 'node.reset':
      timing.idleSince ??= timing.endedAt
      timing.endedAt = null
      break
    case 'node.completed':
    case 'node.failed':
    case 'node.skipped':
    case 'node.set':
      end(timing, at)
  }
}

function end(timing: Timing, at: number): void {
  waited(timing, timing.idleSince, at)
  timing.endedAt = at
}

/** A wait is over; clocks may have jumped meanwhile. */
function waited(timing: Timing, since: number | null, at: number): void {
  if (since !== null) timing.waitedMs += Math.max(0, at - since)
  timing.idleSince = null
}

function shown({ nodeId, path, startedAt, endedAt, attempts, waitedMs }: Timing): NodeTiming {
  const durationMs = startedAt === null || endedAt === null ? null : Math.max(0, endedAt - startedAt)
  return {
    nodeId,
    ...(path.length === 0 ? {} : { path }),
    startedAt,
    endedAt,
    durationMs,
    attempts,
    waitedMs,
  }
}
