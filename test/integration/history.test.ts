import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createHistory,
  DagExecutor,
  executeFromSnapshot,
  inspect,
  loadSnapshot,
  memoryStore,
  recordHistory,
  serialize,
  snapshotAt,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { fileStore } from '../../src/store/file/index.ts'
import type { Store } from '../../src/store/store.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'
import { historyOf } from '../unit/history/recorded.ts'
import { Core } from '../unit/run/core.ts'

/** A flow that tells which handlers were called. */
function flowOf(calls: string[]) {
  const called = <T>(id: string, value: T): T => {
    calls.push(id)
    return value
  }
  return workflow('sums', '1.0.0')
    .node('a', () => called('a', { rows: [1, 2] }))
    .node('b', ['a'], ({ a }, ctx) => {
      ctx.counters.add('rows', a.rows.length)
      ctx.variables.set('last', new Date(a.rows.length))
      return called('b', a.rows.length)
    })
    .node('c', ['a'], () => called('c', 'c'))
    .node('d', ['b', 'c'], ({ b, c }) => called('d', `${b}${c}`))
    .build()
}

async function textsOf(store: Store, runId: string): Promise<readonly string[]> {
  const texts: string[] = []
  for await (const { text } of store.events(runId)) texts.push(text)
  return texts
}

describe('the history of a run in a store', () => {
  const stores: readonly [string, (folder: string) => Store][] = [
    ['memory', () => memoryStore()],
    ['file', (folder) => fileStore(folder)],
  ]
  it.each(stores)('of %s has its events, and where it stood after each', async (_, open) => {
    const store = open(temporaryFolder())
    const flow = flowOf([])
    const engine = createEngine({ store, workflows: [flow] })
    const { runId, result } = await engine.start(flow)
    await result
    const history = await engine.history(runId)
    expect(history.length).toBe((await store.get(runId))!.seq)
    expect([...history].map(({ type }) => type).at(-1)).toBe('run.completed')
    expect(history.at(history.lastSeq).results).toEqual(
      Object.assign(Object.create(null), { a: { rows: [1, 2] }, b: 2, c: 'c', d: '2c' }),
    )
    const [completed] = history.search({ type: 'node.completed', node: 'b' }).events
    expect(completed!.data.output).toBe(2)
    const before = history.at(completed!.seq - 1)
    const after = history.at(completed!.seq)
    expect([before.counters, after.counters]).toEqual([{}, Object.assign(Object.create(null), { rows: 2 })])
    expect([before.variables['last'], after.variables['last']]).toEqual([undefined, new Date(2)])
    await store.close()
  })

  it('is the same whether its workflow is registered or not', async () => {
    const store = memoryStore()
    const flow = flowOf([])
    const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
    await result
    const known = await createEngine({ store, workflows: [flow] }).history(runId)
    const unknown = await createEngine({ store }).history(runId)
    for (let seq = 0; seq <= known.lastSeq; seq += 1) {
      expect(serialize(snapshotAt(unknown.at(seq)))).toBe(serialize(snapshotAt(known.at(seq))))
    }
  })

  it('has what is on record by now, of a run under way too, and takes what comes later', async () => {
    const store = memoryStore()
    const flow = workflow('ask', '1.0.0')
      .node('ask', waitForSignal<string>({ name: 'go' }))
      .node('after', ['ask'], ({ ask }) => ask)
      .build()
    const engine = createEngine({ store, workflows: [flow] })
    const { runId, result } = await engine.start(flow)
    await result
    const history = await engine.history(runId)
    const { lastSeq } = history
    expect(history.at(lastSeq).status).toBe('waiting')
    await engine.signal(runId, 'go', 'on')
    await engine.executing(runId)?.result
    expect(history.lastSeq).toBe(lastSeq)
    history.append(await store.read(runId, { fromSeq: lastSeq + 1 }))
    expect(history.at(history.lastSeq).result('after')).toBe('on')
    expect(history.at(lastSeq).inspect()).toEqual((await engine.history(runId)).at(lastSeq).inspect())
  })

  it('is refused for a run there is not', async () => {
    const engine = createEngine({ store: memoryStore() })
    await expect(engine.history('none')).rejects.toThrow(expect.objectContaining({ code: 'STORE_NOT_FOUND' }))
  })

  it('calls no handler, and writes nothing', async () => {
    const store = memoryStore()
    const calls: string[] = []
    const flow = flowOf(calls)
    const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
    await result
    const texts = await textsOf(store, runId)
    const made = calls.length
    const history = await createEngine({ store, workflows: [flow] }).history(runId)
    for (let seq = 0; seq <= history.lastSeq; seq += 1) history.at(seq).inspect()
    history.search({ match: {} })
    expect([calls.length, await textsOf(store, runId)]).toEqual([made, texts])
  })
})

