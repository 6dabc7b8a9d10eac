/** Control characters, line separators and marks that turn the direction of text: what could rewrite a terminal's screen. */
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\p{Cs}]/gu

/** Text that came from outside as one line for a terminal: what could move the cursor or turn the text stands as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf)
}

/** Like {@link printable}, with line breaks and tabs kept. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : escapeOf(char)))
}

/** One line, printable, and no longer than so many characters. */
export function shorten(text: string, length: number): string {
  const shown = printable(text)
  const chars = [...shown]
  return chars.length > length ? `${chars.slice(0, length - 1).join('')}…` : shown
}

/** A name for a place where nothing would be overlooked: like {@link shorten}, an empty one as `""`. */
export function nameText(name: string, length: number): string {
  return name === '' ? '""' : shorten(name, length)
}

function escapeOf(char: string): string {
  if (char === '\n') return '\\n'
  if (char === '\t') return '\\t'
  if (char === '\r') return '\\r'
  return `\\u{${char.codePointAt(0)!.toString(16)}}`
}
