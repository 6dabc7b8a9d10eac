/** How many names that do not come are passed over in search of the one that does. */
const MAX_GAP = 32

/** How often a name may come out of order before no more are expected. */
const MAX_MISSES = 16

/** A list of names, each once. */
export interface ListedNames {
  readonly names: readonly string[]
  /** Whether all of them stand in a document letter by letter. */
  readonly arePlain: boolean
}

/** A list of names, looked through at once: for most lists one look at its text tells it of all. */
export function listedNames(names: readonly string[]): ListedNames {
  const text = JSON.stringify(names)
  const isSpelledOut = text.length === names.join('","').length + (names.length === 0 ? 2 : 4)
  return { names, arePlain: isSpelledOut && !text.includes('"#') && !text.includes('"__proto__"') }
}

/**
 * Names that are expected as the keys of an object, in their order.
 *
 * A key that comes as expected is compared where it stands: it is not cut out of the text, and not remembered to find it a
 * second time, since no name comes twice in the list. Whoever reads it gets the string of the list, whose hash is known.
 */
export class ExpectedNames {
  readonly #names: readonly string[]
  readonly #arePlain: boolean
  readonly #taken: Uint8Array
  /** Names that came, but not as expected. */
  readonly #others = new Set<string>()
  #indexOf: ReadonlyMap<string, number> | undefined
  #next = 0
  #misses = 0

  constructor({ names, arePlain }: ListedNames) {
    this.#names = names
    this.#arePlain = arePlain
    this.#taken = new Uint8Array(names.length)
  }

  /** The next expected name, if it stands as a key at a place of the text, with its colon; null for any other key. */
  take(text: string, at: number): string | null {
    if (this.#misses >= MAX_MISSES) return null
    const end = Math.min(this.#next + MAX_GAP, this.#names.length)
    for (let index = this.#next; index < end; index += 1) {
      const name = this.#names[index]!
      if (!text.startsWith('":', at + 1 + name.length) || !text.startsWith(name, at + 1)) continue
      if (!(this.#arePlain || isPlain(name)) || (this.#others.size > 0 && this.#others.has(name))) break
      this.#next = index + 1
      this.#taken[index] = 1
      return name
    }
    this.#misses += 1
    return null
  }

  /** The name after the last one taken, if it stands as a key at a place of the text, with its colon; else null. Takes nothing. */
  peek(text: string, at: number): string | null {
    const name = this.#names[this.#next]
    if (name === undefined || !this.#arePlain || this.#others.size > 0) return null
    return text.startsWith(name, at + 1) && text.startsWith('":', at + 1 + name.length) ? name : null
  }

  /** Takes the name that {@link peek} gave. */
  accept(): void {
    this.#taken[this.#next] = 1
    this.#next += 1
  }

  /**
   * Notes a key that {@link take} did not give.
   * @returns whether it gave it before
   */
  isTwice(name: string): boolean {
    this.#others.add(name)
    if (this.#next === 0) return false
    this.#indexOf ??= new Map(this.#names.map((of, index) => [of, index]))
    const index = this.#indexOf.get(name)
    return index !== undefined && this.#taken[index] === 1
  }
}

/** Whether a name stands in a document letter by letter. */
function isPlain(name: string): boolean {
  return name.charCodeAt(0) !== 0x23 && name !== '__proto__' && JSON.stringify(name).length === name.length + 2
}
