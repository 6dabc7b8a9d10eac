import { describe, expect, it } from 'vitest'
import {
  builtins,
  createRegistry,
  createWorkflow,
  DagExecutor,
  deserialize,
  executeFromSnapshot,
  parseWorkflow,
  route,
  serialize,
  workflow,
} from '../../src/index.ts'
import type { ConditionDefinition } from '../../src/workflow/definition.ts'

const registry = () => createRegistry(builtins)

/** Runs a workflow given as JSON text, the way it comes from a file. */
async function runJson(nodes: readonly object[], edges: readonly object[], more = registry()) {
  const executor = new DagExecutor(parseWorkflow(JSON.stringify({ id: 'routing', nodes, edges })), { registry: more })
  const result = await executor.execute()
  const statuses = Object.fromEntries(
    Object.entries(executor.saveSnapshot().nodes).map(([id, node]) => [id, node.skipReason ?? node.status]),
  )
  return { result, statuses, executor }
}

const constant = (id: string, value: unknown) => ({ id, type: 'constant', data: { value } })

describe('a condition on an edge, as data', () => {
  const order = { total: 100, name: 'Ada', tags: ['a', { deep: 1 }], none: null, no: false, empty: '', list: [] }

  it.each<[ConditionDefinition, boolean]>([
    [{ path: '/total', operator: 'eq', value: 100 }, true],
    [{ path: '/total', operator: 'eq', value: '100' }, false],
    [{ path: '/total', operator: 'ne', value: 100 }, false],
    [{ path: '/total', operator: 'ne', value: 1 }, true],
    [{ path: '/total', operator: 'lt', value: 100 }, false],
    [{ path: '/total', operator: 'lt', value: 100.5 }, true],
    [{ path: '/total', operator: 'lte', value: 100 }, true],
    [{ path: '/total', operator: 'gt', value: 100 }, false],
    [{ path: '/total', operator: 'gt', value: '9' }, false],
    [{ path: '/total', operator: 'gte', value: 100 }, true],
    [{ path: '/name', operator: 'in', value: ['Ada', 'Bob'] }, true],
    [{ path: '/name', operator: 'in', value: [] }, false],
    [{ path: '/name', operator: 'notIn', value: ['Bob'] }, true],
    [{ path: '/name', operator: 'contains', value: 'da' }, true],
    [{ path: '/tags', operator: 'contains', value: { deep: 1 } }, true],
    [{ path: '/tags', operator: 'contains', value: 'z' }, false],
    [{ path: '/none', operator: 'exists' }, true],
    [{ path: '/gone', operator: 'exists' }, false],
    [{ path: '/list', operator: 'truthy' }, true],
    [{ path: '/none', operator: 'truthy' }, false],
    [{ path: '/no', operator: 'truthy' }, false],
    [{ path: '/empty', operator: 'truthy' }, false],
    [{ path: '/gone', operator: 'truthy' }, false],
    // What is missing is equal to nothing and in no order; null is a value.
    [{ path: '/gone', operator: 'eq', value: null }, false],
    [{ path: '/gone', operator: 'ne', value: 1 }, true],
    [{ path: '/gone/deeper', operator: 'notIn', value: [1] }, true],
    [{ path: '/gone', operator: 'lt', value: 1 }, false],
    [{ path: '/gone', operator: 'gte', value: 1 }, false],
    [{ path: '/none', operator: 'eq', value: null }, true],
    [{ path: '/none', operator: 'lte', value: 0 }, false],
    [{ path: '/tags/1/deep', operator: 'eq', value: 1 }, true],
    [{ path: '/constructor', operator: 'exists' }, false],
    [{ path: '/__proto__', operator: 'exists' }, false],
    [{ operator: 'eq', value: order }, true],
    [{ operator: 'truthy' }, true],
  ])('%j: %s', async (condition, taken) => {
    const { statuses, executor } = await runJson(
      [constant('order', order), constant('next', 1)],
      [{ source: 'order', target: 'next', condition }],
    )
    expect(statuses['next']).toBe(taken ? 'completed' : 'untaken')
    expect(executor.saveSnapshot().document.decisions).toEqual({ 'order->next': taken })
  })

  it('with a handle too, an edge is taken only when both say so', async () => {
    const node = (ids: readonly string[]) => ids.map((id) => constant(id, 1))
    const edge = (target: string, sourceHandle: string, value: number) => ({
      source: 'check',
      target,
      sourceHandle,
      condition: { path: '/n', operator: 'eq', value },
    })
    const { statuses } = await runJson(
      [
        constant('order', { n: 1 }),
        { id: 'check', type: 'condition', data: { condition: { path: '/n', operator: 'gt', value: 0 } } },
        ...node(['both', 'handle', 'condition', 'none']),
      ],
      [
        { source: 'order', target: 'check' },
        edge('both', 'true', 1),
        edge('handle', 'true', 2),
        edge('condition', 'false', 1),
        edge('none', 'false', 2),
      ],
    )
    expect(statuses).toMatchObject({ both: 'completed', handle: 'untaken', condition: 'untaken', none: 'untaken' })
  })
})

