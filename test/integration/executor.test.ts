import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  builtins,
  createRegistry,
  createWorkflow,
  DagExecutor,
  deserialize,
  executeFromSnapshot,
  loadSnapshot,
  type NodeContext,
  parseWorkflow,
  type Snapshot,
  serialize,
  type Workflow,
  workflow,
} from '../../src/index.ts'
import { count } from '../helpers/count.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { runs } from '../helpers/property.ts'
import { deferred, guardRejections, never, recordingLogger, runOf, tick } from '../helpers/run-control.ts'

guardRejections()

const DAY = 86_400_000

/** A graph given by the upstreams of each node, by index. */
function graph(
  upstreams: readonly (readonly number[])[],
  handler: (inputs: Record<string, number>, ctx: NodeContext) => unknown,
) {
  const nodes = upstreams.map((_, index) => ({ id: `n${index}`, type: 'step' }))
  const edges = upstreams.flatMap((sources, index) =>
    [...new Set(sources)].map((source) => ({ source: `n${source}`, target: `n${index}` })),
  )
  return createWorkflow({ id: 'graph', version: '1.0.0', nodes, edges }, { handlers: { step: handler as never } })
}

describe('saveSnapshot at every boundary of a node', () => {
  it('of wide and deep graphs, at any concurrency, resumes to the same end; no completed node runs again', async () => {
    let boundaries = 0
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 2, max: 60 })
          .chain((size) =>
            fc.tuple(
              ...Array.from({ length: size }, (_, index) =>
                index === 0
                  ? fc.constant<number[]>([])
                  : fc.array(fc.integer({ min: Math.max(0, index - 8), max: index - 1 }), { maxLength: 3 }),
              ),
            ),
          ),
        fc.integer({ min: 1, max: 8 }),
        async (upstreams, concurrency) => {
          const flowOf = (calls: string[]) =>
            graph(upstreams, async (inputs, ctx) => {
              calls.push(ctx.nodeId)
              if (Number(ctx.nodeId.slice(1)) % 3 === 0) await Promise.resolve()
              ctx.counters.add('done')
              ctx.accumulators.sum('sum', 1)
              return Object.values(inputs).reduce((sum, value) => (sum + value) % 1_000, 1)
            })
          const ends = (executor: DagExecutor) => {
            const { results, counters, accumulators } = executor.saveSnapshot().document
            return { status: executor.status, results, counters, accumulators }
          }
          const reference = new DagExecutor(flowOf([]), { concurrency }) as DagExecutor
          const cuts: Snapshot[] = [reference.saveSnapshot()]
          reference.on('node.started', () => void cuts.push(reference.saveSnapshot()))
          reference.on('node.completed', () => void cuts.push(reference.saveSnapshot()))
          await reference.execute()
          cuts.push(reference.saveSnapshot())
          const expected = ends(reference)
          const ids = upstreams.map((_, index) => `n${index}`)
          for (const cut of cuts) {
            boundaries += 1
            const calls: string[] = []
            const executor = loadSnapshot(cut, flowOf(calls)) as DagExecutor
            await executor.execute()
            expect(ends(executor)).toEqual(expected)
            const done = new Set(cut.completedNodes)
            expect(calls.toSorted()).toEqual(ids.filter((id) => !done.has(id)).toSorted())
            const place = new Map(calls.map((id, index) => [id, index]))
            upstreams.forEach((sources, index) => {
              for (const source of sources) {
                if (place.has(`n${source}`)) expect(place.get(`n${source}`)).toBeLessThan(place.get(`n${index}`)!)
              }
            })
          }
        },
      ),
      runs('DAGs cut at every boundary', 500),
    )
    count('boundaries cut', boundaries)
  })

  it('a thousand times while two hundred nodes run eight at once: each is valid, one cut, and resumes to the same end', async () => {
    const texts: string[] = []
    const called: string[] = []
    let save = () => void texts.push(serialize(executor.saveSnapshot(), { pretty: false }))
    const flow = graph(
      Array.from({ length: 200 }, (_, index) => (index < 8 ? [] : [index - 8])),
      async (inputs, ctx) => {
        called.push(ctx.nodeId)
        for (let turn = 0; turn < 5; turn += 1) {
          save()
          ctx.counters.add('turns')
          // Nodes of unequal length, lest eight end at once each time and few moments be different.
          for (let wait = Number(ctx.nodeId.slice(1)) % 7; wait >= 0; wait -= 1) await Promise.resolve()
        }
        ctx.variables.set(ctx.nodeId, true)
        return Object.values(inputs).reduce((sum, value) => sum + value, 1)
      },
    ) as unknown as Workflow
    const executor = new DagExecutor(flow, { concurrency: 8 })
    await executor.execute()
    save = () => undefined
    expect(texts).toHaveLength(1_000)
    const { results, variables, counters } = executor.saveSnapshot().document
    const sizes = new Set<number>()
    for (const text of texts) {
      const snapshot = deserialize(text)
      const done = new Set(snapshot.completedNodes)
      sizes.add(done.size)
      expect(new Set(Object.keys(snapshot.document.variables))).toEqual(done)
      expect(snapshot.document.counters['turns'] ?? 0).toBe(done.size * 5)
      called.length = 0
      const resumed = loadSnapshot(snapshot, flow, { concurrency: 8 })
      expect((await resumed.execute()).status).toBe('completed')
      expect(called.filter((id) => done.has(id))).toEqual([])
      expect(called).toHaveLength(200 - done.size)
      const { document } = resumed.saveSnapshot()
      // Key by key over 200 nodes a thousand times is what most of the time went into.
      const ends = [document.results, document.variables, document.counters].map((member) => JSON.stringify(member))
      expect(ends).toEqual([results, variables, counters].map((member) => JSON.stringify(member)))
    }
    expect(sizes.size).toBeGreaterThan(100)
    count('snapshots of a busy run resumed', texts.length)
  })

  it('is allowed from a timer, after a failure and after a cancel', async () => {
    const gate = deferred()
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', () => gate.promise)
        .node('b', ['a'], () => {
          throw new Error('x')
        })
        .build(),
    )
    const statuses: string[] = []
    const save = () => void statuses.push(deserialize(serialize(executor.saveSnapshot())).run.status)
    save()
    setTimeout(() => {
      save()
      gate.resolve()
    }, 0)
    await executor.execute()
    save()
    await executor.cancel()
    save()
    expect(statuses).toEqual(['pending', 'running', 'failed', 'canceled'])
  })
})

