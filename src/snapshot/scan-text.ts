import { quote, SnapshotSyntaxError } from '../base/errors.ts'
import { isDigit, isHexDigit } from './digits.ts'
import type { ExpectedNames } from './expected-names.ts'
import { DOCUMENT_LEVELS, isSpelledOut, maxOwnKeys, overLimit, type SnapshotLimits } from './limits.ts'
import { addToHash, hashOf, keyOf, OpenKeys } from './open-keys.ts'
import { duplicateKey, forbiddenKey, outOfRange } from './scan-errors.ts'

const OBJECT = 1
const ARRAY = 2
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const MINUS = 0x2d
const BACKSLASH = 0x5c
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d

/** A number of fewer characters, without exponent, can't leave the range of a double. */
const SAFE_NUMBER_LENGTH = 300

/**
 * Passes over compact JSON text without building anything: follows the whole grammar, holds the text to the limits, and
 * refuses keys that stand twice, and keys and numbers that no document has.
 * What it lets pass, JSON.parse reads; so values may stay text until they are asked for. Iterative: no text can exhaust the stack.
 */
export class TextScanner {
  readonly #text: string
  readonly #limits: SnapshotLimits
  readonly #offsetOf: (at: number) => number
  readonly #kinds: Uint8Array
  readonly #keyCounts: Uint32Array
  readonly #keys: OpenKeys
  readonly #maxDepth: number
  #at = 0
  #depth = 0
  #members = 0
  #elements = 0
  /** Most members of an object, and the limit that says so: the engine's own maps have as many as there are values. */
  #maxKeys: number
  #keysLimit: 'maxSlots' | 'maxKeysPerObject' = 'maxSlots'

  /** @param offsetOf - where a place of the text stands in what was given, for those who are told of an error there */
  constructor(text: string, limits: SnapshotLimits, offsetOf: (at: number) => number) {
    this.#text = text
    this.#limits = limits
    this.#offsetOf = offsetOf
    this.#maxKeys = maxOwnKeys(limits)
    this.#maxDepth = Math.min(limits.maxDepth + DOCUMENT_LEVELS, text.length)
    this.#kinds = new Uint8Array(this.#maxDepth + 2)
    this.#keyCounts = new Uint32Array(this.#maxDepth + 2)
    this.#keys = new OpenKeys(text, this.#maxDepth)
  }

  /** Where the scanner stands. */
  get place(): number {
    return this.#at
  }

  /** Ends the scan; there must be nothing more. */
  end(): void {
    if (this.#at < this.#text.length) throw this.#unexpected(this.#at, 'the end of the document')
  }

  /** Passes over what is known already, with so many members in it. */
  skipTo(place: number, members = 0): void {
    this.#at = place
    this.#members += members
    if (this.#members > this.#limits.maxMembers) throw overLimit(this.#limits, 'maxMembers', this.#members, 'members')
  }

  /** Passes over a member of the object it stands in, up to a place, when all of it is known, with so many members in it. */
  skipMember(place: number, members = 0): void {
    this.#countMember()
    this.skipTo(place, members)
  }

  /** Passes over a value and gives it as written. */
  token(): string {
    const start = this.#at
    this.value()
    return this.#text.slice(start, this.#at)
  }

  /** An object whose members are read by `each`; anything else is passed over. `expected` makes nothing but speed. */
  object(each: (name: string, keyStart: number) => void, expected: ExpectedNames | null = null): void {
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACE) return this.value()
    this.#open(OBJECT)
    this.#at += 1
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACE) return this.#close()
    for (;;) {
      const keyStart = this.#at
      const known = expected === null ? null : expected.take(this.#text, keyStart)
      if (known !== null) {
        this.#countMember()
        this.#at = keyStart + known.length + 3
        each(known, keyStart)
      } else {
        const end = this.#key(keyStart) - 1
        const name = keyOf(this.#text.slice(keyStart, end))
        if (expected?.isTwice(name) === true) throw this.#duplicate(keyStart, end)
        this.#at = end + 1
        each(name, keyStart)
      }
      const next = this.#text.charCodeAt(this.#at)
      if (next === CLOSE_BRACE) return this.#close()
      if (next !== COMMA) throw this.#unexpected(this.#at, 'a comma or the end of the object')
      this.#at += 1
    }
  }

  /** An array whose elements are read by `each`; anything else is passed over. */
  array(each: (index: number) => void): void {
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACKET) return this.value()
    this.#open(ARRAY)
    this.#at += 1
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACKET) return this.#close()
    for (let index = 0; ; index += 1) {
      this.#element()
      each(index)
      const next = this.#text.charCodeAt(this.#at)
      if (next === CLOSE_BRACKET) return this.#close()
      if (next !== COMMA) throw this.#unexpected(this.#at, 'a comma or the end of the array')
      this.#at += 1
    }
  }

