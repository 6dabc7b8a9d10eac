/** Objects of up to this many keys are searched one by one; beyond, their keys go into a set. */
const MAX_LISTED = 32

/** The hash of a key, character by character: start with 0. Only tells most different keys apart. */
export function addToHash(hash: number, code: number): number {
  return Math.imul(hash ^ code, 0x01000193)
}

/** The hash of a whole key. */
export function hashOf(key: string): number {
  let hash = 0
  for (let at = 0; at < key.length; at += 1) hash = addToHash(hash, key.charCodeAt(at))
  return hash
}

/** The key a token of correct grammar spells. */
export function keyOf(token: string): string {
  return token.includes('\\') ? (JSON.parse(token) as string) : token.slice(1, -1)
}

/**
 * The keys of the objects that are open while a text is scanned, to find a key that stands twice in one object.
 * Nothing is cut from the text unless two keys have one hash or an object has many keys, so it costs little for each key.
 */
export class OpenKeys {
  readonly #text: string
  /** Hash, start and end of every listed key, objects after one another. */
  #listed = new Int32Array(3 * 256)
  #length = 0
  /** By depth: where the list of an object begins, and the set of its keys once they are many. */
  readonly #from: Int32Array
  readonly #sets: (Set<string> | undefined)[] = []

  constructor(text: string, maxDepth: number) {
    this.#text = text
    this.#from = new Int32Array(maxDepth + 2)
  }

  open(depth: number): void {
    this.#from[depth] = this.#length
  }

  close(depth: number): void {
    this.#length = this.#from[depth]!
    if (this.#sets[depth] !== undefined) this.#sets[depth] = undefined
  }

  /**
   * Takes a key of the object open at a depth.
   * @param start - where its quote stands in the text; `end` is after its last quote
   * @returns false when the object has the key already, in whatever spelling
   */
  add(depth: number, hash: number, start: number, end: number): boolean {
    const set = this.#sets[depth]
    if (set !== undefined) return isAdded(set, this.#keyAt(start, end))
    const listed = this.#listed
    const from = this.#from[depth]!
    const to = this.#length
    for (let at = from; at < to; at += 3) {
      if (listed[at] === hash && this.#keyAt(listed[at + 1]!, listed[at + 2]!) === this.#keyAt(start, end)) return false
    }
    if (to - from >= 3 * MAX_LISTED) {
      const keys = new Set<string>()
      for (let at = from; at < to; at += 3) keys.add(this.#keyAt(listed[at + 1]!, listed[at + 2]!))
      this.#sets[depth] = keys
      return isAdded(keys, this.#keyAt(start, end))
    }
    if (to + 3 > listed.length) this.#grow()
    this.#listed[to] = hash
    this.#listed[to + 1] = start
    this.#listed[to + 2] = end
    this.#length = to + 3
    return true
  }

  #keyAt(start: number, end: number): string {
    return keyOf(this.#text.slice(start, end))
  }

  #grow(): void {
    const grown = new Int32Array(this.#listed.length * 2)
    grown.set(this.#listed)
    this.#listed = grown
  }
}

function isAdded(keys: Set<string>, key: string): boolean {
  const before = keys.size
  return keys.add(key).size > before
}
