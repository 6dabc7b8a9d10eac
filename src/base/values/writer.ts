import type { ErrorCode } from '../error-codes.ts'
import { quote, UnserializableValueError } from '../errors.ts'
import type { JsonObject } from '../json.ts'
import { pointer } from '../json-pointer.ts'
import { type ValueLimits, valueLimitError } from './limits.ts'

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

/** How many pieces are joined at once: text made by adding piece to piece is kept as a tree of them, which is slow and large. */
const PIECES = 1_024

/** How many different keys are remembered while a value is written. */
const MAX_KEY_TEXTS = 1_024

/** Just below the logarithm of 16 to base 10, so that rounding never counts a digit too many. */
const DECIMALS_PER_HEX_DIGIT = 1.204

/** A key or string as JSON; JSON.stringify of a primitive runs nobody's code. */
const quoted = JSON.stringify as (text: string) => string

/** The text of one encoded value as it is written, with everything that is counted on the way. */
export class Writer {
  readonly limits: ValueLimits
  readonly #nodeId: string | undefined
  readonly #seen = new Map<object, Place>()
  readonly #unfinished = new Set<object>()
  readonly #pieces: string[] = []
  readonly #texts: string[] = []
  /** Rows have the same keys again and again. */
  readonly #keyTexts = new Map<string, string>()
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

  put(text: string): void {
    this.#pieces.push(text)
    if (this.#pieces.length >= PIECES) this.#join()
  }

  finish(): string {
    this.#join()
    return this.#texts.length === 1 ? this.#texts[0]! : this.#texts.join('')
  }

  #join(): void {
    this.#texts.push(this.#pieces.join(''))
    this.#pieces.length = 0
  }

  /** Counts what is about to be written; `depth` is the deepest level it opens, 1 for the value's own. */
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

  /** Where this object was met before; the first time it is remembered, under this place. */
  meet(value: object, place: Place): Place | undefined {
    const earlier = this.#seen.get(value)
    if (earlier === undefined) this.#seen.set(value, place)
    return earlier
  }

  /** Marks an object that can't be referred to from inside itself. */
  begin(value: object): void {
    this.#unfinished.add(value)
  }

  end(value: object): void {
    this.#unfinished.delete(value)
  }

  reference(value: object, earlier: Place, place: Place, depth: number): void {
    if (this.#unfinished.has(value)) {
      throw this.refusal('VALUE_CLASS', place, 'instance that its own data leads back to')
    }
    this.#refs += 1
    if (this.#refs > this.limits.maxRefs) throw this.beyond('maxRefs', this.#refs, place)
    this.count(place, depth, 2, 0)
    this.put(`{"#type":"ref","path":${quoted(placePointer(earlier))}}`)
  }

  /** A key as the text of a member up to its value, the marker escaped. */
  keyText(key: string, place: Place): string {
    const known = this.#keyTexts.get(key)
    if (known !== undefined) return known
    if (key.length > this.limits.maxKeyLength) throw this.beyond('maxKeyLength', key.length, place)
    const text = `${quoted(isTypeKey(key) ? `#${key}` : key)}:`
    if (this.#keyTexts.size < MAX_KEY_TEXTS) this.#keyTexts.set(key, text)
    return text
  }

  /** The text of a primitive that stands as itself; null for everything that needs more than a moment's thought. */
  plainText(value: unknown): string | null {
    switch (typeof value) {
      case 'string':
        return value.length <= this.limits.maxStringLength && value.isWellFormed() ? quoted(value) : null
      case 'number':
        return Number.isFinite(value) && !Object.is(value, -0) ? String(value) : null
      case 'boolean':
        return value ? 'true' : 'false'
      default:
        return value === null ? 'null' : null
    }
  }

  string(text: string, place: Place, depth: number, isKey = false): void {
    const limit = isKey ? 'maxKeyLength' : 'maxStringLength'
    if (text.length > this.limits[limit]) throw this.beyond(limit, text.length, place)
    if (text.isWellFormed()) {
      this.put(quoted(text))
      return
    }
    this.count(place, depth, 2, 0)
    this.put(`{"#type":"string","utf16":"${utf16Hex(text)}"}`)
  }

  number(value: number, place: Place, depth: number): void {
    if (Number.isFinite(value) && !Object.is(value, -0)) {
      this.put(String(value))
      return
    }
    this.count(place, depth, 2, 0)
    this.put(`{"#type":"number","value":"${Object.is(value, -0) ? '-0' : value}"}`)
  }

  bigint(value: bigint, place: Place, depth: number): void {
    const max = this.limits.maxBigIntDigits
    const sign = value < 0n ? 1 : 0
    // hexadecimal first, at a cost that follows the length: a million decimal digits take seconds
    const atLeast = Math.floor((value.toString(16).length - sign - 1) * DECIMALS_PER_HEX_DIGIT) + 1
    if (atLeast > max) throw this.beyond('maxBigIntDigits', null, place)
    const digits = String(value)
    if (digits.length - sign > max) throw this.beyond('maxBigIntDigits', digits.length - sign, place)
    this.count(place, depth, 2, 0)
    this.put(`{"#type":"bigint","value":"${digits}"}`)
  }

  undefined(place: Place, depth: number): void {
    this.count(place, depth, 1, 0)
    this.put('{"#type":"undefined"}')
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
