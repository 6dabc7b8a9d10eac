// Folding a history again, as whatever looks back at a run does.
import { createEngine, memoryStore } from 'waystone'
import { fold, parseEvent } from '../../dist/inside.js'
import { step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'

/** A finished run of a layered DAG: two events for each node, one at each end. */
async function historyOf(nodes) {
  const flow = workflowOf(upstreamsOf('layered', nodes), (inputs) => step(Object.values(inputs)))
  const store = memoryStore()
  const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
  await result
  const texts = []
  for await (const { text } of store.events(runId)) texts.push(text)
  return { graph: flow.graph, texts }
}

const subject = (name, kind, prepare) => ({
  name,
  kind,
  async measure({ events }, settings) {
    const history = await historyOf(events / 2)
    const { run, expected } = prepare(history)
    const { samples, facts } = await timed(run, expected, settings)
    return { metrics: { ms: samples }, facts }
  },
})

export const history = {
  name: 'history',
  title: 'Replay of a history',
  note: 'The facts of a layered DAG of half as many nodes, from their texts or already parsed, over an index of the graph that is there.',
  unit: 'events',
  limit: 'JSON.parse of the texts',
  cases: [{ name: '10,000 events', events: 10_000, units: 10_000, quick: true }],
  subjects: [
    subject('JSON.parse of the texts', 'limit', ({ texts }) => ({
      run: async () => texts.map((text) => JSON.parse(text)).length,
      expected: texts.length,
    })),
    subject('replay from the texts', 'ours', ({ graph, texts }) => ({
      run: async () => fold(graph, texts.map(parseEvent)).state.seq,
      expected: texts.length,
    })),
    subject('replay of parsed events', 'ours', ({ graph, texts }) => {
      const events = texts.map(parseEvent)
      return { run: async () => fold(graph, events).state.seq, expected: texts.length }
    }),
  ],
  growth: [
    {
      subject: 'replay from the texts',
      title: 'replay',
      sizes: [5_000, 20_000, 80_000],
      parameters: (events) => ({ events }),
    },
    // What the machine itself makes of more data.
    {
      subject: 'JSON.parse of the texts',
      title: 'JSON.parse of the texts',
      sizes: [5_000, 20_000, 80_000],
      parameters: (events) => ({ events }),
    },
  ],
}
