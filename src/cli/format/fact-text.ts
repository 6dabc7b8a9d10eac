import type { RunEvent } from '../../run/event.ts'
import { timeText } from '../../run/time-text.ts'
import { counted } from './counted.ts'
import { nameText, shorten } from './printable.ts'
import { namesText } from './wait-text.ts'

/** Longest message of a failure, in characters. */
const MAX_MESSAGE = 200

/** A fact about a node, or about a wait, as a line: `started fetch (attempt 2)`; null for one that says people little. */
export function factText(event: RunEvent): string | null {
  const { path = [] } = event
  const name = (nodeId: string) => namesText([...path, nodeId], 100)
  switch (event.type) {
    case 'node.started':
      return event.data.attempt > 1
        ? `started ${name(event.data.nodeId)} (attempt ${event.data.attempt})`
        : `started ${name(event.data.nodeId)}`
    case 'node.completed':
      return `completed ${name(event.data.nodeId)}${event.data.reused === undefined ? '' : ' (reused)'}`
    case 'node.skipped':
      return `skipped ${name(event.data.nodeId)} (${event.data.reason})`
    case 'node.set':
      return `set the result of ${name(event.data.nodeId)}`
    case 'node.failed':
      return `failed ${name(event.data.nodeId)}: ${messageOf(event.data)}`
    case 'node.retry-scheduled':
      return `retrying ${name(event.data.nodeId)} in ${event.data.delayMs} ms: ${messageOf(event.data)}`
    case 'node.fell-back':
      return `fell back ${name(event.data.nodeId)}: ${messageOf(event.data)}`
    case 'node.interrupted':
      return `interrupted ${name(event.data.nodeId)} (${event.data.reason})`
    case 'node.waiting': {
      const { nodeId, wait, dueAt } = event.data
      const until = dueAt === null ? '' : ` until ${timeText(dueAt)}`
      const what = wait.kind === 'timer' ? '' : ` for signal ${nameText(wait.name, 60)} (wait ${shorten(wait.id, 20)})`
      return `waiting ${name(nodeId)}${what}${until}`
    }
    case 'node.visited':
      return `visited ${name(event.data.nodeId)} (visit ${event.data.visit})`
    case 'items.listed':
      return `listed ${name(event.data.nodeId)}: ${counted(event.data.count, 'item')}`
    case 'item.retry-scheduled':
      return `retrying item ${event.data.item} of ${name(event.data.nodeId)} in ${event.data.delayMs} ms: ${messageOf(event.data)}`
    case 'item.failed':
      return `failed item ${event.data.item} of ${name(event.data.nodeId)}: ${messageOf(event.data)}`
    case 'run.compensating':
      return `compensating after ${event.data.cause === 'cancel' ? 'a cancel' : 'a failure'}`
    case 'compensation.started':
      return `compensating ${name(event.data.nodeId)}${event.data.attempt > 1 ? ` (attempt ${event.data.attempt})` : ''}`
    case 'compensation.completed':
      return `compensated ${name(event.data.nodeId)}`
    case 'compensation.retry-scheduled':
      return `retrying the compensation of ${name(event.data.nodeId)} in ${event.data.delayMs} ms: ${messageOf(event.data)}`
    case 'compensation.failed':
      return `failed to compensate ${name(event.data.nodeId)}: ${messageOf(event.data)}`
    case 'signal.received':
      return event.data.waitId === undefined
        ? `received signal ${nameText(event.data.name, 60)}`
        : `received the answer to the wait ${shorten(event.data.waitId, 20)}`
    default:
      return null
  }
}

function messageOf({ error }: { readonly error: { readonly message: string } }): string {
  return shorten(error.message, MAX_MESSAGE)
}
