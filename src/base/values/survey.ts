import { isIntrinsicArrayKeys } from './array-keys.ts'
import { type Brand, brandOf, slots } from './brand.ts'
import type { ClassRegistry } from './class-codec.ts'
import { isTypeKey } from './encoding.ts'
import type { ValueLimits } from './limits.ts'
import { hasToJson, isPlainNumber } from './plain.ts'

const { getOwnPropertyDescriptor, getOwnPropertySymbols, getPrototypeOf, keys } = Object
const toTag = Object.prototype.toString

/**
 * The getter an own property has. A third of the cost of a descriptor for elements of arrays, and none of its garbage
 * (bench/codec.mjs, "numbers and strings"); a property with a setter alone runs nothing when it is read.
 */
const lookupGetter =
  (Object.prototype as { readonly __lookupGetter__?: (this: object, key: number) => unknown }).__lookupGetter__ ??
  getterOf

/** What a part of a value turned out to be. */
type Finding = 'plain' | 'tagged' | 'unclear'

/** Levels and members the longest form of a tag adds to what it holds; more than any needs, so that a count is never too small. */
const TAG_LEVELS = 3
const TAG_PARTS = 4

/** How many containers are compared one by one before a set is worth making. */
const FEW = 8

/** The containers of a plain value that need a tag. */
export const NONE: ReadonlySet<object> = new Set()

/**
 * Looks a value through before it is encoded, to find what native JSON.stringify may write as it stands: copying 10 MB of
 * plain rows to look at them once costs more than looking twice (bench/codec.mjs, "plain" and "one Date").
 * It runs no code of the user's: an accessor is seen before it is read, and then everything is left to the encoder, which reads
 * each thing once. Only a Proxy's traps run, as everywhere; where they contradict themselves, that is left too.
 * Recursion is bounded by maxDepth.
 */
export class Survey {
  readonly #limits: ValueLimits
  readonly #classes: ClassRegistry
  /** The first containers that hold no others; from then on they are in the set as well. */
  readonly #few: object[] = []
  #seen: Set<object> | null = null
  /** How many of them there were. */
  #met = 0
  #tagged: Set<object> | null = null
  readonly #shapes: KnownShapes
  #members = 0
  #elements = 0

  private constructor(limits: ValueLimits, classes: ClassRegistry, shapes: KnownShapes) {
    this.#limits = limits
    this.#classes = classes
    this.#shapes = shapes
  }

  /**
   * The containers of a value that need a tag or hold something that does; every other is plain JSON, met once, within the limits.
   *
   * @param shapes - those that were known under the same limits before
   * @returns {@link NONE} for a value that is plain as a whole; null when that can't be told without running code or counting
   *   exactly, the encoder then looks at everything
   */
  static of(
    value: object,
    limits: ValueLimits,
    classes: ClassRegistry,
    shapes: KnownShapes,
  ): ReadonlySet<object> | null {
    if (hasToJson() || classes.forPrototype(Array.prototype) !== undefined) return null
    const survey = new Survey(limits, classes, shapes)
    try {
      return survey.#container(value, 1) === 'unclear' ? null : (survey.#tagged ?? NONE)
    } catch {
      // a trap that threw, or a full stack: found again by the encoder, which names the place
      return null
    }
  }

  /** What is neither a plain primitive nor looked at yet. */
  #part(value: unknown, depth: number): Finding {
    switch (typeof value) {
      case 'string':
        if (value.length > this.#limits.maxStringLength) return 'unclear'
        return value.isWellFormed() ? 'plain' : this.#tag()
      case 'number':
        return isPlainNumber(value) ? 'plain' : this.#tag()
      case 'boolean':
        return 'plain'
      case 'object':
        return value === null ? 'plain' : this.#container(value, depth)
      case 'undefined':
      case 'bigint':
        return this.#tag()
      default:
        return 'unclear'
    }
  }

