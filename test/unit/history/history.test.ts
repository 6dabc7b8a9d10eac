import { describe, expect, it } from 'vitest'
import { createCodec, defaultCodec } from '../../../src/base/values/codec.ts'
import { createHistory } from '../../../src/history/history.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { fold } from '../../../src/run/fold.ts'
import { Core } from '../run/core.ts'
import { finish, finished, historyOf } from './recorded.ts'

const coded = (code: string) => expect.objectContaining({ code })

const sample = () => finished(['a', 'b', 'c'], ['a>b', 'b>c'], (nodeId) => ({ of: nodeId, at: new Date(7) }))

describe('a history', () => {
  it('says what it has', () => {
    const core = sample()
    const history = historyOf(core)
    const [first] = core.events
    expect([history.runId, history.length, history.firstSeq, history.lastSeq]).toEqual(['r', 8, 1, 8])
    expect([history.firstAt, history.lastAt]).toEqual([first!.at, core.events.at(-1)!.at])
    expect(history.counts()).toEqual(
      Object.assign(Object.create(null), {
        'run.started': 1,
        'node.started': 3,
        'node.completed': 3,
        'run.completed': 1,
      }),
    )
  })

  it('shows events as listeners see them, the reader’s own', () => {
    const history = historyOf(sample())
    const [, , event] = [...history]
    expect(event).toMatchObject({
      seq: 3,
      type: 'node.completed',
      data: { nodeId: 'a', output: { of: 'a', at: new Date(7) } },
    })
    const started = history.event(1).data as unknown as { workflow: { nodes: { id: string }[] } }
    started.workflow.nodes[0]!.id = 'spoiled'
    expect((history.event(1).data as unknown as typeof started).workflow.nodes[0]!.id).toBe('a')
    expect(Object.keys(history.at(8).nodes)).toEqual(['a', 'b', 'c'])
  })

  it('is walked in order, with what is added meanwhile', () => {
    const core = sample()
    const events = core.events.map(recordedEvent)
    const history = historyOf({ events: core.events.slice(0, 2) })
    const seen: number[] = []
    for (const { seq } of history) {
      seen.push(seq)
      if (seq < events.length && history.lastSeq === seq) history.append([events[seq]!])
    }
    expect(seen).toEqual(core.events.map(({ seq }) => seq))
  })

  it.each([0, -1, 9, 2 ** 40])('has no event %d, and says which it has', (seq) => {
    expect(() => historyOf(sample()).event(seq)).toThrow(
      expect.objectContaining({ code: 'HISTORY_OUT_OF_RANGE', details: { runId: 'r', seq, first: 1, last: 8 } }),
    )
  })

  it.each([1.5, Number.NaN, '3', null, undefined, 2 ** 60])('refuses the sequence %s', (seq) => {
    const history = historyOf(sample())
    expect(() => history.event(seq as number)).toThrow(coded('ARGUMENT_INVALID'))
    expect(() => history.at(seq as number)).toThrow(coded('ARGUMENT_INVALID'))
  })

  it('gives no moment outside', () => {
    const history = historyOf(sample())
    for (const seq of [-1, 9]) expect(() => history.at(seq)).toThrow(coded('HISTORY_OUT_OF_RANGE'))
    expect(() => history.atTime('now' as never)).toThrow(coded('ARGUMENT_INVALID'))
    expect(() => history.atTime(Number.NaN)).toThrow(coded('ARGUMENT_INVALID'))
  })

  it('keeps what was handed out as it was when events are added', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    const events = core.events.length
    finish(core)
    const history = historyOf({ events: core.events.slice(0, events) })
    const moment = history.at(events)
    const before = structuredClone(moment.nodes)
    history.append(core.events.slice(events).map(recordedEvent))
    expect(moment.nodes).toEqual(Object.assign(Object.create(null), before))
    expect(history.at(events).nodes).toEqual(moment.nodes)
    expect(history.at(history.lastSeq).status).toBe('completed')
  })

  it('takes no events that do not follow', () => {
    const core = sample()
    const history = historyOf(core)
    expect(() => history.append([recordedEvent(core.events[1]!)])).toThrow(coded('HISTORY_DAMAGED'))
    for (const wrong of [null, 5, [null], [{}], ['{}'], [{ ...recordedEvent(core.events[1]!), at: '1' }]]) {
      expect(() => history.append(wrong as never)).toThrow(coded('ARGUMENT_INVALID'))
    }
    expect(history.length).toBe(8)
  })

  it('is not changed through what it was made from', () => {
    const core = sample()
    const events = core.events.map(recordedEvent) as { seq: number; text: string }[]
    const history = createHistory(events as never)
    for (const event of events) Object.assign(event, { seq: 0, text: 'spoiled', type: 'x', nodeId: 'y' })
    expect([...history]).toHaveLength(8)
    expect(history.at(8).status).toBe('completed')
  })
})