describe('handles', () => {
  it.each([
    [true, ['yes']],
    [false, ['no']],
    ['true', ['yes']],
    ['other', ['named']],
    [1, []],
    [null, []],
  ])('an output of %j takes the edges of that handle', async (output, taken) => {
    const ran: string[] = []
    const flow = workflow('handles')
      .node('check', () => output)
      .node('yes', [{ source: 'check', sourceHandle: 'true' }], () => ran.push('yes'))
      .node('no', [{ source: 'check', sourceHandle: 'false' }], () => ran.push('no'))
      .node('named', [{ source: 'check', sourceHandle: 'other' }], () => ran.push('named'))
      .build()
    expect((await new DagExecutor(flow).execute()).status).toBe('completed')
    expect(ran).toEqual(taken)
  })

  it('route takes one, several or none; edges without a handle are taken anyhow, and the output is the output alone', async () => {
    for (const handles of ['a', ['a', 'b'], []]) {
      const seen: Record<string, unknown> = {}
      const note = (inputs: object, ctx: { readonly nodeId: string }) => {
        seen[ctx.nodeId] = inputs
      }
      const edges = [
        ...['a', 'b'].map((sourceHandle) => ({ source: 'pick', target: sourceHandle, sourceHandle })),
        { source: 'pick', target: 'plain' },
      ]
      const nodes = ['pick', 'a', 'b', 'plain'].map((id) => ({ id, type: id === 'pick' ? 'pick' : 'note' }))
      const flow = createWorkflow(
        { id: 'route', nodes, edges },
        { handlers: { note, pick: () => route(handles, { v: 1 }) } },
      )
      await new DagExecutor(flow).execute()
      expect(Object.keys(seen).sort()).toEqual([...handles, 'plain'].sort())
      for (const inputs of Object.values(seen)) expect(inputs).toEqual({ pick: { v: 1 } })
    }
  })
})

describe('switch', () => {
  const cases = [
    { when: { path: '/n', operator: 'gt', value: 10 }, handle: 'big' },
    { when: { path: '/n', operator: 'gt', value: 0 }, handle: 'some' },
    { when: { path: '/n', operator: 'gt', value: 5 }, handle: 'never' },
  ]
  const run = (n: unknown, data: object) =>
    runJson(
      [
        constant('in', { n }),
        { id: 'switch', type: 'switch', data },
        ...['big', 'some', 'never', 'rest'].map((id) => constant(id, id)),
        { id: 'join', type: 'join' },
      ],
      [
        { source: 'in', target: 'switch' },
        ...['big', 'some', 'never', 'rest'].map((id) => ({ source: 'switch', target: id, sourceHandle: id })),
        ...['big', 'some', 'never', 'rest'].map((id) => ({ source: id, target: 'join' })),
      ],
    )

  it.each([
    [11, 'big'],
    [7, 'some'],
    [0, 'rest'],
    ['11', 'rest'],
    [null, 'rest'],
  ])('%j: the first case that holds, else the default: %s; the join after it runs once', async (n, handle) => {
    const { result, statuses } = await run(n, { cases, default: 'rest' })
    expect(result.output).toEqual({ [handle]: handle })
    const others = ['big', 'some', 'never', 'rest'].filter((id) => id !== handle)
    expect(others.map((id) => statuses[id])).toEqual(['untaken', 'untaken', 'untaken'])
  })

  it('without a default, no case takes no edge, and the join is skipped with them', async () => {
    const { result, statuses } = await run(0, { cases })
    expect(result.status).toBe('completed')
    expect(statuses).toMatchObject({ switch: 'completed', big: 'untaken', rest: 'untaken', join: 'untaken' })
  })

  it('with data that does not fit, fails with a code', async () => {
    for (const data of [{ cases: 5 }, { cases: [{ handle: 'x' }] }, {}]) {
      const { result } = await run(0, data)
      expect(result.error?.cause).toMatchObject({ code: 'NODE_BAD_DATA' })
    }
  })
})

