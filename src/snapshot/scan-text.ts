import { quote, SnapshotSyntaxError } from '../base/errors.ts'
import { DOCUMENT_LEVELS, overLimit, type SnapshotLimits } from './limits.ts'

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
 * Passes over JSON text without building anything, holds it to the limits, and refuses keys and numbers that no document
 * has. White space is left out of the compact text. Iterative: no text can exhaust the stack.
 * Grammar is only followed as far as needed; JSON.parse comes after.
 */
export class TextScanner {
  readonly #text: string
  readonly #limits: SnapshotLimits
  readonly #kinds: Uint8Array
  readonly #keys: Uint32Array
  readonly #maxDepth: number
  readonly #kept: string[] = []
  #at = 0
  #depth = 0
  #keptFrom = 0
  #removed = 0
  #members = 0
  #elements = 0

  constructor(text: string, limits: SnapshotLimits) {
    this.#text = text
    this.#limits = limits
    this.#maxDepth = Math.min(limits.maxDepth + DOCUMENT_LEVELS, text.length)
    this.#kinds = new Uint8Array(this.#maxDepth + 2)
    this.#keys = new Uint32Array(this.#maxDepth + 2)
    this.#at = this.#space(0)
  }

  /** Members of all objects so far, as written: a key that stands twice counts twice. */
  get members(): number {
    return this.#members
  }

  /** Where the scanner stands, in the compact text. */
  get place(): number {
    return this.#at - this.#removed
  }

  /** Ends the scan, and gives the text without white space outside strings. */
  end(): string {
    this.#at = this.#space(this.#at)
    if (this.#at < this.#text.length) throw this.#unexpected(this.#at, 'the end of the document')
    if (this.#removed === 0) return this.#text
    this.#kept.push(this.#text.slice(this.#keptFrom))
    return this.#kept.join('')
  }

  /** Passes over a value and gives it as written. */
  token(): string {
    const start = this.#at
    this.value()
    return this.#text.slice(start, this.#at)
  }

  /** An object whose members are read by `each`; anything else is passed over. */
  object(each: (name: string, keyStart: number) => void): void {
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACE) return this.value()
    this.#open(OBJECT)
    this.#at = this.#space(this.#at + 1)
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACE) return this.#close()
    for (;;) {
      const keyStart = this.#at - this.#removed
      const from = this.#at
      const end = this.#key(from)
      const token = this.#text.slice(from, end)
      this.#at = this.#colon(end)
      each(this.#keyOf(token, from), keyStart)
      this.#at = this.#space(this.#at)
      const next = this.#text.charCodeAt(this.#at)
      if (next === CLOSE_BRACE) return this.#close()
      if (next !== COMMA) throw this.#unexpected(this.#at, 'a comma or the end of the object')
      this.#at = this.#space(this.#at + 1)
    }
  }

  /** An array whose elements are read by `each`; anything else is passed over. */
  array(each: (index: number) => void): void {
    if (this.#text.charCodeAt(this.#at) !== OPEN_BRACKET) return this.value()
    this.#open(ARRAY)
    this.#at = this.#space(this.#at + 1)
    if (this.#text.charCodeAt(this.#at) === CLOSE_BRACKET) return this.#close()
    for (let index = 0; ; index += 1) {
      this.#element()
      each(index)
      this.#at = this.#space(this.#at)
      const next = this.#text.charCodeAt(this.#at)
      if (next === CLOSE_BRACKET) return this.#close()
      if (next !== COMMA) throw this.#unexpected(this.#at, 'a comma or the end of the array')
      this.#at = this.#space(this.#at + 1)
    }
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
        at = this.#space(at + 1)
        if (text.charCodeAt(at) !== CLOSE_BRACE) {
          at = this.#colon(this.#key(at))
          continue
        }
        this.#depth -= 1
        at += 1
      } else if (first === OPEN_BRACKET) {
        this.#open(ARRAY)
        at = this.#space(at + 1)
        if (text.charCodeAt(at) !== CLOSE_BRACKET) {
          this.#element()
          continue
        }
        this.#depth -= 1
        at += 1
      } else if (first === MINUS || (first >= 0x30 && first <= 0x39)) {
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
        let next = text.charCodeAt(at)
        if (next <= 0x20) {
          at = this.#space(at)
          next = text.charCodeAt(at)
        }
        const inObject = this.#kinds[this.#depth] === OBJECT
        if (next === COMMA) {
          at += 1
          if (text.charCodeAt(at) <= 0x20) at = this.#space(at)
          if (inObject) at = this.#colon(this.#key(at))
          else this.#element()
          break
        }
        if (next !== (inObject ? CLOSE_BRACE : CLOSE_BRACKET)) {
          throw this.#unexpected(at, `a comma or the end of the ${inObject ? 'object' : 'array'}`)
        }
        this.#depth -= 1
        at += 1
      }
    }
  }

  #open(kind: number): void {
    this.#depth += 1
    if (this.#depth > this.#maxDepth) throw overLimit(this.#limits, 'maxDepth', this.#depth, 'levels')
    this.#kinds[this.#depth] = kind
    this.#keys[this.#depth] = 0
  }

  #close(): void {
    this.#depth -= 1
    this.#at += 1
  }

