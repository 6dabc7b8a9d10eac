import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import {
  createRegistry,
  DagExecutor,
  deserialize,
  executeFromSnapshot,
  isWaystoneError,
  loadSnapshot,
  parseWorkflow,
  serialize,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'

/** Two nodes, the first of which has completed; `calls` counts handlers. */
async function halfway() {
  const calls: string[] = []
  let whenCalled = (): unknown => null
  const flow = workflow('two', '1.0.0')
    .node('a', () => {
      calls.push('a')
      whenCalled()
      return { list: [1] }
    })
    .node('b', ['a'], ({ a }, { variables }) => {
      calls.push('b')
      variables.set('seen', a)
      return a.list.length
    })
    .build()
  const executor = new DagExecutor(flow, { runId: 'r', variables: { v: { n: 1 } } })
  whenCalled = () => executor.pause()
  await executor.execute()
  return { flow, calls, snapshot: executor.saveSnapshot() }
}

describe('loadSnapshot', () => {
  it('gives the same run of the same workflow, and calls nothing until asked', async () => {
    const { flow, calls, snapshot } = await halfway()
    const loaded = loadSnapshot(serialize(snapshot), flow)
    expect({ id: loaded.runId, flow: loaded.workflow, status: loaded.status }).toEqual({
      id: 'r',
      flow,
      status: 'paused',
    })
    expect(calls).toEqual(['a'])
    expect(await loaded.execute()).toMatchObject({ status: 'completed', results: { a: { list: [1] }, b: 1 } })
    expect(calls).toEqual(['a', 'b'])
  })

  it('needs no second argument for a workflow of built-in nodes', async () => {
    const flow = parseWorkflow({
      id: 'built-in',
      version: '1.0.0',
      nodes: [
        { id: 'a', type: 'constant', data: { value: 5 } },
        { id: 'b', type: 'join' },
      ],
      edges: [{ source: 'a', target: 'b' }],
    })
    const text = serialize(new DagExecutor(flow).saveSnapshot())
    expect((await loadSnapshot(text).execute()).status).toBe('completed')
    expect((await executeFromSnapshot(text)).results).toEqual((await new DagExecutor(flow).execute()).results)
  })

  it('takes clock, logger and services anew, and listeners on what it gives', async () => {
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, { services, log }) => {
        log.warn('called')
        return (services as { readonly mail: string }).mail
      })
      .build()
    const lines: string[] = []
    const log = (message: string) => void lines.push(message)
    const clock = new ManualClock(5_000)
    const loaded = loadSnapshot(serialize(new DagExecutor(flow).saveSnapshot()), flow, {
      clock,
      logger: { debug: log, info: log, warn: log, error: log },
      services: { mail: 'sent' },
    })
    const times: number[] = []
    loaded.on('*', ({ at }) => times.push(at))
    const { output } = await loaded.execute()
    expect(output).toBe('sent')
    expect(lines.some((line) => line.includes('called'))).toBe(true)
    expect(new Set(times)).toEqual(new Set([5_000]))
    expect(loaded.saveSnapshot().snapshotTime).toBe('1970-01-01T00:00:05.000Z')
  })

  it('names every node type nobody handles before anything runs', async () => {
    const nodes = ['x', 'y', 'x', 'z'].map((type, index) => ({ id: `n${index}`, type }))
    const flow = parseWorkflow({ id: 'types', version: '1.0.0', nodes, edges: [] })
    const all = createRegistry()
      .register('x', () => 1)
      .register('y', () => 1)
      .register('z', () => 1)
    const text = serialize(new DagExecutor(flow, { registry: all }).saveSnapshot())
    let calls = 0
    const some = createRegistry().register('y', () => (calls += 1))
    expect(() => loadSnapshot(text, some)).toThrow(
      expect.objectContaining({ code: 'NODE_TYPE_MISSING', details: { types: ['x', 'z'] } }),
    )
    expect(calls).toBe(0)
  })

  it('names every edge whose function is missing, and says what has it', () => {
    const flow = workflow('edges')
      .node('a', () => 1)
      .node('b', [{ source: 'a', when: () => true }], () => 2)
      .build()
    const registry = createRegistry(flow.handlers)
    const text = serialize(new DagExecutor(flow).saveSnapshot())
    expect(() => loadSnapshot(text, registry)).toThrow(
      expect.objectContaining({
        code: 'WORKFLOW_BAD_CONDITION',
        details: { edges: ['a->b'] },
        message: expect.stringContaining('give the workflow that has the functions'),
      }),
    )
    expect(loadSnapshot(text, flow).status).toBe('pending')
  })
})

