import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { defaultCodec, type ValueCodec } from '../../src/base/values/codec.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { createRegistry } from '../../src/nodes/registry.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { fileStore } from '../../src/store/file/file-store.ts'
import { type FileSystem, nodeFileSystem } from '../../src/store/file/file-system.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { parseWorkflow } from '../../src/workflow/parse.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'
import { count } from '../helpers/count.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

/** Sizes 1, 4 and 16 times the first. */
const SIZES = [250, 1_000, 4_000] as const

/** How much more than in proportion an operation may grow: headers, longer ids and numbers. */
const SLACK = 1.1

type Shape = (size: number) => readonly (readonly number[])[]
const shapes: Readonly<Record<string, Shape>> = {
  chain: (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [index - 1])),
  fan: (size) => Array.from({ length: size }, (_, index) => (index === 0 ? [] : [0])),
  // Every node waits for two earlier ones, near and far.
  layered: (size) =>
    Array.from({ length: size }, (_, index) => (index < size / 5 ? [] : [index - size / 5, index - 1 - (index % 49)])),
}

type Counts = Record<string, number>

function workflowOf(shape: Shape, size: number): Workflow {
  const upstreams = shape(size)
  return parseWorkflow({
    id: 'growing',
    version: '1.0.0',
    nodes: upstreams.map((_, index) => ({ id: `n${index}`, type: index === size - 1 ? 'last' : 'step' })),
    edges: upstreams.flatMap((sources, index) =>
      [...new Set(sources)].map((source) => ({ source: `n${source}`, target: `n${index}` })),
    ),
  })
}

/** Each node writes state of every kind, so that state grows with the run. */
function registryOf(last: () => unknown) {
  return createRegistry([
    [
      'step',
      (_inputs, ctx) => {
        ctx.variables.set(ctx.nodeId, ctx.nodeId)
        ctx.counters.add('steps', 1)
        ctx.accumulators.append('ids', ctx.nodeId)
        return { id: ctx.nodeId }
      },
    ],
    ['last', last],
  ])
}

function counting(counts: Counts) {
  const add = (name: string, amount = 1) => {
    counts[name] = (counts[name] ?? 0) + amount
  }
  const codec: ValueCodec = {
    ...defaultCodec,
    encode: (value, where) => {
      add('values encoded')
      return defaultCodec.encode(value, where)
    },
    decode: (encoded) => {
      add('values decoded')
      return defaultCodec.decode(encoded)
    },
  }
  class CountingClock extends SimulatedClock {
    override now(): number {
      add('clock read')
      return super.now()
    }
    override setTimer(delayMs: number, callback: () => void): () => void {
      add('timers set')
      return super.setTimer(delayMs, callback)
    }
  }
  const fs: FileSystem = {
    ...nodeFileSystem,
    write: (fd, bytes, position) => {
      add('bytes written', bytes.length)
      add('writes')
      return nodeFileSystem.write(fd, bytes, position)
    },
    writeLarge: (fd, bytes) => {
      add('bytes written', bytes.length)
      add('writes')
      return nodeFileSystem.writeLarge(fd, bytes)
    },
    read: async (fd, buffer, position) => {
      const length = await nodeFileSystem.read(fd, buffer, position)
      add('bytes read', length)
      return length
    },
    syncData: async () => add('syncs'),
    syncDataNow: () => add('syncs'),
    syncFolder: async () => add('folder syncs'),
  }
  return { codec, clock: new CountingClock(), fs }
}

/** Counts of one whole life of a run: recorded in a store up to its last node, written down, resumed from the store. */
async function lifeOf(
  shape: Shape,
  size: number,
  folder: string,
  durability: 'sync' | 'exit' = 'exit',
): Promise<Readonly<Record<string, Counts>>> {
  const workflow = workflowOf(shape, size)
  const run: Counts = {}
  const begin = counting(run)
  const store = fileStore(folder, { fs: begin.fs, durability })
  const failing = registryOf(() => {
    throw new Error('the last node is not ready')
  })
  const first = createEngine({
    store,
    workflows: [workflow],
    registry: failing,
    codec: begin.codec,
    clock: begin.clock,
  })
  const { result, executor } = await first.start(workflow, undefined, { runId: 'r' })
  expect((await result).status).toBe('failed')
  await store.close()

  const document: Counts = {}
  const encodedBefore = run['values encoded']
  document['bytes'] = serialize(executor.saveSnapshot(), { pretty: false }).length
  document['values encoded'] = run['values encoded']! - encodedBefore!

  const resume: Counts = {}
  const again = counting(resume)
  const reopened = fileStore(folder, { fs: again.fs, durability })
  const second = createEngine({
    store: reopened,
    workflows: [workflow],
    registry: registryOf(() => 'done'),
    codec: again.codec,
    clock: again.clock,
  })
  const resumed = await second.resume('r')
  expect((await resumed.result).status).toBe('completed')
  await reopened.close()
  return { run, document, resume }
}