  /** Passes over a user's value, which is held to the limits of a value alone. */
  usersValue(): void {
    const first = this.#text.charCodeAt(this.#at)
    if (first === MINUS || isDigit(first)) {
      this.#at = this.#number(this.#at)
      return
    }
    this.#maxKeys = this.#limits.maxKeysPerObject
    this.#keysLimit = 'maxKeysPerObject'
    this.valueApart()
    this.#maxKeys = maxOwnKeys(this.#limits)
    this.#keysLimit = 'maxSlots'
  }

  /** Passes over a value whose members and elements do not count for what stands around it. */
  valueApart(): void {
    const members = this.#members
    const elements = this.#elements
    this.#members = 0
    this.#elements = 0
    this.value()
    this.#members = members
    this.#elements = elements
  }

  /** Passes over the value that begins at the present place, however deep it is. */
  value(): void {
    const text = this.#text
    const base = this.#depth
    let at = this.#at
    for (;;) {
      const first = text.charCodeAt(at)
      if (first === QUOTE) {
        at = this.#string(at)
      } else if (first === OPEN_BRACE) {
        this.#open(OBJECT)
        at += 1
        if (text.charCodeAt(at) !== CLOSE_BRACE) {
          at = this.#key(at)
          continue
        }
        this.#leave()
        at += 1
      } else if (first === OPEN_BRACKET) {
        this.#open(ARRAY)
        at += 1
        if (text.charCodeAt(at) !== CLOSE_BRACKET) {
          this.#element()
          continue
        }
        this.#leave()
        at += 1
      } else if (first === MINUS || isDigit(first)) {
        at = this.#number(at)
      } else {
        at = this.#literal(at)
      }
      // A value has ended; so may what holds it.
      for (;;) {
        if (this.#depth === base) {
          this.#at = at
          return
        }
        const next = text.charCodeAt(at)
        const isInObject = this.#kinds[this.#depth] === OBJECT
        if (next === COMMA) {
          at += 1
          if (isInObject) at = this.#key(at)
          else this.#element()
          break
        }
        if (next !== (isInObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
          throw this.#unexpected(at, `a comma or the end of the ${isInObject ? 'object' : 'array'}`)
        }
        this.#leave()
        at += 1
      }
    }
  }

  #open(kind: number): void {
    this.#depth += 1
    if (this.#depth > this.#maxDepth) throw overLimit(this.#limits, 'maxDepth', this.#depth, 'levels')
    this.#kinds[this.#depth] = kind
    this.#keyCounts[this.#depth] = 0
    if (kind === OBJECT) this.#keys.open(this.#depth)
  }

  #leave(): void {
    if (this.#kinds[this.#depth] === OBJECT) this.#keys.close(this.#depth)
    this.#depth -= 1
  }

  #close(): void {
    this.#leave()
    this.#at += 1
  }

