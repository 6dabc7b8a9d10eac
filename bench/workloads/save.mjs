// Taking a snapshot in the middle of a run: the time nothing else runs.
import { DagExecutor, serialize } from 'waystone'
import { step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'

/** Runs with a snapshot when half of the nodes are done; the work a case repeats is the whole run, the samples are the calls. */
const subject = (name, kind, work) => ({
  name,
  kind,
  async measure({ size }, { rounds, minimum, capMs }) {
    const start = performance.now()
    const upstreams = upstreamsOf('layered', size)
    const samples = []
    let calls = 0
    let snapshot
    const flow = workflowOf(upstreams, (inputs) => {
      calls += 1
      if (calls === size >> 1) {
        const begin = performance.now()
        snapshot = work(executor, state)
        samples.push(performance.now() - begin)
      }
      return step(Object.values(inputs))
    })
    let executor
    // The least anyone has to write down of such a run: a status and a result for each node.
    const state = upstreams.map((_, index) => ({ id: `n${index}`, status: 'completed', output: index }))
    for (let round = -1; round < rounds; round += 1) {
      if (round >= minimum && performance.now() - start > capMs / 2) break
      calls = 0
      executor = new DagExecutor(flow, { concurrency: 10_000 })
      const { status } = await executor.execute()
      if (status !== 'completed') throw new Error(`the run is ${status}`)
      if (round < 0) samples.length = 0
    }
    if (snapshot === undefined) throw new Error('no snapshot was taken')
    return { metrics: { ms: samples }, facts: {} }
  },
})

export const save = {
  name: 'save',
  title: 'saveSnapshot in the middle of a run: how long the loop is blocked',
  note: 'A layered DAG, cut when half of its handlers were called. The limits copy and write a list of as many objects of three members.',
  limit: 'structuredClone of the bare states',
  cases: [10_000, 100_000].map((size) => ({
    name: `${size.toLocaleString('en')} nodes`,
    size,
    quick: size <= 10_000,
  })),
  subjects: [
    subject('structuredClone of the bare states', 'limit', (_, state) => structuredClone(state)),
    subject('JSON.stringify of the bare states', 'limit', (_, state) => JSON.stringify(state)),
    subject('saveSnapshot', 'ours', (executor) => executor.saveSnapshot()),
    subject('saveSnapshot and serialize', 'ours', (executor) => serialize(executor.saveSnapshot(), { pretty: false })),
  ],
  growth: [
    {
      subject: 'saveSnapshot',
      title: 'saveSnapshot',
      sizes: [5_000, 20_000, 80_000],
      parameters: (size) => ({ size }),
    },
  ],
}
