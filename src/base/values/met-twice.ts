/** Up to here a set answers at once; beyond, its table outgrows the processor's caches and each question costs ten times as much. */
const SMALL = 1_024

/** How many containers a bucket is meant to hold; a set of as many stays in the nearest cache. */
const BUCKET = 512

/**
 * Finds out whether any of many containers is the same object as another, for a quarter of what one large set costs
 * (bench/codec.mjs, "10 MB plain"): they are collected, parted into buckets by what they hold, and each bucket gets a small set.
 * Equal contents fall into one bucket, so the same object met twice does, as long as nothing changes it in between.
 */
export class MetTwice {
  /** Those without a mark: the first ones, and the few that were begun among them. */
  readonly #unmarked = new Set<object>()
  /** All others, and their marks. */
  readonly #containers: object[] = []
  readonly #marks: number[] = []
  /** Next count at which all are compared, eight times the last: so a value that shares parts at every level is never unfolded. */
  #nextCheck = 8 * SMALL

  /** Whether containers that are begun now have to be marked. */
  get needsMarks(): boolean {
    return this.#unmarked.size >= SMALL
  }

  /**
   * Adds a container.
   * @param mark - any whole number that depends only on what it holds; undefined for one begun before {@link needsMarks}
   * @returns whether it is known to have been added before; a second meeting may be noticed later
   */
  add(container: object, mark: number | undefined): boolean {
    if (mark === undefined) {
      const count = this.#unmarked.size
      return this.#unmarked.add(container).size === count
    }
    if (this.#unmarked.has(container)) return true
    const count = this.#containers.push(container)
    this.#marks.push(mark)
    if (count < this.#nextCheck) return false
    this.#nextCheck *= 8
    return this.anyTwice()
  }

  /** Whether any container was added twice that has not been reported yet. */
  anyTwice(): boolean {
    const buckets: object[][] = []
    const mask = 2 ** Math.ceil(Math.log2(this.#containers.length / BUCKET + 1)) - 1
    for (let bucket = 0; bucket <= mask; bucket += 1) buckets.push([])
    for (const [index, container] of this.#containers.entries())
      buckets[spread(this.#marks[index]!) & mask]!.push(container)
    return buckets.some((bucket) => isAnyTwice(bucket))
  }
}

function isAnyTwice(containers: readonly object[]): boolean {
  const set = new Set<object>()
  for (const container of containers) set.add(container)
  return set.size < containers.length
}

/** Mixes the bits of a mark, so that its lowest ones depend on all. */
function spread(mark: number): number {
  const mixed = Math.imul(mark ^ (mark >>> 15), 0x9e37_79b1)
  return mixed ^ (mixed >>> 13)
}

/** A mark that takes in one more primitive; containers count by their presence alone, since their own marks are not known yet. */
export function markWith(mark: number, part: unknown): number {
  switch (typeof part) {
    case 'string':
      return (
        (Math.imul(mark, 31) + Math.imul(part.length, 131) + (part.length > 0 ? part.charCodeAt(part.length - 1) : 0)) |
        0
      )
    case 'number':
      return (Math.imul(mark, 31) + part * 1_021) | 0
    default:
      return (mark + 1) | 0
  }
}
