interface Due {
  readonly index: number
  readonly dueAt: number
}

/** The nodes that wait for a time, earliest first; ties in definition order. */
export class DueHeap {
  readonly #items: Due[] = []

  push(index: number, dueAt: number): void {
    const items = this.#items
    const due = { index, dueAt }
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
  return a.dueAt < b.dueAt || (a.dueAt === b.dueAt && a.index < b.index)
}
