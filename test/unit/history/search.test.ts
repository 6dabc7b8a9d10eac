import { describe, expect, it } from 'vitest'
import type { History } from '../../../src/history/history.ts'
import { recordedEvent } from '../../../src/run/fact-batch.ts'
import { Core } from '../run/core.ts'
import { finish, finished, historyOf } from './recorded.ts'

const seqs = (history: History, filter: object): readonly number[] =>
  history.search(filter as never).events.map(({ seq }) => seq)

/** All of a history that a test of the events lets pass. */
const those = (
  history: History,
  test: (event: { readonly type: string; readonly at: number; readonly seq: number; readonly data: object }) => boolean,
) => [...history].filter(test).map(({ seq }) => seq)

const nodeOf = ({ data }: { readonly data: object }) => (data as { readonly nodeId?: string }).nodeId

const sample = () =>
  finished(['a', 'b', 'c'], ['a>b', 'b>c'], (nodeId) => ({ of: nodeId, list: [1, null, { x: 1 }], ok: nodeId !== 'c' }))

describe('a search', () => {
  it.each(['run.started', 'node.completed', 'run.completed', 'node.failed'])(
    'finds all events of the type %s',
    (type) => {
      const history = historyOf(sample())
      expect(seqs(history, { type })).toEqual(those(history, (event) => event.type === type))
    },
  )

  it.each([
    ['node.', (type: string) => type.startsWith('node.')],
    ['node.*', (type: string) => type.startsWith('node.')],
    ['*.completed', (type: string) => type.endsWith('.completed')],
    ['*', () => true],
    ['r*n.*ted', (type: string) => type === 'run.started' || type === 'run.completed'],
    ['*node.started*', (type: string) => type === 'node.started'],
    ['node.*node.started', () => false],
    ['**e*e*', (type: string) => type.split('e').length > 2],
    ['x.', () => false],
  ])('finds types by %s', (pattern, test) => {
    const history = historyOf(sample())
    expect(seqs(history, { type: pattern })).toEqual(those(history, ({ type }) => test(type)))
  })

  it('finds a list of types, in sequence order', () => {
    const history = historyOf(sample())
    expect(seqs(history, { type: ['node.completed', 'run.*', 'node.started'] })).toEqual(
      [...history].map(({ seq }) => seq),
    )
    expect(seqs(history, { type: ['run.completed', 'run.started'] })).toEqual([1, history.lastSeq])
  })

  it('finds a node, or a list of nodes', () => {
    const history = historyOf(sample())
    expect(seqs(history, { node: 'b' })).toEqual(those(history, (event) => nodeOf(event) === 'b'))
    expect(seqs(history, { node: ['c', 'a', 'a'] })).toEqual(
      those(history, (event) => ['a', 'c'].includes(nodeOf(event) ?? '')),
    )
    expect(seqs(history, { node: 'none' })).toEqual([])
  })

  it('finds nodes and types of any name, and nothing on a prototype', () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '/a', '*', '.']
    const history = historyOf(finished(names))
    for (const node of names) {
      expect(seqs(history, { node })).toEqual(those(history, (event) => nodeOf(event) === node))
      expect(seqs(history, { node: [node], type: 'node.completed' })).toHaveLength(1)
    }
    expect(seqs(history, { node: 'valueOf' })).toEqual([])
    expect(Object.keys(history.counts())).toEqual(['run.started', 'node.started', 'node.completed', 'run.completed'])
  })

  it('tells a node of a nested run from one of its id outside', () => {
    const inner = { id: 'i', version: '1.0.0', nodes: [{ id: 'a', type: 'step' }], edges: [] }
    const core = Core.started(['a', { id: 'n', type: 'workflow', nested: { workflow: inner } } as never])
    core.do({ type: 'child.start', index: 1, attempt: 1, input: null } as never)
    core.settle()
    const history = historyOf(core)
    expect(seqs(history, { node: 'a' })).toEqual(those(history, (event) => nodeOf(event) === 'a' && !('path' in event)))
    const found = history.search({ node: [['n', 'a']] }).events
    expect(found.map(({ type, path }) => [type, path])).toEqual([['node.started', ['n']]])
    expect(seqs(history, { node: ['a', ['n', 'a'], 'n'] })).toHaveLength(
      [...history].filter((event) => nodeOf(event) !== undefined).length,
    )
  })

  it('keeps within sequences and times, first and last included, either end open', () => {
    const history = historyOf(sample())
    const all = [...history]
    const last = history.lastSeq
    for (let from = 0; from <= last + 1; from += 1) {
      expect(seqs(history, { fromSeq: from })).toEqual(those(history, ({ seq }) => seq >= from))
      expect(seqs(history, { toSeq: from })).toEqual(those(history, ({ seq }) => seq <= from))
      expect(seqs(history, { fromSeq: 3, toSeq: from, type: 'node.*' })).toEqual(
        those(history, ({ seq, type }) => seq >= 3 && seq <= from && type.startsWith('node.')),
      )
    }
    for (const { at } of all) {
      for (const bound of [at - 1, at, at + 1]) {
        expect(seqs(history, { fromAt: bound })).toEqual(those(history, (event) => event.at >= bound))
        expect(seqs(history, { toAt: bound, type: '*' })).toEqual(those(history, (event) => event.at <= bound))
        expect(seqs(history, { fromAt: bound, toAt: bound, node: ['a', 'b'] })).toEqual(
          those(history, (event) => event.at === bound && ['a', 'b'].includes(nodeOf(event) ?? '')),
        )
      }
    }
  })

  it('finds what has all that is asked for', () => {
    const history = historyOf(sample())
    expect(
      seqs(history, { type: 'node.completed', node: ['b', 'c'], match: { data: { output: { ok: true } } } }),
    ).toEqual(those(history, (event) => event.type === 'node.completed' && nodeOf(event) === 'b'))
  })

  it('gives pages that stay as they are while events are added', () => {
    const core = Core.started(['a', 'b', 'c', 'd'], ['a>b', 'b>c', 'c>d'])
    finish(core)
    const events = core.events.map(recordedEvent)
    const history = historyOf({ events: core.events.slice(0, 5) })
    const first = history.search({ type: 'node.*', limit: 2 })
    expect([first.events.map(({ seq }) => seq), first.after]).toEqual([[2, 3], 3])
    history.append(events.slice(5))
    const found = [...first.events]
    for (let { after } = first; after !== null; ) {
      const page = history.search({ type: 'node.*', limit: 2, after })
      found.push(...page.events)
      expect(page.events.length).toBeLessThanOrEqual(2)
      after = page.after
    }
    expect(found.map(({ seq }) => seq)).toEqual(those(history, ({ type }) => type.startsWith('node.')))
  })

  it('says that there is nothing further when a page takes the last', () => {
    const history = historyOf(sample())
    expect(history.search({ type: 'run.*', limit: 2 }).after).toBe(null)
    expect(history.search({ type: 'run.*', limit: 1 }).after).toBe(1)
    expect(history.search({ after: history.lastSeq })).toEqual({ events: [], after: null })
  })

  it('has a hundred events on a page unless it is asked for another number', () => {
    const history = historyOf(finished(Array.from({ length: 80 }, (_, index) => `n${index}`)))
    expect(history.search().events).toHaveLength(100)
    expect(history.search({ limit: 1_000 }).events).toHaveLength(history.length)
  })

  it('reads only what it gives when an index or the columns decide', () => {
    const core = sample()
    const events = core.events.map(recordedEvent)
    // Whatever reads one of these is told that it is damaged.
    const history = historyOf(core)
    history.append([{ seq: history.lastSeq + 1, at: 1, type: 'node.started', nodeId: 'z', text: '{}' }])
    expect(seqs(history, { node: 'a' })).toHaveLength(2)
    expect(seqs(history, { type: 'node.completed' })).toHaveLength(3)
    expect(seqs(history, { match: { data: { nodeId: 'a' } } })).toHaveLength(2)
    expect(() => history.search({ node: 'z' })).toThrow(expect.objectContaining({ code: 'HISTORY_DAMAGED' }))
    expect(events).toHaveLength(history.length - 1)
  })
})

