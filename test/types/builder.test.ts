import { describe, expectTypeOf, it } from 'vitest'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { nodeType, workflow } from '../../src/workflow/builder.ts'
import type { SettledItem } from '../../src/workflow/builder-types.ts'
import type { ItemInfo, NodeContext } from '../../src/workflow/handler.ts'
import { route } from '../../src/workflow/routed.ts'
import type { Workflow } from '../../src/workflow/workflow.ts'

type OutputsOf<T> = T extends Workflow<infer Outputs, infer _Input> ? Outputs : never

describe('inputs of a node', () => {
  it('are its upstreams’ awaited outputs by node id', () => {
    workflow('w')
      .node('orders', async () => [1, 2, 3])
      .node('rates', () => ({ eur: 1.1 }))
      .node('chosen', () => route('yes', 'text' as const))
      .node('all', ['orders', 'rates', 'chosen'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{
          readonly orders: number[]
          readonly rates: { eur: number }
          readonly chosen: 'text'
        }>()
        // @ts-expect-error a node that is no upstream is no input
        inputs.other
      })
  })

  it('may be missing over a conditional edge, and what runs only after one may be skipped', () => {
    workflow('w')
      .node('check', () => ({ total: 3 }))
      .node('large', [{ source: 'check', when: (output) => output.total > 100 }], ({ check }, ctx) => {
        expectTypeOf(check).toEqualTypeOf<{ total: number } | undefined>()
        expectTypeOf(ctx.input).toEqualTypeOf<unknown>()
        return 'large' as const
      })
      .node('small', [{ source: 'check', sourceHandle: 'false' }], () => 'small' as const)
      .node('data', [{ source: 'check', condition: { path: '/total', operator: 'lt', value: 3 } }], () => 1)
      .node('plain', [{ source: 'check' }], ({ check }) => check.total)
      .node('join', ['large', 'small', 'check', 'data', 'plain'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{
          readonly large: 'large' | undefined
          readonly small: 'small' | undefined
          readonly check: { total: number }
          readonly data: number | undefined
          readonly plain: number
        }>()
        return true
      })
      .node('afterSkippable', ['large'], () => 5)
      .node('last', ['join', 'afterSkippable'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{ readonly join: boolean; readonly afterSkippable: number | undefined }>()
      })
  })

  it('an output that is undefined by itself makes nothing skippable', () => {
    workflow('w')
      .node('find', () => [1].find((value) => value > 1))
      .node('use', ['find'], ({ find }) => find ?? 0)
      .node('last', ['use'], ({ use }) => {
        expectTypeOf(use).toEqualTypeOf<number>()
      })
  })

  it('depend on the trigger', () => {
    workflow('w')
      .node('a', () => 1)
      .node('b', () => 2)
      .node(
        'first',
        ['a', 'b'],
        (inputs) => {
          expectTypeOf(inputs).toEqualTypeOf<{ readonly a: number | undefined; readonly b: number | undefined }>()
          return 'first'
        },
        { trigger: 'any' },
      )
      .node(
        'always',
        [{ source: 'a', sourceHandle: 'x' }],
        ({ a }) => {
          expectTypeOf(a).toEqualTypeOf<number | undefined>()
          return 'always'
        },
        { trigger: 'allDone' },
      )
      .node('unfailed', [{ source: 'a', sourceHandle: 'x' }], () => 1, { trigger: 'noneFailed' })
      .node('maybe', [{ source: 'a', sourceHandle: 'x' }], () => 1, { trigger: 'any' })
      .node('end', ['first', 'always', 'unfailed', 'maybe'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{
          readonly first: string
          readonly always: string
          readonly unfailed: number
          readonly maybe: number | undefined
        }>()
      })
  })

  it('of a node after one that may fail: there while it runs, but it may be skipped', () => {
    workflow('w')
      .node('risky', () => 1, { onError: 'continue' })
      .node('next', ['risky'], ({ risky }) => {
        expectTypeOf(risky).toEqualTypeOf<number>()
        return 'next'
      })
      .node('other', () => 2)
      .node('last', ['next', 'other'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{ readonly next: string | undefined; readonly other: number }>()
      })
  })

  it('hold what a fallback may give instead', () => {
    workflow('w')
      .node('price', () => 3, {
        fallback: (_inputs, ctx) => {
          expectTypeOf(ctx.failure?.message).toEqualTypeOf<string | undefined>()
          return 'unknown' as const
        },
      })
      .node(
        'show',
        ['price'],
        ({ price }) => {
          expectTypeOf(price).toEqualTypeOf<number | 'unknown'>()
          return price
        },
        {
          retry: { maximumAttempts: 3 },
          trigger: 'all',
          fallback: async (inputs) => {
            expectTypeOf(inputs).toEqualTypeOf<{ readonly price: number | 'unknown' }>()
            return null
          },
        },
      )
      .node('last', ['show'], ({ show }) => {
        expectTypeOf(show).toEqualTypeOf<number | 'unknown' | null>()
      })
  })

  it('of a node type are checked, its output is known; that of a registry’s type is not', () => {
    const double = nodeType('double', (inputs: { readonly a: number }) => inputs.a * 2)
    workflow('w')
      .node('a', () => 1)
      .node('b', ['a'], double)
      .node('c', ['a'], { ...double, data: { factor: 2 } })
      .node('d', { type: 'charge-card', data: { amount: 3 } })
      .node('last', ['b', 'c', 'd'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{ readonly b: number; readonly c: number; readonly d: unknown }>()
      })
    workflow('w')
      .node('a', () => 'text')
      // @ts-expect-error the type's handler needs a number
      .node('b', ['a'], double)
  })
})

