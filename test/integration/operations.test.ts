import { describe, expect, it } from 'vitest'
import {
  createCodec,
  createEngine,
  DagExecutor,
  deserialize,
  type Engine,
  isWaystoneError,
  loadSnapshot,
  memoryBlobs,
  memoryStore,
  type NodeContext,
  type RunEvent,
  resumePlan,
  route,
  type Store,
  serialize,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { fileStore } from '../../src/store/file/index.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import { guardRejections, recordingLogger, tick } from '../helpers/run-control.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

guardRejections()
const folder = temporaryFolder()
const note = { by: 'ada', why: 'the feed was late' }

/** `pick` fails as long as it is broken; it decides by a handle, a condition as data and one in code. */
function branching(state: { isBroken: boolean; calls: string[] }) {
  const call = (nodeId: string) => (_: unknown, ctx: NodeContext) => {
    state.calls.push(nodeId)
    return ctx.variables.get('tax') ?? nodeId
  }
  return workflow('branching', '1.0.0')
    .node('first', call('first'))
    .node('pick', ['first'], () => {
      state.calls.push('pick')
      if (state.isBroken) throw new TypeError('no rates', { cause: new Error('offline') })
      return route('high', 9)
    })
    .node('high', [{ source: 'pick', sourceHandle: 'high' }], call('high'))
    .node('low', [{ source: 'pick', sourceHandle: 'low' }], call('low'))
    .node('odd', [{ source: 'pick', when: (output) => (output as unknown as number) % 2 === 1 }], call('odd'))
    .node('end', ['high', 'low', 'odd'], call('end'))
    .build()
}

/** What an operation is done with: an executor, or an engine over a store. */
interface Runner {
  /** The events of the run so far. */
  readonly events: () => Promise<readonly RunEvent[]>
  readonly start: () => Promise<string>
  readonly go: () => Promise<string>
  readonly retry: (nodes?: readonly string[]) => Promise<string>
  readonly skipNode: (nodeId: string) => Promise<void>
  readonly setResult: (nodeId: string, value: unknown) => Promise<void>
  readonly setVariable: (name: string, value: unknown) => Promise<void>
  readonly deleteVariable: (name: string) => Promise<void>
  readonly results: () => Promise<Readonly<Record<string, unknown>>>
}

function byExecutor(flow: ReturnType<typeof branching>): Runner {
  const events: RunEvent[] = []
  const executor = new DagExecutor(flow, { listeners: { '*': (event) => events.push(event) } })
  return {
    events: async () => events,
    start: async () => (await executor.execute()).status,
    go: async () => (await executor.execute()).status,
    retry: async (nodes) => (await executor.retryFailed(nodes === undefined ? note : { nodes, ...note })).status,
    skipNode: (nodeId) => executor.skipNode(nodeId, note),
    setResult: (nodeId, value) => executor.setResult(nodeId, value, note),
    setVariable: (name, value) => executor.setVariable(name, value, note),
    deleteVariable: (name) => executor.deleteVariable(name, note),
    results: async () => executor.saveSnapshot().results,
  }
}

/** Each operation by an executor of its own, over the document of the one before. */
function byDocuments(flow: ReturnType<typeof branching>): Runner {
  const events: RunEvent[] = []
  const listeners = { '*': (event: RunEvent) => events.push(event) }
  let text = serialize(new DagExecutor(flow).saveSnapshot())
  const next = async <T>(work: (executor: DagExecutor) => Promise<T>): Promise<T> => {
    const executor = loadSnapshot(text, flow, { listeners }) as unknown as DagExecutor
    try {
      return await work(executor)
    } finally {
      const saved = executor.saveSnapshot()
      text = serialize(saved)
      expect(deserialize(text).document).toEqual(saved.document)
    }
  }
  return {
    events: async () => events,
    start: () => next(async (executor) => (await executor.execute()).status),
    go: () => next(async (executor) => (await executor.execute()).status),
    retry: (nodes) =>
      next(async (executor) => (await executor.retryFailed(nodes === undefined ? note : { nodes, ...note })).status),
    skipNode: (nodeId) => next((executor) => executor.skipNode(nodeId, note)),
    setResult: (nodeId, value) => next((executor) => executor.setResult(nodeId, value, note)),
    setVariable: (name, value) => next((executor) => executor.setVariable(name, value, note)),
    deleteVariable: (name) => next((executor) => executor.deleteVariable(name, note)),
    results: async () => deserialize(text).results,
  }
}

/** Each operation by an engine of its own, as if by another process. */
function byEngines(flow: ReturnType<typeof branching>, open: () => Store): Runner {
  const engine = (): Engine => createEngine({ store: open(), workflows: [flow] })
  const runId = 'r'
  const ended = async (handle: Promise<{ readonly result: Promise<{ readonly status: string }> }>) =>
    (await (await handle).result).status
  return {
    events: async () => {
      const events: RunEvent[] = []
      for await (const { text } of open().events(runId)) events.push(JSON.parse(text) as RunEvent)
      return events
    },
    start: () => ended(engine().start(flow, undefined, { runId })),
    go: () => ended(engine().resume(runId)),
    retry: (nodes) => ended(engine().retry(runId, nodes === undefined ? note : { nodes, ...note })),
    skipNode: (nodeId) => engine().skipNode(runId, nodeId, note),
    setResult: (nodeId, value) => engine().setResult(runId, nodeId, value, note),
    setVariable: (name, value) => engine().setVariable(runId, name, value, note),
    deleteVariable: (name) => engine().deleteVariable(runId, name, note),
    results: async () => (await engine().snapshot(runId)).results,
  }
}

let folders = 0
const runners: Readonly<Record<string, (flow: ReturnType<typeof branching>) => Runner>> = {
  'an executor': byExecutor,
  'executors over documents': byDocuments,
  'engines over one memory store': (flow) => {
    const store = memoryStore()
    return byEngines(flow, () => store)
  },
  'engines over one folder': (flow) => {
    folders += 1
    const path = `${folder}/${folders}`
    return byEngines(flow, () => fileStore(path, { durability: 'exit' }))
  },
}

describe.each(Object.entries(runners))('with %s', (_, make) => {
  it('a failed node is skipped, and the run completes without what followed it', async () => {
    const state = { isBroken: true, calls: [] as string[] }
    const run = make(branching(state))
    expect(await run.start()).toBe('failed')
    await run.skipNode('pick')
    expect(await run.go()).toBe('completed')
    expect(state.calls).toEqual(['first', 'pick'])
    expect(await run.results()).toEqual({ first: 'first' })
    expect((await run.events()).find(({ type }) => type === 'node.skipped')?.data).toEqual({
      nodeId: 'pick',
      reason: 'operator',
      ...note,
    })
  })

  it('a failed node is given a result, whose edges are decided by handle and by code, and the rest runs', async () => {
    const state = { isBroken: true, calls: [] as string[] }
    const run = make(branching(state))
    expect(await run.start()).toBe('failed')
    await run.setResult('pick', route('low', 4))
    await run.setVariable('tax', 19)
    expect(await run.go()).toBe('completed')
    expect(state.calls).toEqual(['first', 'pick', 'low', 'end'])
    expect(await run.results()).toEqual({ first: 'first', pick: 4, low: 19, end: 19 })
    const { data } = (await run.events()).find(({ type }) => type === 'node.set')!
    expect(data).toMatchObject({ nodeId: 'pick', output: 4, ...note })
    expect(Object.values((data as { decisions: object }).decisions).flat(9)).toEqual(
      expect.arrayContaining([false, true]),
    )
  })

  it('failed nodes are tried again, with the code as it is now', async () => {
    const state = { isBroken: true, calls: [] as string[] }
    const run = make(branching(state))
    expect(await run.start()).toBe('failed')
    expect(await run.retry()).toBe('failed')
    state.isBroken = false
    expect(await run.retry(['pick'])).toBe('completed')
    expect(state.calls).toEqual(['first', 'pick', 'pick', 'pick', 'high', 'odd', 'end'])
    const resumed = (await run.events()).filter(({ type }) => type === 'run.resumed')
    expect(resumed.map(({ data }) => data)).toEqual([
      { reason: 'failed', ...note },
      { reason: 'failed', ...note },
    ])
    await expect(run.retry()).rejects.toMatchObject({ code: 'RUN_ENDED' })
  })

  it('a variable is set, and deleted again', async () => {
    const state = { isBroken: true, calls: [] as string[] }
    const run = make(branching(state))
    await run.start()
    await run.setVariable('__proto__', { rate: 19n })
    await run.setVariable('tax', 19)
    await run.deleteVariable('tax')
    await expect(run.deleteVariable('tax')).rejects.toMatchObject({ code: 'RUN_REJECTED' })
    state.isBroken = false
    expect(await run.go()).toBe('completed')
    expect(await run.results()).toMatchObject({ high: 'high' })
    const edits = (await run.events()).filter(({ type }) => type === 'variable.edited')
    expect(edits.map(({ data }) => (data as { name: string }).name)).toEqual(['__proto__', 'tax', 'tax'])
    expect(edits[2]?.data).toEqual({ name: 'tax', ...note })
  })
})

describe('an operation', () => {
  const silent = { logger: recordingLogger() }

  it('on a running run is refused, and says that it is to be paused first', async () => {
    const store = memoryStore()
    let end: () => void = () => undefined
    const flow = workflow('w')
      .node('a', () => new Promise<void>((resolve) => (end = resolve)))
      .node('b', ['a'], () => 1)
      .build()
    const engine = createEngine({ store, workflows: [flow] })
    const { runId, result, executor } = await engine.start(flow)
    const refused = { code: 'RUN_REJECTED', message: expect.stringContaining('pause it first') }
    await expect(executor.skipNode('b')).rejects.toMatchObject(refused)
    await expect(executor.setResult('b', 1)).rejects.toMatchObject(refused)
    await expect(engine.skipNode(runId, 'b')).rejects.toMatchObject(refused)
    await expect(engine.setVariable(runId, 'b', 1)).rejects.toMatchObject(refused)
    await expect(engine.retry(runId)).rejects.toMatchObject(refused)
    await expect(executor.retryFailed()).rejects.toMatchObject(refused)
    // Another engine is told who holds it.
    const other = createEngine({ store, workflows: [flow] })
    await expect(other.setResult(runId, 'b', 1)).rejects.toMatchObject({ code: 'STORE_HELD' })
    const pausing = engine.pause(runId)
    end()
    await pausing
    await result
    await engine.setResult(runId, 'b', 'given')
    expect((await (await engine.resume(runId)).result).output).toBe('given')
  })

  it('on a run that waits ends the wait', async () => {
    const flow = workflow('w')
      .node('ask', waitForSignal({ name: 'answer' }))
      .node('b', ['ask'], ({ ask }) => ask)
      .build()
    const executor = new DagExecutor(flow, silent)
    expect((await executor.execute()).status).toBe('waiting')
    await executor.setResult('ask', route('received', 'yes'), note)
    expect((await executor.execute()).output).toBe('yes')
  })

  it('refused at a retry leaves the run to others', async () => {
    const store = memoryStore()
    const flow = workflow('w')
      .node('a', () => {
        throw new Error('planned')
      })
      .build()
    const engine = createEngine({ store, workflows: [flow], ...silent })
    const { runId, result } = await engine.start(flow)
    await result
    await expect(engine.retry(runId, { nodes: ['x'] })).rejects.toMatchObject({ code: 'RUN_REJECTED' })
    const other = createEngine({ store, workflows: [flow], ...silent })
    expect((await (await other.resume(runId)).result).status).toBe('failed')
  })

  it('with a condition in code whose workflow is not registered is refused, and nothing is recorded', async () => {
    const store = memoryStore()
    const state = { isBroken: true, calls: [] as string[] }
    const flow = branching(state)
    const { runId, result } = await createEngine({ store, workflows: [flow] }).start(flow)
    await result
    const engine = createEngine({ store })
    const before = (await store.get(runId))?.seq
    const error: unknown = await engine.setResult(runId, 'pick', 3).catch((reason: unknown) => reason)
    expect(isWaystoneError(error, 'NODE_CONDITION_FAILED')).toBe(true)
    expect((error as Error).cause).toMatchObject({ code: 'WORKFLOW_UNKNOWN' })
    expect((await store.get(runId))?.seq).toBe(before)
    await engine.skipNode(runId, 'pick')
    expect((await store.get(runId))?.seq).toBe(before! + 1)
  })

  it('keeps a large result outside, as a handler’s is', async () => {
    const blobs = memoryBlobs()
    const flow = workflow('w')
      .node('a', (): string => {
        throw new Error('planned')
      })
      .node('b', ['a'], ({ a }) => a.length)
      .build()
    const options = { blobs, limits: { maxResultBytes: 100 }, oversizedResults: 'reference' as const, ...silent }
    const executor = new DagExecutor(flow, options)
    await executor.execute()
    await executor.setResult('a', 'x'.repeat(500))
    expect(executor.saveSnapshot().result('a')).toMatchObject({ keptOutside: true })
    expect((await executor.execute()).output).toBe(500)
  })

  it('refuses values the codec can not keep, and results over their limit', async () => {
    const executor = new DagExecutor(
      workflow('w')
        .node('a', () => {
          throw new Error('planned')
        })
        .build(),
      { codec: createCodec(), limits: { maxResultBytes: 10 }, ...silent },
    )
    await executor.execute()
    await expect(executor.setResult('a', () => 1)).rejects.toMatchObject({ code: 'VALUE_FUNCTION' })
    await expect(executor.setVariable('v', Symbol('s'))).rejects.toMatchObject({ code: 'VALUE_SYMBOL' })
    await expect(executor.setVariable('x'.repeat(65_537), 1)).rejects.toMatchObject({ code: 'STATE_BAD_KEY' })
    const tooLarge = executor.setResult('a', 'x'.repeat(20))
    await expect(tooLarge).rejects.toMatchObject({ name: 'LimitError', code: 'LIMIT_RESULT_BYTES' })
    await tick()
    expect(executor.status).toBe('failed')
  })

  it('keeps to a choice of failures over documents, and shows it in the plan of a resume', async () => {
    let isBroken = true
    const call = (name: string) => () => {
      if (isBroken) throw new Error(name)
      return name
    }
    const flow = workflow('w')
      .node('a', call('a'))
      .node('b', call('b'))
      .node('c', ['a'], () => 'c')
      .build()
    const executor = new DagExecutor(flow, silent)
    await executor.execute()
    isBroken = false
    let cut = ''
    executor.on('node.completed', ({ data }) => {
      if (data.nodeId === 'a') cut = serialize(executor.saveSnapshot())
    })
    expect((await executor.retryFailed({ nodes: ['a'] })).status).toBe('failed')
    expect(executor.saveSnapshot().results).toEqual({ a: 'a', c: 'c' })
    expect(executor.inspect().nodes).toMatchObject([{ nodeId: 'b', waitsFor: { kind: 'failure', isLeft: true } }])
    const { steps } = resumePlan(cut, flow)
    expect(steps.map(({ action }) => action)).toEqual(['reuse', 'blocked', 'run'])
    const loaded = loadSnapshot(cut, flow, silent)
    expect(await loaded.execute()).toMatchObject({ status: 'failed', failedNodeId: 'b', results: { a: 'a', c: 'c' } })
    expect((await loaded.retryFailed()).status).toBe('completed')
  })

  it('frees a quarantined run of what brings its processes down', async () => {
    const store = memoryStore()
    const flow = workflow('poison')
      .node('a', () => 1)
      .node('b', ['a'], () => 2)
      .node('c', ['b'], ({ b }) => b)
      .build()
    for (const isNew of [true, false]) {
      const dying = crashingStore(store, { atAppend: isNew ? 2 : 1, isRecorded: true })
      const engine = createEngine({ store: dying, workflows: [flow], limits: { maxFruitlessResumes: 0 }, ...silent })
      const handles = isNew ? [await engine.start(flow, undefined, { runId: 'r' })] : (await engine.recover()).resumed
      for (const { result } of handles) await result.catch(() => undefined)
    }
    const engine = createEngine({ store, workflows: [flow], ...silent })
    expect(await engine.get('r')).toMatchObject({ status: 'quarantined' })
    expect((await engine.inspect('r')).nodes[0]).toMatchObject({ nodeId: 'b', status: 'running' })
    await engine.setResult('r', 'b', 'by hand')
    expect((await (await engine.resume('r')).result).output).toBe('by hand')
  })

  it('on a node that is a run tries what failed in it again, and ends all of it with a skip or a result', async () => {
    let isBroken = true
    const calls: string[] = []
    const inner = workflow('inner')
      .node('a', () => calls.push('a'))
      .node('b', ['a'], () => {
        if (isBroken) throw new Error('planned')
        return 'b'
      })
      .node('ask', ['b'], waitForSignal<string>({ name: 'go' }))
      .build()
    const flow = workflow('outer')
      .workflow('part', [], inner)
      .node('after', ['part'], ({ part }) => calls.push(`after ${String(part)}`))
      .build()
    const failed = new DagExecutor(flow, silent)
    expect((await failed.execute()).failedNodeId).toBe('part')
    isBroken = false
    expect((await failed.retryFailed({ nodes: ['part'] })).status).toBe('waiting')
    expect(calls).toEqual(['a'])
    const text = serialize(failed.saveSnapshot())

    await failed.setResult('part', 'given')
    expect((await failed.execute()).status).toBe('completed')
    expect(calls).toEqual(['a', 'after given'])

    const loaded = loadSnapshot(text, flow, silent)
    await loaded.skipNode('part')
    expect(await loaded.execute()).toMatchObject({ status: 'completed', results: {} })
    expect(loaded.saveSnapshot().nodes['after']).toMatchObject({ status: 'skipped', skipReason: 'untaken' })
    expect(calls).toEqual(['a', 'after given'])
    await expect(loaded.signal('go', 'late')).rejects.toMatchObject({ code: 'RUN_ENDED' })
  })

  it('reaches a node of a nested run by the ids that lead to it, whose conditions are those of its own workflow', async () => {
    const deep = workflow('deep')
      .node('ask', waitForSignal<number>({ name: 'go' }))
      .node('odd', [{ source: 'ask', when: (output) => (output as number) % 2 === 1 }], ({ ask }) => `odd ${ask}`)
      .node('even', [{ source: 'ask', when: (output) => (output as number) % 2 === 0 }], ({ ask }) => `even ${ask}`)
      .build()
    const flow = workflow('outer')
      .workflow('outer', [], workflow('middle').workflow('part', [], deep).build())
      .build()
    const store = memoryStore()
    const engine = createEngine({ store, workflows: [flow], ...silent })
    const { runId, result } = await engine.start(flow)
    expect((await result).status).toBe('waiting')
    const path = ['outer', 'part']
    await expect(engine.setResult(runId, ['outer', 'ask'], 3)).rejects.toMatchObject({ code: 'RUN_REJECTED' })
    await expect(engine.skipNode(runId, ['part', 'ask'])).rejects.toMatchObject({
      code: 'RUN_REJECTED',
      message: expect.stringContaining('has no run under way in its node "part"'),
    })
    expect((await engine.why(runId, [...path, 'odd'])).chain.map(({ nodeId }) => nodeId)).toEqual(['odd', 'ask'])
    const forked = serialize(await engine.snapshot(runId))

    await engine.setResult(runId, [...path, 'ask'], 3, note)
    await engine.skipNode(runId, [...path, 'even'])
    const events: RunEvent[] = []
    for await (const { text } of store.events(runId)) events.push(JSON.parse(text) as RunEvent)
    expect(events.find(({ type }) => type === 'node.set')).toMatchObject({ path, data: { nodeId: 'ask', ...note } })
    const other = createEngine({ store, workflows: [flow], ...silent })
    expect((await (await other.resume(runId)).result).output).toBe('odd 3')

    const loaded = loadSnapshot(forked, flow, silent)
    await loaded.setResult([...path, 'ask'], 4)
    expect((await loaded.execute()).output).toBe('even 4')
  })
})