describe('untaken branches', () => {
  const make = (ran: string[], asked: string[]) => {
    const step = (_inputs: object, ctx: { readonly nodeId: string }) => {
      ran.push(ctx.nodeId)
      return 1
    }
    const nodes = ['start', 'a', 'b', 'deepA', 'deepB', 'both', 'sure'].map((id) => ({ id, type: 'step' }))
    const when = { kind: 'function' }
    const edges = [
      { id: 'toA', source: 'start', target: 'a', condition: when },
      { id: 'toB', source: 'start', target: 'b', condition: when },
      { source: 'a', target: 'deepA' },
      { source: 'b', target: 'deepB' },
      { source: 'deepA', target: 'both' },
      { source: 'deepB', target: 'both' },
      // An unconditional edge of a completed source beside conditions that are not met.
      { id: 'no', source: 'start', target: 'sure', condition: { operator: 'eq', value: 2 } },
      { source: 'start', target: 'sure' },
      { source: 'deepB', target: 'sure' },
    ]
    const predicate = (name: string, answer: boolean) => () => {
      asked.push(name)
      return answer
    }
    return createWorkflow(
      { id: 'branches', nodes, edges },
      { handlers: { step }, predicates: { toA: predicate('toA', true), toB: predicate('toB', false) } },
    )
  }

  it('never run, also after a resume from any point; the skips are in the snapshot, and no condition is asked twice', async () => {
    const whole: string[] = []
    const executor = new DagExecutor(make(whole, []))
    const texts: string[] = []
    executor.on('*', () => texts.push(serialize(executor.saveSnapshot())))
    const { results } = await executor.execute()
    expect([...whole].sort()).toEqual(['a', 'both', 'deepA', 'start', 'sure'])
    for (const text of texts) {
      const document = deserialize(text)
      const ran: string[] = []
      const asked: string[] = []
      const resumed = await executeFromSnapshot(document, make(ran, asked))
      expect(resumed.results).toEqual(results)
      expect(ran.filter((id) => document.completedNodes.includes(id) || id.endsWith('B') || id === 'b')).toEqual([])
      expect(asked.length).toBe(document.completedNodes.includes('start') ? 0 : 2)
    }
    const { nodes, decisions } = deserialize(texts.at(-1)!)
    expect([nodes['b']!.skipReason, nodes['deepB']!.skipReason]).toEqual(['untaken', 'untaken'])
    expect({ ...decisions }).toEqual({ toA: true, toB: false, no: false })
  })

  it.each([
    [
      'throws',
      () => {
        throw new Error('x')
      },
    ],
    ['gives no boolean', () => 1 as unknown as boolean],
    ['gives a promise', () => Promise.resolve(true) as unknown as boolean],
  ])(
    'a condition in code that %s fails its source, which is not tried again and has written nothing',
    async (_how, when) => {
      let calls = 0
      const flow = workflow('bad')
        .node(
          'a',
          (_inputs, ctx) => {
            calls += 1
            ctx.variables.set('v', 1)
            return 1
          },
          { retry: { maximumAttempts: 3, initialIntervalMs: 1 } },
        )
        .node('b', [{ source: 'a', when }], () => 1)
        .build()
      const executor = new DagExecutor(flow)
      const { status, error } = await executor.execute()
      expect([status, calls]).toEqual(['failed', 1])
      expect(error?.cause).toMatchObject({ code: 'NODE_CONDITION_FAILED', details: { source: 'a', target: 'b' } })
      expect(executor.saveSnapshot().document.variables).toEqual({})
    },
  )
})