describe('what does not compile', () => {
  it('a wrong upstream name, and a node that comes later', () => {
    const a = workflow('w').node('a', () => 1)
    // @ts-expect-error no such node
    a.node('b', ['x'], () => 1)
    // @ts-expect-error no such node
    a.node('b', [{ source: 'x', sourceHandle: 'true' }], () => 1)
    // @ts-expect-error a node is no upstream of itself
    a.node('b', ['b'], () => 1)
    // @ts-expect-error c comes later, so no cycle can be built
    a.node('b', ['c'], () => 1).node('c', ['b'], () => 1)
  })

  it('an id that is taken', () => {
    const a = workflow('w').node('a', () => 1)
    // @ts-expect-error there is a node 'a' already
    a.node('a', () => 2)
    // @ts-expect-error there is a node 'a' already
    a.node('a', ['a'], () => 2)
  })

  it('a handler for other inputs, options nobody reads, a condition on another output', () => {
    const a = workflow('w').node('a', () => 1)
    // @ts-expect-error a is a number
    a.node('b', ['a'], (inputs: { readonly a: string }) => inputs.a)
    // @ts-expect-error b is no upstream
    a.node('b', ['a'], (inputs: { readonly b: number }) => inputs.b)
    // @ts-expect-error timeout is no option
    a.node('b', ['a'], () => 1, { timeout: 5 })
    // @ts-expect-error no such trigger
    a.node('b', ['a'], () => 1, { trigger: 'some' })
    // @ts-expect-error the output is a number
    a.node('b', [{ source: 'a', when: (output) => output.length > 1 }], () => 1)
    // @ts-expect-error a condition gives a boolean
    a.node('b', [{ source: 'a', when: (output) => output + 1 }], () => 1)
  })
})

describe('the run’s input and services', () => {
  it('have the types they were given', () => {
    const typed = workflow('w')
      .input<{ readonly customer: string }>()
      .services<{ readonly rate: (code: string) => number }>()
      .node('a', (_inputs, ctx) => {
        expectTypeOf(ctx.input).toEqualTypeOf<{ readonly customer: string }>()
        return ctx.services.rate(ctx.input.customer)
      })
      .build()
    expectTypeOf(typed).toEqualTypeOf<Workflow<{ readonly a: number }, { readonly customer: string }>>()
  })

  it('let node types be used that say nothing of services, or ask for no other', () => {
    interface Tools {
      readonly ask: (text: string) => number
    }
    const loose = nodeType('loose', (_, ctx) => ctx.services['anything'])
    const asking = nodeType('asking', (_: object, ctx: NodeContext<unknown, Tools>) => ctx.services.ask('?'))
    const other = nodeType('other', (_: object, ctx: NodeContext<unknown, { readonly db: string }>) => ctx.services.db)
    const base = workflow('w').services<Tools>()
    base
      .node('nap', sleep({ durationMs: 1 }))
      .node('answer', ['nap'], waitForSignal<boolean>({ name: 'answer' }))
      .node('loose', loose)
      .node('asking', asking)
      .node('list', () => [{}])
      .map('each', ['list'], {}, asking)
      .node('end', ['answer', 'asking', 'each'], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{
          readonly answer: boolean
          readonly asking: number
          readonly each: readonly number[]
        }>()
      })
    // @ts-expect-error there is no such service
    base.node('other', other)
  })
})

