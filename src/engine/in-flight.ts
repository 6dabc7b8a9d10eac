import type { AttemptContext } from '../nodes/context.ts'

/** The attempts of a run that are in flight: one for each node, and one for each item of a map node. */
export class InFlight {
  /** By node index. An array, since nearly every node has one attempt: a map would be hashed into, and grow, for each. */
  readonly #ofNodes: (AttemptContext | undefined)[] = []
  /** By node index and place. */
  readonly #ofItems = new Map<number, Map<number, AttemptContext>>()

  /** @param size - how many nodes there are */
  constructor(size: number) {
    for (let index = 0; index < size; index += 1) this.#ofNodes.push(undefined)
  }

  add(ctx: AttemptContext): void {
    const { index, place } = ctx
    if (place === null) {
      this.#ofNodes[index] = ctx
      return
    }
    const items = this.#ofItems.get(index)
    if (items === undefined) this.#ofItems.set(index, new Map([[place, ctx]]))
    else items.set(place, ctx)
  }

  delete({ index, place }: AttemptContext): void {
    if (place === null) this.#ofNodes[index] = undefined
    else this.#ofItems.get(index)?.delete(place)
  }

  /** The attempt at a node, or at an item of it; undefined when there is none. */
  at(index: number, item: number | null): AttemptContext | undefined {
    return item === null ? this.#ofNodes[index] : this.#ofItems.get(index)?.get(item)
  }

  /** All of them now: nodes in definition order, then items. */
  all(): readonly AttemptContext[] {
    const contexts = this.#ofNodes.filter((ctx) => ctx !== undefined)
    for (const items of this.#ofItems.values()) for (const ctx of items.values()) contexts.push(ctx)
    return contexts
  }
}
