// Folding a history again, and looking into one, as whatever looks back at a run does.
import { createEngine, createHistory, memoryStore } from 'waystone'
import { fold, parseEvent } from '../../dist/inside.js'
import { generator, step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { timed } from '../suite/measure.mjs'

/** A finished run of a layered DAG: two events for each node, one at each end. */
async function historyOf(nodes) {
  const flow = workflowOf(upstreamsOf('layered', nodes), (inputs) => step(Object.values(inputs)))
  const store = memoryStore()
  const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
  await result
  const recorded = []
  for await (const event of store.events(runId)) recorded.push(event)
  return { graph: flow.graph, recorded, texts: recorded.map(({ text }) => text) }
}

const subject = (name, kind, prepare, more = {}) => ({
  name,
  kind,
  ...more,
  async measure({ events }, settings) {
    const history = await historyOf(events / 2)
    const { run, expected } = prepare(history)
    const { samples, facts } = await timed(run, expected, settings)
    return { metrics: { ms: samples }, facts }
  },
})

/** Questions of one sample of {@link asked}. */
const QUESTIONS = 100

/**
 * Times questions for random events one by one, so that the slowest is seen too.
 * @param prepare - gives `ask`, which takes a sequence and gives what must equal it, and, when each question asks of something
 * new, `renew`, which is not timed
 */
const asked = (name, kind, prepare, more = {}) => ({
  name,
  kind,
  ...more,
  async measure({ events }, { rounds, warmMs, capMs }) {
    const { ask, renew } = prepare(await historyOf(events / 2))
    const draw = generator(7)
    const question = () => {
      renew?.()
      const seq = 1 + draw(events)
      const begin = performance.now()
      const found = ask(seq)
      const ms = performance.now() - begin
      if (found !== seq) throw new Error(`wrong state: expected that of ${seq}, got that of ${found}`)
      return ms
    }
    const start = performance.now()
    const firstMs = question()
    while (performance.now() - start < warmMs) question()
    const times = []
    while (times.length < rounds * QUESTIONS && (times.length < QUESTIONS / 5 || performance.now() - start < capMs)) {
      times.push(question())
    }
    return { metrics: { ms: times }, facts: { firstMs, worstMs: Math.max(...times) } }
  },
})

const HITS = 100

/** A search for a page of so many hits, beside which all events are gone through. */
const search = (name, filterOf) =>
  subject(name, 'ours', ({ recorded, graph }) => {
    const history = createHistory(recorded)
    const filter = filterOf(graph.ids)
    return { run: async () => history.search({ ...filter, limit: HITS }).events.length, expected: HITS }
  })

const PARSE = 'JSON.parse of the texts'
const FOLD = 'fold to an event'
const SCAN = 'scan of parsed events'
const STATE = 'state at an event'

/** Replays of all events say no more of a longer history than their growth does. */
const only = ['10,000 events']

export const history = {
  name: 'history',
  title: 'Replay of a history, and looking back',
  note: `The facts of a layered DAG of half as many nodes, from their texts or already parsed, over an index of the graph that is there. The states are those after random events, one question a sample; without keyframes, each is the first question to a history that was just made. A search gives the first ${HITS} events of a type, or those of half as many nodes; its limit goes through all events, parsed before, and takes the same.`,
  unit: 'events',
  limitOf: ({ name }) => {
    if (name === SCAN || name.startsWith('search')) return SCAN
    return name === FOLD || name.startsWith(STATE) ? FOLD : PARSE
  },
  cases: [
    { name: '10,000 events', events: 10_000, units: 10_000, quick: true },
    { name: '100,000 events', events: 100_000, units: 100_000 },
  ],
  subjects: [
    subject(
      PARSE,
      'limit',
      ({ texts }) => ({
        run: async () => texts.map((text) => JSON.parse(text)).length,
        expected: texts.length,
      }),
      { only },
    ),
    subject(
      'replay from the texts',
      'ours',
      ({ graph, texts }) => ({
        run: async () => fold(graph, texts.map(parseEvent)).state.seq,
        expected: texts.length,
      }),
      { only },
    ),
    subject(
      'replay of parsed events',
      'ours',
      ({ graph, texts }) => {
        const events = texts.map(parseEvent)
        return { run: async () => fold(graph, events).state.seq, expected: texts.length }
      },
      { only },
    ),
    asked(FOLD, 'limit', ({ graph, texts }) => ({
      ask: (seq) => fold(graph, texts.slice(0, seq).map(parseEvent)).state.seq,
    })),
    asked(STATE, 'ours', ({ recorded }) => {
      const history = createHistory(recorded)
      history.at(history.lastSeq)
      return { ask: (seq) => history.at(seq).seq }
    }),
    asked(`${STATE}, without keyframes`, 'ours', ({ recorded }) => {
      let history
      return {
        renew: () => {
          history = createHistory(recorded)
        },
        ask: (seq) => history.at(seq).seq,
      }
    }),
    subject(SCAN, 'limit', ({ texts }) => {
      const events = texts.map(parseEvent)
      const run = async () => events.filter(({ type }) => type === 'node.completed').slice(0, HITS).length
      return { run, expected: HITS }
    }),
    search('search by type', () => ({ type: 'node.completed' })),
    search('search by node', (ids) => ({ node: ids.slice(-HITS / 2) })),
  ],
  growth: [
    {
      subject: 'replay from the texts',
      title: 'replay',
      sizes: [5_000, 20_000, 80_000],
      parameters: (events) => ({ events }),
    },
    {
      subject: STATE,
      title: STATE,
      sizes: [5_000, 20_000, 80_000],
      parameters: (events) => ({ events }),
    },
    // What the machine itself makes of more data.
    {
      subject: PARSE,
      title: PARSE,
      sizes: [5_000, 20_000, 80_000],
      parameters: (events) => ({ events }),
    },
  ],
}
