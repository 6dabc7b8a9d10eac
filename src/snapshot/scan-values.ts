import type { ExpectedNames } from './expected-names.ts'
import { type Utf16Text, unescapeName, utf16Text } from './json-text.ts'
import { checkValueCount, type SnapshotLimits } from './limits.ts'
import type { TextScanner } from './scan-text.ts'

/** Values of this many characters and more are left out of the envelope: to build them costs more than to cut them out. */
const MIN_CUT_LENGTH = 256

const COMMA = 0x2c

/** Characters a plain key has around its name: two quotes and a colon. */
export const KEY_SIGNS = 3

/** A stretch of the compact text, from `start` up to but without `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The stretch of a named value. */
export interface NamedSpan extends Span {
  readonly name: string
}

/** Finds the user's values in a text that is scanned, counts them, and makes the envelope: the text without most of them. */
export class ValueScanner {
  /** How many values there were so far. */
  count = 0
  /** Maps of values in which the tag does not stand first. */
  readonly misplacedTags: string[] = []
  readonly #text: string
  readonly #scanner: TextScanner
  readonly #limits: SnapshotLimits
  /** Pieces of the envelope so far, and where the next begins. */
  readonly #envelope: string[] = []
  #envelopeFrom = 0

  constructor(text: string, scanner: TextScanner, limits: SnapshotLimits) {
    this.#text = text
    this.#scanner = scanner
    this.#limits = limits
  }

  /** The envelope, once all of the text is scanned. */
  envelope(): string {
    return `${this.#envelope.join('')}${this.#text.slice(this.#envelopeFrom)}`
  }

  /** Passes over one value. */
  slot(name: string): NamedSpan {
    this.count += 1
    checkValueCount(this.count, this.#limits)
    const start = this.#scanner.place
    this.#scanner.usersValue()
    const end = this.#scanner.place
    if (end - start >= MIN_CUT_LENGTH) this.cut(start, end, 'null')
    return { name, start, end }
  }

  /** Leaves a stretch of the text out of the envelope, which has something else there. */
  cut(start: number, end: number, replacement: string): void {
    this.#envelope.push(this.#text.slice(this.#envelopeFrom, start), replacement)
    this.#envelopeFrom = end
  }

  /** A map of nothing but values: what is known of it stands in `spans`, so the envelope needs none of it in plain form. */
  values(path: string, spans: NamedSpan[], expected: ExpectedNames | null = null): void {
    const pieces = this.#envelope.length
    const from = this.#envelopeFrom
    const start = this.#scanner.place
    const each = (name: string, isPlain: boolean) => {
      spans.push(this.slot(name))
      if (isPlain && expected !== null) this.#more(spans, expected)
    }
    const isPlain = this.eachNamed(each, path, expected)
    if (isPlain && spans.length > 0) this.#cutWhole(pieces, from, start, '{}')
  }

  /** The values that follow one, for as long as they come as expected: a loop of its own takes half the time (bench/resume-once.mjs). */
  #more(spans: NamedSpan[], expected: ExpectedNames): void {
    const text = this.#text
    for (;;) {
      const at = this.#scanner.place
      const name = text.charCodeAt(at) === COMMA ? expected.peek(text, at + 1) : null
      if (name === null) return
      expected.accept()
      this.#scanner.skipMember(at + 1 + name.length + KEY_SIGNS)
      spans.push(this.slot(name))
    }
  }

  /** A list of nothing but values, of which the envelope needs none. */
  list(spans: Span[]): void {
    const pieces = this.#envelope.length
    const from = this.#envelopeFrom
    const start = this.#scanner.place
    this.#scanner.array(() => spans.push(this.slot('')))
    if (spans.length > 0) this.#cutWhole(pieces, from, start, '[]')
  }

  /** Leaves out all from a place on, and takes back what was left out within it. */
  #cutWhole(pieces: number, from: number, start: number, replacement: string): void {
    this.#envelope.length = pieces
    this.#envelopeFrom = from
    this.cut(start, this.#scanner.place, replacement)
  }

  /**
   * A map of names chosen by users, plain or as entries under the Object tag; `each` reads the value, and is told which.
   * @returns whether it is a plain object
   */
  eachNamed(
    each: (name: string, isPlain: boolean) => void,
    path: string,
    expected: ExpectedNames | null = null,
  ): boolean {
    let first = true
    let tagged = false
    let members = false
    this.#scanner.object((name) => {
      if (name === '#type' && first) tagged = true
      else if (name === '#type') this.misplacedTags.push(path)
      first = false
      members = true
      if (!tagged) each(unescapeName(name), true)
      else if (name === 'entries') this.#scanner.array(() => this.#entry(each))
      else this.#scanner.value()
    }, expected)
    return members && !tagged
  }

  #entry(each: (name: string, isPlain: boolean) => void): void {
    let name = ''
    this.#scanner.array((index) => {
      if (index === 1) return each(name, false)
      const token = this.#scanner.token()
      if (index === 0) name = nameOf(token)
    })
  }
}

/** The name an entry's first element gives; what is none is left to the schema. */
function nameOf(token: string): string {
  try {
    const name = JSON.parse(token) as string | Utf16Text
    return typeof name === 'string' ? name : utf16Text(name.utf16)
  } catch {
    return ''
  }
}
