// Running a graph of nodes that do next to nothing, so that what is left is the engine.
import { createEngine, DagExecutor, memoryStore } from 'waystone'
import { checksum, expectedOf, idsOf, step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'
import { peerModule } from '../suite/peers.mjs'

const CONCURRENCY = 10_000

/** A subject: `prepare(upstreams)` gives the function that is timed, which resolves to the checksum of all results. */
const subject = (name, kind, prepare, more = {}) => ({
  name,
  kind,
  ...more,
  async measure({ shape, size }, settings) {
    const upstreams = upstreamsOf(shape, size)
    const begin = performance.now()
    const run = await prepare(upstreams)
    const prepareMs = performance.now() - begin
    const { samples, facts } = await timed(run, expectedOf(upstreams), settings)
    return { metrics: { ms: samples }, facts: { prepareMs, ...facts } }
  },
})

/** A subject of `bench/peers`, loaded in the process that measures it. */
const peer = (name, file, setting, only) =>
  subject(
    name,
    'peer',
    async (upstreams) => {
      const { prepare } = await peerModule(file)
      return prepare(upstreams)
    },
    { setting, only },
  )

const read = (results, ids) => checksum(ids.map((id) => results[id]))
const asyncStep = async (inputs) => step(Object.values(inputs))
const syncStep = (inputs) => step(Object.values(inputs))

const executor = (handler) => (upstreams) => {
  const flow = workflowOf(upstreams, handler)
  const ids = idsOf(upstreams)
  return async () => read((await new DagExecutor(flow, { concurrency: CONCURRENCY }).execute()).results, ids)
}

export const engine = {
  name: 'engine',
  title: 'Engine overhead: trivial nodes, no store',
  note: `Every node adds up its inputs; every subject reads all results and must come to the same checksum. The workflow is built once and run many times; \`first\` is the first run of a process, before anything is compiled. Concurrency ${CONCURRENCY} where it can be set.`,
  unit: 'nodes',
  limit: 'promise loop',
  cases: [
    { name: 'layered DAG of 10,000', shape: 'layered', size: 10_000, units: 10_000, quick: true },
    { name: 'layered DAG of 1,000', shape: 'layered', size: 1_000, units: 1_000, peersOnly: true },
    { name: 'chain of 1,000', shape: 'chain', size: 1_000, units: 1_000, quick: true },
    { name: 'fan of 1,000', shape: 'fan', size: 1_000, units: 1_000 },
  ],
  subjects: [
    subject('synchronous loop', 'limit', (upstreams) => async () => {
      const results = []
      for (const sources of upstreams) results.push(step(sources.map((source) => results[source])))
      return checksum(results)
    }),
    subject('promise loop', 'limit', (upstreams) => async () => {
      const results = []
      for (const sources of upstreams)
        results.push(Promise.all(sources.map((source) => results[source])).then(async (values) => step(values)))
      return checksum(await Promise.all(results))
    }),
    subject('waystone', 'ours', executor(asyncStep), { setting: 'async handlers' }),
    subject('waystone, plain functions', 'ours', executor(syncStep), {
      setting: 'handlers that return no promise',
      quick: false,
    }),
    subject('waystone, event log in memory', 'ours', (upstreams) => {
      const flow = workflowOf(upstreams, asyncStep)
      const ids = idsOf(upstreams)
      return async () => {
        const engineOfRun = createEngine({ store: memoryStore(), workflows: [flow], concurrency: CONCURRENCY })
        const { result } = await engineOfRun.start(flow)
        return read((await result).results, ids)
      }
    }),
    peer('grfn', 'grfn', 'no state, no history; results through a closure'),
    peer('p-graph', 'p-graph', 'no state, no history; results through a closure'),
    peer('promise-dag', 'promise-dag', 'no history'),
    peer('xstate', 'xstate', 'a state per node, each invoking a promise; a chain only', ['chain']),
    peer('flowcraft', 'flowcraft', 'in memory; one input per upstream', ['layered DAG of 1,000', 'chain', 'fan']),
    peer('langgraph', 'langgraph', 'no checkpointer; one channel with a reducer', [
      'layered DAG of 1,000',
      'chain',
      'fan',
    ]),
    peer('langgraph, MemorySaver', 'langgraph-memory', 'checkpoint at every superstep, as is the default', [
      'layered DAG of 1,000',
      'chain',
      'fan',
    ]),
  ],
  growth: [
    ...['waystone', 'waystone, event log in memory', 'promise loop'].map((name) => ({
      subject: name,
      title: `layered DAG, ${name}`,
      sizes: [2_500, 10_000, 40_000],
      parameters: (size) => ({ shape: 'layered', size }),
    })),
    {
      subject: 'waystone',
      title: 'chain',
      sizes: [500, 2_000, 8_000],
      parameters: (size) => ({ shape: 'chain', size }),
    },
    { subject: 'waystone', title: 'fan', sizes: [500, 2_000, 8_000], parameters: (size) => ({ shape: 'fan', size }) },
  ],
}