describe('a history that can not be', () => {
  const { events } = sample()

  it.each([
    ['is empty', []],
    ['does not begin with the first event', events.slice(1).map(recordedEvent)],
    ['has a gap', [events[0]!, events[2]!].map(recordedEvent)],
    ['begins with another event', [{ ...recordedEvent(events[1]!), seq: 1 }]],
    ['begins with no event', [{ ...recordedEvent(events[0]!), text: 'null' }]],
    [
      'is of a workflow that can not be',
      [{ ...recordedEvent(events[0]!), text: recordedEvent(events[0]!).text.replace('"target":"b"', '"target":"z"') }],
    ],
  ])('is refused when it %s', (_, given) => {
    expect(() => createHistory(given)).toThrow(coded('HISTORY_DAMAGED'))
  })

  it('is refused when an event is none, and for options nobody reads', () => {
    expect(() => createHistory([{ seq: 1 }] as never)).toThrow(coded('ARGUMENT_INVALID'))
    expect(() => createHistory(undefined as never)).toThrow(coded('ARGUMENT_INVALID'))
    expect(() => createHistory(events.map(recordedEvent), { codecs: 1 } as never)).toThrow(coded('OPTION_UNKNOWN'))
  })

  it('tells of a damaged event whoever needs it, and nobody else', () => {
    const damaged = events
      .map(recordedEvent)
      .map((event) => (event.seq === 5 ? { ...event, text: event.text.replace(':', ': ') } : event))
    const history = createHistory(damaged)
    expect(history.at(4).completedNodes).toEqual(['a'])
    expect(history.event(6).type).toBe('node.started')
    expect(() => history.event(5)).toThrow(coded('HISTORY_DAMAGED'))
    expect(() => history.at(5)).toThrow(coded('HISTORY_DAMAGED'))
    expect(() => history.at(8)).toThrow(coded('HISTORY_DAMAGED'))
    expect(history.at(4).seq).toBe(4)
  })
})