describe('a search by content', () => {
  const output = {
    n: 5,
    text: 'a "quoted" \u2028 text',
    none: null,
    deep: { list: [1, { a: 1, b: 2 }, []], empty: {} },
    flags: [true, false],
    zero: 0,
    same: null as unknown,
  }
  output.same = output.deep
  const history = historyOf(
    finished(['plain', 'tagged', 'other'], [], (nodeId) => {
      if (nodeId === 'plain') return { ...output, same: 1 }
      return nodeId === 'tagged' ? { ...output, when: new Date(5), map: new Map([[1, 2]]), minus: -0 } : 'text'
    }),
  )
  const nodes = (match: object) =>
    history.search({ type: 'node.completed', match: { data: { output: match } } as never }).events.map(nodeOf)

  it.each<object>([
    { n: 5 },
    { text: 'a "quoted" \u2028 text' },
    { none: null },
    { deep: {} },
    { deep: { empty: {} } },
    { deep: { list: [1, { b: 2, a: 1 }, []] } },
    { flags: [true, false] },
    { zero: 0 },
    {},
  ])('finds %j in what has it, with or without values that are no JSON', (match) => {
    expect(nodes(match)).toEqual(['plain', 'tagged'])
  })

  it.each<object>([
    { n: 6 },
    { n: '5' },
    { none: {} },
    { missing: null },
    { deep: null },
    { deep: [] },
    { deep: { list: [1] } },
    { deep: { list: [1, { a: 1 }, []] } },
    { deep: { list: { length: 3 } } },
    { flags: [false, true] },
    { length: 4 },
    { toString: null },
    { constructor: {} },
  ])('does not find %j', (match) => {
    expect(nodes(match)).toEqual([])
  })

  it('looks through what is met twice in a value, and takes what is no JSON for nothing', () => {
    expect(nodes({ same: { empty: {} } })).toEqual(['tagged'])
    expect(nodes({ minus: 0 })).toEqual(['tagged'])
    for (const match of [{ when: {} }, { when: '1970-01-01T00:00:00.005Z' }, { map: {} }, { map: [] }])
      expect(nodes(match)).toEqual([])
  })

  it('finds members of the event itself', () => {
    const find = (match: object) => history.search({ match: match as never }).events.map(({ seq }) => seq)
    expect(find({ seq: 2 })).toEqual([2])
    expect(find({ type: 'run.completed' })).toEqual([history.lastSeq])
    expect(find({ runId: 'r', data: { nodeId: 'other', attempt: 1 } })).toHaveLength(2)
    expect(find({ data: { output: 'text' } })).toHaveLength(1)
    expect(find({ data: { workflow: { id: 'w' } } })).toEqual([1])
    expect(find({ path: [] })).toEqual([])
    expect(find({})).toHaveLength(history.length)
  })

  it('finds what stands in an event as pairs of names and values', () => {
    const core = Core.started(['a', 'b'], [{ source: 'a', target: 'b', sourceHandle: 'x' }])
    core.complete('a', null, { decisions: { 'a->b': false } })
    const decided = historyOf(core)
    const find = (taken: boolean) =>
      decided.search({ match: { data: { decisions: { 'a->b': taken } } } }).events.map(({ type }) => type)
    expect([find(false), find(true)]).toEqual([['node.completed'], []])
  })

  it('finds nothing on a prototype', () => {
    const match = JSON.parse('{"data":{"output":{"__proto__":{}}}}') as object
    expect(history.search({ match: match as never }).events).toEqual([])
  })

  it('finds entries by names like any other', () => {
    const core = Core.started(['a'])
    const writes = [{ area: 'variable', op: 'set', key: '__proto__', value: 5 }] as never
    core.do({ ...core.completion('a'), writes } as never)
    const found = historyOf(core).search({
      match: { data: { writes: [{ area: 'variable', op: 'set', key: '__proto__', value: 5 }] } },
    })
    expect(found.events).toHaveLength(1)
  })

  it('is not changed by what becomes of the filter, and runs nothing of it', () => {
    let read = 0
    const match = {
      get data() {
        read += 1
        return read > 2 ? 'changed' : { nodeId: 'plain' }
      },
    }
    expect(history.search({ match: match as never }).events.map(nodeOf)).toEqual(['plain', 'plain'])
  })

  it.each([
    ['a function', () => true],
    ['a function inside', { data: () => true }],
    ['a Date inside', { data: { output: new Date(1) } }],
    ['a list', [1]],
    ['null', null],
    ['a text', 'node.completed'],
    ['NaN', { seq: Number.NaN }],
    ['an instance', new Map()],
  ])('refuses %s', (_, match) => {
    expect(() => history.search({ match: match as never })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    )
  })

  it('refuses what contains itself', () => {
    const match: Record<string, unknown> = {}
    match['data'] = match
    expect(() => history.search({ match: match as never })).toThrow(
      expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
    )
  })
})

describe('a filter that can not be', () => {
  const history = historyOf(finished(['a']))

  it.each<object>([
    { type: 'node.finished' },
    { type: '' },
    { type: 5 },
    { type: [] },
    { type: ['node.started', null] },
    { node: 5 },
    { node: [] },
    { node: [[]] },
    { node: [5] },
    { fromSeq: -1 },
    { toSeq: 1.5 },
    { fromAt: '2026-01-01' },
    { toAt: Number.NaN },
    { limit: 0 },
    { limit: 2.5 },
    { after: -1 },
    { after: '3' },
  ])('is refused: %j', (filter) => {
    expect(() => history.search(filter as never)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })

  it('is refused for a member nobody reads', () => {
    expect(() => history.search({ types: 'node.*' } as never)).toThrow(
      expect.objectContaining({ code: 'OPTION_UNKNOWN' }),
    )
  })
})
