// Ratios of the value codec to JSON, structuredClone and v8.serialize over the same values, measured in one process.
// Usage: node bench/codec.mjs [part of a case's name]; CODEC=<module>[,<module>] measures other builds of base/values/codec.js.
import { isDeepStrictEqual } from 'node:util'
import { deserialize, serialize } from 'node:v8'
import { rowOf } from './suite/values.mjs'

const ROUNDS = 7
const only = process.argv[2] ?? ''
const modules = (process.env.CODEC ?? 'waystone').split(',')
const codecs = await Promise.all(
  modules.map(async (module) => ({
    name: modules.length === 1 ? 'codec' : `codec ${module.slice(-25)}`,
    codec: (await import(module.startsWith('/') ? `file://${module}` : module)).createCodec({
      limits: { maxMembers: Infinity, maxElements: Infinity },
    }),
  })),
)

/** The same numbers in every run: a linear congruential generator. */
function generator(seed) {
  let state = seed
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state % limit
  }
}

/** Rows until their JSON has about this many characters. */
function rowsOf(size) {
  const draw = generator(42)
  const rows = []
  for (let length = 0; length < size; ) {
    const row = rowOf(rows.length, draw)
    rows.push(row)
    length += JSON.stringify(row).length + 1
  }
  return rows
}

const smallObjects = () => rowsOf(10_000)
const withOneDate = (rows) => [...rows.slice(0, -1), { ...rows.at(-1), at: new Date(0) }]

/** Every twentieth row, one after the other, with a Date, a Map or a bigint. */
function withTags(rows) {
  const kinds = [() => new Date(1_700_000_000_000), (row) => new Map([[row.name, row.id]]), (row) => BigInt(row.id)]
  return rows.map((row, index) => (index % 20 === 0 ? { ...row, extra: kinds[(index / 20) % 3](row) } : row))
}

/** Numbers of a matrix and short strings in a list: containers without objects. */
function flatOf(size) {
  const draw = generator(7)
  return Array.from({ length: size / 12 }, (_, index) => (index % 2 === 0 ? draw(1e9) / 7 : `name ${draw(1e6)}`))
}

/** Every row twice: each second meeting is a reference. */
const shared = (rows) => rows.flatMap((row) => [row, { of: row }])

const cases = [
  ['10 KB of small objects, 100 times', smallObjects(), 100],
  ['1 MB plain JSON', rowsOf(1_000_000), 5],
  ['10 MB plain JSON', rowsOf(10_000_000), 1],
  ['10 MB plain JSON and one Date', withOneDate(rowsOf(10_000_000)), 1],
  ['10 MB, 5 % Dates, Maps, bigints', withTags(rowsOf(10_000_000)), 1],
  ['10 MB, rows shared', shared(rowsOf(10_000_000)), 1],
  ['10 MB of numbers and strings', flatOf(10_000_000), 1],
  ['5 MB Uint8Array', Uint8Array.from({ length: 5_000_000 }, (_, index) => index * 31), 1],
]

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Milliseconds of each piece of work, in rounds in which they take turns, every other round backwards. */
function compare(works, times) {
  const taken = works.map(() => [])
  for (let round = -2; round < ROUNDS; round += 1) {
    const order = [...works.entries()]
    for (const [index, { run }] of round % 2 === 0 ? order : order.reverse()) {
      globalThis.gc?.()
      const begin = performance.now()
      for (let time = 0; time < times; time += 1) run()
      if (round >= 0) taken[index].push((performance.now() - begin) / times)
    }
  }
  return taken
}

function print(direction, works, taken) {
  const base = median(taken[0])
  for (const [index, { name }] of works.entries()) {
    const ms = median(taken[index])
    const [low, high] = [Math.min(...taken[index]), Math.max(...taken[index])]
    const spread = `${low.toFixed(2)} to ${high.toFixed(2)}`
    const ratio = (ms / base).toFixed(2).padStart(7)
    console.log(
      `  ${direction.padEnd(7)}${name.padEnd(32)}${ms.toFixed(3).padStart(10)} ms  ${spread.padStart(20)}${ratio} x`,
    )
  }
}

/** What JSON can hold of a value, so that it has something to do beside a value it would throw at. */
function jsonOf(value) {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return JSON.parse(JSON.stringify(value, (_, each) => (typeof each === 'bigint' ? String(each) : each)))
}

console.log(`value codec, node ${process.version}, medians of ${ROUNDS} with lowest and highest; ratio to JSON`)
for (const [title, value, times] of cases.filter(([name]) => name.includes(only))) {
  for (const { codec } of codecs) {
    if (!isDeepStrictEqual(codec.decode(codec.encode(value)), value)) throw new Error(`${title} came back different`)
  }
  const json = jsonOf(value)
  const text = JSON.stringify(json)
  const bytes = serialize(value)
  const encoded = codecs[0].codec.encode(value)
  console.log(`${title}: ${(encoded.json.length / 1e6).toFixed(2)} MB of text`)
  const writing = [
    { name: 'JSON.stringify', run: () => JSON.stringify(json) },
    ...codecs.map(({ name, codec }) => ({ name, run: () => codec.encode(value) })),
    { name: 'v8.serialize', run: () => serialize(value) },
    { name: 'structuredClone', run: () => structuredClone(value) },
  ]
  const reading = [
    { name: 'JSON.parse', run: () => JSON.parse(text) },
    ...codecs.map(({ name, codec }) => ({ name, run: () => codec.decode(encoded) })),
    { name: 'v8.deserialize', run: () => deserialize(bytes) },
  ]
  print('write', writing, compare(writing, times))
  print('read', reading, compare(reading, times))
}