  #element(): void {
    this.#elements += 1
    if (this.#elements > this.#limits.maxElements)
      throw overLimit(this.#limits, 'maxElements', this.#elements, 'array elements')
  }

  /** Passes over white space, keeping what stood before it. */
  #space(at: number): number {
    const text = this.#text
    if (text.charCodeAt(at) > 0x20) return at
    let to = at
    for (;;) {
      const code = text.charCodeAt(to)
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) break
      to += 1
    }
    if (to > at) {
      this.#kept.push(text.slice(this.#keptFrom, at))
      this.#keptFrom = to
      this.#removed += to - at
    }
    return to
  }

  /** Passes over a key and counts it. */
  #key(at: number): number {
    if (this.#text.charCodeAt(at) !== QUOTE) throw this.#unexpected(at, 'a key')
    const end = this.#string(at)
    const length = end - at - 2
    if (length > this.#limits.maxKeyLength) throw overLimit(this.#limits, 'maxKeyLength', length, 'characters in a key')
    this.#members += 1
    if (this.#members > this.#limits.maxMembers) throw overLimit(this.#limits, 'maxMembers', this.#members, 'members')
    const keys = this.#keys[this.#depth]! + 1
    this.#keys[this.#depth] = keys
    if (keys > this.#limits.maxKeysPerObject)
      throw overLimit(this.#limits, 'maxKeysPerObject', keys, 'members in one object')
    if (length >= 9) this.#refuseForbidden(at, end)
    return end
  }

  /** No document has the key `__proto__`, however it is spelt. */
  #refuseForbidden(at: number, end: number): void {
    const first = this.#text.charCodeAt(at + 1)
    if (first !== 0x5f && first !== BACKSLASH) return
    if (end - at > 9 * 6 + 2 || this.#keyOf(this.#text.slice(at, end), at) !== '__proto__') return
    throw new SnapshotSyntaxError(
      'SNAPSHOT_FORBIDDEN_KEY',
      `the document has the key __proto__ at offset ${at}; no snapshot contains it, so this is not one Waystone wrote`,
      { details: { offset: at } },
    )
  }

  #keyOf(token: string, at: number): string {
    if (!token.includes('\\')) return token.slice(1, -1)
    try {
      return JSON.parse(token) as string
    } catch {
      throw this.#unexpected(at, 'a key')
    }
  }

  #colon(from: number): number {
    const at = this.#space(from)
    if (this.#text.charCodeAt(at) !== COLON) throw this.#unexpected(at, 'a colon')
    return this.#space(at + 1)
  }

  #string(at: number): number {
    const text = this.#text
    let end = at + 1
    for (;;) {
      const code = text.charCodeAt(end)
      if (code === QUOTE) break
      // Past the end the code is NaN, which is not above anything.
      if (!(code >= 0x20)) throw this.#unexpected(end, 'a character of a string')
      end += code === BACKSLASH ? 2 : 1
    }
    if (end - at - 1 > this.#limits.maxStringLength) {
      throw overLimit(this.#limits, 'maxStringLength', end - at - 1, 'characters in a string')
    }
    return end + 1
  }

  #number(at: number): number {
    const text = this.#text
    let end = at
    let exponent = false
    for (; ; end += 1) {
      const code = text.charCodeAt(end)
      if (code >= 0x30 && code <= 0x39) continue
      if (code === 0x65 || code === 0x45) exponent = true
      else if (code !== MINUS && code !== 0x2b && code !== 0x2e) break
    }
    const negative = text.charCodeAt(at) === MINUS
    if (exponent || end - at > SAFE_NUMBER_LENGTH || (negative && text.charCodeAt(at + 1) === 0x30)) {
      const value = Number(text.slice(at, end))
      if (!Number.isFinite(value) || Object.is(value, -0)) {
        if (Number.isNaN(value)) throw this.#unexpected(at, 'a number')
        throw new SnapshotSyntaxError(
          'SNAPSHOT_NON_FINITE',
          `the number ${quote(text.slice(at, end))} at offset ${at} is out of the range of a double, or is -0; such numbers have a tag`,
          { details: { offset: at } },
        )
      }
    }
    return end
  }

  #literal(at: number): number {
    for (const word of ['true', 'false', 'null']) if (this.#text.startsWith(word, at)) return at + word.length
    throw this.#unexpected(at, 'a value')
  }

  #unexpected(at: number, expected: string): SnapshotSyntaxError {
    const found = at < this.#text.length ? `found ${quote(this.#text.slice(at, at + 20))}` : 'found the end of the text'
    return new SnapshotSyntaxError(
      'SNAPSHOT_SYNTAX',
      `the document is not JSON: expected ${expected} at offset ${at}, ${found}`,
      {
        details: { offset: at },
      },
    )
  }
}