describe('a snapshot and a run', () => {
  const make = () =>
    workflow('copies', '1.0.0')
      .node('a', (_inputs, ctx) => {
        const value = { list: [1] }
        ctx.variables.set('v', value)
        ctx.cache.set('k', value)
        ctx.context.variables.set('x', value)
        ctx.accumulators.append('all', value)
        value.list.push(2)
        return value
      })
      .node('b', ['a'], ({ a }) => {
        a.list.length = 0
        return never<number>()
      })
      .build()

  it('share nothing that can change, in either direction, nor does a loaded run', async () => {
    const input = { rows: [1] }
    // Time stands still, so that two looks at one run are equal.
    const clock = new ManualClock()
    const executor = new DagExecutor(make(), { input, clock })
    void executor.execute()
    await tick()
    const snapshot = executor.saveSnapshot()
    const text = serialize(snapshot)
    const before = runOf(executor)
    input.rows.push(2)
    ruin(snapshot)
    ruin(snapshot.document)
    ruin(snapshot.results)
    ruin(snapshot.workflow)
    expect(serialize(snapshot)).toBe(text)
    expect(runOf(executor)).toEqual(before)
    const loaded = loadSnapshot(snapshot, make(), { clock })
    await executor.cancel()
    expect(serialize(snapshot)).toBe(text)
    expect(loaded.status).toBe('running')
    void loaded.execute()
    await tick()
    await loaded.cancel()
    expect(serialize(snapshot)).toBe(text)
    const document = JSON.parse(text) as object
    const other = loadSnapshot(document, make(), { clock })
    const asLoaded = runOf(other)
    ruin(document)
    expect(runOf(other)).toEqual(asLoaded)
  })

  it('keep the definition they were made of, whatever becomes of the object it was given in', async () => {
    const definition = {
      id: 'w',
      version: '1.0.0',
      nodes: [{ id: 'a', type: 'value', data: { list: [1] } }],
      edges: [],
    }
    const registry = createRegistry([['value', (_inputs: unknown, ctx: NodeContext) => ctx.data]] as const)
    const executor = new DagExecutor(parseWorkflow(definition), { registry })
    const before = runOf(executor)
    definition.nodes[0]!.data.list.push(2)
    definition.nodes.push({ id: 'b', type: 'value', data: { list: [] } })
    expect(runOf(executor)).toEqual(before)
    expect((await executor.execute()).output).toEqual({ list: [1] })
  })
})

