import type { SerializedError } from '../base/serialized-error.ts'
import { progressText } from './inspect-compensations.ts'
import type { Hold, Inspection, NodeInspection, WaitsFor } from './inspection.ts'
import { listed } from './listed.ts'
import type { RunState } from './state.ts'
import { leftText, timeText, untilText } from './time-text.ts'

/** How many names a sentence lists. */
const SHOWN_IDS = 5

/** Why a node is skipped, for people. */
export const skipReasons = {
  untaken: 'no edge to it was taken',
  'upstream-failed': 'an upstream failed',
  'stand-in': 'only stands in as a fallback',
  operator: 'someone skipped it',
} as const

const holds: Readonly<Record<Hold, string>> = {
  pending: 'the run has not started',
  pausing: 'the run is about to pause',
  paused: 'the run is paused; resume it',
  quarantined: 'the run is quarantined; resume it',
  waiting: 'the run waits for someone outside; signal or resume it',
  compensating: 'the run compensates for what it did',
  failing: 'a node has failed, and the run ends when what runs has ended',
  failed: 'the run has failed; retry it',
  completed: 'the run has completed',
  canceled: 'the run was canceled',
}

/** What a node waits for, for people. */
export function nodeSentence(
  { nodeId, waitsFor, visit }: Pick<NodeInspection, 'nodeId' | 'waitsFor' | 'visit'>,
  at: number,
): string {
  const visited = visit === undefined ? '' : `, visit ${visit.number} of at most ${visit.maximum}`
  return `node ${JSON.stringify(nodeId)}${visited} ${waitText(waitsFor, at)}`
}

/** Where a run stands, for people. */
export function runSentence(
  { hold, isStuck, nodes, counts, compensations }: Omit<Inspection, 'sentence'>,
  { status, error, reason, compensating }: RunState,
): string {
  const of = (...kinds: readonly WaitsFor['kind'][]) =>
    nodes.filter(({ waitsFor }) => kinds.includes(waitsFor.kind)).map(({ nodeId }) => nodeId)
  if (isStuck) return 'the run can not go on: nothing can start, and nothing is waited for'
  const undone = compensations === null ? '' : `; ${progressText(compensations)}`
  if (hold === 'compensating' && compensating !== null) {
    const why = compensating.cause === 'cancel' ? 'it was canceled' : compensating.error.message
    return `the run compensates for what it did, since ${why}${undone}`
  }
  const busy = of('handler', 'items', 'nested')
  if (hold === 'pausing') return `the run is about to pause, and waits for what runs: ${listed(busy, SHOWN_IDS)}`
  if (hold === 'failing') {
    const failed = listed(of('failure'), SHOWN_IDS)
    return `the run is about to fail for ${failed}, and waits for what runs: ${listed(busy, SHOWN_IDS)}`
  }
  switch (status) {
    case 'pending':
      return 'the run has not started'
    case 'paused':
      return compensations === null
        ? `the run is paused${reason === null ? '' : ` (${reason})`}; resume it`
        : `the run is paused and has to compensate for what it did${undone}; resume it`
    case 'quarantined':
      return 'the run is quarantined: it was taken up after crashes too often without getting anywhere; resume it, or skip what brings its processes down before'
    case 'waiting': {
      const asking = nodes
        .filter(({ waitsFor }) => waitsFor.kind === 'interrupted' && waitsFor.then === 'ask')
        .map(({ nodeId }) => nodeId)
      const signals = of('signal', 'nested')
      const what = [
        ...(signals.length === 0 ? [] : [`a signal for ${listed(signals, SHOWN_IDS)}`]),
        ...(asking.length === 0 ? [] : [`an answer for ${listed(asking, SHOWN_IDS)}, which a resume is`]),
      ]
      return `the run waits for ${what.join(' and ') || 'someone to resume it'}`
    }
    case 'failed':
      return `the run has failed${compensations === null ? '' : ' for good'}: ${error?.message ?? 'no reason is recorded'}${undone}`
    case 'canceled':
      return `the run was canceled${reason === null ? '' : ` (${reason})`}${undone}`
    case 'completed':
      return 'the run has completed'
    default: {
      const parts = (['running', 'ready', 'retrying', 'waiting', 'pending', 'failed'] as const)
        .filter((name) => counts[name] > 0)
        .map((name) => `${counts[name]} ${name}`)
      return `the run is running: ${parts.join(', ') || 'every node has ended'}`
    }
  }
}

