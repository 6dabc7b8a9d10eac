// Writing and reading the document of a run, beside JSON of the same content.
import { gzipSync } from 'node:zlib'
import { DagExecutor, deserialize, loadSnapshot, serialize } from 'waystone'
import { fitsSnapshotSchema } from '../../dist/inside.js'
import { step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'
import { plainRows } from '../suite/values.mjs'

const limits = { maxSlots: 1_000_000, maxMembers: 100_000_000, maxElements: 100_000_000 }

/** A workflow of the size: trivial nodes, or nodes that each return rows of plain JSON, `characters` in all. */
function flowOf({ size, characters }, gate = null) {
  const rows =
    characters === undefined ? null : Array.from({ length: size }, (_, index) => plainRows(characters / size, index))
  return workflowOf(upstreamsOf('fan', size), async (inputs, ctx) => {
    if (gate?.holds(ctx.nodeId)) await gate.open
    return rows === null ? step(Object.values(inputs)) : { rows: rows[Number(ctx.nodeId.slice(1))] }
  })
}

async function finished(parameters) {
  const executor = new DagExecutor(flowOf(parameters), { concurrency: 10_000 })
  const { status } = await executor.execute()
  if (status !== 'completed') throw new Error(`the run is ${status}`)
  return executor
}

const write = (executor) => serialize(executor.saveSnapshot(), { pretty: false })

/** A subject over a finished run: `prepare` gives what is timed and the number it must give. */
const subject = (name, kind, prepare) => ({
  name,
  kind,
  async measure(parameters, settings) {
    const executor = await finished(parameters)
    const text = write(executor)
    const { run, expected } = prepare({ executor, text, size: parameters.size })
    const { samples, facts } = await timed(run, expected, settings)
    const bytes = Buffer.byteLength(text)
    return { metrics: { ms: samples }, facts: { ...facts, bytes, gzipBytes: gzipSync(text).length } }
  },
})

/** The second of two saves, between which the last hundredth of the nodes ended; each sample is a run of its own. */
const secondSave = {
  name: 'save and serialize again, 1 % changed',
  kind: 'ours',
  async measure(parameters, { rounds, minimum, capMs }) {
    const { size } = parameters
    const start = performance.now()
    const samples = []
    for (let round = -1; round < rounds; round += 1) {
      if (round >= minimum && performance.now() - start > capMs / 2) break
      const gate = {}
      gate.open = new Promise((resolve) => {
        gate.let = resolve
      })
      const from = size - Math.ceil(size / 100)
      gate.holds = (id) => Number(id.slice(1)) >= from
      const executor = new DagExecutor(flowOf(parameters, gate), { concurrency: 10_000 })
      let completed = 0
      const mostDone = new Promise((resolve) => {
        executor.on('node.completed', () => {
          completed += 1
          if (completed === from) resolve()
        })
      })
      const running = executor.execute()
      await mostDone
      const first = write(executor)
      gate.let()
      await running
      const begin = performance.now()
      const second = write(executor)
      if (round >= 0) samples.push(performance.now() - begin)
      if (second.length <= first.length) throw new Error('the second document is no longer than the first')
    }
    return { metrics: { ms: samples }, facts: {} }
  },
}

const completedOf = (snapshot) => snapshot.completedNodes.length

export const document = {
  name: 'document',
  title: 'The document of a run',
  note: 'A finished fan, compact text; reading holds every check there is. The ratio of what writes is to JSON.stringify of the document as an object, of what reads to JSON.parse of its text; of the validation alone to deserialize, so 20 means a twentieth of it.',
  limitOf: ({ name }) => {
    if (name === 'schema validation alone') return 'deserialize'
    return /deserialize|parse/.test(name) ? 'JSON.parse' : 'JSON.stringify'
  },
  cases: [
    { name: '1,000 nodes', size: 1_000 },
    { name: '10,000 nodes', size: 10_000 },
    { name: '100,000 nodes', size: 100_000 },
    { name: '10 MB in 1,000 nodes', size: 1_000, characters: 10_000_000, quick: true },
  ],
  subjects: [
    subject('JSON.stringify', 'limit', ({ text }) => {
      const tree = JSON.parse(text)
      return { run: async () => JSON.stringify(tree).length, expected: text.length }
    }),
    subject('save and serialize', 'ours', ({ executor, text }) => ({
      run: async () => write(executor).length,
      expected: text.length,
    })),
    secondSave,
    subject('JSON.parse', 'limit', ({ text, size }) => ({
      run: async () => JSON.parse(text).completedNodes.length,
      expected: size,
    })),
    subject('deserialize', 'ours', ({ text, size }) => ({
      run: async () => completedOf(deserialize(text, { limits })),
      expected: size,
    })),
    subject('deserialize and loadSnapshot', 'ours', ({ executor, text }) => ({
      run: async () => loadSnapshot(text, executor.workflow, { snapshotLimits: limits }).status,
      expected: 'completed',
    })),
    subject('schema validation alone', 'ours', ({ text }) => {
      const tree = JSON.parse(text)
      return { run: async () => fitsSnapshotSchema(tree), expected: true }
    }),
  ],
  growth: [
    ...['save and serialize', 'JSON.stringify', 'deserialize', 'deserialize and loadSnapshot', 'JSON.parse'].map(
      (name) => ({
        subject: name,
        title: name,
        sizes: [2_500, 10_000, 40_000],
        parameters: (size) => ({ size }),
      }),
    ),
    // By the bytes of the results, nodes staying as they are.
    ...['save and serialize', 'JSON.stringify', 'deserialize and loadSnapshot', 'JSON.parse'].map((name) => ({
      subject: name,
      title: `${name}, by size`,
      sizes: [1_000_000, 4_000_000, 16_000_000],
      parameters: (characters) => ({ size: 1_000, characters }),
    })),
  ],
}