describe('a workflow', () => {
  it('carries its outputs, possibly missing where a node may be skipped or fail alone', () => {
    const built = workflow('w')
      .node('a', () => 1, { onError: 'continue' })
      .node('b', () => 2)
      .node('c', ['b'], () => '')
      .node('d', [{ source: 'b', sourceHandle: '2' }], () => true)
      .build()
    expectTypeOf<OutputsOf<typeof built>>().toEqualTypeOf<{
      readonly a: number | undefined
      readonly b: number
      readonly c: string
      readonly d: boolean | undefined
    }>()
    // any workflow goes where one of unknown outputs is asked for
    const some: Workflow = built
    expectTypeOf(some).toEqualTypeOf<Workflow>()
  })

  it('takes ids only known at run time', () => {
    const id: string = 'a'
    workflow('w')
      .node(id, () => 1)
      .node('b', ['a'], ({ a }) => a)
  })

  it('takes the names of an object’s own machinery as ids', () => {
    workflow('w')
      .node('__proto__', () => 1)
      .node('', () => 2)
      .node('constructor', ['__proto__', ''], (inputs) => {
        expectTypeOf(inputs).toEqualTypeOf<{ readonly __proto__: number; readonly '': number }>()
      })
  })

  it('types items, what a map node gives, and what tells items apart', () => {
    const flow = workflow('w')
      .node('list', async () => [{ id: 1, name: 'a' }])
      .map('names', ['list'], { key: (item) => item.id }, (item, ctx) => {
        expectTypeOf(item).toEqualTypeOf<{ id: number; name: string }>()
        expectTypeOf(ctx.item).toEqualTypeOf<ItemInfo | undefined>()
        return item.name
      })
      .map('settled', ['list'], { onItemError: 'settle' }, async (item) => item.id)
      .map('of', ['list', 'names'], { items: ({ names }) => names }, (name) => {
        expectTypeOf(name).toEqualTypeOf<string>()
      })
      .build()
    expectTypeOf<OutputsOf<typeof flow>['names']>().toEqualTypeOf<readonly string[]>()
    expectTypeOf<OutputsOf<typeof flow>['settled'][number]>().toEqualTypeOf<SettledItem<number>>()
    const listed = workflow('w').node('list', () => [1])
    // @ts-expect-error a key is a string or a number
    listed.map('m', ['list'], { key: () => ({}) }, () => 1)
    // @ts-expect-error there is no such node
    listed.map('m', ['none'], {}, () => 1)
  })

  it('holds the handler of items to what they are, unless a pointer leads to them', () => {
    const listed = workflow('w').node('list', () => [{ id: 'a' }])
    const size = nodeType('size', (text: string) => text.length)
    const items = ({ list }: { readonly list: { id: string }[] }) => list.map(({ id }) => id)
    // @ts-expect-error the items are objects
    listed.map('m', ['list'], {}, (item: string) => item)
    // @ts-expect-error and for a node type too
    listed.map('m', ['list'], {}, size)
    // @ts-expect-error the items are texts
    listed.map('m', ['list'], { items }, (item: { readonly id: string }) => item)
    listed.map('m', ['list'], { items, key: (id) => id }, size)
    listed.map('m', ['list'], { items: '/list' }, (item: { readonly id: string }) => item.id)
    listed.map('m', ['list'], { items: '/list', key: (item: { readonly id: string }) => item.id }, ({ id }) => id)
  })

  it('types the input of a nested run, and takes ids and upstreams as nodes do', () => {
    const inner = workflow('inner')
      .input<{ readonly n: number }>()
      .node('a', (_, ctx) => ctx.input.n)
      .build()
    workflow('w')
      .node('list', () => [1])
      .workflow('run', ['list'], inner, { input: ({ list }) => ({ n: list[0]! }), onError: 'continue' })
      .node('after', ['run'], ({ run }) => {
        expectTypeOf(run).toEqualTypeOf<unknown>()
      })
    const empty = workflow('w').node('taken', () => 1)
    // @ts-expect-error the input of the nested run is another
    empty.workflow('run', [], inner, { input: () => ({ n: 'one' }) })
    // @ts-expect-error there is no such node
    empty.workflow('run', ['none'], inner)
    // @ts-expect-error the id is taken
    empty.workflow('taken', [], inner)
  })

  it('runs the program of the design', () => {
    const loadOrders = async () => [{ amount: 3 }]
    const loadRates = async () => new Map([['EUR', 1.1]])
    const price = (orders: readonly { amount: number }[], rates: ReadonlyMap<string, number>) =>
      orders.map(({ amount }) => amount * (rates.get('EUR') ?? 1))
    const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)
    const report = workflow('report', '1.0.0')
      .node('orders', () => loadOrders())
      .node('rates', () => loadRates(), { retry: { maximumAttempts: 3 }, timeoutMs: 5_000 })
      .node('priced', ['orders', 'rates'], ({ orders, rates }, ctx) => {
        ctx.counters.add('rows', orders.length)
        return price(orders, rates)
      })
      .node('total', ['priced'], ({ priced }) => sum(priced))
      .build()
    expectTypeOf<OutputsOf<typeof report>>().toEqualTypeOf<{
      readonly orders: { amount: number }[]
      readonly rates: Map<string, number>
      readonly priced: number[]
      readonly total: number
    }>()
  })
})
