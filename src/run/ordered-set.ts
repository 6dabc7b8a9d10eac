import { Heap } from './heap.ts'

/** A set whose first element, by an order of one's own, is at hand. */
export class OrderedSet<T> {
  readonly #members = new Set<T>()
  /** All members, and some that are none any more. */
  readonly #heap: Heap<T>

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#heap = new Heap(isBefore)
  }

  get size(): number {
    return this.#members.size
  }

  has(member: T): boolean {
    return this.#members.has(member)
  }

  add(member: T): void {
    if (this.#members.has(member)) return
    this.#members.add(member)
    this.#heap.push(member)
  }

  delete(member: T): void {
    this.#members.delete(member)
  }

  /** The first member; undefined when there is none. */
  first(): T | undefined {
    for (let top = this.#heap.peek(); top !== undefined; top = this.#heap.peek()) {
      if (this.#members.has(top)) return top
      this.#heap.pop()
    }
    return undefined
  }

  /** Takes the first member; undefined when there is none. */
  take(): T | undefined {
    const first = this.first()
    if (first === undefined) return undefined
    this.#heap.pop()
    this.#members.delete(first)
    return first
  }
}

/** A set of node indexes, in definition order. */
export function indexSet(): OrderedSet<number> {
  return new OrderedSet((a, b) => a < b)
}
