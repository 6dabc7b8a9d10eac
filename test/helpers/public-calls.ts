import * as main from '../../src/index.ts'
import { DEFAULT_SNAPSHOT_LIMITS } from '../../src/snapshot/limits.ts'
import type { Claim } from '../../src/store/driver.ts'
import * as file from '../../src/store/file/index.ts'
import * as memory from '../../src/store/memory/index.ts'
import * as testing from '../../src/testing/index.ts'
import type { NodeContext } from '../../src/workflow/handler.ts'
import { requestOf, SAMPLE_START, sampleBatch } from './sample-run.ts'

const { createEngine, createRegistry, DagExecutor, memoryStore, serialize, workflow } = main

/** One function of the public interface, and arguments it takes. */
export interface PublicCall {
  /** Shape: `createEngine` · `Engine.start` */
  readonly name: string
  /** Arguments it takes, made anew for each call; members of plain objects among them are arguments too. */
  readonly valid: () => readonly unknown[] | Promise<readonly unknown[]>
  readonly call: (given: readonly unknown[]) => unknown
}

/** The entries of the package that programs import. */
export const publishedEntries: Readonly<Record<string, object>> = {
  '.': main,
  './store/file': file,
  './store/memory': memory,
  './testing': testing,
}

/** Exports that have no row, each with the reason. */
export const withoutRow: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    Object.keys(main)
      .filter((name) => name.endsWith('Error') && name !== 'isWaystoneError')
      .map((name) => [name, 'made by Waystone, exported to be told apart']),
  ),
  memoryDriver: 'takes no arguments; its methods are called by createStore alone, with arguments that were checked',
}

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const handler = () => 1
const flow = () => workflow('a').node('x', handler).build()
const executor = () => new DagExecutor(flow(), { logger: silent })
const snapshot = () => executor().saveSnapshot()
const definition = () => ({ id: 'a', version: '1.0.0', nodes: [{ id: 'x', type: 'constant', data: 1 }], edges: [] })
const world = () => ({
  services: {},
  registry: createRegistry(),
  clock: new testing.SimulatedClock(),
  ids: { newId: () => 'id', newSeed: () => 1 },
  logger: silent,
  codec: main.defaultCodec,
  blobs: main.memoryBlobs(),
  results: main.memoryResults(),
})
const config = () => ({ concurrency: 2, limits: { maxNodes: 10, maxUsage: { tokens: 5 } }, oversizedResults: 'fail' })
const begin = () => ({ runId: 'r', variables: { v: 1 }, context: { variables: { v: 1 }, constants: { c: 1 } } })
const looking = () => ({ snapshotLimits: { maxBytes: 1e6 }, codec: main.defaultCodec })
const note = () => ({ by: 'me', why: 'because' })
const pausing = () => ({ reason: 'r', deadlineMs: 5 })
const loading = () => ({
  ...world(),
  ...config(),
  cache: 'frozen',
  timers: 'restart',
  onWorkflowChange: 'refuse',
  snapshotLimits: { maxBytes: 1e6 },
})
const classes = () => [
  { name: 'URL', version: 1, class: URL, encode: String, decode: (data: unknown) => new URL(String(data)) },
]
const codecOptions = () => ({ classes: [], limits: { maxDepth: 9 }, regexp: 'allow', unknownClasses: 'refuse' })

async function engine(): Promise<object> {
  const engine = createEngine({ store: memoryStore(), workflows: [flow()], logger: silent })
  const { result } = await engine.start(flow(), undefined, { runId: 'r' })
  await result
  return engine
}

/** The events of a run of two. */
async function recorded(): Promise<main.RecordedEvent[]> {
  const store = memoryStore()
  const { result } = await createEngine({ store, logger: silent }).start(flow(), undefined, { runId: 'r' })
  await result
  return (await store.read('r')).map((event) => ({ ...event }))
}

const history = async () => main.createHistory(await recorded())

