// Values the workloads save and load: the same in every process.
import { generator } from './graphs.mjs'

const WORDS = ['order', 'Zürich', 'pending', 'a longer piece of text without anything odd in it', 'x', 'customer-0042']
const ESCAPED = ['line one\nline two', 'she said "no"', 'C:\\data\\in', 'tab\there']
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_'

/** A row of mixed fields, about 330 characters of JSON, one text in five with escapes. */
export function rowOf(index, draw) {
  return {
    id: index,
    name: `${WORDS[draw(WORDS.length)]} ${index}`,
    note: draw(5) < 2 ? ESCAPED[draw(ESCAPED.length)] : WORDS[draw(WORDS.length)],
    price: draw(1_000_000) / 100,
    active: draw(2) === 0,
    parent: draw(3) === 0 ? null : draw(1_000_000),
    tags: [WORDS[draw(WORDS.length)], ESCAPED[draw(ESCAPED.length)], WORDS[draw(WORDS.length)]],
    address: { street: `${draw(200)} Main Street`, geo: { lat: draw(180_000) / 1000, lon: draw(360_000) / 1000 } },
    history: [{ at: 1_700_000_000_000 + index, by: 'system' }],
  }
}

/** Rows of plain JSON until their text has about this many characters. */
export function plainRows(characters, seed = 42) {
  const draw = generator(seed)
  const rows = []
  for (let length = 0; length < characters; ) {
    const row = rowOf(rows.length, draw)
    rows.push(row)
    length += JSON.stringify(row).length + 1
  }
  return rows
}

/** The same, every twentieth row with a Date, a Map or a bigint, in turn. */
export function mixedRows(characters) {
  const kinds = [() => new Date(1_700_000_000_000), (row) => new Map([[row.name, row.id]]), (row) => BigInt(row.id)]
  return plainRows(characters).map((row, index) =>
    index % 20 === 0 ? { ...row, extra: kinds[(index / 20) % 3](row) } : row,
  )
}

/** Bytes in which nothing repeats soon. */
export function bytesOf(size) {
  const draw = generator(3)
  return Uint8Array.from({ length: size }, () => draw(256))
}

/** Text of a number of ASCII characters that does not compress to next to nothing. */
export function textOf(size, seed = 5) {
  const draw = generator(seed)
  let text = ''
  for (let length = 0; length < size; length += 1) text += LETTERS[draw(LETTERS.length)]
  return text
}
