import type { CompensationState } from '../../run/compensation.ts'
import { type ItemsState, isItemSettled } from '../../run/parts.ts'
import type { NodeState, RunState } from '../../run/state.ts'
import { timeText } from '../../run/time-text.ts'
import type { NodeDefinition } from '../../workflow/definition.ts'
import { counted } from './counted.ts'
import { nameText, printable, shorten } from './printable.ts'
import { signalText, untilText } from './wait-text.ts'

/** Longest message of a failure, in characters. */
const MAX_MESSAGE = 60

/**
 * What there is to say of a node beside its status: what it waits for, how much of its items is done, which visit it is at, why it
 * failed or was skipped; empty for nothing.
 * @param at - now, in epoch ms, when times that are left are to be told; null: instants alone
 */
export function nodeDetail(
  node: NodeState,
  definition: NodeDefinition,
  at: number | null,
  compensation: CompensationState | null = null,
): string {
  const texts = [visitText(node, definition), ownText(node, definition, at), compensationText(compensation, at)]
  return texts.filter((text) => text !== '').join(', ')
}

function compensationText(compensation: CompensationState | null, at: number | null): string {
  if (compensation === null) return ''
  const { status, error, dueAt } = compensation
  switch (status) {
    case 'completed':
      return 'compensated'
    case 'failed':
      return `compensation failed${error === null ? '' : `: ${shorten(error.message, MAX_MESSAGE)}`}`
    case 'retrying':
      return `compensation retrying${dueAt === null ? '' : `, ${dueText(dueAt, at)}`}`
    default:
      return `compensation ${status}`
  }
}

function ownText(node: NodeState, definition: NodeDefinition, at: number | null): string {
  const { status, error, skipReason, dueAt, wait, parts, attempt, operator } = node
  switch (status) {
    case 'completed':
      return operator === 'set' ? 'its result was given' : ''
    case 'skipped':
      return skipReason ?? ''
    case 'failed':
      return error === null ? '' : shorten(error.message, MAX_MESSAGE)
    case 'retrying':
      return dueAt === null ? '' : at === null ? `due ${timeText(dueAt)}` : dueText(dueAt, at)
    case 'interrupted':
      return definition.onInterrupted === 'ask' ? 'asks what then' : ''
    case 'running':
      return [attempt > 1 ? `attempt ${attempt}` : '', stepsText(node)].filter((text) => text !== '').join(', ')
    case 'waiting':
      if (wait?.kind === 'timer') return dueText(dueAt ?? 0, at)
      if (wait !== null) {
        const { name, id } = wait
        return at === null ? signalAt(name, id, dueAt) : signalText({ name, waitId: id, dueAt }, at)
      }
      if (parts?.child) return childText(parts.child)
      return parts?.items == null ? '' : itemsText(parts.items)
    default:
      return ''
  }
}

/** How many items of a map node are through: `3/10 items, 2 running, 1 failed`. */
export function itemsText({ list }: ItemsState): string {
  const counts = new Map<string, number>()
  for (const { status } of list) counts.set(status, (counts.get(status) ?? 0) + 1)
  const rest = (['running', 'retrying', 'interrupted', 'failed'] as const)
    .filter((status) => counts.has(status))
    .map((status) => `, ${counts.get(status)} ${status}`)
  return `${list.filter(isItemSettled).length}/${counted(list.length, 'item')}${rest.join('')}`
}

/** The workflow of a nested run: `run of shipping 1.0.0`. */
export function childText({ workflow }: RunState): string {
  return `run of ${nameText(workflow.id, MAX_MESSAGE)} ${shorten(workflow.version, 20)}`
}

function visitText({ status, parts, attempt }: NodeState, { repeat }: NodeDefinition): string {
  const isOpen = attempt > 0 && (status === 'running' || status === 'waiting' || status === 'retrying')
  if (repeat === undefined || !isOpen) return ''
  return `visit ${Math.min((parts?.visits ?? 0) + 1, repeat.maximumVisits)} of at most ${repeat.maximumVisits}`
}

function stepsText({ parts }: NodeState): string {
  const steps = parts === null ? 0 : Object.keys(parts.steps).length
  return steps === 0 ? '' : `${counted(steps, 'step')} done`
}

function signalAt(name: string, waitId: string, dueAt: number | null): string {
  const until = dueAt === null ? '' : `, until ${timeText(dueAt)}`
  return `signal ${nameText(name, MAX_MESSAGE)} (wait ${printable(waitId)})${until}`
}

/** When something is due, with the time that is left when there is a now. */
function dueText(dueAt: number, at: number | null): string {
  return at === null ? `until ${timeText(dueAt)}` : untilText(dueAt, at)
}
