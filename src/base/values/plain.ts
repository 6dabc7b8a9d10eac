import { isIntrinsicArrayKeys } from './array-keys.ts'
import type { ValueLimits } from './limits.ts'

const { getOwnPropertyDescriptor, getOwnPropertySymbols, getPrototypeOf, keys } = Object
const toTag = Object.prototype.toString

/** Whether somebody has put a `toJSON` on a prototype all JSON shares; native JSON.stringify would call it. */
export function hasToJson(): boolean {
  return (
    'toJSON' in Array.prototype ||
    'toJSON' in String.prototype ||
    'toJSON' in Number.prototype ||
    'toJSON' in Boolean.prototype
  )
}

/**
 * The compact JSON text of a container that is plain JSON within the limits, by one check and native JSON.stringify.
 * It runs no code of the user's: accessors are seen in descriptors, never called. (A Proxy's traps run, as everywhere.)
 *
 * @returns null when the value has to be walked with tags, for whatever reason; the walk finds the reason again
 */
export function plainText(value: object, limits: ValueLimits): string | null {
  if (hasToJson()) return null
  const check = new PlainCheck(limits)
  if (!check.isPlain(value, 1)) return null
  const text = JSON.stringify(value)
  // keys and strings are not looked at one by one: what needs a tag shows in the text, and a false alarm only costs time
  return text.includes('#type"') || text.includes('"__proto__"') || text.includes('\\ud') ? null : text
}

/** A printable ASCII character spelled with an escape, which may hide a marker. */
const SPELLED_OUT = /\\u00[2-7]/

/**
 * Whether JSON.parse of this text is the value itself: no tag, no escaped key, no `__proto__`, nor any of them spelled with
 * escapes of printable characters.
 */
export function isPlainText(text: string): boolean {
  return !text.includes('#type"') && !text.includes('__proto__') && !(text.includes('\\u00') && SPELLED_OUT.test(text))
}

/** Whether a tag of this text may be a reference; a string `"ref"` of the user's is a false alarm that costs a search. */
export function mayHaveReference(text: string): boolean {
  return text.includes('"ref"') || SPELLED_OUT.test(text)
}

/** Whether a number stands as itself: finite and not -0. */
export function isPlainNumber(number: number): boolean {
  // x - x is 0 for finite numbers alone; 1 / -0 is negative
  return number - number === 0 && (number !== 0 || 1 / number > 0)
}

/** One walk over one value; recursion is bounded by maxDepth, and a full stack is the caller's to report. */
class PlainCheck {
  readonly #limits: ValueLimits
  readonly #seen = new Set<object>()
  #containers = 0
  #members = 0
  #elements = 0

  constructor(limits: ValueLimits) {
    this.#limits = limits
  }

  isPlain(value: unknown, depth: number): boolean {
    switch (typeof value) {
      case 'string':
        return value.length <= this.#limits.maxStringLength
      case 'number':
        return isPlainNumber(value)
      case 'boolean':
        return true
      case 'object':
        return (
          value === null ||
          (depth <= this.#limits.maxDepth && this.#isNew(value) && this.#isPlainContainer(value, depth))
        )
      default:
        return false
    }
  }

  /** The size is compared rather than asked for: a set of 10^5 objects costs as much as the rest of the check. */
  #isNew(container: object): boolean {
    this.#seen.add(container)
    this.#containers += 1
    return this.#seen.size === this.#containers
  }

  #isPlainContainer(container: object, depth: number): boolean {
    const names = keys(container)
    if (getOwnPropertySymbols(container).length > 0) return false
    if (Array.isArray(container)) {
      if (getPrototypeOf(container) !== Array.prototype || !isIntrinsicArrayKeys(names, container.length)) return false
      this.#elements += container.length
      if (this.#elements > this.#limits.maxElements) return false
      for (let index = 0; index < container.length; index += 1) {
        const property = getOwnPropertyDescriptor(container, index)
        if (property === undefined || property.get !== undefined || property.set !== undefined) return false
        if (!this.isPlain(property.value, depth + 1)) return false
      }
      return !Object.hasOwn(container, 'toJSON')
    }
    if (getPrototypeOf(container) !== Object.prototype || toTag.call(container) !== '[object Object]') return false
    this.#members += names.length
    if (names.length > this.#limits.maxKeysPerObject || this.#members > this.#limits.maxMembers) return false
    for (const name of names) {
      const property = getOwnPropertyDescriptor(container, name)
      if (property === undefined || property.get !== undefined || property.set !== undefined) return false
      if (name.length > this.#limits.maxKeyLength || !this.isPlain(property.value, depth + 1)) return false
    }
    // a toJSON that is no function is data, but one that is not enumerable would still be called
    return !Object.hasOwn(container, 'toJSON')
  }
}
