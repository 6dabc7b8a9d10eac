import { type Encoded, encodedText } from '../base/encoded.ts'

/** From this many characters on, a value that stands in the results already is not written again. */
const MIN_SHARED_LENGTH = 256

/** Above this length engines hash a text by its length alone, so a key of samples is used instead of the text. */
const MAX_HASHED_LENGTH = 8192

/**
 * Texts of the user's values, each written once: a value equal to an earlier result refers to that.
 * A value passed through five nodes so costs its size once.
 */
export class SlotTexts {
  /** Results by a key of their text; those with one key are told apart by comparison. */
  readonly #results = new Map<string, { readonly text: string; readonly reference: string }[]>()

  /** The text of a result, which later values may refer to. */
  result(nodeId: string, encoded: Encoded): string {
    const text = encodedText(encoded)
    if (text.length < MIN_SHARED_LENGTH) return text
    const key = keyOf(text)
    const known = this.#results.get(key)
    const earlier = known?.find((result) => result.text === text)
    if (earlier !== undefined) return earlier.reference
    const result = { text, reference: slotReference(nodeId) }
    if (result.reference.length < text.length) {
      if (known === undefined) this.#results.set(key, [result])
      else known.push(result)
    }
    return text
  }

  /** The text of any other value. */
  value(encoded: Encoded): string {
    const text = encodedText(encoded)
    if (text.length < MIN_SHARED_LENGTH || this.#results.size === 0) return text
    return this.#results.get(keyOf(text))?.find((result) => result.text === text)?.reference ?? text
  }
}

/** What stands for a value that is equal to the result of a node. */
export function slotReference(nodeId: string): string {
  return `{"#type":"slot","id":${JSON.stringify(nodeId)}}`
}

/** The node a slot's text refers to, or null when it is a value of its own. */
export function referencedSlot(text: string): string | null {
  if (!text.startsWith('{"#type":"slot",')) return null
  const { id, ...rest } = JSON.parse(text) as { readonly id?: unknown; readonly '#type': string }
  return typeof id === 'string' && Object.keys(rest).length === 1 ? id : null
}

function keyOf(text: string): string {
  if (text.length <= MAX_HASHED_LENGTH) return text
  const middle = text.length >>> 1
  return `${text.length}:${text.slice(0, 128)}${text.slice(middle, middle + 128)}${text.slice(-128)}`
}
