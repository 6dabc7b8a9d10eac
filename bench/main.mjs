// Ratios of the engine, the document and the file store to the limit of each, measured in one process; medians of seven rounds.
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEngine, createWorkflow, DagExecutor, deserialize, loadSnapshot, serialize } from 'waystone'
import { fileStore } from 'waystone/store/file'

const ROUNDS = 7
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

const row = (name, ms, limitMs, limit) =>
  console.log(
    `${name.padEnd(44)} ${ms.toFixed(2).padStart(9)} ms   ${(limitMs / ms).toFixed(2).padStart(6)} of ${limit}`,
  )

/** Node i depends on up to three earlier ones, drawn by a fixed generator; its result is a checksum of theirs. */
function layered(size) {
  let seed = 42
  const draw = (limit) => {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0
    return seed % limit
  }
  return Array.from({ length: size }, (_, index) =>
    index < 100 ? [] : [...new Set([0, 0, 0].map(() => index - 1 - draw(100)))],
  )
}
const chain = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1]))
const fan = (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [0]))

const sum = (values) => values.reduce((total, value) => (total + value) % 1_000_003, 1)
const step = async (inputs) => sum(Object.values(inputs))

function workflowOf(upstreams) {
  const nodes = upstreams.map((_, index) => ({ id: `n${index}`, type: 'step' }))
  const edges = upstreams.flatMap((sources, index) =>
    sources.map((source) => ({ source: `n${source}`, target: `n${index}` })),
  )
  return createWorkflow({ id: 'bench', version: '1.0.0', nodes, edges }, { handlers: { step } })
}

async function promiseLoop(upstreams) {
  const results = []
  for (const sources of upstreams)
    results.push(Promise.all(sources.map((source) => results[source])).then(async (values) => sum(values)))
  return (await Promise.all(results)).at(-1)
}

console.log(`engine, no store, beside a hand-written promise loop (node ${process.version})`)
for (const [name, upstreams] of [
  ['chain of 1,000', chain(1_000)],
  ['fan of 1,000', fan(1_000)],
  ['layered DAG of 10,000', layered(10_000)],
]) {
  const flow = workflowOf(upstreams)
  const expected = await promiseLoop(upstreams)
  const run = async () => {
    const { results } = await new DagExecutor(flow, { concurrency: 10_000 }).execute()
    if (results[`n${upstreams.length - 1}`] !== expected) throw new Error('wrong checksum')
  }
  const [ours, loop] = await compare([run, () => promiseLoop(upstreams)])
  row(name, ours, loop, 'the promise loop')
}

console.log('document, beside JSON.stringify and JSON.parse of the same content')
for (const size of [1_000, 10_000, 100_000]) {
  const executor = new DagExecutor(workflowOf(fan(size)), { concurrency: 10_000 })
  await executor.execute()
  const limits = { maxSlots: 1_000_000 }
  const text = serialize(executor.saveSnapshot(), { pretty: false })
  const document = JSON.parse(text)
  const [save, write, read, load, stringify, parse] = await compare([
    () => executor.saveSnapshot(),
    () => serialize(executor.saveSnapshot(), { pretty: false }),
    () => deserialize(text, { limits }),
    () => loadSnapshot(text, executor.workflow, { snapshotLimits: limits }),
    () => JSON.stringify(document),
    () => JSON.parse(text),
  ])
  row(`save, ${size} nodes`, save, stringify, 'JSON.stringify')
  row(`save and serialize, ${size} nodes`, write, stringify, 'JSON.stringify')
  row(`deserialize, ${size} nodes`, read, parse, 'JSON.parse')
  row(`deserialize and load, ${size} nodes`, load, parse, 'JSON.parse')
}

console.log('file store, 1,000 steps in sequence, beside raw append and fdatasync')
const directory = mkdtempSync(join(tmpdir(), 'waystone-bench-'))
try {
  const flow = workflowOf(chain(1_000))
  const engine = createEngine({ store: fileStore(directory), workflows: [flow] })
  const durable = async () => {
    const { result } = await engine.start(flow)
    await result
  }
  const raw = () => {
    const file = openSync(join(directory, 'raw'), 'a')
    for (let at = 0; at < 1_000; at += 1) {
      writeSync(file, `${'x'.repeat(300)}\n`)
      fdatasyncSync(file)
    }
    closeSync(file)
  }
  const [ours, limit] = await compare([durable, raw])
  row('steps in sequence, sync', ours, limit, 'the raw loop')
} finally {
  rmSync(directory, { recursive: true, force: true })
}
