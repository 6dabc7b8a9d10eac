/** Characters gathered before they are joined; long ropes of pieces are slow. */
const FLUSH_PIECES = 8192

/**
 * A compact JSON text with two spaces a level, as JSON.stringify would indent it.
 * Works on the text, since a parsed object would lose the order of keys such as `"10"`.
 */
export function prettyText(compact: string): string {
  const chunks: string[] = []
  let pieces: string[] = []
  let depth = 0
  let from = 0
  let at = 0
  const put = (piece: string): void => {
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
