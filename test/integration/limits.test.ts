import { describe, expect, it } from 'vitest'
import type { Logger } from '../../src/base/ports.ts'
import { engineOptions } from '../../src/engine/engine-options.ts'
import {
  configOptions,
  executorOptions,
  loadOptions,
  resumeOptions,
  startOptions,
  worldOptions,
} from '../../src/engine/options.ts'
import {
  type AnyWorkflow,
  type ClassCodec,
  createCodec,
  createEngine,
  createRegistry,
  DagExecutor,
  type ExecutorOptions,
  loadSnapshot,
  memoryResults,
  memoryStore,
  type NodeContext,
  parseWorkflow,
  type RunLimits,
  type Store,
  serialize,
  sleep,
  type Workflow,
  workflow,
} from '../../src/index.ts'
import { DEFAULT_CONFIG, DEFAULT_LIMITS } from '../../src/run/config.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { deferred, guardRejections, intercepted, never, recordingLogger, tick } from '../helpers/run-control.ts'

guardRejections()

/** What a run of two nodes in a row came to, in a word: its status, or the code of what failed it. */
async function outcomeOf(handler: (inputs: object, ctx: NodeContext) => unknown, limits: object): Promise<string> {
  const clock = new ManualClock()
  const flow = workflow('limits', '1.0.0')
    .node('a', handler as never)
    .node('b', ['a'], handler as never)
    .build()
  try {
    const executor = new DagExecutor(flow, { clock, limits, services: { clock } })
    const { status, error } = await clock.drive(executor.execute())
    serialize(executor.saveSnapshot())
    const codes: string[] = []
    for (let at: unknown = error; at instanceof Error; at = at.cause) codes.push((at as { code?: string }).code ?? '')
    return codes.at(-1) ?? status
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

describe('limits', () => {
  const wait = (inputs: object, ctx: NodeContext) =>
    new Promise((resolve) => (ctx.services['clock'] as ManualClock).setTimer(1_000, () => resolve(inputs)))
  /** For each limit: a run that keeps to it when it is as large as `enough`, and the code it ends with when it is `low`. */
  const cases: { readonly [Name in Exclude<keyof RunLimits, 'maxFruitlessResumes'>]: LimitCase<Name> } = {
    runTimeoutMs: { enough: 5_000, low: 1_500, code: 'RUN_TIMEOUT', handler: wait },
    nodeTimeoutMs: { enough: 1_001, low: 999, code: 'NODE_TIMEOUT', handler: wait },
    maxNodes: { enough: 2, low: 1, code: 'LIMIT_NODES' },
    maxNodeExecutions: { enough: 2, low: 1, code: 'LIMIT_NODE_EXECUTIONS' },
    maxUsage: {
      enough: { http: 6 },
      low: { http: 5 },
      code: 'LIMIT_USAGE',
      handler: (_inputs, ctx) => ctx.usage.add('http', 3),
    },
    maxResultBytes: { enough: 12, low: 11, code: 'LIMIT_RESULT_BYTES', handler: () => 'x'.repeat(10) },
    maxStateBytes: {
      enough: 2_000,
      low: 100,
      code: 'LIMIT_STATE_BYTES',
      handler: (_inputs, ctx) => ctx.variables.set(ctx.nodeId, 'x'.repeat(100)),
    },
    maxSnapshotBytes: { enough: 1_000_000, low: 1_000, code: 'LIMIT_SNAPSHOT_BYTES', handler: () => 'x'.repeat(500) },
  }

  it('have a case each', () => {
    // What a run that is taken up again and again comes to is tested in quarantine.test.ts.
    expect([...Object.keys(cases), 'maxFruitlessResumes'].sort()).toEqual(Object.keys(DEFAULT_LIMITS).sort())
  })

  it.each(Object.entries(cases))(
    '%s is kept to, and enforced',
    async (name, { enough, low, code, handler = () => 1 }) => {
      expect(await outcomeOf(handler, { [name]: enough })).toBe('completed')
      expect(await outcomeOf(handler, { [name]: low })).toBe(code)
      expect(await outcomeOf(handler, {})).toBe('completed')
    },
  )

  it.each(Object.keys(cases))('%s is refused when it is no number it could be', (name) => {
    const flow = workflow('w', '1.0.0')
      .node('a', () => 1)
      .build()
    const bad =
      name === 'maxUsage' ? [null, 5, { http: -1 }, { http: Number.NaN }] : [-1, Number.NaN, Infinity, '5', undefined]
    for (const value of bad) {
      expect(() => new DagExecutor(flow, { limits: { [name]: value } })).toThrow(
        expect.objectContaining({ code: 'ARGUMENT_INVALID', message: expect.stringContaining(name) as string }),
      )
    }
    for (const value of name === 'maxUsage' ? [{}, { http: 0 }] : [null, 1]) {
      expect(new DagExecutor(flow, { limits: { [name]: value } }).config.limits).toMatchObject({ [name]: value })
    }
  })

  it('dropped results stay dropped: who needs one fails with a code, and all else goes on', async () => {
    const flow = workflow('w', '1.0.0')
      .node('large', () => 'x'.repeat(100))
      .node('small', () => 'x')
      .node('needs', ['large'], ({ large }) => large.length, { onError: 'continue' })
      .node('other', ['small'], ({ small }) => small)
      .build()
    const executor = new DagExecutor(flow, { limits: { maxResultBytes: 10 }, oversizedResults: 'drop' })
    let cut = ''
    executor.on('node.completed', () => {
      cut ||= serialize(executor.saveSnapshot())
    })
    await executor.execute()
    expect([executor.status, executor.saveSnapshot().results['other']]).toEqual(['completed', 'x'])
    expect(executor.saveSnapshot().nodes['needs']).toMatchObject({
      status: 'failed',
      error: { code: 'SNAPSHOT_TRUNCATED', details: { nodeId: 'needs', upstream: 'large' } },
    })
    // A load knows it before anything runs.
    expect(() => loadSnapshot(cut, flow)).toThrow(expect.objectContaining({ code: 'SNAPSHOT_TRUNCATED' }))
  })

  it('are the run’s own: changing the object they were given in changes nothing', async () => {
    const maxUsage: Record<string, number> = { http: 1 }
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => ctx.usage.add('http', 2))
      .build()
    const executor = new DagExecutor(flow, { limits: { maxUsage } })
    maxUsage['http'] = 10
    expect((await executor.execute()).status).toBe('failed')
    expect(() => {
      ;(executor.config.limits.maxUsage as Record<string, number>)['http'] = 10
    }).toThrow(TypeError)
  })

  it('and usage hold over a resume: executions and metered use grow by exactly what is run', async () => {
    const make = () =>
      workflow('w', '1.0.0')
        .node('a', (_inputs, ctx) => void ctx.usage.add('http', 2))
        .node('b', ['a'], (_inputs, ctx) => void ctx.usage.add('http', 2))
        .node('c', ['b'], (_inputs, ctx) => void ctx.usage.add('http', 2))
        .build()
    const executor = new DagExecutor(make(), { limits: { maxNodeExecutions: 3, maxUsage: { http: 6 } } })
    let cut = ''
    executor.on('node.completed', () => {
      cut ||= serialize(executor.saveSnapshot())
    })
    await executor.execute()
    expect(executor.saveSnapshot().document.usage).toEqual({ nodeExecutions: 3, http: 6 })
    const loaded = loadSnapshot(cut, make())
    const before = loaded.saveSnapshot().document.usage as { nodeExecutions: number }
    await loaded.execute()
    // A node in flight at the cut was started twice; that counts.
    const again = before.nodeExecutions - 1
    expect(loaded.status).toBe(again === 0 ? 'completed' : 'failed')
    const raised = loadSnapshot(cut, make(), { limits: { maxNodeExecutions: 4 } })
    expect((await raised.execute()).status).toBe('completed')
    expect(raised.saveSnapshot().document.usage).toEqual({ nodeExecutions: 3 + again, http: 6 })
  })
})

interface LimitCase<Name extends keyof RunLimits> {
  readonly enough: RunLimits[Name]
  readonly low: RunLimits[Name]
  readonly code: string
  readonly handler?: (inputs: object, ctx: NodeContext) => unknown
}

/** Proof that an option acts: what is seen with it is not what is seen without it. */
type Proof = () => Promise<readonly [seenWith: unknown, seenWithout: unknown]>

const both = async <Option>(
  see: (option: Option | undefined) => unknown,
  option: Option,
): Promise<readonly [unknown, unknown]> => [await see(option), await see(undefined)]

const given = <Option>(name: string, option: Option | undefined) => (option === undefined ? {} : { [name]: option })

/** The most nodes at once over eight that may all run. */
async function mostAtOnce(execute: (flow: ReturnType<typeof wide>['flow']) => Promise<unknown>): Promise<number> {
  const { flow, most } = wide()
  await execute(flow)
  return most()
}

function wide() {
  let now = 0
  let most = 0
  const step = async () => {
    now += 1
    most = Math.max(most, now)
    await tick()
    now -= 1
    return 'x'.repeat(100)
  }
  let builder = workflow('wide', '1.0.0').node('n0', step)
  for (let index = 1; index < 8; index += 1) builder = builder.node(`n${index}`, step) as typeof builder
  return { flow: builder.build(), most: () => most }
}

const tell = (_inputs: unknown, ctx: NodeContext) => ({
  services: Object.keys(ctx.services),
  runId: ctx.runId,
  input: ctx.input as unknown,
  variable: ctx.variables.get('v'),
  context: [ctx.context.variables.get('v'), ctx.context.constants.get('v')],
})
const teller = () =>
  workflow('teller', '1.0.0')
    .node('a', tell as never)
    .build()

class Money {
  readonly cents: number
  constructor(cents: number) {
    this.cents = cents
  }
}
const money: ClassCodec<Money> = {
  name: 'Money',
  class: Money,
  encode: ({ cents }) => cents,
  decode: (cents) => new Money(cents as number),
}

/** How a run of one workflow is executed with the options of a case, by an executor, a load or an engine. */
type Run = (
  flow: ReturnType<typeof teller>,
  options: object,
) => Promise<{
  readonly output: unknown
  readonly status: string
  readonly error: Error | null
  readonly config: object
  readonly seed: unknown
  readonly startedAt: unknown
}>

const looked = async (
  executor: DagExecutor<never, never>,
  running: Promise<{ output: unknown; status: string; error: Error | null }>,
) => {
  const { output, status, error } = await running
  const { document } = executor.saveSnapshot()
  return { output, status, error, config: executor.config, seed: document.run.seed, startedAt: document.run.startedAt }
}

const runners: Readonly<Record<'DagExecutor' | 'loadSnapshot' | 'createEngine' | 'start' | 'resume', Run>> = {
  DagExecutor: async (flow, options) => {
    const executor = new DagExecutor(flow, { logger: recordingLogger(), ...options })
    return looked(executor as never, executor.execute())
  },
  loadSnapshot: async (flow, options) => {
    const text = serialize(
      new DagExecutor(flow, 'registry' in options ? (options as ExecutorOptions) : {}).saveSnapshot(),
    )
    const executor = loadSnapshot(text, flow, { logger: recordingLogger(), ...options })
    return looked(executor as never, executor.execute())
  },
  createEngine: async (flow, options) => {
    const engine = createEngine({ store: memoryStore(), logger: recordingLogger(), ...options })
    const { executor, result } = await engine.start(flow)
    return looked(executor as never, result)
  },
  start: async (flow, options) => {
    const engine = createEngine({ store: memoryStore(), logger: recordingLogger() })
    const { executor, result } = await engine.start(flow, undefined, options)
    return looked(executor as never, result)
  },
  resume: async (flow, options) => {
    const { store, runId } = await pausedRun(flow)
    const engine = createEngine({ store, workflows: [flow], logger: recordingLogger() })
    const { executor, result } = await engine.resume(runId, options)
    return looked(executor as never, result)
  },
}

/** The options that several of them share, with the proof that each acts. */
const shared: Readonly<Record<string, (run: Run) => Promise<readonly [unknown, unknown]>>> = {
  services: (run) => both(async (services) => (await run(teller(), given('services', services))).output, { mail: 1 }),
  registry: async (run) => {
    const flow = parseWorkflow({ id: 'w', version: '1.0.0', nodes: [{ id: 'a', type: 'own' }], edges: [] })
    const registry = createRegistry([['own', () => 'own']] as const)
    const without = await run(flow as never, {}).then(
      () => 'ran',
      (error: { readonly code: string }) => error.code,
    )
    return [(await run(flow as never, { registry })).output, without]
  },
  clock: (run) => both(async (clock) => (await run(teller(), given('clock', clock))).startedAt, new ManualClock(1_000)),
  ids: (run) =>
    both(async (ids) => (await run(teller(), given('ids', ids))).seed === 7, { newId: () => 'id', newSeed: () => 7 }),
  logger: async (run) => {
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, ctx) => ctx.log.info('hello'))
      .build()
    const logger: Logger & { readonly lines: string[] } = recordingLogger()
    await run(flow as never, { logger })
    return [logger.lines, []]
  },
  codec: (run) =>
    both(
      async (own) => {
        const flow = workflow('w', '1.0.0')
          .node('a', () => new Money(5))
          .build()
        const { status, output } = await run(flow as never, given('codec', own))
        return [status, output]
      },
      createCodec({ classes: [money] }),
    ),
  concurrency: (run) =>
    both((concurrency) => mostAtOnce((flow) => run(flow as never, given('concurrency', concurrency))), 2),
  limits: (run) =>
    both(async (limits) => (await run(teller(), given('limits', limits))).status, { maxNodeExecutions: 0 }),
  oversizedResults: async (run) => {
    const limits = { maxResultBytes: 10 }
    return both(
      async (oversizedResults) =>
        (await run(wide().flow as never, { limits, ...given('oversizedResults', oversizedResults) })).status,
      'drop',
    )
  },
  blobs: async (run) => {
    const kept = new Map<string, Uint8Array>()
    const blobs = {
      put: async (digest: string, bytes: Uint8Array) => void kept.set(digest, bytes),
      get: async (digest: string) => kept.get(digest) ?? null,
    }
    const options = { limits: { maxResultBytes: 10 }, oversizedResults: 'reference' }
    const see = async (more: object) => {
      const before = kept.size
      await run(wide().flow as never, { ...options, ...more }).catch(() => undefined)
      return kept.size - before
    }
    return [await see({ blobs }), await see({})]
  },
  results: async (run) => {
    const calls = async (options: object) => {
      let count = 0
      const flow = workflow('w', '1.0.0')
        .node('a', () => ++count, { reuse: true })
        .build()
      await run(flow as never, options)
      // What is put beside a run is not awaited by it.
      await tick()
      await run(flow as never, options)
      return count
    }
    return [await calls({ results: memoryResults() }), await calls({})]
  },
  compensateOn: async (run) => {
    const undone = async (options: object) => {
      let count = 0
      const flow = workflow('w', '1.0.0')
        .node('a', () => 1, {
          compensation: () => {
            count += 1
          },
        })
        .node('b', ['a'], () => {
          throw new Error('no')
        })
        .build()
      await run(flow as never, options)
      return count
    }
    return [await undone({ compensateOn: ['failure'] }), await undone({})]
  },
  listeners: async (run) => {
    const seen: string[] = []
    await run(teller(), { listeners: { 'run.completed': ({ type }: { readonly type: string }) => seen.push(type) } })
    const before = seen.length
    await run(teller(), {})
    return [before, seen.length - before]
  },
  runId: (run) => both(async (runId) => (await run(teller(), given('runId', runId))).output, 'mine'),
  variables: (run) =>
    both(async (variables) => (await run(teller(), given('variables', variables))).output, { v: new Date(1) }),
  context: (run) =>
    both(async (context) => (await run(teller(), given('context', context))).output, {
      variables: { v: 1 },
      constants: { v: 2 },
    }),
}