describe('loadSnapshot', () => {
  const plain = () =>
    parseWorkflow({
      id: 'plain',
      version: '1.2.3',
      nodes: [{ id: 'a', type: builtins[0]![0], data: null }],
      edges: [],
    })

  it('gives a run of the same ids, runs nothing until asked, and takes the built-in types when nothing else is given', async () => {
    const executor = new DagExecutor(plain(), { runId: 'mine' })
    const clock = new ManualClock()
    const loaded = loadSnapshot(serialize(executor.saveSnapshot()), undefined, { clock })
    expect([loaded.runId, loaded.workflow.definition.id, loaded.workflow.definition.version, loaded.status]).toEqual([
      'mine',
      'plain',
      '1.2.3',
      'pending',
    ])
    const facts: string[] = []
    loaded.on('*', ({ type }) => facts.push(type))
    await tick()
    expect([facts, clock.pending]).toEqual([[], 0])
  })

  it('stays still whatever else it is told: a signal starts no node that is due and sets no timer', async () => {
    const clock = new ManualClock()
    const calls: string[] = []
    const flow = workflow('w', '1.0.0')
      .node(
        'a',
        () => {
          calls.push('a')
          throw new Error('always')
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 1_000 } },
      )
      .build()
    const executor = new DagExecutor(flow, { clock })
    void executor.execute()
    await tick()
    const cut = executor.saveSnapshot()
    await executor.cancel()
    calls.length = 0
    for (const now of [clock.now(), clock.now() + DAY]) {
      const own = new ManualClock(now)
      const loaded = loadSnapshot(cut, flow, { clock: own })
      await loaded.signal('s', 1)
      await tick()
      expect([calls, own.pending, loaded.saveSnapshot().document.signals.length]).toEqual([[], 0, 1])
      expect((await own.drive(loaded.execute())).status).toBe('failed')
      expect(calls.splice(0)).toEqual(['a'])
    }
  })

  it('and execute are executeFromSnapshot: the same result, the same errors', async () => {
    const flow = () =>
      workflow('w', '1.0.0')
        .node('a', () => 1)
        .node('b', ['a'], ({ a }) => {
          if (a === 1) throw new TypeError('bad')
        })
        .build()
    const text = serialize(new DagExecutor(flow(), { runId: 'r' }).saveSnapshot())
    const one = await loadSnapshot(text, flow()).execute()
    const other = await executeFromSnapshot(text, flow())
    expect({ ...other }).toEqual({ ...one })
    expect([one.status, one.failedNodeId, one.results]).toEqual(['failed', 'b', { a: 1 }])
    for (const [given, target] of [
      ['{', undefined],
      [text.replace('waystone.snapshot', 'other'), undefined],
      [
        text,
        workflow('w', '1.0.0')
          .node('c', () => 1)
          .build(),
      ],
      [text, undefined],
    ] as const) {
      const errors = [
        await Promise.resolve()
          .then(() => loadSnapshot(given, target).execute())
          .catch((error: unknown) => error),
        await executeFromSnapshot(given, target).catch((error: unknown) => error),
      ] as { readonly code: string; readonly message: string }[]
      expect(errors[0]?.code).toMatch(/^[A-Z]/)
      expect([errors[1]?.code, errors[1]?.message]).toEqual([errors[0]?.code, errors[0]?.message])
    }
  })

  it('and everything beside it refuses what is no argument of theirs with a typed error', async () => {
    for (const value of [null, undefined, 5, true, [], () => 1, Symbol('s')]) {
      const calls: (() => unknown)[] = [
        () => serialize(value as never),
        () => deserialize(value as never),
        () => loadSnapshot(value as never),
        () => executeFromSnapshot(value as never),
        () => new DagExecutor(value as never),
      ]
      for (const call of calls) {
        await expect(Promise.resolve().then(call)).rejects.toMatchObject({
          code: expect.stringMatching(/^(SNAPSHOT|ARGUMENT|WORKFLOW)_/) as string,
        })
      }
    }
    const snapshot = new DagExecutor(plain()).saveSnapshot()
    for (const value of [null, 5, [], 'w', {}]) {
      expect(() => loadSnapshot(snapshot, value as never)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    }
    for (const value of [null, 5, []]) {
      expect(() => loadSnapshot(snapshot, undefined, value as never)).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID' }),
      )
    }
  })
})

