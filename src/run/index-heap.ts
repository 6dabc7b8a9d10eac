/**
 * A binary min-heap of node indexes: the ready nodes, earliest in definition order first.
 * @see Williams 1964, "Algorithm 232: Heapsort"
 */
export class IndexHeap {
  readonly #items: number[] = []

  get size(): number {
    return this.#items.length
  }

  push(index: number): void {
    const items = this.#items
    let at = items.length
    items.push(index)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (items[parent]! <= index) break
      items[at] = items[parent]!
      at = parent
    }
    items[at] = index
  }

  /** The smallest index without taking it; undefined when empty. */
  peek(): number | undefined {
    return this.#items[0]
  }

  /** Takes the smallest index; undefined when empty. */
  pop(): number | undefined {
    const items = this.#items
    const top = items[0]
    const last = items.pop()
    if (top === undefined || last === undefined || items.length === 0) return top
    const size = items.length
    let at = 0
    for (;;) {
      let child = at * 2 + 1
      if (child >= size) break
      if (child + 1 < size && items[child + 1]! < items[child]!) child += 1
      if (items[child]! >= last) break
      items[at] = items[child]!
      at = child
    }
    items[at] = last
    return top
  }
}
