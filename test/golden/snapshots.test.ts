import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { executeFromSnapshot, loadSnapshot } from '../../src/engine/load.ts'
import { builtins } from '../../src/nodes/builtin/builtins.ts'
import { createRegistry, type Registry } from '../../src/nodes/registry.ts'
import { deserialize } from '../../src/snapshot/deserialize.ts'
import { restoreState } from '../../src/snapshot/restore.ts'
import { serialize } from '../../src/snapshot/serialize.ts'
import { takeSnapshot } from '../../src/snapshot/snapshot.ts'
import { SNAPSHOT_VERSION } from '../../src/snapshot/version.ts'
import { SimulatedClock } from '../../src/testing/simulated-clock.ts'
import type { Handler } from '../../src/workflow/handler.ts'
import { AT, sampleState } from '../unit/snapshot/sample.ts'

/** Handlers for the nodes of all files, which note what they run. */
function standIns(ran: string[]): Registry {
  const noted =
    (handler: Handler): Handler =>
    (inputs, ctx) => {
      ran.push(ctx.nodeId)
      return handler(inputs, ctx)
    }
  const again = () => {
    throw new Error('this step was done before')
  }
  let registry = createRegistry(builtins)
  for (const type of ['t', 'load', 'branch', 'work', 'end', 'rows']) {
    registry = registry.register(
      type,
      noted((_, ctx) => ({ of: ctx.nodeId, ok: true })),
    )
  }
  return registry
    .register(
      'each',
      noted(async (item, ctx) => {
        const { name } = item as unknown as { readonly name: string }
        const size = await ctx.step('measure', again)
        return `${name} ${size} ${(ctx.restored as { page: number } | undefined)?.page}`
      }),
    )
    .register(
      'draft',
      noted((_, ctx) => ({ round: (ctx.previous as { round: number }).round + 1 })),
    )
    .register(
      'import',
      noted(async (_, ctx) => [await ctx.step('download', again), await ctx.step('9', again), ctx.restored]),
    )
}

const folder = new URL('../../fixtures/snapshots/', import.meta.url)
const files = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name }) => readdirSync(new URL(`${name}/`, folder)).map((file) => `${name}/${file}`))
  .sort()

describe('a stored snapshot of a released version', () => {
  it('is never edited', () => {
    const digests = files.map((file) => {
      const bytes = readFileSync(new URL(file, folder))
      return `${createHash('sha256').update(bytes).digest('hex')}  ${file}`
    })
    expect(digests).toEqual(readFileSync(new URL('digests.txt', folder), 'utf8').trim().split('\n'))
  })

  it.each(files)('%s loads and gives a state', (file) => {
    const snapshot = deserialize(readFileSync(new URL(file, folder)))
    const state = restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'wallClock' })
    expect(state.workflow.nodes.length).toBe(state.nodes.length)
  })

  it.each(files.filter((file) => file.startsWith(`${SNAPSHOT_VERSION}/`)))('%s is written as it was read', (file) => {
    const text = readFileSync(new URL(file, folder), 'utf8')
    const snapshot = deserialize(text)
    expect(serialize(snapshot)).toBe(text)
    const { state, takenAt } = snapshot.copyOfState()
    expect(serialize(takeSnapshot(state, takenAt))).toBe(text)
  })

  it('has the bytes that the same state gives today', () => {
    expect(serialize(takeSnapshot(sampleState(), AT))).toBe(
      readFileSync(new URL(`${SNAPSHOT_VERSION}/everything.json`, folder), 'utf8'),
    )
  })

  it.each(files)('%s runs to its end, and no completed node again', async (file) => {
    const snapshot = deserialize(readFileSync(new URL(file, folder)))
    const clock = new SimulatedClock(Date.parse(snapshot.snapshotTime))
    const ran: string[] = []
    const executor = loadSnapshot(snapshot, standIns(ran), { clock })
    const running = executor.execute()
    if (snapshot.nodes['ask'] !== undefined) await executor.signal('approve', 'yes')
    const { status, results } = await clock.drive(running)
    expect(status).toBe('completed')
    expect(ran.filter((nodeId) => snapshot.completedNodes.includes(nodeId))).toEqual([])
    expect(Object.fromEntries(Object.entries(results).filter(([id]) => snapshot.completedNodes.includes(id)))).toEqual(
      Object.fromEntries(Object.entries(snapshot.results)),
    )
  })

  it('goes on with the items, steps and visits it has, and does none of them again', async () => {
    const ran: string[] = []
    const results = async (name: string) => {
      const clock = new SimulatedClock(0)
      const text = readFileSync(new URL(`1.1.0/${name}.json`, folder), 'utf8')
      return (await clock.drive(executeFromSnapshot(text, standIns(ran), { clock }))).results
    }
    const failed = { status: 'failed', error: { name: 'Error', message: 'never' } }
    const value = (of: unknown) => ({ status: 'completed', value: of })
    const size = (name: string) => value({ size: name.length, name })
    expect((await results('items'))['each']).toEqual([
      ...['ada', 'ben', 'cem'].map(size),
      failed,
      value('eli 3 undefined'),
      value('fay 3 2'),
      ...['gil', 'hal', 'ida', 'jon'].map(size),
    ])
    expect(ran.filter((nodeId) => nodeId === 'each').length).toBe(2)
    expect(await results('repeat')).toMatchObject({
      draft: { round: 3 },
      import: [{ files: ['a', 'b'] }, new Map([[1, 2]]), { done: 1 }],
    })
    expect(ran.filter((nodeId) => nodeId === 'draft').length).toBe(1)
  })
})