const cases: Readonly<
  Record<string, { readonly options: readonly string[]; readonly run: Run; readonly own: Record<string, Proof> }>
> = {
  DagExecutor: {
    options: executorOptions,
    run: runners.DagExecutor,
    own: {
      input: () =>
        both(async (input) => (await runners.DagExecutor(teller(), given('input', input))).output, { rows: 1 }),
    },
  },
  loadSnapshot: {
    options: loadOptions,
    run: runners.loadSnapshot,
    own: {
      cache: async () => {
        const clock = new ManualClock()
        const flow = workflow('w', '1.0.0')
          .node('a', (_inputs, ctx) => ctx.cache.set('k', 1, { ttlMs: 1_000 }))
          .build()
        const executor = new DagExecutor(flow, { clock })
        await executor.execute()
        const text = serialize(executor.saveSnapshot())
        clock.advance(5_000)
        return both(
          (cache) =>
            Object.keys(loadSnapshot(text, flow, { clock, ...given('cache', cache) }).saveSnapshot().document.cache),
          'frozen',
        )
      },
      timers: async () => {
        const clock = new ManualClock()
        const flow = workflow('w', '1.0.0')
          .node('nap', sleep({ durationMs: 10_000 }))
          .build()
        const executor = new DagExecutor(flow, { clock })
        let text = ''
        executor.on('node.waiting', () => {
          text = serialize(executor.saveSnapshot())
        })
        await clock.drive(executor.execute())
        return both(async (timers) => {
          const later = new ManualClock(clock.now())
          const begun = later.now()
          await later.drive(loadSnapshot(text, flow, { clock: later, ...given('timers', timers) }).execute())
          return later.now() - begun
        }, 'restart')
      },
      onWorkflowChange: () => both(changedLoad, 'accept'),
      snapshotLimits: () =>
        both(
          (snapshotLimits) =>
            codeOf(() =>
              loadSnapshot(
                serialize(new DagExecutor(teller()).saveSnapshot()),
                teller(),
                given('snapshotLimits', snapshotLimits),
              ),
            ),
          { maxBytes: 10 },
        ),
    },
  },
  createEngine: {
    options: engineOptions,
    run: runners.createEngine,
    own: {
      store: async () => {
        const store = memoryStore()
        await (await createEngine({ store }).start(teller(), undefined, { runId: 'r' })).result
        return [await store.get('r'), codeOf(() => createEngine({} as never))]
      },
      workflows: () =>
        both(
          async (workflows) => {
            const engine = createEngine({ store: memoryStore(), ...given('workflows', workflows) })
            return engine.start('teller').then(
              async ({ result }) => (await result).status,
              (error: { readonly code: string }) => error.code,
            )
          },
          [teller()],
        ),
      owner: () => both((owner) => claimOf({ ...given('owner', owner) }).then(({ owner: name }) => name), 'me'),
      leaseMs: () => both((leaseMs) => claimOf({ ...given('leaseMs', leaseMs) }).then((claim) => claim.leaseMs), 99),
      checkpointEvents: () =>
        both(async (checkpointEvents) => {
          const store = memoryStore()
          const clock = new ManualClock()
          const retry = { maximumAttempts: 20, initialIntervalMs: 1 }
          const flow = workflow('often', '1.0.0')
            .node('a', (_, ctx) => (ctx.attempt < 20 ? Promise.reject(new Error('again')) : 1), { retry })
            .build()
          const engine = createEngine({ store, clock, ...given('checkpointEvents', checkpointEvents) })
          await clock.drive((await engine.start(flow, undefined, { runId: 'r' })).result)
          return (await store.listCheckpoints('r')).length
        }, 5),
      onWorkflowChange: () =>
        both(async (onWorkflowChange) => {
          const { store, runId } = await pausedRun(changing('1.0.0'))
          const next = createEngine({
            store,
            workflows: [changing('2.0.0')],
            ...given('onWorkflowChange', onWorkflowChange),
          })
          return next.resume(runId).then(
            () => 'resumed',
            (error: { readonly code: string }) => error.code,
          )
        }, 'accept'),
    },
  },
  'engine.start': { options: startOptions, run: runners.start, own: {} },
  'engine.resume': {
    options: resumeOptions,
    run: runners.resume,
    own: {
      timers: () =>
        both(async (timers) => {
          const clock = new ManualClock()
          const store = memoryStore()
          const flow = workflow('w', '1.0.0')
            .node('nap', sleep({ durationMs: 10_000 }))
            .build()
          const engine = createEngine({ store, workflows: [flow], clock })
          await engine.start(flow, undefined, { runId: 'r' })
          await tick()
          await clock.drive(engine.pause('r'))
          clock.advance(4_000)
          const begun = clock.now()
          await clock.drive((await engine.resume('r', given('timers', timers))).result)
          return clock.now() - begun
        }, 'restart'),
    },
  },
}