const folder = temporaryFolder()

describe.each(Object.entries(shapes))('the cost of a %s', (name, shape) => {
  it('grows no faster than the run, in everything that is counted', { timeout: 120_000 }, async () => {
    const lives = []
    for (const size of SIZES) lives.push(await lifeOf(shape, size, join(folder, `${name}-${size}`)))
    const [small, middle, large] = lives
    let compared = 0
    for (const phase of Object.keys(large!)) {
      for (const [operation, most] of Object.entries(large![phase]!)) {
        const counts = [small![phase]![operation] ?? 0, middle![phase]![operation] ?? 0, most]
        const what = `${name}, ${phase}, ${operation}: ${counts.join(', ')}`
        // A handful is a constant, whatever it is divided by.
        expect(counts[1], what).toBeLessThanOrEqual(Math.max(counts[0]! * 4 * SLACK, 32))
        expect(counts[2], what).toBeLessThanOrEqual(Math.max(counts[1]! * 4 * SLACK, 32))
        compared += 1
      }
    }
    expect(compared).toBeGreaterThan(10)
    count('growth comparisons', compared)
  })

  it('syncs no more often than it appends, and writes a fact three times at most', async () => {
    const [unsynced, synced] = [
      await lifeOf(shape, SIZES[1], join(folder, `${name}-unsynced`), 'exit'),
      await lifeOf(shape, SIZES[1], join(folder, `${name}-synced`), 'sync'),
    ].map(({ run }) => run!)
    expect(synced!['syncs']! + synced!['folder syncs']!).toBeLessThanOrEqual(unsynced!['writes']! + 16)
    // In the log, in the journal that many logs share, and in the log again when the journal goes; room is made in zeros.
    expect(synced!['bytes written']!).toBeLessThanOrEqual(unsynced!['bytes written']! * 3.3 + 2 * 1024 * 1024)
  })

  it('encodes each value once: not for the store, not for a snapshot, not on a resume', async () => {
    const size = SIZES[1]
    const { run, document, resume } = await lifeOf(shape, size, join(folder, `${name}-once`))
    // Each node's result, its variable and its appended item; the run's input.
    expect(run!['values encoded']).toBe((size - 1) * 3 + 1)
    expect(document!['values encoded']).toBe(0)
    expect(resume!['values encoded']).toBe(1)
  })
})

describe('a run that is recorded in memory', () => {
  it('puts no fact into words before somebody reads it', async () => {
    const flow = workflowOf(shapes['layered']!, SIZES[0])
    const registry = createRegistry([
      ['step', (_inputs, ctx) => ctx.counters.add('steps', 1)],
      ['last', () => 1],
    ])
    // The fingerprint of a workflow is made once, from its text.
    await new DagExecutor(flow, { registry }).execute()
    const store = memoryStore()
    const engine = createEngine({ store, workflows: [flow], registry })
    const stringify = vi.spyOn(JSON, 'stringify')
    try {
      const { result } = await engine.start(flow, undefined, { runId: 'r' })
      expect((await result).status).toBe('completed')
      expect(stringify).toHaveBeenCalledTimes(0)
      let events = 0
      for await (const { text } of store.events('r')) events += text.length > 0 ? 1 : 0
      expect(events).toBe(SIZES[0] * 2 + 2)
      expect(stringify.mock.calls.length).toBeGreaterThan(events)
    } finally {
      stringify.mockRestore()
    }
  })
})

describe('a run without a store', () => {
  it.each(Object.entries(shapes))('of a %s reads the clock in proportion to its nodes', async (_, shape) => {
    const reads = []
    for (const size of SIZES) {
      const counts: Counts = {}
      const { codec, clock } = counting(counts)
      const executor = new DagExecutor(workflowOf(shape, size), { registry: registryOf(() => 1), codec, clock })
      expect((await executor.execute()).status).toBe('completed')
      reads.push(counts['clock read']!)
    }
    expect(reads[2]).toBeLessThanOrEqual(reads[1]! * 4 * SLACK)
  })
})
