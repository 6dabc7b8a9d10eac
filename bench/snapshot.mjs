// The document beside JSON.stringify and JSON.parse of the same content, and its cost at n nodes beside that at 2n.
// Ratios only: both sides are measured in one process, in turns, and medians of the rounds are compared.
import { createWorkflow, DagExecutor, defaultCodec, deserialize, loadSnapshot, serialize } from 'waystone'
import { fitsSnapshotSchema } from '../dist/inside.js'

const ROUNDS = Number(process.env.ROUNDS ?? 7)
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

/** Milliseconds of each piece of work, the median over rounds in which they take turns. */
async function compare(works) {
  const times = works.map(() => [])
  for (let round = -1; round < ROUNDS; round += 1) {
    for (const [index, work] of works.entries()) {
      const begin = performance.now()
      await work()
      if (round >= 0) times[index].push(performance.now() - begin)
    }
  }
  return times.map(median)
}

const ms = (value) => `${value.toFixed(2).padStart(9)} ms`
const row = (name, took, limitMs, limit) =>
  console.log(`${name.padEnd(46)} ${ms(took)}   ${(limitMs / took).toFixed(2).padStart(6)} × ${limit}`)
/** As a multiple of the limit's time, where less is better. */
const share = (name, took, limitMs) =>
  console.log(`${name.padEnd(46)} ${ms(took)}   ${(took / limitMs).toFixed(2).padStart(6)} × its time`)

/** Limits for documents of more bytes than a reader takes by default. */
const limits = { maxBytes: Number.POSITIVE_INFINITY }
const unbounded = { limits: { maxStateBytes: null, maxSnapshotBytes: null } }

async function executed(upstreams, result) {
  const nodes = upstreams.map((_, index) => ({ id: `n${index}`, type: 'step' }))
  const edges = upstreams.flatMap((sources, index) =>
    sources.map((source) => ({ source: `n${source}`, target: `n${index}` })),
  )
  const handlers = { step: (_, { nodeId }) => result(Number(nodeId.slice(1))) }
  const flow = createWorkflow({ id: 'bench', version: '1.0.0', nodes, edges }, { handlers })
  const executor = new DagExecutor(flow, { concurrency: 10_000, ...unbounded })
  const { status } = await executor.execute()
  if (status !== 'completed') throw new Error(`the run ended ${status}`)
  return executor
}

const fan = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [0]))
const chain = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1]))

/** Plain rows, about 10 KB as JSON. */
const rows = (seed) => ({
  rows: Array.from({ length: 90 }, (_, index) => ({
    id: seed * 1000 + index,
    name: `customer ${seed}-${index}`,
    amount: index * 1.25 + seed,
    tags: ['new', 'europe'],
    note: 'paid by invoice, 30 days',
    open: index % 3 === 0,
  })),
})

console.log(`beside JSON of the same content (node ${process.version})`)
for (const [name, upstreams, result] of [
  ['1,000 nodes of 10 KB', fan(1_000), rows],
  ['10,000 small nodes', fan(10_000), (index) => index],
  ['100,000 small nodes', fan(100_000), (index) => index],
]) {
  const executor = await executed(upstreams, result)
  const text = serialize(executor.saveSnapshot(), { pretty: false })
  const document = JSON.parse(text)
  const bytes = new TextEncoder().encode(text)
  const pretty = serialize(executor.saveSnapshot())
  const [save, write, read, readBytes, readPretty, load, stringify, parse, parseBytes, parsePretty] = await compare([
    () => executor.saveSnapshot(),
    () => serialize(executor.saveSnapshot(), { pretty: false }),
    () => deserialize(text, { limits }),
    () => deserialize(bytes, { limits }),
    () => deserialize(pretty, { limits }),
    () => loadSnapshot(text, executor.workflow, { snapshotLimits: limits }),
    () => JSON.stringify(document),
    () => JSON.parse(text),
    () => JSON.parse(new TextDecoder().decode(bytes)),
    () => JSON.parse(pretty),
  ])
  console.log(`${name}, ${(text.length / 1e6).toFixed(1)} MB`)
  row('  save', save, stringify, 'JSON.stringify')
  row('  save and serialize', write, stringify, 'JSON.stringify')
  row('  deserialize', read, parse, 'JSON.parse')
  row('  deserialize bytes', readBytes, parseBytes, 'decode and JSON.parse')
  row('  deserialize pretty text', readPretty, parsePretty, 'JSON.parse')
  row('  deserialize and load', load, parse, 'JSON.parse')
}

console.log('a later save of a run of which 1 % has changed since the first, beside JSON.stringify of all values')
{
  const values = Array.from({ length: 1_000 }, (_, index) => rows(index))
  const executor = await executed(fan(1_000), (index) => values[index])
  // One in a hundred values is new, and is encoded as it is when its node completes.
  const changed = values.slice(0, 10)
  const [later, stringify] = await compare([
    () => {
      for (const value of changed) defaultCodec.encode(value)
      serialize(executor.saveSnapshot(), { pretty: false })
    },
    () => JSON.stringify(values),
  ])
  row('  a later save', later, stringify, 'JSON.stringify')
}

console.log('n nodes beside 2n, a chain; a ratio of 2 is linear')
let before = null
for (const size of [1_000, 2_000, 4_000, 8_000, 16_000]) {
  const executor = await executed(chain(size), (index) => ({ step: index, ok: true }))
  const text = serialize(executor.saveSnapshot())
  const [save, write, read] = await compare([
    () => executor.saveSnapshot(),
    () => serialize(executor.saveSnapshot()),
    () => loadSnapshot(deserialize(text), executor.workflow),
  ])
  const grown = before === null ? '' : `   × ${(write / before[0]).toFixed(2)} and × ${(read / before[1]).toFixed(2)}`
  console.log(
    `  ${String(size).padStart(6)} nodes: save ${ms(save)}, with serialize ${ms(write)}, deserialize and load ${ms(read)}${grown}`,
  )
  before = [write, read]
}

/** A finished run whose document is about 1 MB long; what `make` gives for so many nodes grows in proportion. */
async function megabyte(make, pretty) {
  const length = async (size) => serialize((await make(size)).saveSnapshot(), { pretty }).length
  const [few, many] = [await length(20), await length(100)]
  return make(Math.round(20 + ((1_000_000 - few) * 80) / (many - few)))
}

console.log('all checks of a document of 1 MB beside JSON.parse of its text; at most 3 × is the aim')
for (const [name, make, pretty] of [
  ['many small nodes, pretty', (size) => executed(fan(size), (index) => index), true],
  ['many small nodes, compact', (size) => executed(fan(size), (index) => index), false],
  ['large results, pretty', (size) => executed(fan(size), rows), true],
  ['large results, compact', (size) => executed(fan(size), rows), false],
]) {
  const executor = await megabyte(make, pretty)
  const text = serialize(executor.saveSnapshot(), { pretty })
  const document = JSON.parse(text)
  const [read, schema, parse] = await compare([
    () => deserialize(text),
    () => fitsSnapshotSchema(document),
    () => JSON.parse(text),
  ])
  const nodes = executor.workflow.definition.nodes.length
  console.log(`${name}: ${nodes} nodes, ${(text.length / 1e6).toFixed(2)} MB`)
  share('  JSON.parse', parse, parse)
  share('  deserialize: reading and all checks', read, parse)
  share('  all checks: what JSON.parse does not do', read - parse, parse)
  share('  the schema alone', schema, parse)
}