  #element(): void {
    this.#elements += 1
    if (this.#elements > this.#limits.maxElements)
      throw overLimit(this.#limits, 'maxElements', this.#elements, 'array elements')
  }

  /** Passes over a key and its colon, and counts it. */
  #key(at: number): number {
    const text = this.#text
    if (text.charCodeAt(at) !== QUOTE) throw this.#unexpected(at, 'a key')
    let end = at + 1
    let hash = 0
    let isEscaped = false
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        isEscaped = true
        end = this.#escape(end)
        continue
      }
      if (!(code >= 0x20)) throw this.#unexpected(end, 'a character of a key')
      hash = addToHash(hash, code)
      end += 1
    }
    end += 1
    let length = end - at - 2
    if (isEscaped) {
      const key = keyOf(text.slice(at, end))
      hash = hashOf(key)
      length = key.length
    }
    this.#count(at, end, length)
    if (!this.#keys.add(this.#depth, hash, at, end)) throw this.#duplicate(at, end)
    if (text.charCodeAt(end) !== COLON) throw this.#unexpected(end, 'a colon')
    return end + 1
  }

  /** @param length - of the key it spells */
  #count(at: number, end: number, length: number): void {
    if (length > this.#limits.maxKeyLength) this.#checkKeyLength(at, length)
    this.#countMember()
    if (end - at >= 11) this.#refuseForbidden(at, end)
  }

  #countMember(): void {
    this.#members += 1
    if (this.#members > this.#limits.maxMembers) throw overLimit(this.#limits, 'maxMembers', this.#members, 'members')
    const keys = this.#keyCounts[this.#depth]! + 1
    this.#keyCounts[this.#depth] = keys
    if (keys > this.#maxKeys) throw overLimit(this.#limits, this.#keysLimit, keys, 'members in one object')
  }

  #checkKeyLength(at: number, length: number): void {
    // A name that is escaped has one character more than the name it stands for.
    const isEscapedName = length === this.#limits.maxKeyLength + 1 && this.#text.startsWith('##', at + 1)
    if (!isEscapedName) throw overLimit(this.#limits, 'maxKeyLength', length, 'characters in a key')
  }

  /** No document has the key `__proto__`, however it is spelt. */
  #refuseForbidden(at: number, end: number): void {
    const first = this.#text.charCodeAt(at + 1)
    if (first !== 0x5f && first !== BACKSLASH) return
    if (end - at > 9 * 6 + 2 || keyOf(this.#text.slice(at, end)) !== '__proto__') return
    throw forbiddenKey(this.#offsetOf(at))
  }

  #string(at: number): number {
    const text = this.#text
    let end = at + 1
    /** Characters that escapes take beyond the one they stand for. */
    let spelled = 0
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      if (code === BACKSLASH) {
        const next = this.#escape(end)
        spelled += next - end - 1
        end = next
        continue
      }
      // Past the end the code is NaN, which is not above anything.
      if (!(code >= 0x20)) throw this.#unexpected(end, 'a character of a string')
      end += 1
    }
    const length = end - at - 1 - spelled
    if (length > this.#limits.maxStringLength && !isSpelledOut(text, at, length, this.#limits)) {
      throw overLimit(this.#limits, 'maxStringLength', length, 'characters in a string')
    }
    return end + 1
  }

  /** Passes over a backslash and what it escapes. */
  #escape(at: number): number {
    switch (this.#text.charCodeAt(at + 1)) {
      case QUOTE:
      case BACKSLASH:
      case 0x2f: // /
      case 0x62: // b
      case 0x66: // f
      case 0x6e: // n
      case 0x72: // r
      case 0x74: // t
        return at + 2
      case 0x75: // u
        for (let digit = at + 2; digit < at + 6; digit += 1) {
          if (!isHexDigit(this.#text.charCodeAt(digit))) throw this.#unexpected(at, 'an escape of four digits')
        }
        return at + 6
      default:
        throw this.#unexpected(at, 'an escape')
    }
  }

  #number(at: number): number {
    const text = this.#text
    const isNegative = text.charCodeAt(at) === MINUS
    let end = isNegative ? at + 1 : at
    const startsWithZero = text.charCodeAt(end) === 0x30
    end = startsWithZero ? end + 1 : this.#digits(end)
    if (text.charCodeAt(end) === 0x2e) end = this.#digits(end + 1)
    const hasExponent = (text.charCodeAt(end) | 0x20) === 0x65
    if (hasExponent) {
      const sign = text.charCodeAt(end + 1)
      end = this.#digits(sign === 0x2b || sign === MINUS ? end + 2 : end + 1)
    }
    if (hasExponent || end - at > SAFE_NUMBER_LENGTH || (isNegative && startsWithZero)) this.#checkRange(at, end)
    return end
  }

  /** Passes over one digit or more. */
  #digits(at: number): number {
    const text = this.#text
    let end = at
    for (let code = text.charCodeAt(end); code >= 0x30 && code <= 0x39; code = text.charCodeAt(end)) end += 1
    if (end === at) throw this.#unexpected(at, 'a digit')
    return end
  }

  #checkRange(at: number, end: number): void {
    const value = Number(this.#text.slice(at, end))
    if (Number.isFinite(value) && !Object.is(value, -0)) return
    throw outOfRange(this.#text.slice(at, end), this.#offsetOf(at))
  }

  #literal(at: number): number {
    for (const word of ['true', 'false', 'null']) if (this.#text.startsWith(word, at)) return at + word.length
    throw this.#unexpected(at, 'a value')
  }

  #duplicate(at: number, end: number): SnapshotSyntaxError {
    return duplicateKey(keyOf(this.#text.slice(at, end)), this.#offsetOf(at))
  }

  #unexpected(at: number, expected: string): SnapshotSyntaxError {
    const found = at < this.#text.length ? `found ${quote(this.#text.slice(at, at + 20))}` : 'found the end of the text'
    const offset = this.#offsetOf(at)
    return new SnapshotSyntaxError(
      'SNAPSHOT_SYNTAX',
      `the document is not JSON: expected ${expected} at offset ${offset}, ${found}`,
      { details: { offset } },
    )
  }
}