/** The rows of the methods of an object, which is made anew for each call. */
function methods(
  of: string,
  make: () => unknown,
  valid: Readonly<Record<string, PublicCall['valid']>>,
): readonly PublicCall[] {
  return Object.entries(valid).map(([method, given]) => ({
    name: `${of}.${method}`,
    valid: given,
    call: async (values) => {
      const object = (await make()) as Readonly<Record<string, (...values: readonly unknown[]) => unknown>>
      const result = object[method]!(...values)
      // A walk begins when its first step is asked for.
      return of.endsWith('Store') && method === 'events' ? (result as AsyncIterator<unknown>).next() : result
    },
  }))
}

function functions(entry: object, valid: Readonly<Record<string, PublicCall['valid']>>): readonly PublicCall[] {
  return Object.entries(valid).map(([name, given]) => ({
    name,
    valid: given,
    call: (values) => {
      const member = (entry as Readonly<Record<string, (...values: readonly unknown[]) => unknown>>)[name]!
      return member.prototype === undefined || !/^[A-Z]/.test(name)
        ? member(...values)
        : Reflect.construct(member, values)
    },
  }))
}

/** Rows of what a handler may call; what it throws there is what counts. */
function inHandler(
  area: string,
  of: (ctx: NodeContext) => object,
  valid: Readonly<Record<string, PublicCall['valid']>>,
): readonly PublicCall[] {
  return Object.entries(valid).map(([method, given]) => ({
    name: `${area}.${method}`,
    valid: given,
    call: async (values) => {
      const thrown: unknown[] = []
      const call = async (_: unknown, ctx: NodeContext) => {
        try {
          const object = of(ctx) as Readonly<Record<string, (...values: readonly unknown[]) => unknown>>
          await object[method]!(...values)
        } catch (error) {
          thrown.push(error)
        }
      }
      await new DagExecutor(workflow('a').node('x', call).build(), { logger: silent }).execute()
      if (thrown.length > 0) throw thrown[0]
    },
  }))
}

/** The methods of a store; `open` makes it, and a claim of the run `r`, which has two events. */
function storeMethods(of: string, make: () => main.Store): readonly PublicCall[] {
  let store = make()
  let claim: Claim | null = null
  const fresh = async () => {
    store = make()
    ;({ claim } = await store.claim('r', requestOf('me')))
    await store.append('r', { expectedSeq: 0, epoch: claim.epoch }, sampleBatch('r', 1, 2))
    return store
  }
  const after = (given: () => readonly unknown[]) => async () => {
    await fresh()
    return given()
  }
  const checkpoint = () => ({ seq: 1, at: SAMPLE_START, bytes: new Uint8Array(2) })
  const walk = { fromSeq: 1, toSeq: 2, fromAt: 0, toAt: SAMPLE_START * 2, pageLimit: 5 }
  return methods(of, () => store, {
    append: after(() => ['r', { expectedSeq: 2, epoch: claim!.epoch }, sampleBatch('r', 3, 4)]),
    read: after(() => ['r', { fromSeq: 1, toSeq: 2, limit: 5 }]),
    readCursor: after(() => ['r', { fromSeq: 1, limit: 5 }]),
    events: after(() => ['r', walk]),
    get: after(() => ['r']),
    list: after(() => [{ statuses: ['running'], workflowId: 'a', limit: 5, cursor: 'a' }]),
    delete: after(() => ['r']),
    claim: after(() => ['r', requestOf('me')]),
    renew: after(() => [{ ...claim! }, requestOf('me')]),
    release: after(() => [{ ...claim! }]),
    saveCheckpoint: after(() => ['r', checkpoint()]),
    readCheckpoint: after(() => ['r', 2]),
    listCheckpoints: after(() => ['r']),
    deleteCheckpoints: after(() => ['r', [1]]),
  })
}

const blobMethods = (of: string, make: () => main.BlobStore) => {
  const digest = `sha256:${'0'.repeat(64)}`
  return methods(of, make, { put: () => [digest, new Uint8Array(1)], get: () => [digest] })
}

/**
 * Everything programs call, with arguments it takes.
 * @param folder - an empty folder for stores in files
 */
