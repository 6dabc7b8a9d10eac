import { readFileSync } from 'node:fs'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, it } from 'vitest'
import {
  createRegistry,
  DagExecutor,
  deserialize,
  executeFromSnapshot,
  isWaystoneError,
  loadSnapshot,
  parseWorkflow,
  type Snapshot,
  serialize,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { sealed } from '../helpers/seal.ts'

/** A run's document after it went through text. */
function reread(snapshot: Snapshot): Snapshot {
  return deserialize(serialize(snapshot))
}

/** A workflow of three nodes in a row, the last two of which get the result of the one before. */
const three = () =>
  workflow('three', '1.2.0')
    .node('load', () => ({ rows: [1, 2, 3], none: null }))
    .node('double', ['load'], ({ load }) => load.rows.map((row) => row * 2))
    .node('sum', ['double'], ({ double }) => double.reduce((sum, row) => sum + row, 0))
    .build()

describe('a snapshot of a finished run', () => {
  it('holds version, time, ids, nodes, edges, results and the completed nodes', async () => {
    const clock = new ManualClock(Date.UTC(2026, 4, 6, 7, 8, 9, 10))
    const executor = new DagExecutor(three(), { runId: 'run 1', clock })
    await executor.execute()
    const { format, version, snapshotTime, run, workflow, results, completedNodes } = executor.saveSnapshot().document
    expect({ format, version, snapshotTime }).toEqual({
      format: 'waystone.snapshot',
      version: '1.1.0',
      snapshotTime: '2026-05-06T07:08:09.010Z',
    })
    expect(run).toMatchObject({ id: 'run 1', status: 'completed' })
    expect(workflow).toMatchObject({ id: 'three', version: '1.2.0' })
    expect(workflow.nodes.map(({ id }) => id)).toEqual(['load', 'double', 'sum'])
    expect(workflow.edges.map(({ source, target }) => [source, target])).toEqual([
      ['load', 'double'],
      ['double', 'sum'],
    ])
    expect(results).toEqual({ load: { rows: [1, 2, 3], none: null }, double: [2, 4, 6], sum: 12 })
    expect(completedNodes).toEqual(['load', 'double', 'sum'])
  })

  it('has no member that could only be a guess: the level follows from the graph', async () => {
    const executor = new DagExecutor(three())
    await executor.execute()
    expect(Object.keys(executor.saveSnapshot().document).filter((name) => /level/i.test(name))).toEqual([])
  })

  it('fits the published schema', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false })
    for (const name of ['workflow-1.1.0', 'snapshot-1.1.0']) {
      ajv.addSchema(
        JSON.parse(readFileSync(new URL(`../../schemas/${name}.schema.json`, import.meta.url), 'utf8')) as object,
      )
    }
    const executor = new DagExecutor(three())
    const faults: string[] = []
    let checked = 0
    const check = () => {
      const id = 'https://waystone.dev/schemas/snapshot-1.1.0.schema.json'
      checked += 1
      if (!ajv.validate(id, executor.saveSnapshot().document)) faults.push(ajv.errorsText())
    }
    check()
    executor.on('*', check)
    await executor.execute()
    check()
    expect(checked).toBeGreaterThan(5)
    expect(faults).toEqual([])
  })
})

describe('ids and times', () => {
  it.each(['r', ' ', '0', '../x', 'exec_123', '__proto__', 'ü 😀\n"\\', 'x'.repeat(10_000), 'half \ud800'])(
    'the run id %# is kept',
    async (runId) => {
      const snapshot = reread(new DagExecutor(three(), { runId }).saveSnapshot())
      expect(snapshot.run.id).toBe(runId)
      const { runId: again, status } = await loadSnapshot(snapshot, three()).execute()
      expect({ again, status }).toEqual({ again: runId, status: 'completed' })
    },
  )

  it('the time is read with an offset and nine digits of a fraction', () => {
    const { document } = new DagExecutor(three()).saveSnapshot()
    const text = sealed({ ...document, snapshotTime: '2026-01-02T05:04:05.678901234+02:00' })
    expect(deserialize(text).snapshotTime).toBe('2026-01-02T03:04:05.678Z')
  })
})

