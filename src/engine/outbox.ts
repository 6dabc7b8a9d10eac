import type { RunEvent } from '../run/event.ts'

/** Facts on their way to a journal, and to what follows from them. Emptied it keeps its room, as an inbox does. */
export class Outbox {
  readonly #events: (RunEvent | undefined)[] = []
  /** For each the node it is of, as `nodeIndex` takes it. */
  readonly #nodes: number[] = []
  #size = 0

  get size(): number {
    return this.#size
  }

  add(event: RunEvent, near: number): void {
    this.#events[this.#size] = event
    this.#nodes[this.#size] = near
    this.#size += 1
  }

  event(place: number): RunEvent {
    return this.#events[place]!
  }

  near(place: number): number {
    return this.#nodes[place]!
  }

  /** All of them, for somebody to keep. */
  list(): readonly RunEvent[] {
    return this.#events.slice(0, this.#size) as RunEvent[]
  }

  clear(): void {
    this.#events.fill(undefined, 0, this.#size)
    this.#size = 0
  }
}
