import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { BlobStore } from '../../src/base/ports.ts'
import { defaultCodec } from '../../src/base/values/codec.ts'
import { resolveBlob } from '../../src/engine/blobs.ts'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import { createEngine } from '../../src/engine/engine.ts'
import { loadSnapshot } from '../../src/engine/load.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { fileBlobs } from '../../src/store/file/file-blobs.ts'
import { memoryBlobs } from '../../src/store/memory/memory-blobs.ts'
import { memoryStore } from '../../src/store/memory/memory-driver.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import { workflow } from '../../src/workflow/builder.ts'
import { temporaryFolder } from '../helpers/temporary-folder.ts'

const folder = temporaryFolder()
const logger = { debug() {}, info() {}, warn() {}, error() {} }
const large = { rows: Array.from({ length: 500 }, (_, index) => ({ index, at: new Date(index), text: 'é' })) }
const options = { limits: { maxResultBytes: 1_000 }, oversizedResults: 'reference', logger } as const

function flowOf(calls: string[] = []) {
  return workflow('outside', '1.0.0')
    .node('small', () => {
      calls.push('small')
      return [1, 2]
    })
    .node('large', ['small'], () => {
      calls.push('large')
      return large
    })
    .node('count', ['large', 'small'], (inputs) => {
      calls.push('count')
      return [inputs.large.rows.length, inputs.large.rows.at(-1)!.at, inputs.small]
    })
    .build()
}

function counted(blobs: BlobStore) {
  const calls = { put: 0, get: 0 }
  const counting: BlobStore = {
    put: (digest, bytes) => {
      calls.put += 1
      return blobs.put(digest, bytes)
    },
    get: (digest) => {
      calls.get += 1
      return blobs.get(digest)
    },
  }
  return { calls, blobs: counting }
}

describe('results kept outside a run', () => {
  it('reach downstream handlers equal, live and restored, and stand in the document by digest alone', async () => {
    const { calls, blobs } = counted(memoryBlobs())
    const executor = new DagExecutor(flowOf(), { ...options, blobs })
    let cut = ''
    executor.on('node.completed', ({ data }) => {
      if (data.nodeId === 'large') cut = serialize(executor.saveSnapshot())
    })
    const { output, results } = await executor.execute()
    expect(output).toEqual([500, new Date(499), [1, 2]])
    expect(calls).toEqual({ put: 1, get: 1 })
    expect(cut.length).toBeLessThan(5_000)

    const again: string[] = []
    const restored = loadSnapshot(deserialize(cut), flowOf(again), { blobs, logger })
    expect((await restored.execute()).output).toEqual(output)
    expect(again).toEqual(['count'])

    const reference = results.large as unknown as { keptOutside: true; digest: string; sizeBytes: number }
    expect(reference).toMatchObject({ keptOutside: true, digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) })
    expect(deserialize(cut).result('large')).toEqual(reference)
    expect(await resolveBlob(blobs, reference, defaultCodec)).toEqual(large)
  })

  it('are on record only once they are safe outside', async () => {
    let release = () => {}
    const slow: BlobStore = {
      put: () => new Promise((resolve) => (release = resolve)),
      get: async () => null,
    }
    const executor = new DagExecutor(flowOf(), { ...options, blobs: slow })
    const running = executor.execute()
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve()
    expect(executor.saveSnapshot().completedNodes).toEqual(['small'])
    await executor.cancel()
    release()
    expect((await running).status).toBe('canceled')
    expect(executor.saveSnapshot().completedNodes).toEqual(['small'])
  })

  it('are taken up from a store and files by another process', async () => {
    const store = memoryStore()
    const dir = join(folder, 'engine')
    const failing = workflow('outside', '1.0.0')
      .node('large', () => large)
      .node('count', ['large'], (): number => {
        throw new Error('not yet')
      })
      .build()
    const first = createEngine({ store, workflows: [failing], ...options, blobs: fileBlobs(dir) })
    expect((await (await first.start(failing, undefined, { runId: 'r' })).result).status).toBe('failed')
    const mended = workflow('outside', '1.0.0')
      .node('large', (): typeof large => {
        throw new Error('completed: never called again')
      })
      .node('count', ['large'], (inputs) => inputs.large.rows.length)
      .build()
    const second = createEngine({ store, workflows: [mended], logger, blobs: fileBlobs(dir) })
    expect((await (await second.resume('r')).result).output).toBe(500)
  })

  it('that are missing or damaged fail the node that needs them, with a code', async () => {
    const dir = join(folder, 'damaged')
    const executor = new DagExecutor(flowOf(), { ...options, blobs: fileBlobs(dir) })
    let cut = ''
    executor.on('node.completed', ({ data }) => {
      if (data.nodeId === 'large') cut = serialize(executor.saveSnapshot())
    })
    await executor.execute()
    const resumed = async (blobs?: BlobStore) => {
      const { status, error } = await loadSnapshot(cut, flowOf(), { logger, ...(blobs ? { blobs } : {}) }).execute()
      return [status, (error?.cause as { code?: string } | undefined)?.code]
    }
    expect(await resumed()).toEqual(['failed', 'BLOB_MISSING'])
    expect(await resumed(memoryBlobs())).toEqual(['failed', 'BLOB_MISSING'])
    const [file] = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    writeFileSync(join(file!.parentPath, file!.name), '{"rows":[]}')
    expect(await resumed(fileBlobs(dir))).toEqual(['failed', 'BLOB_DAMAGED'])
  })

  it('are put again when the store for them failed once and the node may be retried', async () => {
    const inner = memoryBlobs()
    let failures = 1
    const flaky: BlobStore = {
      put: async (digest, bytes) => {
        failures -= 1
        if (failures >= 0) throw new Error('the network is down')
        return inner.put(digest, bytes)
      },
      get: inner.get,
    }
    const clock = new SimulatedClock()
    const flow = workflow('flaky', '1.0.0')
      .node('large', () => large, { retry: { maximumAttempts: 2 } })
      .node('count', ['large'], (inputs) => inputs.large.rows.length)
      .build()
    const { output } = await clock.drive(new DagExecutor(flow, { ...options, clock, blobs: flaky }).execute())
    expect(output).toBe(500)
  })

  it.each([
    ['a text', 'é\u2028"'.repeat(1_000)],
    ['bytes', new Uint8Array(2_000)],
  ])('may be %s', async (_, value) => {
    const flow = workflow('kinds', '1.0.0')
      .node('large', () => value)
      .node('same', ['large'], (inputs) => (inputs.large === value ? 'the very value' : inputs.large))
      .build()
    const small = { ...options, limits: { maxResultBytes: 500 } }
    const { results } = await new DagExecutor(flow, { ...small, blobs: memoryBlobs() }).execute()
    expect(results.large).toMatchObject({ keptOutside: true })
    if (typeof value === 'string') expect(results.same).toBe('the very value')
  })

  it('need blobs to be given', () => {
    expect(() => new DagExecutor(flowOf(), options)).toThrow(expect.objectContaining({ code: 'ARGUMENT_INVALID' }))
  })
})
