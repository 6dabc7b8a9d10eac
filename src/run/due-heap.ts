/** The item of what is due for a node as a whole, and of what is due in the run that a node is. */
export const NO_ITEM = -1
export const NESTED = -2

/** Something that waits for a time: a node, or an item of one. */
export interface Due {
  readonly index: number
  readonly item: number
  readonly dueAt: number
}

/** What waits for a time, earliest first; ties in definition order. */
export class DueHeap {
  readonly #items: Due[] = []

  push(index: number, dueAt: number, item = NO_ITEM): void {
    const items = this.#items
    const due = { index, item, dueAt }
    let at = items.length
    items.push(due)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!isBefore(due, items[parent]!)) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = due
  }

  peek(): Due | undefined {
    return this.#items[0]
  }

  pop(): Due | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    const size = items.length
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && isBefore(items[child + 1]!, items[child]!)) child += 1
      if (!isBefore(items[child]!, last)) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return top
  }
}

function isBefore(a: Due, b: Due): boolean {
  if (a.dueAt !== b.dueAt) return a.dueAt < b.dueAt
  return a.index < b.index || (a.index === b.index && a.item < b.item)
}
