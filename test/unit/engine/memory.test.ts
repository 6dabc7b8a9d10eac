import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, it, vi } from 'vitest'
import { createEngine, DagExecutor, memoryStore, workflow } from '../../../src/index.ts'
import * as eventText from '../../../src/run/event-text.ts'
import * as publicEvent from '../../../src/run/public-event.ts'
import { memoryDriver } from '../../../src/store/memory/memory-driver.ts'
import { createStore } from '../../../src/store/store.ts'

vi.mock(import('../../../src/run/event-text.ts'), { spy: true })
vi.mock(import('../../../src/run/public-event.ts'), { spy: true })

const flow = () =>
  workflow('w', '1.0.0')
    .node('a', () => ({ rows: [1, 2, 3] }))
    .node('b', ['a'], async ({ a }) => a.rows.length)
    .build()

describe('a run without a store', () => {
  it('builds no text of events, and shows them to nobody when nobody listens', async () => {
    vi.clearAllMocks()
    const executor = new DagExecutor(flow())
    executor.on('run.failed', () => undefined)
    executor.on('progress', () => undefined)
    const off = executor.on('*', () => undefined)
    off()
    await executor.execute()
    expect(eventText.eventText).not.toHaveBeenCalled()
    expect(publicEvent.publicEvent).not.toHaveBeenCalled()
  })

  it('shows only the facts that someone listens for', async () => {
    vi.clearAllMocks()
    const executor = new DagExecutor(flow())
    executor.on('node.completed', () => undefined)
    await executor.execute()
    expect(publicEvent.publicEvent).toHaveBeenCalledTimes(2)
    expect(eventText.eventText).not.toHaveBeenCalled()
  })

  it('keeps none of its facts', async () => {
    vi.clearAllMocks()
    const executor = new DagExecutor(flow())
    executor.on('*', () => undefined)
    await executor.execute()
    const shown = vi.mocked(publicEvent.publicEvent).mock
    const refs = shown.calls.map(([event]) => new WeakRef(event))
    // The spies keep what they were given.
    vi.clearAllMocks()
    await new Promise((resolve) => setImmediate(resolve))
    setFlagsFromString('--expose_gc')
    const collect = runInNewContext('gc') as () => void
    collect()
    expect(refs).toHaveLength(6)
    expect(refs.filter((ref) => ref.deref() !== undefined)).toEqual([])
    expect(executor.status).toBe('completed')
  })
})

describe('a run with a store', () => {
  it('in memory builds the text of each fact when it is first read, once', async () => {
    vi.clearAllMocks()
    const store = memoryStore()
    const { runId, result } = await createEngine({ store }).start(flow())
    await result
    expect(eventText.eventText).not.toHaveBeenCalled()
    const events = await store.read(runId, { limit: 4 })
    expect(eventText.eventText).toHaveBeenCalledTimes(4)
    expect((await store.read(runId)).slice(0, 4)).toEqual(events)
    await store.stats()
    expect(eventText.eventText).toHaveBeenCalledTimes(6)
  })

  it('builds the text of each fact once for a store that looks at it', async () => {
    vi.clearAllMocks()
    const driver = Object.assign(memoryDriver(), {
      supports: { durable: true, crossProcessClaims: false, checkpoints: false },
    })
    const { result } = await createEngine({ store: createStore(driver) }).start(flow())
    await result
    expect(eventText.eventText).toHaveBeenCalledTimes(6)
  })
})