describe('a workflow without nodes', () => {
  it('completes at once, with no result, null for output and no handler called', async () => {
    const executor = new DagExecutor(parseWorkflow({ id: 'empty', version: '1.0.0', nodes: [], edges: [] }))
    const facts: string[] = []
    executor.on('*', ({ type }) => facts.push(type))
    const result = await executor.execute()
    expect([result.status, result.output, result.results, facts]).toEqual([
      'completed',
      null,
      {},
      ['run.started', 'run.completed'],
    ])
    expect((await executeFromSnapshot(serialize(executor.saveSnapshot()))).status).toBe('completed')
  })
})

describe('pause', () => {
  /** Two nodes in flight that end when told, one that waits for a retry, and one that follows. */
  function slow(clock: ManualClock) {
    const calls: string[] = []
    const ends = deferred<string>()
    const flow = workflow('slow', '1.0.0')
      .node('ends', () => {
        calls.push('ends')
        return ends.promise
      })
      .node('hangs', (_inputs, ctx) => {
        calls.push('hangs')
        return ctx.attempt === 1 ? never<string>() : 'hung'
      })
      .node(
        'again',
        (_inputs, ctx) => {
          calls.push('again')
          if (ctx.attempt === 1) throw new Error('once')
          return clock.now()
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 60_000, jitter: 0 } },
      )
      .node('last', ['ends', 'hangs', 'again'], (inputs) => {
        calls.push('last')
        return Object.keys(inputs).length
      })
      .build()
    return { flow, calls, ends }
  }

  it('waits for nodes in flight without a deadline, cuts them off with one, and starts none meanwhile', async () => {
    const clock = new ManualClock()
    const { flow, calls, ends } = slow(clock)
    const executor = new DagExecutor(flow, { clock })
    void executor.execute()
    await tick()
    let saved: Snapshot | undefined
    const patient = executor.pause({ reason: 'patient' }).then((snapshot) => {
      saved = snapshot
    })
    clock.advance(DAY)
    await tick()
    expect([saved, executor.status, calls]).toEqual([undefined, 'running', ['ends', 'hangs', 'again']])
    const hasty = executor.pause({ deadlineMs: 1_000 })
    ends.resolve('ended')
    await tick()
    clock.advance(999)
    await tick()
    expect(executor.status).toBe('running')
    clock.advance(1)
    const snapshot = await hasty
    await patient
    expect(snapshot.run).toMatchObject({ status: 'paused', reason: 'patient' })
    expect(snapshot.results).toEqual({ ends: 'ended' })
    expect(snapshot.nodes['hangs']).toMatchObject({ status: 'interrupted' })
    expect(clock.pending).toBe(0)
  })

  it('and a resume days later, elsewhere, lead to the same end; time in between counts against nothing', async () => {
    const clock = new ManualClock()
    const { flow, ends } = slow(clock)
    const executor = new DagExecutor(flow, { clock, limits: { runTimeoutMs: 120_000 } })
    void executor.execute()
    await tick()
    clock.advance(30_000)
    ends.resolve('ended')
    await tick()
    const pausing = executor.pause({ deadlineMs: 0 })
    clock.advance(0)
    const text = serialize(await pausing)
    const later = new ManualClock(clock.now() + 9 * DAY)
    const elsewhere = slow(later)
    const loaded = loadSnapshot(text, elsewhere.flow, { clock: later })
    const { status, output, results } = await later.drive(loaded.execute())
    expect([status, output]).toEqual(['completed', 3])
    expect(results).toMatchObject({ ends: 'ended', hangs: 'hung' })
    // The retry was due long ago, so it is made at once.
    expect(results['again']).toBe(later.now())
    expect(elsewhere.calls).toEqual(['hangs', 'again', 'last'])
    expect(later.pending).toBe(0)
  })

  it('of a run that ends meanwhile, or does not execute, gives it as it is', async () => {
    const gate = deferred()
    const flow = workflow('w', '1.0.0')
      .node('a', () => gate.promise)
      .build()
    const executor = new DagExecutor(flow)
    expect((await executor.pause()).run.status).toBe('pending')
    void executor.execute()
    await tick()
    const pausing = executor.pause()
    gate.resolve()
    expect((await pausing).run.status).toBe('completed')
    expect((await executor.pause()).run.status).toBe('completed')
  })

  it('leaves no timer when nodes end before the deadline', async () => {
    const clock = new ManualClock()
    const gate = deferred()
    const flow = workflow('w', '1.0.0')
      .node('a', () => gate.promise)
      .node('b', ['a'], () => 1)
      .build()
    const executor = new DagExecutor(flow, { clock })
    void executor.execute()
    await tick()
    const pausing = executor.pause({ deadlineMs: DAY })
    expect(clock.pending).toBe(1)
    gate.resolve()
    expect((await pausing).run.status).toBe('paused')
    expect(clock.pending).toBe(0)
    expect((await executor.execute()).status).toBe('completed')
  })

  it('is asked for by a handler of the run itself without harm when it is not awaited there', async () => {
    const executor: DagExecutor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', () => void executor.pause())
        .node('b', ['a'], () => 1)
        .build(),
    )
    expect((await executor.execute()).status).toBe('paused')
    expect((await executor.execute()).status).toBe('completed')
  })

  it('leaves the run to one execute at a time', async () => {
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', () => tick())
        .build(),
    )
    const running = executor.execute()
    await expect(executor.execute()).rejects.toMatchObject({ code: 'RUN_ACTIVE' })
    expect((await running).status).toBe('completed')
    expect((await executor.execute()).status).toBe('completed')
    await expect(executor.retryFailed()).rejects.toMatchObject({ code: 'RUN_ENDED' })
  })
})

