/** One below 2^32-1, the largest length of an array. */
const MAX_INDEX = 4_294_967_294
const INDEX = /^(?:0|[1-9]\d{0,9})$/

/** Whether a key names an element rather than a property of an array. */
export function isArrayIndex(key: string): boolean {
  return INDEX.test(key) && Number(key) <= MAX_INDEX
}

/**
 * Whether the own enumerable keys of an array are exactly its elements: no hole, no property beside them.
 * Elements come first and in order, so as many keys as the length with the last index in last place leaves no other choice.
 */
export function isIntrinsicArrayKeys(keys: readonly string[], length: number): boolean {
  return keys.length === length && (length === 0 || keys[length - 1] === String(length - 1))
}
