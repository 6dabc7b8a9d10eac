import type { ItemState, ItemsState, NodeParts, Progress } from '../run/parts.ts'
import type { RunState } from '../run/state.ts'
import { jsonText, mapText, sortedMapText } from './json-text.ts'
import type { SlotTexts } from './slot-text.ts'
import { isoTime, remainingMs } from './time.ts'

/** The text of what nodes have done on the way to their results, by node; `{}` when no node has done anything of the kind. */
export function partsText({ nodes, workflow }: RunState, at: number, slots: SlotTexts): string {
  const entries: [string, string][] = []
  nodes.forEach(({ parts }, index) => {
    if (parts === null) return
    const text = nodePartsText(parts, at, slots)
    if (text !== '{}') entries.push([workflow.nodes[index]!.id, text])
  })
  return mapText(entries)
}

function nodePartsText(parts: NodeParts, at: number, slots: SlotTexts): string {
  const members = progressMembers(parts, slots)
  if (parts.visits > 0) members.push(`"visits":${parts.visits}`)
  if (parts.previous !== undefined) members.push(`"previous":${slots.value(parts.previous)}`)
  if (parts.items !== null) members.push(`"items":${itemsText(parts.items, at, slots)}`)
  return `{${members.join(',')}}`
}

function progressMembers({ steps, checkpoint }: Progress, slots: SlotTexts): string[] {
  const members: string[] = []
  const stepsText = sortedMapText(steps, (value) => slots.value(value))
  if (stepsText !== '{}') members.push(`"steps":${stepsText}`)
  if (checkpoint !== undefined) members.push(`"checkpoint":${slots.value(checkpoint)}`)
  return members
}

/**
 * Items, so that the usual one is its result and nothing else: one that completed at its first attempt, and one to which
 * nothing has happened after the last that completed, have no state of their own.
 */
function itemsText({ keys, list }: ItemsState, at: number, slots: SlotTexts): string {
  const lastCompleted = list.findLastIndex(({ status }) => status === 'completed')
  const results: string[] = []
  const states: string[] = []
  list.forEach((item, place) => {
    const isCompleted = item.status === 'completed'
    if (isCompleted) results.push(slots.value(item.output!))
    if (isCompleted ? isUsualItem(item) : place > lastCompleted && isUntouchedItem(item)) return
    states.push(`"${place}":${itemText(item, at, slots)}`)
  })
  const keysText = keys === null ? '' : `"keys":${JSON.stringify(keys)},`
  return `{"count":${list.length},${keysText}"results":[${results.join(',')}],"states":{${states.join(',')}}}`
}

function itemText(item: ItemState, at: number, slots: SlotTexts): string {
  const { status, attempt, failures, error, dueAt, progress } = item
  let text = `{"status":"${status}","attempt":${attempt},"failures":${failures}`
  if (error !== null) text += `,"error":${jsonText(error)}`
  if (dueAt !== null) text += `,"dueAt":"${isoTime(dueAt)}","remainingMs":${remainingMs(at, dueAt)}`
  if (progress !== null) for (const member of progressMembers(progress, slots)) text += `,${member}`
  return `${text}}`
}

/** Whether an item that completed did so at its first attempt. */
function isUsualItem({ attempt, failures, error, dueAt, progress }: ItemState): boolean {
  return attempt === 1 && failures === 0 && error === null && dueAt === null && progress === null
}

function isUntouchedItem({ status, attempt, failures, error, dueAt, progress }: ItemState): boolean {
  return (
    status === 'pending' && attempt === 0 && failures === 0 && error === null && dueAt === null && progress === null
  )
}
