import { describe, expect, it } from 'vitest'
import { createEngine, memoryStore, workflow } from '../../src/index.ts'
import { crashingStore } from '../../src/testing/crashing-store.ts'
import { recordingLogger } from '../helpers/run-control.ts'

/** A run whose process dies when its second node has begun, each time anew. */
function poisoned(maxFruitlessResumes: number | null) {
  const store = memoryStore()
  const flow = workflow('poison', '1.0.0')
    .node('a', () => 1)
    .node('b', ['a'], (_inputs, ctx) => ctx.attempt)
    .build()
  /** A process of its own: it takes up what it finds, and dies. */
  const live = async () => {
    const isNew = (await store.get('r')) === null
    const dying = crashingStore(store, { atAppend: isNew ? 2 : 1, isRecorded: true })
    const options = { workflows: [flow], limits: { maxFruitlessResumes }, logger: recordingLogger() }
    const engine = createEngine({ store: dying, ...options })
    const handles = isNew ? [await engine.start(flow, undefined, { runId: 'r' })] : (await engine.recover()).resumed
    for (const { result } of handles) await result.catch(() => undefined)
    return (await store.get('r'))?.status
  }
  return { store, flow, live }
}

describe('a run that brings its processes down', () => {
  it('is taken up so often and no more, and stays as it is until somebody asks', async () => {
    const { store, flow, live } = poisoned(3)
    const statuses: unknown[] = []
    for (let life = 0; life < 6; life += 1) statuses.push(await live())
    expect(statuses).toEqual(['running', 'running', 'running', 'running', 'quarantined', 'quarantined'])
    const engine = createEngine({ store, workflows: [flow] })
    expect((await engine.recover()).resumed).toEqual([])
    expect((await engine.snapshot('r')).run.status).toBe('quarantined')
    const { result } = await engine.resume('r')
    expect(await result).toMatchObject({ status: 'completed', output: 5 })
  })

  it('is taken up for ever without the limit', async () => {
    const { live } = poisoned(null)
    for (let life = 0; life < 15; life += 1) expect(await live()).toBe('running')
  })
})
