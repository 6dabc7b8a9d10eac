/** Whether somebody has put a `toJSON` on a prototype all JSON shares; native JSON.stringify would call it. */
export function hasToJson(): boolean {
  return (
    'toJSON' in Array.prototype ||
    'toJSON' in String.prototype ||
    'toJSON' in Number.prototype ||
    'toJSON' in Boolean.prototype
  )
}

/** A printable ASCII character spelled with an escape, which may hide a marker. */
const SPELLED_OUT = /\\u00[2-7]/

/**
 * Whether JSON.parse of this text is the value itself: no tag, no escaped key, no `__proto__`, nor any of them spelled with
 * escapes of printable characters.
 */
export function isPlainText(text: string): boolean {
  return !text.includes('#type"') && !text.includes('__proto__') && !isSpelledOut(text)
}

/** Whether a tag of this text may be a reference; a string `"ref"` of the user's is a false alarm that costs a search. */
export function mayHaveReference(text: string): boolean {
  return text.includes('"ref"') || isSpelledOut(text)
}

/** Searched for as text first: the expression alone takes a tenth of the time that reading does (bench/codec.mjs, "5 %"). */
function isSpelledOut(text: string): boolean {
  return text.includes('\\u00') && SPELLED_OUT.test(text)
}

/** Whether a number stands as itself: finite and not -0. */
export function isPlainNumber(number: number): boolean {
  // x - x is 0 for finite numbers alone; 1 / -0 is negative
  return number - number === 0 && (number !== 0 || 1 / number > 0)
}
