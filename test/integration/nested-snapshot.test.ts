import { describe, expect, it } from 'vitest'
import {
  createRegistry,
  DagExecutor,
  deserialize,
  loadSnapshot,
  parseWorkflow,
  serialize,
  sleep,
  waitForSignal,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { sealed } from '../helpers/seal.ts'

/** A run nested two deep, with every shape inside; `calls` is what its handlers were called for. */
function nestedFlow(calls: string[]) {
  const deep = workflow('deep')
    .input<{ readonly n: number }>()
    .node('a', (_inputs, ctx) => {
      calls.push('a')
      ctx.variables.set('seen', new Date(5))
      ctx.counters.add('a')
      return { n: ctx.input.n, list: ['x'.repeat(300)] }
    })
    .node('nap', ['a'], sleep({ durationMs: 1_000 }))
    .map('items', ['a'], { items: () => [1, 2, 3], concurrency: 1 }, async (item, ctx) => {
      const twice = await ctx.step('twice', () => item * 2)
      calls.push(`item ${item}`)
      return twice
    })
    .node('end', ['nap', 'items', 'a'], ({ items, a }) => [...items, a.n, a])
    .build()
  const inner = workflow('inner')
    .workflow('deep', [], deep, { input: () => ({ n: 7 }) })
    .workflow('10', [], deep, { input: () => ({ n: 8 }) })
    .node('answer', ['deep', '10'], waitForSignal<number>({ name: 'go' }))
    .node('end', ['deep', 'answer'], ({ deep, answer }) => ({ deep, answer }))
    .build()
  return workflow('outer')
    .node('first', () => calls.push('first'))
    .workflow('inner', ['first'], inner)
    .node('last', ['inner'], ({ inner }) => inner)
    .build()
}

describe('a snapshot of nested runs', () => {
  it('cut anywhere, loads and ends the same, with nothing that had completed run again', async () => {
    const clock = new ManualClock()
    const whole: string[] = []
    const executor = new DagExecutor(nestedFlow(whole), { clock, runId: 'r', concurrency: 2 })
    const texts: { readonly text: string; readonly calls: readonly string[] }[] = []
    executor.on('*', () =>
      texts.push({ text: serialize(executor.saveSnapshot(), { pretty: false }), calls: [...whole] }),
    )
    const play = async (one: DagExecutor<never>, clock: ManualClock) => {
      let result = await clock.drive(one.execute())
      if (result.status === 'waiting') {
        await one.signal('go', 5)
        result = await clock.drive(one.execute())
      }
      return result
    }
    const expected = await play(executor as never, clock)
    expect(expected.status).toBe('completed')
    expect(texts.length).toBeGreaterThan(40)
    for (const { text, calls } of texts) {
      expect(serialize(deserialize(text), { pretty: false })).toBe(text)
      // Through an object, whose maps come in another order.
      expect(serialize(deserialize(JSON.parse(text)), { pretty: false })).toBe(text)
      const again: string[] = []
      const later = new ManualClock(clock.now())
      const loaded = loadSnapshot(deserialize(text), nestedFlow(again), { clock: later })
      const result = await play(loaded as never, later)
      expect(result.output).toEqual(expected.output)
      const snapshot = loaded.saveSnapshot()
      expect(snapshot.result(['inner', 'deep', 'items'])).toEqual([2, 4, 6])
      expect(snapshot.result(['inner', '10', 'a'])).toEqual({ n: 8, list: ['x'.repeat(300)] })
      // What was in flight when it was cut may have called its handler before.
      const inFlight = whole.length - calls.length
      expect(again.length).toBeGreaterThanOrEqual(inFlight)
      expect(again.length).toBeLessThanOrEqual(inFlight + 2)
    }
  })

  it('loads over a registry, which has the types of every level', async () => {
    const inner = { id: 'inner', version: '1.0.0', nodes: [{ id: 'x', type: 'own' }], edges: [] }
    const flow = parseWorkflow({
      id: 'outer',
      version: '1.0.0',
      nodes: [{ id: 'a', type: 'workflow', nested: { workflow: inner } }],
      edges: [],
    })
    const registry = createRegistry().register('own', () => 'own')
    const text = serialize(new DagExecutor(flow, { registry }).saveSnapshot())
    expect((await loadSnapshot(text, registry).execute()).output).toBe('own')
    expect(() => loadSnapshot(text, createRegistry())).toThrow(expect.objectContaining({ code: 'NODE_TYPE_MISSING' }))
  })

  const cases: readonly (readonly [string, (child: Child, document: Child) => void, string, RegExp])[] = [
    [
      'of a node that is none',
      (child) => {
        child['node'] = 'first'
      },
      'SNAPSHOT_INCONSISTENT',
      /children\/0\/node: the workflow has no node "first" that is a run/,
    ],
    [
      'of a node twice',
      (child, document) => {
        ;(document['children'] as Child[]).push(child)
      },
      'SNAPSHOT_INCONSISTENT',
      /children\/1\/node: the node "inner" is two runs/,
    ],
    [
      'that is missing',
      (_child, document) => {
        document['children'] = []
      },
      'SNAPSHOT_INCONSISTENT',
      /nodes\/inner: a waiting node has a wait, items that are not through, or is a run/,
    ],
    [
      'with a result nothing completed for',
      (child) => {
        ;(child['results'] as Child)['answer'] = 1
      },
      'SNAPSHOT_INCONSISTENT',
      /children\/0\/results\/answer: the node "answer" has a result/,
    ],
    [
      'with a value that can not be read',
      (child) => {
        ;(child['variables'] as Child)['x'] = { '#type': 'no such' }
      },
      'VALUE_UNKNOWN_TAG',
      /children\/0\/variables\/x/,
    ],
    [
      'with more items than can be',
      (child) => {
        deepOf(child)['parts'] = { items: { items: { count: 1e9, results: [], states: {} } } }
      },
      'SNAPSHOT_LIMIT',
      /maxSlots/,
    ],
    [
      'without its nodes',
      (child) => {
        delete child['nodes']
      },
      'SNAPSHOT_SCHEMA',
      /children\/0/,
    ],
    [
      'that is no object',
      (_child, document) => {
        document['children'] = [5]
      },
      'SNAPSHOT_SCHEMA',
      /children\/0/,
    ],
  ]

  it.each(cases)('refuses a nested run %s', async (_name, change, code, message) => {
    const clock = new ManualClock()
    const executor = new DagExecutor(nestedFlow([]), { clock, runId: 'r' })
    await clock.drive(executor.execute())
    const document = executor.saveSnapshot().document as unknown as Child
    change((document['children'] as Child[])[0]!, document)
    expect(() => deserialize(sealed(document))).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) as string }),
    )
  })
})

type Child = Record<string, unknown>

function deepOf(child: Child): Child {
  return (child['children'] as Child[])[0]!
}