describe('a failure', () => {
  it('is in the snapshot with its node, error, causes and attempts; a resume runs that node and what follows it alone', async () => {
    let isMended = false
    const calls: string[] = []
    const make = () =>
      workflow('fails', '1.0.0')
        .node('ok', () => void calls.push('ok'))
        .node(
          'bad',
          ['ok'],
          () => {
            calls.push('bad')
            if (!isMended)
              throw Object.assign(new TypeError('no rows', { cause: new Error('no table') }), { code: 'E_ROWS' })
            return 1
          },
          { retry: { maximumAttempts: 2, initialIntervalMs: 1 } },
        )
        .node('after', ['bad'], () => void calls.push('after'))
        .node('beside', ['ok'], () => void calls.push('beside'))
        .build()
    const clock = new ManualClock()
    const executor = new DagExecutor(make(), { clock })
    const { status, failedNodeId, error } = await clock.drive(executor.execute())
    expect([status, failedNodeId, (error as { code?: string }).code]).toEqual(['failed', 'bad', 'RUN_NODE_FAILED'])
    const document = deserialize(serialize(executor.saveSnapshot())).document
    expect(document.run).toMatchObject({ status: 'failed', failedNodeId: 'bad' })
    expect(document.nodes['bad']).toMatchObject({
      status: 'failed',
      attempt: 2,
      failures: 2,
      error: { name: 'TypeError', message: 'no rows', code: 'E_ROWS', cause: { name: 'Error', message: 'no table' } },
    })
    isMended = true
    calls.length = 0
    const loaded = loadSnapshot(serialize(executor.saveSnapshot()), make(), { clock })
    expect((await clock.drive(loaded.execute())).status).toBe('completed')
    expect(calls).toEqual(['bad', 'after'])
    expect(loaded.saveSnapshot().nodes['bad']).toMatchObject({ status: 'completed', attempt: 3 })
  })
})

describe('a retry', () => {
  it.each([
    ['any error', () => new Error('x'), 3],
    ['an error that says it may help', () => Object.assign(new Error('x'), { retryable: true }), 3],
    ['an error that says it can not help', () => Object.assign(new Error('x'), { retryable: false }), 1],
    ['a wrong use of the context', (ctx: NodeContext) => ctx.counters.add('c', Number.NaN), 1],
  ] as const)('follows %s as often as it can help', async (_what, fail, attempts) => {
    const clock = new ManualClock()
    let calls = 0
    const flow = workflow('w', '1.0.0')
      .node(
        'a',
        (_inputs, ctx) => {
          calls += 1
          throw fail(ctx as NodeContext)
        },
        { retry: { maximumAttempts: 3, initialIntervalMs: 1 } },
      )
      .build()
    expect((await clock.drive(new DagExecutor(flow, { clock }).execute())).status).toBe('failed')
    expect(calls).toBe(attempts)
  })
})

