import type { ItemState } from './parts.ts'
import type { Run } from './run.ts'

/** An item that is in flight. */
export interface RunningItem {
  readonly index: number
  readonly nodeId: string
  readonly item: number
  readonly attempt: number
}

/** All items in flight, by node in definition order. */
export function runningItems({ state, graph, frontier }: Run): readonly RunningItem[] {
  return [...frontier.maps]
    .filter(([, queue]) => queue.running > 0)
    .sort(([a], [b]) => a - b)
    .flatMap(([index]) =>
      itemsWith(state.nodes[index]!.parts!.items!.list, 'running').map((item) => ({
        index,
        nodeId: graph.ids[index]!,
        item,
        attempt: state.nodes[index]!.parts!.items!.list[item]!.attempt,
      })),
    )
}

/** The item of a place of a map node; undefined when the node has none there. */
export function itemAt({ state }: Run, index: number, item: number): ItemState | undefined {
  return state.nodes[index]?.parts?.items?.list[item]
}

/** What an item is called in messages: its key, or its place. */
export function itemName({ state }: Run, index: number, item: number): string {
  const key = state.nodes[index]!.parts!.items!.keys?.[item]
  return key === undefined ? String(item) : JSON.stringify(key)
}

/** The places of the items of a status. */
export function itemsWith(list: readonly ItemState[], status: ItemState['status']): number[] {
  const places: number[] = []
  list.forEach((item, place) => {
    if (item.status === status) places.push(place)
  })
  return places
}