describe('a moment', () => {
  it('is the fold of the events up to it, as it is shown', () => {
    const core = sample()
    const history = historyOf(core)
    for (const event of core.events) {
      const { state } = fold(core.run.graph, core.events.slice(0, event.seq))
      const moment = history.at(event.seq)
      expect([moment.runId, moment.seq, moment.at, moment.status, moment.replayed]).toEqual([
        'r',
        event.seq,
        event.at,
        state.status,
        true,
      ])
      expect(moment.event).toMatchObject({ seq: event.seq, type: event.type })
      expect(moment.completedNodes).toEqual(state.completed)
      expect(Object.values(moment.nodes).map(({ status }) => status)).toEqual(state.nodes.map(({ status }) => status))
      expect(Object.keys(moment.results)).toEqual(state.completed)
      expect(moment.usage).toEqual(state.usage)
    }
  })

  it('before the first event is the run before it had begun', () => {
    const core = sample()
    const moment = historyOf(core).at(0)
    expect([moment.seq, moment.at, moment.event, moment.status]).toEqual([0, core.events[0]!.at, null, 'pending'])
    expect([moment.completedNodes, Object.keys(moment.results), moment.config]).toEqual([[], [], core.run.state.config])
    expect(moment.inspect().sentence).toContain('not started')
  })

  it('is found by its time, that instant included', () => {
    const core = sample()
    const history = historyOf(core)
    const [first] = core.events
    expect(history.atTime(first!.at - 1).seq).toBe(0)
    expect(history.atTime(Number.NEGATIVE_INFINITY).seq).toBe(0)
    expect(history.atTime(Number.POSITIVE_INFINITY).seq).toBe(8)
    for (const { at } of core.events) {
      expect(history.atTime(at).seq).toBe(core.events.findLast((event) => event.at <= at)!.seq)
    }
  })

  it('says where the run stood, and why', () => {
    const history = historyOf(sample())
    expect(
      history
        .at(4)
        .inspect()
        .nodes.map(({ sentence }) => sentence),
    ).toEqual([expect.stringContaining('node "b" runs'), expect.stringContaining('node "c" waits for "b"')])
    expect(history.at(4).why('c').edges).toMatchObject([{ edge: 'b->c', state: 'open' }])
    expect(() => history.at(4).why('z')).toThrow(coded('ARGUMENT_INVALID'))
  })

  it('has the result of one node, and refuses one there is not', () => {
    const moment = historyOf(sample()).at(4)
    expect([moment.result('a'), moment.result(['a']), moment.result('b')]).toEqual([
      { of: 'a', at: new Date(7) },
      { of: 'a', at: new Date(7) },
      undefined,
    ])
    for (const node of ['z', [], ['a', 'z'], 5])
      expect(() => moment.result(node as never)).toThrow(coded('ARGUMENT_INVALID'))
  })

  it('has what handlers wrote', () => {
    const core = Core.started(['a', 'b'], ['a>b'])
    const at = core.at
    const writes = [
      { area: 'variable', op: 'set', key: '__proto__', value: { json: '[1]' } },
      { area: 'counter', op: 'add', key: 'rows', value: 3 },
      { area: 'cache', op: 'set', key: 'dead', value: 1, expiresAt: at + 1 },
      { area: 'cache', op: 'set', key: 'live', value: 2, expiresAt: at + 2 },
      { area: 'cache', op: 'set', key: 'ever', value: 3, expiresAt: null },
    ] as never
    core.at += 1
    core.complete('a', null, { writes })
    const moment = historyOf(core).at(core.events.length)
    expect(Object.entries(moment.variables)).toEqual([['__proto__', [1]]])
    expect(Object.entries(moment.counters)).toEqual([['rows', 3]])
    expect(Object.entries(moment.cache)).toEqual([
      ['ever', { value: 3, expiresAt: null }],
      ['live', { value: 2, expiresAt: at + 2 }],
    ])
    expect([moment.accumulators, moment.decisions, moment.context, moment.input, moment.error]).toEqual([
      {},
      {},
      { variables: {}, constants: {} },
      undefined,
      null,
    ])
  })

  it('shares nothing with the history, another moment or the next question', () => {
    const core = sample()
    core.events.pop()
    const failed = Core.started(['a'])
    failed.fail('a')
    failed.settle()
    for (const history of [historyOf(core), historyOf(failed)]) {
      const shown = () => {
        const moment = history.at(history.lastSeq)
        return {
          ...moment,
          nodes: moment.nodes,
          results: moment.results,
          inspected: moment.inspect(),
          error: moment.error,
          workflow: moment.workflow,
          config: moment.config,
          usage: moment.usage,
          completed: moment.completedNodes,
        }
      }
      const before = structuredClone(shown())
      ruin(shown())
      expect(structuredClone(shown())).toEqual(before)
    }
  })

  it('decodes by the codec of the history', () => {
    class Money {
      readonly cents: number
      constructor(cents: number) {
        this.cents = cents
      }
    }
    const codec = createCodec({
      classes: [
        {
          name: 'Money',
          class: Money,
          encode: ({ cents }: Money) => cents,
          decode: (cents) => new Money(cents as number),
        },
      ],
    })
    const core = Core.started(['a'])
    core.complete('a', codec.encode(new Money(5)))
    const events = core.events.map(recordedEvent)
    expect(createHistory(events, { codec }).at(3).result('a')).toEqual(new Money(5))
    expect(() => createHistory(events).at(3)).toThrow(coded('HISTORY_DAMAGED'))
    expect(defaultCodec).not.toBe(codec)
  })
})

/** Changes all that can be changed of what was handed out. */
function ruin(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    ruin(Reflect.get(value, key))
    Reflect.set(value, key, 'ruined')
    Reflect.deleteProperty(value, key)
  }
}