describe('the workflow in a snapshot', () => {
  const given = {
    id: 'drawn',
    version: '2.0.0',
    owner: { team: 'ops', since: [2020, null, true, 1.5] },
    nodes: [
      {
        id: 'a',
        type: 'custom',
        data: { deep: [{ x: { y: [[], {}, ''] } }], '#type': 'mine' },
        position: { x: 1, y: -2.5 },
      },
      { id: 'b', type: 'custom', data: [1, 'two'], style: { color: 'red' }, note: null },
      { id: 'c', type: 'custom' },
    ],
    edges: [
      { source: 'a', target: 'b', label: 'then', points: [[0, 1]] },
      { source: 'b', target: 'c', animated: true },
    ],
  }

  it('keeps nodes and edges with every field nobody knows', () => {
    const registry = createRegistry().register('custom', () => 1)
    const snapshot = reread(new DagExecutor(parseWorkflow(given), { registry }).saveSnapshot())
    const { fingerprint: _, ...document } = snapshot.document.workflow
    expect(snapshot.workflow).toEqual(given)
    expect(document).toMatchObject({ id: 'drawn', owner: given.owner, edges: given.edges })
  })

  it('runs on where a handler for its own node type is registered, with its data', async () => {
    const seen: unknown[] = []
    const text = serialize(
      new DagExecutor(parseWorkflow(given), { registry: createRegistry().register('custom', () => 1) }).saveSnapshot(),
    )
    const registry = createRegistry().register('custom', (_inputs, { data }) => seen.push(data))
    expect((await executeFromSnapshot(text, registry)).status).toBe('completed')
    expect(seen).toEqual([
      given.nodes[0]!.data,
      [1, 'two'],
      expect.toSatisfy((data) => data === null || data === undefined),
    ])
  })

  it('may be empty: the run completes at once', async () => {
    const empty = workflow('empty', '1.0.0').build()
    const before = reread(new DagExecutor(empty).saveSnapshot())
    expect(before.document).toMatchObject({ results: {}, completedNodes: [], workflow: { nodes: [], edges: [] } })
    const { status, output, results } = await executeFromSnapshot(before, empty)
    expect({ status, output, results }).toEqual({ status: 'completed', output: null, results: {} })
  })
})

describe('results', () => {
  const values: Readonly<Record<string, unknown>> = {
    none: null,
    yes: true,
    no: false,
    zero: 0,
    fraction: -1.5e-7,
    empty: '',
    text: '\u2028 "\\ \u0000 😀',
    list: [],
    nested: [[[]], {}, [null]],
    object: { b: 1, a: { '10': 'x', '9': [] } },
  }

  it('of every kind of JSON come back equal; null means completed', async () => {
    const nodes = Object.keys(values).map((id) => ({ id, type: 'value' }))
    const registry = createRegistry().register('value', (_inputs, { nodeId }) => values[nodeId])
    const executor = new DagExecutor(parseWorkflow({ id: 'values', version: '1.0.0', nodes, edges: [] }), { registry })
    await executor.execute()
    const snapshot = reread(executor.saveSnapshot())
    expect(snapshot.results).toEqual(values)
    expect(JSON.stringify(snapshot.document.results)).toBe(JSON.stringify(values))
    expect(snapshot.completedNodes).toContain('none')
    expect(Object.hasOwn(snapshot.results, 'none')).toBe(true)
  })
})

describe('context', () => {
  it('variables of every declared type survive', async () => {
    const variables = {
      string: 'text',
      number: 1.25,
      boolean: false,
      time: new Date(Date.UTC(2026, 0, 2, 3, 4, 5, 6)),
      list: [1, [2]],
      object: { a: { b: null } },
      nothing: null,
    }
    const seen: unknown[] = []
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, { context }) =>
        seen.push(...Object.keys(variables).map((name) => context.variables.get(name))),
      )
      .build()
    const snapshot = reread(new DagExecutor(flow, { context: { variables } }).saveSnapshot())
    expect(snapshot.context.variables).toEqual(variables)
    await loadSnapshot(snapshot, flow).execute()
    expect(seen).toEqual(Object.values(variables))
    expect(seen[3]).toBeInstanceOf(Date)
  })

  it('a constant can not be set to another value, before a save or after a load', async () => {
    const flow = workflow('w', '1.0.0')
      .node('same', (_inputs, { context }) => context.constants.set('k', { v: 1 }))
      .node('other', ['same'], (_inputs, { context }) => context.constants.set('k', { v: 2 }))
      .build()
    const constants = { k: { v: 1 } }
    const text = serialize(new DagExecutor(flow, { context: { constants } }).saveSnapshot())
    const here = await new DagExecutor(flow, { context: { constants } }).execute()
    const there = await executeFromSnapshot(text, flow)
    for (const { status, error, failedNodeId } of [here, there]) {
      expect({ status, failedNodeId }).toEqual({ status: 'failed', failedNodeId: 'other' })
      expect(error?.cause).toMatchObject({ code: 'STATE_CONSTANT_SET' })
    }
    expect(deserialize(text).context.constants).toEqual(constants)
  })
})

