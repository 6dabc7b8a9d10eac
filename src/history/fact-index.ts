/** Sequences of facts in ascending order. */
export type Sequences = readonly number[]

const NONE: Sequences = Object.freeze([])

/** Where the facts of each type, and of each node, stand: right after every fact that is added. */
export class FactIndex {
  readonly #byType = new Map<string, number[]>()
  readonly #byNode = new Map<string, number[]>()

  /**
   * Adds the fact that follows the last one added.
   * @param node - the name in the whole run of the node it is of, see `qualified`; null when it is of none
   */
  add(seq: number, type: string, node: string | null): void {
    put(this.#byType, type, seq)
    if (node !== null) put(this.#byNode, node, seq)
  }

  /** All types there are facts of, in the order of their first. */
  get types(): Iterable<string> {
    return this.#byType.keys()
  }

  ofType(type: string): Sequences {
    return this.#byType.get(type) ?? NONE
  }

  /** @param node - its name in the whole run, see `qualified` */
  ofNode(node: string): Sequences {
    return this.#byNode.get(node) ?? NONE
  }
}

function put(index: Map<string, number[]>, key: string, seq: number): void {
  const sequences = index.get(key)
  if (sequences === undefined) index.set(key, [seq])
  else sequences.push(seq)
}

/** How many of some sequences are before one. */
export function countBefore(sequences: Sequences, seq: number): number {
  let low = 0
  let high = sequences.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (sequences[middle]! < seq) low = middle + 1
    else high = middle
  }
  return low
}