/** A run that was paused before any of its handlers was called. */
async function pausedRun(flow: AnyWorkflow): Promise<{ readonly store: Store; readonly runId: string }> {
  const store = memoryStore()
  const gate = deferred()
  const slow = intercepted(store, {
    append: async (next) => {
      await gate.promise
      return next()
    },
  })
  const { executor, result, runId } = await createEngine({ store: slow }).start(flow as Workflow)
  const pausing = executor.pause({ deadlineMs: 0 })
  while (executor.status === 'running') await new Promise((resolve) => setTimeout(resolve, 1))
  gate.resolve()
  await pausing
  await result
  return { store, runId }
}

const changing = (version: string) =>
  workflow('changing', '1.0.0')
    .node('a', () => tick(), { version })
    .build()

function changedLoad(onWorkflowChange: string | undefined): unknown {
  const text = serialize(new DagExecutor(changing('1.0.0')).saveSnapshot())
  return codeOf(() => loadSnapshot(text, changing('2.0.0'), given('onWorkflowChange', onWorkflowChange)))
}

function codeOf(work: () => unknown): string {
  try {
    work()
    return 'ok'
  } catch (error) {
    return (error as { readonly code: string }).code
  }
}

async function claimOf(options: object): Promise<{ readonly owner: string; readonly leaseMs: number }> {
  let seen = { owner: '', leaseMs: 0 }
  const store = intercepted(memoryStore(), {
    claim: async (next, _runId, request) => {
      seen = request
      return next()
    },
  })
  await (await createEngine({ store, ...options }).start(teller())).result
  return seen
}