describe('the history of an executor', () => {
  it('grows with the run, and has what saveSnapshot gave at each moment', async () => {
    const clock = new ManualClock()
    const executor = new DagExecutor(flowOf([]), { clock, concurrency: 1, runId: 'r' })
    const history = recordHistory(executor)
    const live = new Map([[0, serialize(executor.saveSnapshot())]])
    executor.on('*', ({ seq }) => {
      const snapshot = executor.saveSnapshot()
      if (snapshot.run.head.seq === seq) live.set(seq, serialize(snapshot))
      expect(history.lastSeq).toBe(seq)
    })
    await clock.drive(executor.execute())
    expect(live.size).toBeGreaterThan(3)
    for (const [seq, text] of live) expect(serialize(snapshotAt(history.at(seq)))).toBe(text)
  })

  it('begins with where the run stands when it is under way', async () => {
    const executor = new DagExecutor(flowOf([]))
    let history = recordHistory(executor)
    const all = history
    executor.on('node.completed', ({ data }) => {
      if (data.nodeId === 'b') history = recordHistory(executor)
    })
    await executor.execute()
    expect(history.firstSeq).toBeGreaterThan(1)
    expect(history.lastSeq).toBe(all.lastSeq)
    for (let seq = history.firstSeq - 1; seq <= history.lastSeq; seq += 1) {
      const { nodes, counters } = history.at(seq)
      expect({ nodes, counters }).toEqual({ nodes: all.at(seq).nodes, counters: all.at(seq).counters })
    }
    expect(() => history.event(history.firstSeq - 1)).toThrow(expect.objectContaining({ code: 'HISTORY_OUT_OF_RANGE' }))
    expect(() => history.at(history.firstSeq - 2)).toThrow(expect.objectContaining({ code: 'HISTORY_OUT_OF_RANGE' }))
  })

  it('is that of a run without events while there are none', () => {
    const history = recordHistory(new DagExecutor(flowOf([]), { runId: 'r' }))
    expect([history.length, history.firstSeq, history.lastSeq, history.firstAt, history.lastAt]).toEqual([
      0,
      1,
      0,
      null,
      null,
    ])
    expect([history.at(0).status, history.atTime(Number.POSITIVE_INFINITY).seq, [...history]]).toEqual([
      'pending',
      0,
      [],
    ])
    expect([history.search(), history.counts(), history.timings()]).toEqual([{ events: [], after: null }, {}, []])
    expect(() => history.event(1)).toThrow(/has no sequence 1; it has none/)
  })

  it('is of executors alone', () => {
    for (const wrong of [null, {}, new Map()]) {
      expect(() => recordHistory(wrong as never)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
      expect(() => snapshotAt(wrong as never)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
    }
  })
})

describe('a moment as a snapshot', () => {
  it('is resumed from after every event, and no completed node is run again', async () => {
    const store = memoryStore()
    const calls: string[] = []
    const flow = flowOf(calls)
    const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow, undefined)
    const { results } = await result
    const texts = await textsOf(store, runId)
    const history = createHistory(await store.read(runId))
    for (let seq = 0; seq <= history.lastSeq; seq += 1) {
      const moment = history.at(seq)
      const text = serialize(snapshotAt(moment))
      calls.length = 0
      const resumed = await executeFromSnapshot(text, flow)
      expect([resumed.status, resumed.results]).toEqual(['completed', results])
      expect(calls.toSorted()).toEqual(['a', 'b', 'c', 'd'].filter((id) => !moment.completedNodes.includes(id)))
      expect(inspect(snapshotAt(moment)).counts).toEqual(moment.inspect().counts)
    }
    // What went on from a moment is another life; the log is as it was.
    expect(await textsOf(store, runId)).toEqual(texts)
  })

  it('has no way into the log of its run', async () => {
    const store = memoryStore()
    const flow = flowOf([])
    const engine = createEngine({ store, workflows: [flow] })
    const { runId, result } = await engine.start(flow)
    await result
    const texts = await textsOf(store, runId)
    const past = loadSnapshot(snapshotAt((await engine.history(runId)).at(3)), flow)
    expect(past.runId).toBe(runId)
    await past.execute()
    await past.setVariable('x', 1).catch(() => undefined)
    expect(await textsOf(store, runId)).toEqual(texts)
    await expect(engine.start(flow, undefined, { runId })).rejects.toThrow(
      expect.objectContaining({ code: 'STORE_EXISTS' }),
    )
    expect((await (await engine.resume(runId)).result).status).toBe('completed')
    expect(await textsOf(store, runId)).toEqual(texts)
  })

  it('keeps the time of the moment', async () => {
    const clock = new ManualClock()
    const executor = new DagExecutor(flowOf([]), { clock })
    const history = recordHistory(executor)
    await clock.drive(executor.execute())
    const moment = history.at(3)
    expect(Date.parse(snapshotAt(moment).snapshotTime)).toBe(moment.at)
    expect(snapshotAt(moment).run.head).toMatchObject({ seq: 3 })
  })
})

describe('a history of 100,000 events', () => {
  it('is walked, searched and looked into without deep recursion', () => {
    const visits = 49_999
    const repeat = {
      until: { path: '/done', operator: 'eq', value: true },
      maximumVisits: visits + 1,
      onLimit: 'complete',
    }
    const core = Core.started([{ id: 'a', repeat } as never])
    for (let visit = 0; visit < visits; visit += 1) {
      core.at += 1
      core.do({ type: 'node.visit', index: 0, attempt: core.node('a').attempt, output: visit, writes: null })
      core.settle()
    }
    const history = historyOf(core)
    expect(history.length).toBe(100_000)
    expect(history.at(history.lastSeq).nodes['a']!.attempt).toBe(visits + 1)
    expect(history.at(50_000).nodes['a']!.status).toBe('running')
    expect(history.search({ type: 'node.visited', match: { data: { output: 49_998 } } }).events).toHaveLength(1)
    expect(history.search({ node: 'a', limit: 200_000 }).events).toHaveLength(99_999)
    expect(history.timings()).toMatchObject([{ attempts: visits + 1 }])
  }, 60_000)
})
