import Table from 'cli-table3'

/** Stands between cells while columns of several blocks are brought together; no printable cell has it. */
const SEPARATOR = '\u0000'
const GAP = '  '
/** Rows laid out at once: the time the layout takes grows with the square of them. */
const BLOCK_ROWS = 100

const CHARS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: SEPARATOR,
} as const

/**
 * Rows as aligned columns under a head, without borders, ending in a line break. Linear in the rows.
 * @param head - words of one column a character
 * @param rows - cells as they are shown, printable already; each row as long as the head
 */
export function tableText(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const blocks: string[][][] = []
  for (let at = 0; at === 0 || at < rows.length; at += BLOCK_ROWS) {
    blocks.push(laidOut(head, rows.slice(at, at + BLOCK_ROWS)))
  }
  // A head is as many columns as characters, so the padded head of a block says how wide its columns are.
  const widthsOf = (block: string[][]) => block[0]!.map((cell) => cell.length)
  const widths = head.map((_, column) => blocks.reduce((most, block) => Math.max(most, widthsOf(block)[column]!), 0))
  const lines = blocks.flatMap((block, index) => {
    const missing = widthsOf(block).map((width, column) => ' '.repeat(widths[column]! - width))
    const padded = block.map((cells) =>
      cells
        .map((cell, column) => `${cell}${missing[column]}`)
        .join(GAP)
        .trimEnd(),
    )
    return index === 0 ? padded : padded.slice(1)
  })
  return `${lines.join('\n')}\n`
}

/** The head and some rows, each as its cells, padded to the width their columns need here. */
function laidOut(head: readonly string[], rows: readonly (readonly string[])[]): string[][] {
  const table = new Table({
    head: [...head],
    chars: CHARS,
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  })
  for (const row of rows) table.push([...row])
  return table
    .toString()
    .split('\n')
    .map((line) => line.split(SEPARATOR))
}
