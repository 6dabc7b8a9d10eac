import type { RunEvent, RunEventOf } from './event.ts'
import { type ItemState, type ItemsState, noParts, untouchedItem } from './parts.ts'
import { applyWrite } from './reduce-writes.ts'
import type { Run } from './run.ts'
import type { NodeState } from './state.ts'

/** A fact about one item of a map node. */
export type ItemEvent = Extract<RunEvent, { readonly type: `item.${string}` }>

/** Whether an item of a map node is the one an event speaks of, as far as its state says so. */
export function isItemEventFitting(node: NodeState, { type, data }: ItemEvent): boolean {
  const item = node.parts?.items?.list[data.item]
  if (node.status !== 'waiting' || node.wait !== null || item === undefined) return false
  if (type === 'item.started') {
    const isOpen = item.status === 'pending' || item.status === 'retrying' || item.status === 'interrupted'
    return isOpen && data.attempt === item.attempt + 1
  }
  if (data.attempt !== item.attempt) return false
  return item.status === 'running' || (type === 'item.failed' && item.status === 'interrupted')
}

/** Applies one fact about an item; it fits. */
export function reduceItem(run: Run, index: number, event: ItemEvent): void {
  const { state, frontier } = run
  const { data } = event
  const item = state.nodes[index]!.parts!.items!.list[data.item]!
  switch (event.type) {
    case 'item.started':
      item.status = 'running'
      item.attempt = data.attempt
      item.dueAt = null
      state.usage['nodeExecutions'] = (state.usage['nodeExecutions'] ?? 0) + 1
      frontier.itemStarted(index)
      return
    case 'item.completed':
      item.status = 'completed'
      item.output = event.data.output
      run.root.state.fruitlessResumes = 0
      item.progress = null
      if (event.data.writes !== undefined) for (const write of event.data.writes) applyWrite(state, write)
      frontier.itemEnded(index, 'completed')
      return
    case 'item.retry-scheduled':
      item.status = 'retrying'
      item.failures += 1
      item.error = event.data.error
      item.dueAt = event.data.dueAt
      frontier.itemEnded(index, 'retrying')
      frontier.delayed(index, event.data.dueAt, data.item)
      return
    case 'item.failed': {
      const ran = item.status === 'running'
      item.status = 'failed'
      item.failures += 1
      item.error = event.data.error
      if (ran) frontier.itemEnded(index, 'failed')
      else frontier.itemFailed(index)
      return
    }
    case 'item.interrupted':
      item.status = 'interrupted'
      frontier.itemEnded(index, 'interrupted')
      frontier.itemInterrupted(index, data.item)
  }
}

/** A map node's items are known: what was done of each key is kept, what has no place any more is dropped. */
export function reduceListed(run: Run, index: number, { data }: RunEventOf<'items.listed'>): void {
  const { state, frontier } = run
  const node = state.nodes[index]!
  const parts = node.parts ?? noParts()
  const before = parts.items
  parts.items = { keys: data.keys, list: itemsOf(data.count, data.keys, before) }
  node.parts = parts
  frontier.running -= 1
  node.status = 'waiting'
  frontier.openMap(index, state)
}

/** The interrupted items of a map node are answered for, and its failed ones are tried again. */
export function reopenItems(node: NodeState): void {
  for (const item of node.parts?.items?.list ?? []) {
    if (item.status === 'completed') continue
    item.status = 'pending'
    item.failures = 0
    item.dueAt = null
  }
}

function itemsOf(count: number, keys: readonly string[] | null, before: ItemsState | null): ItemState[] {
  if (before === null) return Array.from({ length: count }, untouchedItem)
  const known = new Map(before.list.map((item, place) => [before.keys?.[place] ?? String(place), item]))
  return Array.from({ length: count }, (_, place) => known.get(keys?.[place] ?? String(place)) ?? untouchedItem())
}
