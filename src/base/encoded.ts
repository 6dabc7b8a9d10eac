/**
 * A user's value at rest: how every result, state entry and payload stands in state and events.
 *
 * JSON primitives stand as they are; everything else stands as its compact JSON text, written once, when the value
 * enters the run. Text can't be changed through a reference, costs nothing to share, and is joined, not walked again,
 * when a snapshot or an event is written.
 *
 * Shape: `42` · `"text"` · `null` · `{ json: '{"rows":[1,2]}' }` · `{ json: '{"#type":"undefined"}' }`
 */
export type Encoded = null | boolean | number | string | EncodedText

/** A value kept as its compact JSON text (tags of the codec inside). */
export interface EncodedText {
  readonly json: string
}

/** The encoding of `undefined`, shared because most handlers without a result give it. */
export const ENCODED_UNDEFINED: EncodedText = Object.freeze({ json: '{"#type":"undefined"}' })

/** The compact JSON text of an encoded value. */
export function encodedText(encoded: Encoded): string {
  return typeof encoded === 'object' && encoded !== null ? encoded.json : JSON.stringify(encoded)
}

/** The encoded value whose compact JSON text this is; the inverse of {@link encodedText}. */
export function encodedFromText(json: string): Encoded {
  const first = json.charCodeAt(0)
  return first === 0x7b || first === 0x5b ? { json } : (JSON.parse(json) as Encoded)
}

/** Whether two encoded values are the same value: equal values have equal texts. */
export function isSameEncoded(a: Encoded, b: Encoded): boolean {
  return typeof a === 'object' && a !== null && typeof b === 'object' && b !== null ? a.json === b.json : a === b
}

/** How much an encoded value counts against a limit, in characters of JSON text. */
export function encodedSize(encoded: Encoded): number {
  if (typeof encoded === 'object' && encoded !== null) return encoded.json.length
  if (typeof encoded === 'string') return encoded.length + 2
  return 8
}

/** What stands for a result that was over its limit and dropped; a node that needs it can't run. */
export function truncatedMarker(sizeBytes: number, maxBytes: number): EncodedText {
  return { json: `{"#type":"truncated","sizeBytes":${sizeBytes},"maxBytes":${maxBytes}}` }
}

/** Whether an encoded value is the marker of a dropped result. */
export function isTruncated(encoded: Encoded): boolean {
  return typeof encoded === 'object' && encoded !== null && encoded.json.startsWith('{"#type":"truncated",')
}

/** Where a value is that is kept outside, by the digest of its text. */
export interface BlobReference {
  /** Shape: `sha256:` and 64 lower-case hexadecimal digits, over the UTF-8 of the value's compact JSON text. */
  readonly digest: string
  /** Characters of JSON text. */
  readonly sizeBytes: number
}

const BLOB = /^\{"#type":"blob","digest":"(sha256:[0-9a-f]{64})","sizeBytes":(\d{1,15})\}$/

/** What stands for a value that is kept outside. */
export function blobMarker({ digest, sizeBytes }: BlobReference): EncodedText {
  return { json: `{"#type":"blob","digest":"${digest}","sizeBytes":${sizeBytes}}` }
}

/** Where an encoded value is kept outside; null for a value that stands here. */
export function blobOf(encoded: Encoded): BlobReference | null {
  if (typeof encoded !== 'object' || encoded === null || !encoded.json.startsWith('{"#type":"blob",')) return null
  const match = BLOB.exec(encoded.json)
  return match === null ? null : { digest: match[1]!, sizeBytes: Number(match[2]) }
}
