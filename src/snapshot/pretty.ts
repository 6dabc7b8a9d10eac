/** Characters gathered before they are joined; long ropes of pieces are slow. */
const FLUSH_PIECES = 8192

/** A text that was not made, since it would be longer than allowed. */
export interface TooLong {
  /** Characters it would have. */
  readonly length: number
}

/**
 * A compact JSON text with two spaces a level, as JSON.stringify would indent it.
 * Works on the text, since a parsed object would lose the order of keys such as `"10"`.
 * @param maxLength - most characters: white space of deep values may be many times their text, more than memory holds
 */
export function prettyText(compact: string): string
export function prettyText(compact: string, maxLength: number): string | TooLong
export function prettyText(compact: string, maxLength = Number.POSITIVE_INFINITY): string | TooLong {
  const chunks: string[] = []
  let pieces: string[] = []
  let depth = 0
  let length = 0
  let from = 0
  let at = 0
  const put = (piece: string): void => {
    length += piece.length
    if (length > maxLength) return
    pieces.push(piece)
    if (pieces.length < FLUSH_PIECES) return
    chunks.push(pieces.join(''))
    pieces = []
  }
  while (at < compact.length) {
    switch (compact.charCodeAt(at)) {
      case 0x22:
        at = endOfString(compact, at)
        continue
      case 0x7b:
      case 0x5b: {
        const next = compact.charCodeAt(at + 1)
        if (next === 0x7d || next === 0x5d) {
          at += 2
          continue
        }
        depth += 1
        put(compact.slice(from, at + 1) + lineBreak(depth))
        break
      }
      case 0x7d:
      case 0x5d:
        depth -= 1
        put(compact.slice(from, at) + lineBreak(depth))
        from = at
        at += 1
        continue
      case 0x2c:
        put(compact.slice(from, at + 1) + lineBreak(depth))
        break
      case 0x3a:
        put(`${compact.slice(from, at)}: `)
        break
      default:
        at += 1
        continue
    }
    at += 1
    from = at
  }
  put(compact.slice(from))
  if (length > maxLength) return { length }
  chunks.push(pieces.join(''))
  return chunks.join('')
}

const breaks: string[] = []

function lineBreak(depth: number): string {
  breaks[depth] ??= `\n${'  '.repeat(depth)}`
  return breaks[depth]
}

function endOfString(text: string, at: number): number {
  let end = at + 1
  for (;;) {
    const code = text.charCodeAt(end)
    if (code === 0x22) return end + 1
    end += code === 0x5c ? 2 : 1
  }
}
