const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether a character is white space of JSON. */
export function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
}

/**
 * A text without the white space outside its strings.
 * One space is left where two tokens would become one, so that a text that is no JSON does not become some.
 * @param text - well-formed
 */
export function withoutWhiteSpace(text: string): string {
  // Bytes can be moved in place; pieces of a text would have to be cut and joined by the million.
  const bytes = new TextEncoder().encode(text)
  const { length } = bytes
  let to = 0
  let at = 0
  while (at < length) {
    const byte = bytes[at]!
    if (byte === QUOTE) {
      bytes[to++] = byte
      at += 1
      while (at < length && bytes[at] !== QUOTE) {
        if (bytes[at] === BACKSLASH) bytes[to++] = bytes[at++]!
        if (at < length) bytes[to++] = bytes[at++]!
      }
      if (at < length) bytes[to++] = bytes[at++]!
    } else if (!isSpace(byte)) {
      bytes[to++] = byte
      at += 1
    } else {
      while (at < length && isSpace(bytes[at]!)) at += 1
      if (to > 0 && at < length && !isBoundary(bytes[to - 1]!) && !isBoundary(bytes[at]!)) bytes[to++] = 0x20
    }
  }
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, to))
}

/** Where a character of the compact text stands in the text it was made from; only used to say where something is wrong. */
export function originalOffset(text: string, compactOffset: number): number {
  let left = compactOffset
  let at = 0
  let isInString = false
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at)
    if (!isInString && isSpace(code)) continue
    if (left === 0) break
    left -= 1
    if (isInString && code === BACKSLASH && left > 0) {
      left -= 1
      at += 1
    } else if (code === QUOTE) isInString = !isInString
  }
  return at
}

/** Whether a byte ends what stands before it and begins something new. */
function isBoundary(byte: number): boolean {
  switch (byte) {
    case QUOTE:
    case 0x2c:
    case 0x3a:
    case 0x5b:
    case 0x5d:
    case 0x7b:
    case 0x7d:
      return true
    default:
      return false
  }
}
