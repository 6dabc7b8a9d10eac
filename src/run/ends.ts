import { indexSet, type OrderedSet } from './ordered-set.ts'

/**
 * The nodes of a run that can be brought to their end: handed out to be reported, each once. Of one that was handed out,
 * the run waits for the report.
 */
export class Ends {
  /** Map nodes whose items are through, or failed too often. */
  readonly maps = indexSet()
  /** Nodes whose own run has ended. */
  readonly nested = indexSet()
  readonly #handedOut = new Set<number>()

  /** Whether a report is waited for. */
  get areAwaited(): boolean {
    return this.#handedOut.size > 0
  }

  isAwaited(index: number): boolean {
    return this.#handedOut.has(index)
  }

  handOut(index: number): void {
    this.#handedOut.add(index)
  }

  /** A node has come to its end, or goes another way. */
  reported(index: number): void {
    this.#handedOut.delete(index)
  }

  /** Takes a node of a kind that still can be brought to its end; undefined when there is none. */
  take(ended: OrderedSet<number>, isStill: (index: number) => boolean): number | undefined {
    for (let index = ended.take(); index !== undefined; index = ended.take()) {
      if (!isStill(index)) continue
      this.handOut(index)
      return index
    }
    return undefined
  }

  /** Takes back what was handed out: the run stopped before it was reported. */
  takeBack(): readonly number[] {
    const unreported = [...this.#handedOut]
    this.#handedOut.clear()
    return unreported
  }
}