describe.each(Object.entries(cases))('options of %s', (name, { options, run, own }) => {
  const proofs: Record<string, Proof> = { ...own }
  for (const option of options) {
    const proof = shared[option]
    if (proofs[option] === undefined && proof !== undefined) proofs[option] = () => proof(run)
  }

  it('have a proof each', () => {
    expect(Object.keys(proofs).sort()).toEqual([...options].sort())
  })

  it.each(Object.entries(proofs))('%s acts', async (_option, proof) => {
    const [seenWith, seenWithout] = await proof()
    expect(seenWith).not.toEqual(seenWithout)
  })

  it('refuse what nobody reads', async () => {
    await expect(run(teller(), { concurency: 1 })).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
    expect(options).toContain(name === 'engine.resume' ? 'limits' : 'concurrency')
  })

  it('refuse what could not act', async () => {
    const bad: Record<string, readonly unknown[]> = {
      services: [null, 5],
      registry: [{}, null],
      clock: [{}, { now: () => 1 }, null],
      ids: [{ newId: () => 'x' }],
      logger: [console.log, {}],
      codec: [{ encode: () => 1 }],
      concurrency: [0, -1, 1.5, Number.NaN, '4'],
      limits: [null, [], 5],
      blobs: [null, {}, { put: () => 1 }],
      listeners: [null, 5, { 'run.done': () => 1 }, { '*': 'loud' }],
      oversizedResults: ['keep', null],
      variables: [[], 5, new Map([['v', 1]])],
      context: [{ variable: {} }, { variables: [1] }, 5],
      workflows: [5, [5], [teller(), teller()]],
      leaseMs: [0, -1, Number.NaN],
      checkpointEvents: [0, 1.5, '5'],
      onWorkflowChange: ['acept', true],
      cache: ['melted'],
      store: [null, {}, []],
    }
    for (const option of options) {
      for (const value of bad[option] ?? []) {
        await expect(run(teller(), { [option]: value }), `${option}: ${String(value)}`).rejects.toMatchObject({
          code: expect.stringMatching(/^(ARGUMENT_INVALID|OPTION_UNKNOWN)$/) as string,
        })
      }
    }
  })
})