describe('executeFromSnapshot', () => {
  it('gives what loadSnapshot and execute give, results and errors', async () => {
    const { flow, snapshot } = await halfway()
    const one = await executeFromSnapshot(snapshot, flow)
    const two = await loadSnapshot(snapshot, flow).execute()
    expect(Object.keys(one)).toEqual(Object.keys(two))
    expect({ ...one }).toEqual({ ...two })
    for (const [input, target] of [
      ['{', flow],
      [{}, flow],
      [serialize(snapshot).replace('"seq"', '"Seq"'), flow],
      [snapshot, {}],
      [snapshot, createRegistry()],
    ] as const) {
      const direct = await executeFromSnapshot(input, target as never).catch((error: unknown) => error)
      let other: unknown = null
      try {
        loadSnapshot(input, target as never)
      } catch (error) {
        other = error
      }
      expect(isWaystoneError(direct)).toBe(true)
      expect(direct).toEqual(other)
    }
  })
})

describe('what a snapshot shares with a run', () => {
  it('is nothing: neither the live values nor those read from it reach the other', async () => {
    const value = { rows: [{ n: 1 }] }
    const flow = workflow('w', '1.0.0')
      .node('a', (_inputs, { variables, cache }) => {
        variables.set('v', value)
        cache.set('c', value)
        return value
      })
      .build()
    const executor = new DagExecutor(flow, { clock: new ManualClock() })
    const { results } = await executor.execute()
    const snapshot = executor.saveSnapshot()
    const first = serialize(snapshot)
    value.rows.push({ n: 2 })
    ;(results['a'] as typeof value).rows.length = 0
    expect(() => Object.assign(flow.definition.nodes[0]!, { type: 'other' })).toThrow(TypeError)
    expect(() => Object.assign(snapshot.workflow.nodes[0]!, { type: 'other' })).toThrow(TypeError)
    expect(serialize(snapshot)).toBe(first)

    ;(snapshot.results['a'] as typeof value).rows.push({ n: 3 })
    ;(snapshot.variables['v'] as typeof value).rows.push({ n: 3 })
    ;(snapshot.cache['c']!.value as typeof value).rows.push({ n: 3 })
    ;(snapshot.document.completedNodes as string[]).push('x')
    ;(snapshot.completedNodes as string[]).push('x')
    expect(serialize(snapshot)).toBe(first)
    expect(serialize(executor.saveSnapshot())).toBe(first)

    const document = snapshot.document
    const loaded = loadSnapshot(document, flow, { clock: new ManualClock() })
    ;(document.completedNodes as string[]).length = 0
    ;(document.results['a'] as unknown as typeof value).rows.push({ n: 4 })
    expect(serialize(loaded.saveSnapshot())).toBe(first)
  })
})