export function publicCalls(folder: string): readonly PublicCall[] {
  let folders = 0
  const next = () => {
    folders += 1
    return `${folder}/${folders}`
  }
  const noArguments = () => []
  const key = () => ['k']
  return [
    ...functions(main, {
      formatDuration: () => [5],
      parseDuration: () => ['5s'],
      isWaystoneError: () => [new main.WaystoneError('USAGE', 'm'), 'USAGE'],
      createCodec: () => [{ ...codecOptions(), classes: classes() }],
      resolveBlob: () => [main.memoryBlobs(), { digest: 'sha256:0', sizeBytes: 1 }, main.defaultCodec],
      DagExecutor: () => [
        flow(),
        { ...world(), ...config(), ...begin(), input: 1, listeners: { '*': handler, progress: handler } },
      ],
      createEngine: () => [
        {
          ...world(),
          ...config(),
          store: memoryStore(),
          workflows: [flow()],
          owner: 'me',
          leaseMs: 5,
          checkpointEvents: 5,
          onWorkflowChange: 'accept',
        },
      ],
      executeFromSnapshot: () => [snapshot(), flow(), loading()],
      loadSnapshot: () => [snapshot(), flow(), loading()],
      resumePlan: () => [
        serialize(snapshot()),
        flow(),
        { snapshotLimits: { maxBytes: 1e6 }, codec: main.defaultCodec },
      ],
      inspect: () => [serialize(snapshot()), flow(), looking()],
      why: () => [serialize(snapshot()), 'x', flow(), looking()],
      createHistory: async () => [await recorded(), { codec: main.defaultCodec }],
      recordHistory: () => [executor()],
      snapshotAt: async () => [(await history()).at(2)],
      createRegistry: () => [[['a', handler]]],
      deserialize: () => [
        serialize(snapshot()),
        { limits: { maxBytes: 1e6 }, classes: classes(), codec: main.defaultCodec, migrations: [] },
      ],
      serialize: () => [
        snapshot(),
        { pretty: true, compress: 'gzip', maxBytes: 1e6, limits: { maxSlots: 9 }, verify: true },
      ],
      memoryBlobs: noArguments,
      memoryResults: () => [{ maxEntries: 5 }],
      memoryStore: noArguments,
      createStore: () => [memory.memoryDriver()],
      nodeType: () => ['a', handler],
      workflow: () => ['a', '1.0.0'],
      compareWorkflows: () => [flow().graph, flow().graph],
      createWorkflow: () => [definition(), { handlers: { constant: handler }, predicates: {} }],
      parseWorkflow: () => [definition()],
      route: () => [['a'], 1],
      sleep: () => [{ durationMs: 5, onLoad: 'remaining' }],
      sleepUntil: () => [{ until: '2026-01-01T00:00:00Z', onLoad: 'restart' }],
      waitForSignal: () => [
        { name: 'n', schema: { type: 'number' }, timeoutMs: 5, onTimeout: 'route', take: 'all', onLoad: 'deadline' },
      ],
      validateDefinition: () => [definition()],
    }),
    ...functions(file, {
      fileBlobs: () => [next(), { fs: file.nodeFileSystem }],
      fileDriver: () => [
        next(),
        { durability: 'batch', batchMs: 5, fs: file.nodeFileSystem, onRepair: handler, logger: silent },
      ],
      fileStore: () => [
        next(),
        { durability: 'batch', batchMs: 5, fs: file.nodeFileSystem, onRepair: handler, logger: silent },
      ],
    }),
    ...functions(testing, {
      checkResume: () => [flow(), { ...world(), ...config(), input: 1, variables: {}, context: {}, maxCuts: 3 }],
      crashingStore: () => [memoryStore(), { atAppend: 2, isRecorded: true }],
      SimulatedClock: () => [5],
      storeSuite: () => [
        // Frozen, so given whole: what the functions of a test runner throw is for the runner.
        Object.freeze({
          describe: (_name: string, body: () => void) => body(),
          it: Object.assign(() => 1, { skip: () => 1 }),
        }),
        { name: 'memory', supports: memoryStore().supports, create: memoryStore, gaps: [], destroy: handler },
      ],
    }),
    ...methods('WorkflowBuilder', () => workflow('a').node('w', handler), {
      input: noArguments,
      services: noArguments,
      node: () => [
        'x',
        [{ source: 'w', sourceHandle: 'h', when: () => true }],
        handler,
        { data: 1, timeoutMs: 5, retry: {} },
      ],
      map: () => ['x', ['w'], { items: '/w', key: () => 1, concurrency: 2 }, handler, { data: 1, retry: {} }],
      workflow: () => ['x', ['w'], flow(), { input: '/w', retry: {} }],
      build: noArguments,
    }),
    ...methods('DagExecutor', executor, {
      execute: noArguments,
      pause: () => [pausing()],
      cancel: () => ['r', { compensate: true }],
      signal: () => ['n', 1, { idempotencyKey: 'k' }],
      answer: () => ['w2', 1, { idempotencyKey: 'k' }],
      retryFailed: () => [{ nodes: ['x'], ...note() }],
      skipNode: () => ['x', note()],
      setResult: () => ['x', 1, note()],
      setVariable: () => ['v', 1, note()],
      deleteVariable: () => ['v', note()],
      inspect: noArguments,
      why: () => ['x'],
      on: () => ['*', handler],
      events: noArguments,
      saveSnapshot: noArguments,
    }),
    ...methods('Engine', engine, {
      start: () => [flow(), 1, { ...config(), ...begin(), runId: 'new' }],
      resume: () => ['r', { ...config(), timers: 'remaining' }],
      recover: noArguments,
      get: () => ['r'],
      executing: () => ['r'],
      list: () => [{ statuses: ['completed'], workflowId: 'a', limit: 5, cursor: 'a' }],
      snapshot: () => ['r'],
      pause: () => ['r', pausing()],
      cancel: () => ['r', 'reason', { compensate: true }],
      signal: () => ['r', 'n', 1, { idempotencyKey: 'k' }],
      answer: () => ['r', 'w2', 1, { idempotencyKey: 'k' }],
      issueToken: () => ['r', 'w2', { expiresInMs: 5 }],
      answerToken: () => ['WyJyIiwidzMiXQ.AAAA', 1],
      retry: () => ['r', { nodes: ['x'], ...note() }],
      skipNode: () => ['r', 'x', note()],
      setResult: () => ['r', 'x', 1, note()],
      setVariable: () => ['r', 'v', 1, note()],
      deleteVariable: () => ['r', 'v', note()],
      inspect: () => ['r'],
      why: () => ['r', ['x']],
      history: () => ['r'],
      close: () => [pausing()],
    }),
    ...methods('History', async () => main.createHistory((await recorded()).slice(0, 2)), {
      append: async () => [(await recorded()).slice(2)],
      event: () => [2],
      at: () => [2],
      atTime: () => [5],
      search: () => [
        {
          type: ['node.*', 'run.started'],
          node: ['x', ['x', 'y']],
          fromSeq: 1,
          toSeq: 9,
          fromAt: 0,
          toAt: 5,
          match: { data: { attempt: 1 } },
          after: 1,
          limit: 5,
        },
      ],
      counts: noArguments,
      timings: noArguments,
    }),
    ...methods('Moment', async () => (await history()).at(2), {
      result: () => ['x'],
      inspect: noArguments,
      why: () => ['x'],
    }),
    ...methods('Registry', () => createRegistry(), {
      register: () => ['a', handler],
      override: () => ['a', handler],
      get: key,
      has: key,
      hooks: key,
      types: noArguments,
      missing: () => [flow().graph],
    }),
    ...methods('Snapshot', snapshot, {
      result: () => ['x'],
      toJSON: noArguments,
      compactText: noArguments,
      checkReadable: () => [{ ...DEFAULT_SNAPSHOT_LIMITS }],
    }),
    ...methods('ValueCodec', () => main.defaultCodec, {
      encode: () => [{ a: [1] }, { nodeId: 'x' }],
      decode: () => [{ json: '{"a":1}' }],
      decodeTree: () => [{ a: [1] }],
      check: () => [{ a: [1] }, '/results'],
    }),
    ...methods('SimulatedClock', () => new testing.SimulatedClock(), {
      now: noArguments,
      jump: () => [5],
      setTimer: () => [5, handler],
      next: noArguments,
      advance: () => [5],
      drive: () => [Promise.resolve()],
    }),
    ...storeMethods('memoryStore', memoryStore),
    ...storeMethods('fileStore', () => file.fileStore(next(), { durability: 'exit' })),
    ...blobMethods('memoryBlobs', main.memoryBlobs),
    ...blobMethods('fileBlobs', () => file.fileBlobs(next())),
    ...methods('memoryResults', main.memoryResults, { put: () => ['k', 't'], get: key }),
    ...inHandler('ctx', (ctx) => ctx, { progress: () => [0.5, 'half'] }),
    ...inHandler('ctx.variables', (ctx) => ctx.variables, { get: key, has: key, set: () => ['k', 1], delete: key }),
    ...inHandler('ctx.context.variables', (ctx) => ctx.context.variables, {
      get: key,
      has: key,
      set: () => ['k', 1],
      delete: key,
    }),
    ...inHandler('ctx.context.constants', (ctx) => ctx.context.constants, { get: key, has: key, set: () => ['k', 1] }),
    ...inHandler('ctx.cache', (ctx) => ctx.cache, {
      get: key,
      has: key,
      set: () => ['k', 1, { ttlMs: 5 }],
      delete: key,
    }),
    ...inHandler('ctx.counters', (ctx) => ctx.counters, { get: key, add: () => ['k', 1] }),
    ...inHandler('ctx.accumulators', (ctx) => ctx.accumulators, {
      get: key,
      ...Object.fromEntries(['sum', 'product', 'min', 'max', 'count', 'append'].map((name) => [name, () => ['k', 1]])),
      concat: () => ['k', 'text'],
    }),
    ...inHandler('ctx.usage', (ctx) => ctx.usage, { add: () => ['tokens', 1], get: () => ['tokens'] }),
    ...inHandler(
      'ctx.log',
      (ctx) => ctx.log,
      Object.fromEntries(['debug', 'info', 'warn', 'error'].map((name) => [name, () => ['m', { a: 1 }]])),
    ),
  ]
}

