import { Heap } from './heap.ts'

/** The item of what is due for a node as a whole. */
export const NO_ITEM = -1

/** Something that waits for a time: a node, or an item of one. */
export interface Due {
  readonly index: number
  readonly item: number
  readonly dueAt: number
}

/** What waits for a time, earliest first; ties in definition order. */
export class DueHeap {
  readonly #heap = new Heap<Due>(isBefore)

  get size(): number {
    return this.#heap.size
  }

  push(index: number, dueAt: number, item = NO_ITEM): void {
    this.#heap.push({ index, item, dueAt })
  }

  peek(): Due | undefined {
    return this.#heap.peek()
  }

  pop(): Due | undefined {
    return this.#heap.pop()
  }
}

function isBefore(a: Due, b: Due): boolean {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt
  return a.index < b.index || (a.index === b.index && a.item < b.item)
}