describe('the cache', () => {
  const at = (text: string) => Date.parse(`2026-01-01T${text}Z`)

  it('lives until its expiry wherever the run is, and not a millisecond more', async () => {
    const seen: Record<string, unknown> = {}
    let whenCalled = (): unknown => null
    const flow = workflow('cached', '1.0.0')
      .node('put', (_inputs, { cache }) => {
        whenCalled()
        cache.set('price', 42, { ttlMs: 30 * 60_000 })
        cache.set('short', 1, { ttlMs: 60_000 })
      })
      .node('get', ['put'], (_inputs, { cache }) => {
        seen['has'] = cache.has('price')
        seen['price'] = cache.get('price')
      })
      .build()
    const clock = new ManualClock(at('17:30:00.000'))
    const executor = new DagExecutor(flow, { clock })
    whenCalled = () => executor.pause()
    await executor.execute()
    expect(executor.saveSnapshot().document.cache['price']).toEqual({
      value: 42,
      expiresAt: '2026-01-01T18:00:00.000Z',
      remainingTtlMs: 30 * 60_000,
    })
    const text = serialize(executor.saveSnapshot())
    clock.advance(60_000)
    expect(Object.keys(executor.saveSnapshot().document.cache)).toEqual(['price'])

    for (const [now, isAlive] of [
      ['17:45:00.000', true],
      ['17:59:59.999', true],
      ['18:00:00.000', false],
      ['18:00:00.001', false],
    ] as const) {
      const loaded = loadSnapshot(text, flow, { clock: new ManualClock(at(now)) })
      expect(Object.keys(loaded.saveSnapshot().cache), now).toEqual(isAlive ? ['price'] : [])
      await loaded.execute()
      expect(seen, now).toEqual({ has: isAlive, price: isAlive ? 42 : undefined })
    }

    const late = new ManualClock(at('17:45:00.000'))
    const loaded = loadSnapshot(text, flow, { clock: late })
    late.advance(15 * 60_000)
    await loaded.execute()
    expect(seen['has'], 'expired between load and get').toBe(false)
  })
})

describe('a snapshot on another machine', () => {
  it('goes on in a process with another folder, time zone and locale', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'waystone-elsewhere-'))
    try {
      const { snapshot } = await halfway()
      const file = join(folder, 'run.json')
      writeFileSync(file, serialize(snapshot))
      const script = fileURLToPath(new URL('../helpers/resume-elsewhere.ts', import.meta.url))
      const texts = [
        ['UTC', 'C'],
        ['Pacific/Kiritimati', 'tr_TR.UTF-8'],
        ['America/St_Johns', 'de_DE.UTF-8'],
      ].map(([zone, locale]) => {
        const { stdout, stderr, status } = spawnSync(
          process.execPath,
          ['--import', import.meta.resolve('tsx'), script, file],
          { cwd: folder, encoding: 'utf8', env: { ...process.env, TZ: zone, LANG: locale, LC_ALL: locale } },
        )
        expect(status, stderr).toBe(0)
        return stdout
      })
      expect(JSON.parse(texts[0]!)).toMatchObject({ calls: ['b'], status: 'completed', results: { b: 1 } })
      expect(new Set(texts).size).toBe(1)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  })
})

describe('a saved document as a fixture', () => {
  it('runs to its end with stand-ins for the handlers, given what the real ones returned', async () => {
    const { snapshot, calls } = await halfway()
    const seen: unknown[] = []
    const { nodes } = snapshot.workflow
    const registry = createRegistry()
    for (const type of new Set(nodes.map((node) => node.type))) {
      registry.register(type, (inputs) => {
        seen.push(inputs)
        return 'stub'
      })
    }
    const { status, results } = await executeFromSnapshot(serialize(snapshot), registry)
    expect({ status, results }).toEqual({ status: 'completed', results: { a: { list: [1] }, b: 'stub' } })
    expect(seen).toEqual([{ a: { list: [1] } }])
    expect(calls).toEqual(['a'])
  })

  const folder = new URL('../../fixtures/snapshots/', import.meta.url)
  const files = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))
    // A stub never meets the test that ends a repeated node, and here is none for types of nested workflows; test/golden runs both.
    .filter((file) => !/\/(?:repeat|nested)\.json$/.test(file))

  it.each(files)('%s, of a released version, loads and runs to its end', async (file) => {
    const snapshot = deserialize(readFileSync(new URL(file, folder)))
    const registry = createRegistry()
    for (const type of new Set(snapshot.workflow.nodes.map((node) => node.type))) registry.register(type, () => 'stub')
    const clock = new ManualClock(Date.parse(snapshot.snapshotTime))
    const loaded = loadSnapshot(snapshot, registry, { clock })
    const execution = loaded.execute()
    for (let hour = 0; hour < 24 && loaded.status === 'running'; hour += 1) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(3_600_000)
    }
    const { status, results } = await execution
    expect(status).toBe('completed')
    expect(results).toMatchObject(snapshot.results)
  })
})