describe('the configuration', () => {
  const limits = { runTimeoutMs: 12_345, maxUsage: { http: 7, ['#type']: 1 }, maxNodeExecutions: 9 }

  it('is kept; single fields can be overridden at the load, and what is in force can be seen', () => {
    const snapshot = reread(new DagExecutor(three(), { concurrency: 3, limits }).saveSnapshot())
    expect(snapshot.config).toMatchObject({ concurrency: 3, limits })
    expect(loadSnapshot(snapshot, three()).config).toMatchObject({ concurrency: 3, limits })
    const changed = loadSnapshot(snapshot, three(), { limits: { runTimeoutMs: 1 } }).config
    expect(changed).toMatchObject({ concurrency: 3, limits: { ...limits, runTimeoutMs: 1 } })
  })

  it('may be missing, wholly or in part: the defaults are in force, and the run completes', async () => {
    const executor = new DagExecutor(three())
    const { config, ...rest } = executor.saveSnapshot().document
    for (const text of [sealed(rest), sealed({ ...rest, config: {} }), sealed({ ...rest, config: { limits: {} } })]) {
      const loaded = loadSnapshot(text, three())
      expect(loaded.config).toEqual(executor.config)
      expect((await loaded.execute()).status).toBe('completed')
    }
    expect(config).toBeDefined()
  })
})

describe('names that mean something to JavaScript', () => {
  const names = ['hasOwnProperty', '__proto__', 'constructor', '', 'toString', 'n'.repeat(10_240), '10', '2', '#type']

  it('lose no entry and change no prototype, as node ids and as names of variables', async () => {
    const prototypes = [Object.prototype, Array.prototype, Function.prototype]
    const look = () => JSON.stringify(prototypes.map((prototype) => Reflect.ownKeys(prototype).map(String)))
    const before = look()
    const registry = createRegistry().register('step', (_inputs, ctx) => {
      for (const write of [ctx.variables, ctx.context.variables]) write.set(ctx.nodeId, { of: ctx.nodeId })
      ctx.counters.add(ctx.nodeId)
      ctx.accumulators.append(ctx.nodeId, ctx.nodeId)
      ctx.cache.set(ctx.nodeId, ctx.nodeId)
      return { polluted: ctx.nodeId }
    })
    const flow = parseWorkflow({
      id: 'names',
      version: '1.0.0',
      nodes: names.map((id) => ({ id, type: 'step' })),
      edges: [],
    })
    const executor = new DagExecutor(flow, { registry })
    await executor.execute()
    const snapshot = reread(executor.saveSnapshot())
    for (const name of names) {
      expect(snapshot.result(name), name).toEqual({ polluted: name })
      expect(Object.hasOwn(snapshot.results, name) && Object.hasOwn(snapshot.variables, name), name).toBe(true)
      expect(snapshot.variables[name]).toEqual({ of: name })
      expect(snapshot.counters[name]).toBe(1)
      expect(snapshot.accumulators[name]).toEqual([name])
      expect(snapshot.cache[name]?.value).toBe(name)
      expect(snapshot.context.variables[name]).toEqual({ of: name })
    }
    expect([...snapshot.completedNodes].sort()).toEqual([...names].sort())
    expect(serialize(snapshot)).not.toMatch(/"__proto__":/)
    expect(look()).toBe(before)
    expect(({} as { polluted?: string }).polluted).toBe(undefined)
  })
})

describe('what is no snapshot', () => {
  it('is refused with a typed error by every function that takes one', async () => {
    for (const input of [null, undefined, 0, 7, true, [], [1], () => 1]) {
      for (const call of [
        () => serialize(input as never),
        () => deserialize(input as never),
        () => loadSnapshot(input as never, three()),
      ])
        expect(call, String(input)).toThrow(expect.toSatisfy((error) => isWaystoneError(error, 'SNAPSHOT_ARGUMENT')))
      const rejected = await executeFromSnapshot(input as never, three()).catch((error: unknown) => error)
      expect(isWaystoneError(rejected, 'SNAPSHOT_ARGUMENT'), String(input)).toBe(true)
    }
  })
})
