import { type Utf16Text, unescapeName, utf16Text } from './json-text.ts'
import { overLimit, type SnapshotLimits } from './limits.ts'
import { TextScanner } from './scan-text.ts'

/** A stretch of the compact text, from `start` up to but without `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

/** The stretch of a named value. */
export interface NamedSpan extends Span {
  readonly name: string
}

/** Where in the compact text the user's values stand, in document order, and the parts that are cut out as text. */
export interface SlotSpans {
  input: Span | null
  readonly results: NamedSpan[]
  readonly variables: NamedSpan[]
  readonly contextVariables: NamedSpan[]
  readonly contextConstants: NamedSpan[]
  /** Of the values of cache entries. */
  readonly cache: NamedSpan[]
  readonly accumulators: { readonly name: string; readonly items: Span[] }[]
  /** Of the payloads of signals. */
  readonly signals: Span[]
  workflow: Span | null
  /** From the key's quote to the value's end. */
  integrity: Span | null
}

/** What a first look at a text gives, before anything is built from it. */
export interface ScannedText {
  /** The text without white space outside strings. */
  readonly compact: string
  /** Members of all objects, as written: a key that stands twice counts twice. */
  readonly members: number
  readonly slots: SlotSpans
}

/**
 * Reads the text of a document once, without building anything: holds it to the limits, refuses keys and numbers that
 * no document has, and finds the user's values in it. Grammar is only followed as far as needed; JSON.parse comes after.
 * Iterative: no text can exhaust the stack.
 * @throws {SnapshotSyntaxError} SNAPSHOT_SYNTAX, SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE with `details.offset`
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT
 */
export function scanDocument(text: string, limits: SnapshotLimits): ScannedText {
  return new DocumentScanner(text, limits).document()
}

class DocumentScanner {
  readonly #scanner: TextScanner
  readonly #limits: SnapshotLimits
  readonly #slots: SlotSpans = {
    input: null,
    results: [],
    variables: [],
    contextVariables: [],
    contextConstants: [],
    cache: [],
    accumulators: [],
    signals: [],
    workflow: null,
    integrity: null,
  }
  #slotCount = 0

  constructor(text: string, limits: SnapshotLimits) {
    this.#scanner = new TextScanner(text, limits)
    this.#limits = limits
  }

  document(): ScannedText {
    this.#scanner.object((name, keyStart) => this.#section(name, keyStart))
    return { compact: this.#scanner.end(), members: this.#scanner.members, slots: this.#slots }
  }

  #section(name: string, keyStart: number): void {
    const slots = this.#slots
    switch (name) {
      case 'results':
        return this.#map((key) => slots.results.push(this.#slot(key)))
      case 'variables':
        return this.#map((key) => slots.variables.push(this.#slot(key)))
      case 'cache':
        return this.#map((key) =>
          this.#scanner.object((member) => {
            if (member === 'value') slots.cache.push(this.#slot(key))
            else this.#scanner.value()
          }),
        )
      case 'accumulators':
        return this.#map((key) => {
          const items: Span[] = []
          this.#scanner.object((member) => {
            if (member === 'items') this.#scanner.array(() => items.push(this.#slot('')))
            else this.#scanner.value()
          })
          slots.accumulators.push({ name: key, items })
        })
      case 'context':
        return this.#scanner.object((member) => {
          if (member === 'variables') this.#map((key) => slots.contextVariables.push(this.#slot(key)))
          else if (member === 'constants') this.#map((key) => slots.contextConstants.push(this.#slot(key)))
          else this.#scanner.value()
        })
      case 'signals':
        return this.#scanner.array(() =>
          this.#scanner.object((member) => {
            if (member === 'payload') slots.signals.push(this.#slot(''))
            else this.#scanner.value()
          }),
        )
      case 'run':
        return this.#scanner.object((member) => {
          if (member === 'input') slots.input = this.#slot('')
          else this.#scanner.value()
        })
      case 'workflow':
        slots.workflow = this.#slot('')
        return
      case 'integrity':
        this.#scanner.value()
        slots.integrity = { start: keyStart, end: this.#scanner.place }
        return
      default:
        return this.#scanner.value()
    }
  }

  #slot(name: string): NamedSpan {
    this.#slotCount += 1
    if (this.#slotCount > this.#limits.maxSlots) throw overLimit(this.#limits, 'maxSlots', this.#slotCount, 'values')
    const start = this.#scanner.place
    this.#scanner.value()
    return { name, start, end: this.#scanner.place }
  }

  /** A map of names chosen by users, plain or as entries under the Object tag; `each` reads the value. */
  #map(each: (name: string) => void): void {
    let first = true
    let tagged = false
    this.#scanner.object((name) => {
      if (first && name === '#type') tagged = true
      first = false
      if (!tagged) each(unescapeName(name))
      else if (name === 'entries') this.#scanner.array(() => this.#entry(each))
      else this.#scanner.value()
    })
  }

  #entry(each: (name: string) => void): void {
    let name = ''
    this.#scanner.array((index) => {
      if (index === 1) return each(name)
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
