/** Signs that stand on the one before them, and signs that join two. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\u200b-\u200d]$/u
/** Signs that take two columns: East Asian wide and full-width forms, and pictures. An approximation of UAX #11. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]$|^\p{Emoji_Presentation}$/u

/**
 * One printable line that takes at most so many columns of a terminal; what is cut off stands as `…`.
 * @param columns - 1 or more
 */
export function fitLine(line: string, columns: number): string {
  let width = 0
  let offset = 0
  /** How much can stay with the sign for the rest after it. */
  let kept = 0
  for (const char of line) {
    width += widthOf(char)
    if (width > columns) return `${line.slice(0, kept)}…`
    offset += char.length
    if (width < columns) kept = offset
  }
  return line
}

/** How many columns a printable line takes. */
export function lineWidth(line: string): number {
  let width = 0
  for (const char of line) width += widthOf(char)
  return width
}

/** A line filled up with blanks to so many columns, or cut to them. */
export function padLine(line: string, columns: number): string {
  const fitted = fitLine(line, columns)
  return `${fitted}${' '.repeat(Math.max(0, columns - lineWidth(fitted)))}`
}

function widthOf(char: string): number {
  if (ZERO_WIDTH.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}
