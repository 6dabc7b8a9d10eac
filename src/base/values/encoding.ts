import type { ErrorCode } from '../error-codes.ts'
import { quote, UnserializableValueError } from '../errors.ts'
import type { JsonObject, JsonValue } from '../json.ts'
import { pointer } from '../json-pointer.ts'
import { type ValueLimits, valueLimitError } from './limits.ts'
import { isPlainNumber } from './plain.ts'

/** Where a container stands in the encoded form: a chain up to the value's root, spelled out only when it is needed. */
export interface Place {
  readonly parent: Place | null
  readonly key: string | number
}

/** The place of the value itself. */
export const ROOT: Place = Object.freeze({ parent: null, key: '' })

/** The JSON Pointer of a place in the encoded form. */
export function placePointer(place: Place): string {
  const keys: (string | number)[] = []
  for (let at = place; at.parent !== null; at = at.parent) keys.push(at.key)
  return pointer(...keys.reverse())
}

/** Just below the logarithm of 16 to base 10, so that rounding never counts a digit too many. */
const DECIMALS_PER_HEX_DIGIT = 1.204

/** One value while it is encoded: what was met, what was counted, and how its errors are worded. */
export class Encoding {
  readonly limits: ValueLimits
  readonly #nodeId: string | undefined
  /** Every container met, in order, and the place of each under the same number. */
  readonly #seen = new Set<object>()
  readonly #places: Place[] = []
  /** The same as a map; null until a container is met again. */
  #placeOf: Map<object, Place> | null = null
  readonly #unfinished = new Set<object>()
  #members = 0
  #elements = 0
  #refs = 0
  #binaryBytes = 0
  /** The container that is being read, so that whatever throws can be placed. */
  at: Place = ROOT

  constructor(limits: ValueLimits, nodeId: string | undefined) {
    this.limits = limits
    this.#nodeId = nodeId
  }

  /** Counts what is about to be encoded; `depth` is the deepest level it opens, 1 for the value's own. */
  count(place: Place, depth: number, members: number, elements: number): void {
    this.#members += members
    this.#elements += elements
    const { maxDepth, maxMembers, maxElements } = this.limits
    if (depth > maxDepth) throw this.beyond('maxDepth', depth, place)
    if (this.#members > maxMembers) throw this.beyond('maxMembers', this.#members, place)
    if (this.#elements > maxElements) throw this.beyond('maxElements', this.#elements, place)
  }

  countBytes(place: Place, bytes: number): void {
    this.#binaryBytes += bytes
    if (this.#binaryBytes > this.limits.maxBinaryBytes) throw this.beyond('maxBinaryBytes', this.#binaryBytes, place)
  }

  /**
   * Where this object was met before; the first time it is remembered, under this place.
   * Adding to a set and looking at its size is half the cost of asking a map and then adding to it (bench/codec.mjs, "plain").
   */
  meet(value: object, place: Place): Place | undefined {
    if (this.#placeOf === null) {
      this.#seen.add(value)
      if (this.#seen.size > this.#places.length) {
        this.#places.push(place)
        return undefined
      }
      this.#placeOf = new Map()
      // a set keeps its members in the order in which they came
      for (const met of this.#seen) this.#placeOf.set(met, this.#places[this.#placeOf.size]!)
    }
    const earlier = this.#placeOf.get(value)
    if (earlier === undefined) this.#placeOf.set(value, place)
    return earlier
  }

  /** Marks an object that can't be referred to from inside itself. */
  begin(value: object): void {
    this.#unfinished.add(value)
  }

  end(value: object): void {
    this.#unfinished.delete(value)
  }

  reference(value: object, earlier: Place, place: Place, depth: number): JsonObject {
    if (this.#unfinished.has(value)) {
      throw this.refusal('VALUE_CLASS', place, 'instance that its own data leads back to')
    }
    this.#refs += 1
    if (this.#refs > this.limits.maxRefs) throw this.beyond('maxRefs', this.#refs, place)
    this.count(place, depth, 2, 0)
    return { '#type': 'ref', path: placePointer(earlier) }
  }

  /** Whether a value stands as itself: true for most parts of most values, and so asked before anything else. */
  isPlain(value: unknown): boolean {
    switch (typeof value) {
      case 'string':
        return value.length <= this.limits.maxStringLength && value.isWellFormed()
      case 'number':
        return isPlainNumber(value)
      case 'boolean':
        return true
      default:
        return value === null
    }
  }

  string(text: string, place: Place, depth: number, isKey = false): JsonValue {
    const limit = isKey ? 'maxKeyLength' : 'maxStringLength'
    if (text.length > this.limits[limit]) throw this.beyond(limit, text.length, place)
    if (text.isWellFormed()) return text
    this.count(place, depth, 2, 0)
    return { '#type': 'string', utf16: utf16Hex(text) }
  }

  number(value: number, place: Place, depth: number): JsonValue {
    if (isPlainNumber(value)) return value
    this.count(place, depth, 2, 0)
    return { '#type': 'number', value: Object.is(value, -0) ? '-0' : String(value) }
  }

  bigint(value: bigint, place: Place, depth: number): JsonValue {
    const max = this.limits.maxBigIntDigits
    const sign = value < 0n ? 1 : 0
    // hexadecimal first, at a cost that follows the length: a million decimal digits take seconds
    const atLeast = Math.floor((value.toString(16).length - sign - 1) * DECIMALS_PER_HEX_DIGIT) + 1
    if (atLeast > max) throw this.beyond('maxBigIntDigits', null, place)
    const digits = String(value)
    if (digits.length - sign > max) throw this.beyond('maxBigIntDigits', digits.length - sign, place)
    this.count(place, depth, 2, 0)
    return { '#type': 'bigint', value: digits }
  }

  undefined(place: Place, depth: number): JsonValue {
    this.count(place, depth, 1, 0)
    return { '#type': 'undefined' }
  }

  refusal(code: ErrorCode, place: Place, kind: string, cause?: unknown): UnserializableValueError {
    const details = this.#where(place)
    const of = this.#nodeId === undefined ? '' : ` of node ${quote(this.#nodeId)}`
    const at = details.path === '' ? 'the value' : `the value at ${quote(details.path)}`
    const message = `${at}${of} can't be saved (${kind}); ${ADVICE[code] ?? 'give plain data instead'}`
    return new UnserializableValueError(code, message, { details: { ...details, kind }, cause })
  }

  beyond(limit: keyof ValueLimits, actual: number | null, place: Place, cause?: unknown): Error {
    return valueLimitError(limit, this.limits[limit], actual, this.#where(place), cause)
  }

  #where(place: Place): JsonObject & { readonly path: string } {
    const path = placePointer(place).toWellFormed()
    return this.#nodeId === undefined ? { path } : { nodeId: this.#nodeId, path }
  }
}

const ADVICE: Partial<Record<ErrorCode, string>> = {
  VALUE_CLASS: 'register a class codec for it or give plain data instead',
  VALUE_PROMISE: 'await it first',
  VALUE_ACCESSOR: 'make its properties readable or give plain data instead',
  VALUE_CLASS_FAILED: "correct the class codec's encode",
}

/** Whether a key could be taken for the marker, or for an escaped one. */
export function isTypeKey(key: string): boolean {
  return key.charCodeAt(0) === 0x23 && /^#+type$/.test(key)
}

/** The UTF-16 code units of a text, four hexadecimal digits each. */
function utf16Hex(text: string): string {
  const units: string[] = []
  for (let index = 0; index < text.length; index += 1) units.push(text.charCodeAt(index).toString(16).padStart(4, '0'))
  return units.join('')
}