/** What is waited for, as what is said of a node. */
export function waitText(waitsFor: WaitsFor, at: number): string {
  switch (waitsFor.kind) {
    case 'handler': {
      const { attempt, since } = waitsFor
      return `runs since ${since === null ? 'an unknown time' : timeText(since)} in attempt ${attempt}`
    }
    case 'start':
      return 'is ready and is about to start'
    case 'place':
      return `is ready and waits for a place: ${waitsFor.running} of ${waitsFor.concurrency} are taken`
    case 'run':
      return `is ready, but ${holds[waitsFor.hold]}`
    case 'upstreams': {
      const shown = waitsFor.upstreams
        .slice(0, SHOWN_IDS)
        .map(({ nodeId, status }) => `${JSON.stringify(nodeId)} (${status})`)
      const more = waitsFor.upstreams.length - shown.length
      const which = `${waitsFor.trigger === 'any' ? 'one of ' : ''}${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`
      const blocked =
        waitsFor.blockedBy === null
          ? ''
          : `; ${JSON.stringify(waitsFor.blockedBy)} has failed: retry it, skip it or give its result`
      return `waits for ${which}${blocked}`
    }
    case 'skip':
      return `is about to be skipped: ${skipReasons[waitsFor.reason]}`
    case 'retry':
      return `waits for its next attempt ${untilText(waitsFor.dueAt, at)}, since attempt ${waitsFor.attempt} failed: ${whyText(waitsFor.error)}`
    case 'timer':
      return `sleeps ${untilText(waitsFor.dueAt, at)} (wait ${waitsFor.waitId})`
    case 'signal':
      return signalText(waitsFor, at)
    case 'items':
      return itemsText(waitsFor, at)
    case 'nested':
      return `is a run: ${waitsFor.run.sentence}`
    case 'interrupted': {
      const cutOff = `was cut off in attempt ${waitsFor.attempt}`
      if (waitsFor.then === 'rerun') return `${cutOff} and runs again`
      return waitsFor.then === 'ask'
        ? `${cutOff} and asks what then: retry it, skip it or give its result`
        : `${cutOff}, and its onInterrupted is "fail": the next resume fails it`
    }
    case 'failure': {
      const failed = `failed in attempt ${waitsFor.attempt}: ${whyText(waitsFor.error)}`
      return waitsFor.isLeft ? `${failed}; a retry has left it out, and the run fails for it at its end` : failed
    }
    case 'limit':
      return `can not start: ${waitsFor.used} of ${waitsFor.max} node executions are used up (limits.maxNodeExecutions); raise the limit`
    case 'code':
      return `can not start: no handler is registered for its type ${JSON.stringify(waitsFor.type)}`
    case 'nothing':
      return `will not run: the run ${waitsFor.hold === 'ended' ? 'has ended' : 'compensates for what it did'}`
  }
}

function signalText(
  { name, waitId, dueAt, hasSchema, fitting, unfit }: Extract<WaitsFor, { readonly kind: 'signal' }>,
  at: number,
): string {
  const schema = hasSchema ? ', whose payload has a schema' : ''
  const until = dueAt === null ? '' : `${hasSchema ? ',' : ''} ${untilText(dueAt, at)}`
  const came = [
    ...(fitting === 0 ? [] : [`${fitting} came, and the run has not gone on since`]),
    ...(unfit === 0 ? [] : [`${unfit} of that name came and ${unfit === 1 ? 'does' : 'do'} not fit`]),
  ]
  return `waits for the signal ${JSON.stringify(name)}${schema}${until} (wait ${waitId})${came.length === 0 ? '' : `: ${came.join(', ')}`}`
}

function itemsText(
  { total, counts, concurrency, dueAt }: Extract<WaitsFor, { readonly kind: 'items' }>,
  at: number,
): string {
  const rest = (['running', 'retrying', 'failed', 'interrupted', 'pending'] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${status}`)
  const most = concurrency === null ? '' : `, at most ${concurrency} at once`
  const due = dueAt === null ? '' : `; the next retry is due ${timeText(dueAt)}${leftText(dueAt, at)}`
  return `has ${counts.completed} of ${total} items completed${rest.length === 0 ? '' : `, ${rest.join(', ')}`}${most}${due}`
}

function whyText(error: SerializedError | null): string {
  return error?.message ?? 'no reason is recorded'
}
