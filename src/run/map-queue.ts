import type { MapDefinition } from '../workflow/definition.ts'
import { IndexHeap } from './index-heap.ts'
import { type ItemsState, isItemSettled } from './parts.ts'

/** What is left to do of a map node's items: an index over their states, derived from them and never saved. */
export class MapQueue {
  running = 0
  readonly #definition: MapDefinition
  readonly #items: ItemsState
  /** Items below it are not pending. */
  #next = 0
  /** Items that may start and are not found by going on in the list: interrupted and retried ones. */
  readonly #again = new IndexHeap()
  #settled = 0
  #failed = 0

  constructor(definition: MapDefinition, items: ItemsState) {
    this.#definition = definition
    this.#items = items
    for (const item of items.list) {
      if (item.status === 'running') this.running += 1
      if (isItemSettled(item)) this.#settled += 1
      if (item.status === 'failed') this.#failed += 1
    }
  }

  /** Items that failed for good are more than the node takes. */
  get isDoomed(): boolean {
    const { onItemError = 'fail', maximumFailures } = this.#definition
    return this.#failed > (onItemError === 'fail' ? 0 : (maximumFailures ?? Number.POSITIVE_INFINITY))
  }

  /**
   * The first item that may start; undefined when none may now.
   * @param delay - takes an item whose time has come, but not by the clock that is asked now
   */
  next(at: number, delay: (item: number, dueAt: number) => void): number | undefined {
    if (this.running >= (this.#definition.concurrency ?? Number.POSITIVE_INFINITY) || this.isDoomed) return undefined
    const { list } = this.#items
    for (let item = this.#again.peek(); item !== undefined; item = this.#again.peek()) {
      const { status, dueAt } = list[item]!
      const isEarly = status === 'retrying' && dueAt !== null && dueAt > at
      if (!isEarly && (status === 'pending' || status === 'interrupted' || status === 'retrying')) return item
      this.#again.pop()
      if (isEarly) delay(item, dueAt)
    }
    while (this.#next < list.length && list[this.#next]!.status !== 'pending') this.#next += 1
    return this.#next < list.length ? this.#next : undefined
  }

  /** Whether the node can be brought to its end: no item runs, and all are through, or too many have failed. */
  get isOver(): boolean {
    return this.running === 0 && (this.isDoomed || this.isThrough)
  }

  /** Whether all items are through. */
  get isThrough(): boolean {
    return this.#settled === this.#items.list.length
  }

  /** A running item came to an end for good, or can be started again once it is told so. */
  ended(status: 'completed' | 'failed' | 'retrying' | 'interrupted'): void {
    this.running -= 1
    this.settle(status)
  }

  /** An item is through without having run. */
  settle(status: 'completed' | 'failed' | 'retrying' | 'interrupted'): void {
    if (status === 'completed' || status === 'failed') this.#settled += 1
    if (status === 'failed') this.#failed += 1
  }

  /** An item may start again. */
  again(item: number): void {
    this.#again.push(item)
  }
}
