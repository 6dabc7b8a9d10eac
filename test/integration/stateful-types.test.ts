import { describe, expect, it } from 'vitest'
import {
  createEngine,
  createRegistry,
  DagExecutor,
  deserialize,
  loadSnapshot,
  memoryStore,
  parseWorkflow,
  serialize,
} from '../../src/index.ts'

/** A node type that lets so many through and no more, whatever process it is in. */
function limiter(max: number) {
  let taken: Map<string, number> = new Map()
  const loaded: unknown[] = []
  const registry = createRegistry().register(
    'limited',
    (_inputs, ctx) => {
      const count = (taken.get('all') ?? 0) + 1
      if (count > max) throw new Error(`over the limit in ${ctx.nodeId}`)
      taken.set('all', count)
      return count
    },
    {
      save: () => taken,
      load: (state) => {
        loaded.push(new Map(state as Map<string, number>))
        taken = state as Map<string, number>
      },
    },
  )
  return { registry, loaded }
}

const chain = (size: number) =>
  parseWorkflow({
    id: 'chain',
    version: '1.0.0',
    nodes: Array.from({ length: size }, (_, index) => ({ id: `n${index}`, type: 'limited' })),
    edges: Array.from({ length: size - 1 }, (_, index) => ({ source: `n${index}`, target: `n${index + 1}` })),
  })

describe('a node type that keeps a state of its own', () => {
  it('finds it again after a load, as it was when the last of its nodes completed', async () => {
    const texts: string[] = []
    const executor = new DagExecutor(chain(4), { registry: limiter(9).registry })
    executor.on('node.completed', () => texts.push(serialize(executor.saveSnapshot(), { pretty: false })))
    await executor.execute()
    expect(executor.saveSnapshot().document.types).toEqual({
      limited: { '#type': 'Map', entries: [['all', 4]] },
    })
    for (const [completed, text] of texts.entries()) {
      expect(serialize(deserialize(text), { pretty: false })).toBe(text)
      const { registry, loaded } = limiter(3)
      const { status, failedNodeId, results } = await loadSnapshot(text, registry).execute()
      expect(loaded).toEqual(completed === 3 ? [] : [new Map([['all', completed + 1]])])
      expect([status, failedNodeId]).toEqual(completed === 3 ? ['completed', null] : ['failed', 'n3'])
      expect(results['n2']).toBe(3)
    }
  })

  it('has it in a log too, so that the next process goes on with it', async () => {
    const store = memoryStore()
    const first = createEngine({ store, workflows: [chain(3)], registry: limiter(2).registry })
    const { result } = await first.start('chain', undefined, { runId: 'r' })
    expect((await result).failedNodeId).toBe('n2')
    const { registry, loaded } = limiter(2)
    const second = createEngine({ store, workflows: [chain(3)], registry })
    expect((await (await second.resume('r')).result).status).toBe('failed')
    expect(loaded).toEqual([new Map([['all', 2]])])
  })

  it('fails its node when a hook throws, and says which', async () => {
    for (const name of ['save', 'load'] as const) {
      const hooks = {
        save: () => 1,
        load: () => undefined,
        [name]: () => {
          throw new Error('no')
        },
      }
      const registry = createRegistry().register('limited', () => 1, { save: () => 1, load: () => undefined })
      const executor = new DagExecutor(chain(2), { registry })
      let text = ''
      executor.on('node.completed', () => {
        text ||= serialize(executor.saveSnapshot())
      })
      await executor.execute()
      const other = createRegistry().register('limited', () => 1, hooks)
      const { error } = await loadSnapshot(text, other).execute()
      expect(error).toMatchObject({ cause: { code: 'NODE_TYPE_STATE', details: { nodeId: 'n1', type: 'limited' } } })
    }
  })

  it('is given with its handler, and taken over by a registry that begins with another', () => {
    const { registry } = limiter(1)
    expect(createRegistry(registry).hooks('limited')).toBeDefined()
    expect(
      createRegistry(registry)
        .override('limited', () => 1)
        .hooks('limited'),
    ).toBeUndefined()
    for (const hooks of [{ save: 1, load: () => 1 }, { save: () => 1 }, null, 5, { override: true }]) {
      expect(() => createRegistry().register('a', () => 1, hooks as never)).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/ARGUMENT_INVALID|OPTION_UNKNOWN/) as string }),
      )
    }
  })
})