describe('the configuration', () => {
  it('has a proof for each of its members', () => {
    // Whether anything is undone is said by few runs, and stands in no other's configuration.
    expect([...Object.keys(DEFAULT_CONFIG), 'compensateOn'].sort()).toEqual([...configOptions].sort())
    for (const option of [...configOptions, ...worldOptions]) expect(shared[option]).toBeDefined()
  })

  it('is the default one for a run that sets none, and in a document that has none of it', () => {
    const executor = new DagExecutor(teller())
    expect(executor.config).toEqual(DEFAULT_CONFIG)
    expect(loadSnapshot(executor.saveSnapshot(), teller()).config).toEqual(DEFAULT_CONFIG)
  })

  it('changes by single fields when a run is loaded, visibly and for good, before its start and after it', async () => {
    for (const isStarted of [false, true]) {
      const flow = workflow('w', '1.0.0')
        .node('a', () => tick())
        .build()
      const executor = new DagExecutor(flow, { concurrency: 3, limits: { maxNodes: 7, nodeTimeoutMs: 50 } })
      if (isStarted) {
        void executor.execute()
        await executor.pause({ deadlineMs: 0 })
      }
      const loaded = loadSnapshot(serialize(executor.saveSnapshot()), flow, { limits: { maxNodes: 9 } })
      const expected = {
        ...DEFAULT_CONFIG,
        concurrency: 3,
        limits: { ...DEFAULT_LIMITS, maxNodes: 9, nodeTimeoutMs: 50 },
      }
      expect(loaded.config).toEqual(expected)
      await loaded.execute()
      expect(loaded.config).toEqual(expected)
      expect(loadSnapshot(serialize(loaded.saveSnapshot()), flow).config).toEqual(expected)
    }
  })
})

describe('pause', () => {
  it('refuses a reason that is no text, a deadline that is no time, and what nobody reads', async () => {
    const executor = new DagExecutor(
      workflow('w', '1.0.0')
        .node('a', () => never<number>())
        .build(),
    )
    void executor.execute()
    for (const options of [{ reason: 5 }, { deadlineMs: -1 }, { deadlineMs: Number.NaN }, { deadlineMs: '5' }]) {
      await expect(executor.pause(options as object)).rejects.toMatchObject({ code: 'ARGUMENT_INVALID' })
    }
    await expect(executor.pause({ deadline: 5 } as object)).rejects.toMatchObject({ code: 'OPTION_UNKNOWN' })
    expect((await executor.pause({ deadlineMs: 0, reason: 'night' })).run).toMatchObject({
      status: 'paused',
      reason: 'night',
    })
  })
})
