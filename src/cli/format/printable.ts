/**
 * Control characters, line separators, marks that turn the direction of text and other signs nobody sees: what could rewrite a
 * terminal's screen, or make one name look like another. The joiners that scripts and pictures need are no such signs.
 */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

/** Text that came from outside as one line for a terminal: what could move the cursor or turn the text stands as `\u{…}`. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf)
}

/** Like {@link printable}, with line breaks and tabs kept. */
export function printableLines(text: string): string {
  return text.replace(UNPRINTABLE, (char) => (char === '\n' || char === '\t' ? char : escapeOf(char)))
}

/** JSON text with the same signs as escapes of JSON, so that it says the same; line breaks between its parts are kept. */
export function printableJson(text: string): string {
  return text.replace(UNPRINTABLE, (char) =>
    /\s/.test(char) && char < '\u0080' ? char : [...unitsOf(char)].map((unit) => `\\u${unit}`).join(''),
  )
}

function* unitsOf(char: string): Generator<string> {
  for (let at = 0; at < char.length; at += 1) yield char.charCodeAt(at).toString(16).padStart(4, '0')
}

/** One line, printable, and no longer than so many characters. */
export function shorten(text: string, length: number): string {
  // Two units hold any character, so this cuts nothing that would be shown, and a huge text is not gone through.
  const chars = [...printable(text.slice(0, 2 * length + 2))]
  return chars.length > length ? `${chars.slice(0, length - 1).join('')}…` : chars.join('')
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