  #tag(): Finding {
    this.#members += TAG_PARTS
    return 'tagged'
  }

  #container(value: object, depth: number): Finding {
    if (depth > this.#limits.maxDepth || getOwnPropertySymbols(value).length > 0) return 'unclear'
    const prototype = getPrototypeOf(value) as object | null
    const before = this.#met
    let finding: Finding
    if (Array.isArray(value)) finding = prototype === Array.prototype ? this.#array(value, depth) : 'unclear'
    else if (prototype === Object.prototype) finding = this.#object(value, depth)
    else finding = prototype === null ? 'unclear' : this.#builtin(value, prototype, depth)
    if (finding === 'unclear') return finding
    // a whole value that holds no container is met nowhere else
    if (this.#met === before && depth > 1 && !this.#isNew(value)) return 'unclear'
    if (this.#members > this.#limits.maxMembers || this.#elements > this.#limits.maxElements) return 'unclear'
    if (finding === 'tagged') {
      this.#tagged ??= new Set()
      this.#tagged.add(value)
    }
    return finding
  }

  /**
   * Only a container that holds no other is remembered: one that is met again has what it holds met again, and a circle ends at
   * maxDepth. A set of 10^5 objects costs a third of the survey, and half the containers of most values hold others.
   * The size is compared rather than asked for; the first few are compared one by one, as a set costs more to make.
   */
  #isNew(container: object): boolean {
    this.#met += 1
    if (this.#met <= FEW) return !this.#few.includes(container) && this.#few.push(container) > 0
    this.#seen ??= new Set(this.#few)
    this.#seen.add(container)
    return this.#seen.size === this.#met
  }

  #array(array: readonly unknown[], depth: number): Finding {
    const { length } = array
    if (hasSomeToJson(array) || !isIntrinsicArrayKeys(keys(array), length)) return 'unclear'
    this.#elements += length
    let finding: Finding = 'plain'
    for (let index = 0; index < length; index += 1) {
      if (lookupGetter.call(array, index) !== undefined) return 'unclear'
      const shown = array[index]
      // a Proxy that makes up another value each time; JSON.stringify would write the next one
      if (!isSame(array[index], shown)) return 'unclear'
      if (this.#isPlainScalar(shown)) continue
      const found = this.#part(shown, depth + 1)
      if (found === 'unclear') return found
      if (found === 'tagged') finding = found
    }
    return finding
  }

  #object(object: object, depth: number): Finding {
    if (hasSomeToJson(object) || toTag.call(object) !== '[object Object]') return 'unclear'
    const names = keys(object)
    const { length } = names
    this.#members += length
    if (length > this.#limits.maxKeysPerObject) return 'unclear'
    let finding: Finding = 'plain'
    const isKnown = this.#shapes.has(names)
    for (let index = 0; index < length; index += 1) {
      const name = names[index]!
      const property = getOwnPropertyDescriptor(object, name)
      if (property === undefined || property.get !== undefined || property.set !== undefined) return 'unclear'
      if (!isKnown) {
        if (name.length > this.#limits.maxKeyLength || name === '__proto__' || !name.isWellFormed()) return 'unclear'
        if (isTypeKey(name)) finding = 'tagged'
      }
      const shown = (object as Readonly<Record<string, unknown>>)[name]
      if (!isSame(property.value, shown)) return 'unclear'
      if (this.#isPlainScalar(shown)) continue
      const found = this.#part(shown, depth + 1)
      if (found === 'unclear') return found
      if (found === 'tagged') finding = found
    }
    if (!isKnown && finding === 'plain') this.#shapes.add(names)
    return finding
  }

  /** What nearly everything is; asked where it stands, so that it costs no call. */
  #isPlainScalar(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        return value.length <= this.#limits.maxStringLength && value.isWellFormed()
      case 'number':
        return isPlainNumber(value)
      case 'boolean':
        return true
      default:
        return value === null
    }
  }

  #builtin(value: object, prototype: object, depth: number): Finding {
    if (this.#classes.forPrototype(prototype) !== undefined) return 'unclear'
    const brand: Brand | undefined = brandOf(value, prototype)
    if (brand === undefined) return 'unclear'
    this.#members += TAG_PARTS
    const parts: unknown[] = []
    if (brand === 'Map') {
      slots.mapEach.call(value as Map<unknown, unknown>, (item, key) => parts.push(key, item))
      this.#elements += parts.length
    } else if (brand === 'Set') {
      slots.setEach.call(value as Set<unknown>, (item) => parts.push(item))
    }
    this.#elements += parts.length
    if (depth + TAG_LEVELS > this.#limits.maxDepth) return 'unclear'
    for (const part of parts) if (this.#part(part, depth + TAG_LEVELS) === 'unclear') return 'unclear'
    return 'tagged'
  }
}

/** Object.is, at the cost of a comparison. A Proxy may show another value than its descriptor has, or another each time. */
function isSame(described: unknown, shown: unknown): boolean {
  return (described === shown && shown !== 0) || Object.is(described, shown)
}

/** Asked as JSON.stringify will ask, so that a Proxy's answer counts; a toJSON that is data is left to the encoder as well. */
function hasSomeToJson(container: object): boolean {
  return (container as { readonly toJSON?: unknown }).toJSON !== undefined
}

/** The most keys of a list that is remembered, and the longest: a codec keeps 64 lists for as long as it lives. */
const MAX_KNOWN_KEYS = 64
const MAX_KNOWN_LENGTH = 64

/** Lists of keys that need no second look: rows have the same ones again and again, and so have the results of a node. */
export class KnownShapes {
  readonly #lists: (readonly string[] | undefined)[] = new Array(64)

  has(names: readonly string[]): boolean {
    const known = this.#lists[slotOf(names)]
    if (known === undefined || known.length !== names.length) return false
    // the same strings, most often the same objects: compared by their addresses
    for (let index = 0; index < known.length; index += 1) if (known[index] !== names[index]) return false
    return true
  }

  add(names: readonly string[]): void {
    if (names.length > MAX_KNOWN_KEYS || names.some((name) => name.length > MAX_KNOWN_LENGTH)) return
    this.#lists[slotOf(names)] = names
  }
}

/** One slot for a length and a first letter, so that the few shapes of a value seldom drive one another out. */
function slotOf(names: readonly string[]): number {
  return (names.length * 7 + (names.length > 0 ? names[0]!.charCodeAt(0) : 0)) & 63
}

/** The same where the language leaves it out. */
function getterOf(this: object, key: number): unknown {
  return getOwnPropertyDescriptor(this, key)?.get
}