describe('the order at concurrency 1', () => {
  it('is that of the definition among what is ready, whatever the order of edges and of keys', async () => {
    const upstreams = { d: [], c: [], b: ['d'], a: ['c', 'd'], e: ['b', 'a'] } as Record<string, string[]>
    const order = async (edgesBackwards: boolean, keysBackwards: boolean) => {
      const turn = <T>(list: T[], isTurned: boolean) => (isTurned ? list.toReversed() : list)
      const edges = Object.entries(upstreams).flatMap(([target, sources]) =>
        sources.map((source) => ({ source, target })),
      )
      const node = (id: string) =>
        Object.fromEntries(
          turn(
            [
              ['id', id],
              ['type', 'step'],
              ['data', { a: 1, b: 2 }],
            ],
            keysBackwards,
          ),
        )
      const calls: string[] = []
      const registry = createRegistry([
        ['step', (_inputs: unknown, ctx: NodeContext) => void calls.push(ctx.nodeId)],
      ] as const)
      const flow = parseWorkflow({
        id: 'order',
        version: '1.0.0',
        nodes: Object.keys(upstreams).map(node),
        edges: turn(edges, edgesBackwards),
      })
      await new DagExecutor(flow, { registry, concurrency: 1 }).execute()
      return calls
    }
    for (const edges of [false, true])
      for (const keys of [false, true]) expect(await order(edges, keys)).toEqual(['d', 'c', 'b', 'a', 'e'])
  })
})

describe('node types', () => {
  it('come from the workflow first, then from the registry, then from the built-in ones; all that are missing are named', async () => {
    const [[builtin]] = builtins as unknown as [[string]]
    const flow = parseWorkflow({ id: 'w', version: '1.0.0', nodes: [{ id: 'a', type: builtin }], edges: [] })
    const registry = createRegistry([[builtin, () => 'registry']] as const)
    expect((await new DagExecutor(flow, { registry }).execute()).output).toBe('registry')
    const own = createWorkflow(flow.definition, { handlers: { [builtin]: () => 'own' } })
    expect((await new DagExecutor(own, { registry }).execute()).output).toBe('own')
    expect(() => registry.register(builtin, () => 1)).toThrow(expect.objectContaining({ code: 'NODE_TYPE_DUPLICATE' }))
    expect((await new DagExecutor(flow, { registry: registry.override(builtin, () => 'over') }).execute()).output).toBe(
      'over',
    )
    const missing = parseWorkflow({
      id: 'w',
      version: '1.0.0',
      nodes: ['__proto__', 'constructor', ''].filter(Boolean).map((type, index) => ({ id: `${index}`, type })),
      edges: [],
    })
    expect(() => new DagExecutor(missing)).toThrow(
      expect.objectContaining({ code: 'NODE_TYPE_MISSING', details: { types: ['__proto__', 'constructor'] } }),
    )
  })
})

describe('names that look like members of every object', () => {
  it('work as node ids, variables, counters and services', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty']
    const nodes = names.map((id, index) => ({ id, type: 'step', data: index }))
    const edges = names.slice(1).map((target, index) => ({ source: names[index]!, target }))
    const step = (inputs: Record<string, unknown>, ctx: NodeContext) => {
      expect(Object.keys(inputs)).toEqual(ctx.nodeId === '__proto__' ? [] : [names[(ctx.data as number) - 1]])
      ctx.variables.set(ctx.nodeId, ctx.data)
      ctx.counters.add(ctx.nodeId, 1)
      return ctx.data
    }
    const flow = createWorkflow({ id: 'names', version: '1.0.0', nodes, edges }, { handlers: { step: step as never } })
    const executor = new DagExecutor(flow, { logger: recordingLogger() })
    const { status, results } = await executor.execute()
    expect([status, Object.entries(results)]).toEqual(['completed', names.map((name, index) => [name, index])])
    const loaded = loadSnapshot(serialize(executor.saveSnapshot()), flow)
    expect(Object.entries((await loaded.execute()).results)).toEqual(names.map((name, index) => [name, index]))
  })
})

describe('a chain of a hundred thousand nodes', () => {
  it('runs, saves, loads and runs on without a deep stack', async () => {
    const size = 100_000
    const chain = (stopAt: number) => {
      const flow = graph(
        Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1])),
        (inputs, ctx) => {
          if (ctx.nodeId === `n${stopAt}`) throw new Error('stop')
          return (Object.values(inputs)[0] ?? 0) + 1
        },
      )
      return flow
    }
    const executor = new DagExecutor(chain(size / 2))
    expect((await executor.execute()).status).toBe('failed')
    expect(await executeFromSnapshot(executor.saveSnapshot(), chain(-1))).toMatchObject({
      status: 'completed',
      output: size,
    })
  })
})

function ruin(value: unknown, depth = 0): void {
  if (typeof value !== 'object' || value === null || depth > 6) return
  for (const key of Object.keys(value)) {
    ruin(Reflect.get(value, key), depth + 1)
    Reflect.set(value, key, 'ruined')
  }
}