/** The objects whose methods have rows, by the name before the dot. */
export function publicObjects(folder: string): Readonly<Record<string, object | Promise<object>>> {
  let ctx: NodeContext | undefined
  const seen = workflow('a').node('x', (_, given) => {
    ctx = given
    void [given.variables, given.cache, given.counters, given.accumulators, given.usage, given.log, given.context]
  })
  const context = new DagExecutor(seen.build()).execute().then(() => ctx!)
  const area = <T extends object>(of: (ctx: NodeContext) => T) => context.then(of)
  return {
    WorkflowBuilder: workflow('a'),
    DagExecutor: executor(),
    Engine: engine(),
    History: history(),
    Moment: history().then((made) => made.at(2)),
    Registry: createRegistry(),
    Snapshot: snapshot(),
    ValueCodec: main.defaultCodec,
    SimulatedClock: new testing.SimulatedClock(),
    memoryStore: memoryStore(),
    fileStore: file.fileStore(`${folder}/objects`),
    memoryBlobs: main.memoryBlobs(),
    memoryResults: main.memoryResults(),
    fileBlobs: file.fileBlobs(`${folder}/blobs`),
    'ctx.variables': area((ctx) => ctx.variables),
    'ctx.context.variables': area((ctx) => ctx.context.variables),
    'ctx.context.constants': area((ctx) => ctx.context.constants),
    'ctx.cache': area((ctx) => ctx.cache),
    'ctx.counters': area((ctx) => ctx.counters),
    'ctx.accumulators': area((ctx) => ctx.accumulators),
    'ctx.usage': area((ctx) => ctx.usage),
    'ctx.log': area((ctx) => ctx.log),
  }
}
