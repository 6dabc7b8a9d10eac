/** Whether a character code is that of a decimal digit. */
export function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39
}

/** Whether a character code is that of a hexadecimal digit, in either case. */
export function isHexDigit(code: number): boolean {
  const letter = code | 0x20
  return isDigit(code) || (letter >= 0x61 && letter <= 0x66)
}
