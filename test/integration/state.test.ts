import { describe, expect, it } from 'vitest'
import {
  createWorkflow,
  DagExecutor,
  deserialize,
  loadSnapshot,
  type NodeContext,
  type Snapshot,
  serialize,
  type Workflow,
  workflow,
} from '../../src/index.ts'
import { ManualClock } from '../helpers/manual-clock.ts'

type Step = (ctx: NodeContext) => unknown

/** A chain of nodes named by their place, each with a handler of its own. */
function chain(...steps: readonly Step[]): Workflow {
  const nodes = steps.map((_, index) => ({ id: `n${index}`, type: `t${index}` }))
  const edges = nodes.slice(1).map(({ id }, index) => ({ source: `n${index}`, target: id }))
  const handlers = new Map(
    steps.map((step, index) => [`t${index}`, (_inputs: unknown, ctx: NodeContext) => step(ctx)] as const),
  )
  return createWorkflow({ id: 'chain', nodes, edges }, { handlers })
}

/** Nodes that run beside one another. */
function beside(...steps: readonly Step[]): Workflow {
  const nodes = steps.map((_, index) => ({ id: `n${index}`, type: `t${index}` }))
  const handlers = new Map(
    steps.map((step, index) => [`t${index}`, (_inputs: unknown, ctx: NodeContext) => step(ctx)] as const),
  )
  return createWorkflow({ id: 'beside', nodes, edges: [] }, { handlers })
}

/** The snapshot at the moment a node starts, as bytes and back. */
async function cutAt(flow: Workflow, nodeId: string, clock?: ManualClock): Promise<Snapshot> {
  const executor = new DagExecutor(flow, clock === undefined ? {} : { clock })
  let text = ''
  executor.on('node.started', ({ data }) => {
    if (data.nodeId === nodeId) text ||= serialize(executor.saveSnapshot())
  })
  await executor.execute()
  return deserialize(text)
}

const errorOf = async (flow: Workflow) => {
  const { status, error } = await new DagExecutor(flow).execute()
  return status === 'failed' ? (error?.cause as { readonly code?: string } | undefined)?.code : status
}

/** A promise with its end in hand. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return { passed, open }
}

describe('variables', () => {
  it('set before the cut are there after it, of every kind, as copies', async () => {
    const kinds = {
      none: null,
      list: [1, [2]],
      text: 'x',
      number: 1.5,
      flag: false,
      nothing: undefined,
      at: new Date(5),
    }
    const seen: unknown[] = []
    const flow = chain(
      (ctx) => {
        for (const [name, value] of Object.entries(kinds)) ctx.variables.set(name, value)
      },
      (ctx) => {
        const read = () => Object.fromEntries(Object.keys(kinds).map((name) => [name, ctx.variables.get(name)]))
        ;(read()['list'] as unknown[]).push('changed')
        seen.push(read())
        expect(Object.keys(kinds).every((name) => ctx.variables.has(name))).toBe(true)
        expect([ctx.variables.get('other'), ctx.variables.has('other')]).toEqual([undefined, false])
      },
    )
    await loadSnapshot(await cutAt(flow, 'n1'), flow).execute()
    expect(seen).toEqual([kinds, kinds])
  })

  it('are read by their writer at once, by others with its completion; a delete is a write', async () => {
    const first = gate()
    const second = gate()
    const seen: unknown[] = []
    const flow = beside(
      async (ctx) => {
        ctx.variables.set('v', 'new')
        ctx.variables.delete('old')
        seen.push(['writer', ctx.variables.get('v'), ctx.variables.has('old')])
        first.open()
        await second.passed
      },
      async (ctx) => {
        await first.passed
        seen.push(['other', ctx.variables.get('v'), ctx.variables.has('old')])
        second.open()
        await new Promise((resolve) => setImmediate(resolve))
        seen.push(['after', ctx.variables.get('v'), ctx.variables.has('old')])
      },
    )
    await new DagExecutor(flow, { variables: { old: 1 } }).execute()
    expect(seen).toEqual([
      ['writer', 'new', false],
      ['other', undefined, true],
      ['after', 'new', false],
    ])
  })

  it('written beside one another: the last completion wins, whoever wrote first', async () => {
    const late = gate()
    const flow = beside(
      async (ctx) => {
        ctx.variables.set('v', 'slow')
        await late.passed
      },
      async (ctx) => {
        await Promise.resolve()
        ctx.variables.set('v', 'quick')
        setImmediate(late.open)
      },
    )
    const executor = new DagExecutor(flow)
    await executor.execute()
    expect(executor.saveSnapshot().variables['v']).toBe('slow')
  })
})

describe('accumulators and counters', () => {
  it('a sum over 1, 2, 3, 4 cut before the third is 10, an appended list has each once, wherever it is cut', async () => {
    const steps = [1, 2, 3, 4].map((value) => (ctx: NodeContext) => {
      ctx.accumulators.sum('sum', value)
      ctx.accumulators.append('list', { value })
      ctx.accumulators.concat('text', String(value))
      ctx.accumulators.max('max', value)
      ctx.accumulators.min('min', value)
      ctx.accumulators.product('product', value)
      ctx.accumulators.count('count')
    })
    const flow = chain(...steps)
    for (const nodeId of ['n0', 'n1', 'n2', 'n3']) {
      const restored = loadSnapshot(await cutAt(flow, nodeId), flow)
      await restored.execute()
      expect({ ...restored.saveSnapshot().accumulators }).toEqual({
        sum: 10,
        list: [1, 2, 3, 4].map((value) => ({ value })),
        text: '1234',
        max: 4,
        min: 1,
        product: 24,
        count: 4,
      })
    }
  })

  it('+5, +1 and -2.5, cut before the last, are 3.5; a finished run stays as it is', async () => {
    const flow = chain(...[5, 1, -2.5].map((by) => (ctx: NodeContext) => ctx.counters.add('c', by)))
    const clock = new ManualClock()
    const restored = loadSnapshot(await cutAt(flow, 'n2', clock), flow, { clock })
    await restored.execute()
    expect(restored.saveSnapshot().counters['c']).toBe(3.5)
    const again = loadSnapshot(restored.saveSnapshot(), flow, { clock })
    await again.execute()
    expect(again.saveSnapshot().document).toEqual(restored.saveSnapshot().document)
  })

  it('a node reads what would be if it completed now', async () => {
    const flow = chain(
      (ctx) => {
        ctx.counters.add('c', 2)
        ctx.accumulators.sum('s', 2)
        ctx.accumulators.append('l', 1)
      },
      (ctx) => {
        ctx.counters.add('c')
        ctx.counters.add('c', 0.5)
        ctx.accumulators.sum('s', 3)
        ctx.accumulators.append('l', [2])
        const { accumulators, counters } = ctx
        return [
          counters.get('c'),
          counters.get('none'),
          accumulators.get('s'),
          accumulators.get('l'),
          accumulators.get('x'),
        ]
      },
    )
    expect((await new DagExecutor(flow).execute()).output).toEqual([3.5, 0, 5, [1, [2]], undefined])
  })

  it('what commutes gives one result in every order of completion; the rest follows that order', async () => {
    const run = async (order: readonly number[]) => {
      const gates = [gate(), gate(), gate()]
      const flow = beside(
        ...gates.map(({ passed }, index) => async (ctx: NodeContext) => {
          ctx.counters.add('c', index + 1)
          ctx.accumulators.sum('sum', index + 1)
          ctx.accumulators.max('max', index)
          ctx.accumulators.append('list', index)
          ctx.accumulators.concat('text', String(index))
          await passed
        }),
      )
      const executor = new DagExecutor(flow)
      const running = executor.execute()
      for (const index of order) {
        await new Promise((resolve) => setImmediate(resolve))
        gates[index]!.open()
      }
      await running
      const { counters, accumulators } = executor.saveSnapshot()
      return { c: counters['c'], ...accumulators }
    }
    for (const order of [
      [0, 1, 2],
      [2, 0, 1],
      [1, 2, 0],
    ]) {
      expect(await run(order)).toEqual({ c: 6, sum: 6, max: 2, list: order, text: order.join('') })
    }
  })

  it.each<[string, Step, string]>([
    ['a counter by NaN', (ctx) => ctx.counters.add('c', Number.NaN), 'STATE_NOT_FINITE'],
    ['a counter by a text', (ctx) => ctx.counters.add('c', '1' as never), 'STATE_NOT_FINITE'],
    [
      'a counter past all numbers',
      (ctx) => {
        ctx.counters.add('c', Number.MAX_VALUE)
        ctx.counters.add('c', Number.MAX_VALUE)
      },
      'STATE_NOT_FINITE',
    ],
    ['a sum by a text', (ctx) => ctx.accumulators.sum('s', 'x' as never), 'STATE_NOT_FINITE'],
    ['a least number by null', (ctx) => ctx.accumulators.min('s', null as never), 'STATE_NOT_FINITE'],
    ['a greatest number by infinity', (ctx) => ctx.accumulators.max('s', Number.POSITIVE_INFINITY), 'STATE_NOT_FINITE'],
    ['a count by an object', (ctx) => ctx.accumulators.count('s', {} as never), 'STATE_NOT_FINITE'],
    ['a product by a bigint', (ctx) => ctx.accumulators.product('s', 1n as never), 'STATE_NOT_FINITE'],
    ['a text by a number', (ctx) => ctx.accumulators.concat('s', 5 as never), 'ARGUMENT_INVALID'],
    ['a text by half a character', (ctx) => ctx.accumulators.concat('s', '\ud83d'), 'ARGUMENT_INVALID'],
    ['a list by a function', (ctx) => ctx.accumulators.append('s', () => 1), 'VALUE_FUNCTION'],
    [
      'two operations on one name',
      (ctx) => {
        ctx.accumulators.sum('s', 1)
        ctx.accumulators.append('s', 1)
      },
      'STATE_ACCUMULATOR_KIND',
    ],
    ['a variable by a symbol', (ctx) => ctx.variables.set('v', Symbol('x')), 'VALUE_SYMBOL'],
    ['a name that is no text, read', (ctx) => ctx.variables.get(5 as never), 'STATE_BAD_KEY'],
    ['a cache key that is no text, read', (ctx) => ctx.cache.has(null as never), 'STATE_BAD_KEY'],
    ['a counter that is no text', (ctx) => ctx.counters.get(undefined as never), 'STATE_BAD_KEY'],
    ['an accumulator that is no text', (ctx) => ctx.accumulators.get(Symbol('x') as never), 'STATE_BAD_KEY'],
    ['a constant that is no text', (ctx) => ctx.context.constants.has({} as never), 'STATE_BAD_KEY'],
    ['a time to live of 0', (ctx) => ctx.cache.set('k', 1, { ttlMs: 0 }), 'STATE_BAD_TTL'],
    [
      'a time to live that never ends',
      (ctx) => ctx.cache.set('k', 1, { ttlMs: Number.POSITIVE_INFINITY }),
      'STATE_BAD_TTL',
    ],
    ['use of a negative amount', (ctx) => ctx.usage.add('x', -1), 'ARGUMENT_INVALID'],
    ['use under the name the run counts by', (ctx) => ctx.usage.add('nodeExecutions'), 'ARGUMENT_INVALID'],
    ['progress beyond the end', (ctx) => ctx.progress(1.1), 'ARGUMENT_INVALID'],
  ])('refuses %s', async (_what, step, code) => {
    expect(await errorOf(chain(step))).toBe(code)
  })

  it('an accumulator that two nodes begin with different operations fails the one that completes last, in reading it too', async () => {
    const begun = gate()
    const make = (read: boolean) =>
      beside(
        async (ctx) => {
          ctx.accumulators.sum('s', 1)
          await begun.passed
          if (read) ctx.accumulators.get('s')
        },
        (ctx) => {
          ctx.accumulators.append('s', 1)
          setImmediate(begun.open)
        },
      )
    expect(await errorOf(make(false))).toBe('STATE_ACCUMULATOR_KIND')
    expect(await errorOf(make(true))).toBe('STATE_ACCUMULATOR_KIND')
  })
})

describe('the cache', () => {
  const at = (time: string) => Date.parse(`2026-03-01T${time}Z`)

  it('an entry that expires at 18:00, saved at 17:30, loaded at 17:45, lives 15 minutes and not a millisecond more', async () => {
    const clock = new ManualClock(at('17:00:00'))
    const seen: unknown[] = []
    const flow = chain(
      (ctx) => ctx.cache.set('k', { v: 1 }, { ttlMs: 3_600_000 }),
      () => clock.jump(at('17:30:00')),
      (ctx) => {
        seen.push(ctx.cache.get('k'))
        clock.advance(15 * 60_000 - 1)
        seen.push(ctx.cache.get('k'), ctx.cache.has('k'))
        clock.advance(1)
        seen.push(ctx.cache.get('k'), ctx.cache.has('k'))
      },
    )
    const snapshot = await cutAt(flow, 'n2', clock)
    expect(snapshot.document.cache['k']).toMatchObject({
      expiresAt: '2026-03-01T18:00:00.000Z',
      remainingTtlMs: 1_800_000,
    })
    clock.jump(at('17:45:00'))
    seen.length = 0
    await loadSnapshot(snapshot, flow, { clock }).execute()
    expect(seen).toEqual([{ v: 1 }, { v: 1 }, true, undefined, false])
  })

  it.each([
    ['17:59:59.999', true],
    ['18:00:00.000', false],
    ['18:00:00.001', false],
  ])('loaded at %s an entry that expires at 18:00 is there: %s', async (time, isThere) => {
    const clock = new ManualClock(at('17:00:00'))
    let found: unknown
    const flow = chain(
      (ctx) => ctx.cache.set('k', 1, { ttlMs: 3_600_000 }),
      (ctx) => {
        found = ctx.cache.has('k')
      },
    )
    const snapshot = await cutAt(flow, 'n1', clock)
    clock.jump(at(time))
    const restored = loadSnapshot(snapshot, flow, { clock })
    expect('k' in restored.saveSnapshot().cache).toBe(isThere)
    await restored.execute()
    expect(found).toBe(isThere)
  })

  it('frozen, an entry keeps the time it had left', async () => {
    const clock = new ManualClock(at('17:00:00'))
    const flow = chain(
      (ctx) => ctx.cache.set('k', 1, { ttlMs: 1_000 }),
      (ctx) => {
        clock.advance(999)
        const alive = ctx.cache.has('k')
        clock.advance(1)
        return [alive, ctx.cache.has('k')]
      },
    )
    const snapshot = await cutAt(flow, 'n1', clock)
    clock.jump(at('23:00:00'))
    expect((await loadSnapshot(snapshot, flow, { clock, cache: 'frozen' }).execute()).output).toEqual([true, false])
  })

  it('a dead entry is neither read nor saved; one without a time to live stays; a longest one too', async () => {
    const clock = new ManualClock()
    const flow = chain(
      (ctx) => {
        ctx.cache.set('dead', 1, { ttlMs: 1 })
        ctx.cache.set('kept', 2)
        ctx.cache.set('long', 3, { ttlMs: Number.MAX_SAFE_INTEGER })
        ctx.cache.set('gone', 4)
      },
      (ctx) => {
        ctx.cache.delete('gone')
        clock.advance(1)
        return [ctx.cache.get('dead'), ctx.cache.get('kept'), ctx.cache.get('long'), ctx.cache.get('gone')]
      },
    )
    const executor = new DagExecutor(flow, { clock })
    expect((await executor.execute()).output).toEqual([undefined, 2, 3, undefined])
    const text = serialize(executor.saveSnapshot())
    expect(Object.keys(deserialize(text).cache)).toEqual(['kept', 'long'])
    expect(serialize(deserialize(text))).toBe(text)
  })
})

describe('context', () => {
  it('a constant set again with an equal value changes nothing, with another one fails the node; over a resume too', async () => {
    const flow = chain(
      (ctx) => {
        ctx.context.constants.set('k', { v: 1 })
        ctx.context.constants.set('k', { v: 1 })
        ctx.context.variables.set('w', 1)
      },
      (ctx) => {
        ctx.context.variables.set('w', 2)
        ctx.context.constants.set('k', { v: 2 })
      },
    )
    const executor = new DagExecutor(flow)
    expect((await executor.execute()).error?.cause).toMatchObject({
      code: 'STATE_CONSTANT_SET',
      details: { nodeId: 'n1', key: 'k' },
    })
    const restored = loadSnapshot(serialize(executor.saveSnapshot()), flow)
    expect((await restored.execute()).error?.cause).toMatchObject({ code: 'STATE_CONSTANT_SET' })
    expect(restored.saveSnapshot().context).toEqual({ variables: { w: 1 }, constants: { k: { v: 1 } } })
  })

  it('a constant given with the run is taken, and two nodes can not set one between them', async () => {
    const given = new DagExecutor(
      chain((ctx) => ctx.context.constants.set('k', 2)),
      { context: { constants: { k: 1 }, variables: { w: new Date(1) } } },
    )
    expect((await given.execute()).error?.cause).toMatchObject({ code: 'STATE_CONSTANT_SET' })
    expect(given.saveSnapshot().context.variables['w']).toEqual(new Date(1))
    const both = beside(
      async (ctx) => ctx.context.constants.set('k', 1),
      async (ctx) => ctx.context.constants.set('k', 2),
    )
    expect(await errorOf(both)).toBe('STATE_CONSTANT_SET')
  })
})

describe('usage and executions', () => {
  it('use is counted before it is made, and stays counted when the node fails, is cut off, or is resumed', async () => {
    const flow = workflow('usage')
      .node(
        'a',
        async (_inputs, ctx) => {
          await ctx.usage.add('http', 2)
          if (ctx.attempt === 1) throw new Error('planned')
          return ctx.usage.get('http')
        },
        { retry: { maximumAttempts: 2, initialIntervalMs: 0 } },
      )
      .build()
    const executor = new DagExecutor(flow)
    let text = ''
    executor.on('usage.added', () => {
      text = serialize(executor.saveSnapshot())
    })
    expect((await executor.execute()).output).toBe(4)
    const restored = loadSnapshot(text, flow)
    expect(deserialize(text).usage).toMatchObject({ http: 4, nodeExecutions: 2 })
    expect((await restored.execute()).output).toBe(6)
    expect(restored.saveSnapshot().usage).toMatchObject({ http: 6, nodeExecutions: 3 })
  })

  it('over the limit the handler is told at once, and may go on without the use', async () => {
    const flow = chain(async (ctx) => {
      const told: unknown[] = []
      for (let call = 0; call < 3; call += 1) {
        try {
          await ctx.usage.add('http')
          told.push('made')
        } catch (error) {
          told.push((error as { readonly code: string }).code)
        }
      }
      return told
    })
    const { output } = await new DagExecutor(flow, { limits: { maxUsage: { http: 2 } } }).execute()
    expect(output).toEqual(['made', 'made', 'LIMIT_USAGE'])
  })

  it('each node started counts one execution, over any number of resumes, and the limit holds over them', async () => {
    const make = () => chain(...Array.from({ length: 5 }, () => () => 1))
    let snapshot = new DagExecutor(make()).saveSnapshot()
    for (let done = 1; done <= 5; done += 1) {
      const executor = loadSnapshot(serialize(snapshot), make())
      executor.on('node.started', () => void executor.pause())
      await executor.execute()
      snapshot = executor.saveSnapshot()
      expect(snapshot.usage['nodeExecutions']).toBe(done)
    }
    const limited = new DagExecutor(make(), { limits: { maxNodeExecutions: 3 } })
    limited.on('node.started', () => void limited.pause())
    await limited.execute()
    const { error } = await loadSnapshot(serialize(limited.saveSnapshot()), make()).execute()
    expect(error?.cause).toMatchObject({ code: 'LIMIT_NODE_EXECUTIONS', details: { max: 3, actual: 4 } })
  })
})

describe('an attempt that is over', () => {
  it('writes nothing more, and is told so', async () => {
    const leaked: NodeContext[] = []
    const flow = chain((ctx) => {
      leaked.push(ctx)
    })
    const executor = new DagExecutor(flow, { clock: new ManualClock() })
    await executor.execute()
    const before = serialize(executor.saveSnapshot())
    const [ctx] = leaked
    const calls: readonly ((ctx: NodeContext) => unknown)[] = [
      ({ variables }) => variables.set('v', 1),
      ({ variables }) => variables.delete('v'),
      ({ counters }) => counters.add('c'),
      ({ accumulators }) => accumulators.sum('s', 1),
      ({ accumulators }) => accumulators.concat('t', 'x'),
      ({ accumulators }) => accumulators.append('l', 1),
      ({ cache }) => cache.set('k', 1),
      ({ cache }) => cache.delete('k'),
      ({ context }) => context.variables.set('w', 1),
      ({ context }) => context.constants.set('k', 1),
      ({ usage }) => usage.add('http'),
    ]
    for (const call of calls) {
      expect(() => call(ctx!)).toThrow(expect.objectContaining({ code: 'NODE_CONTEXT_CLOSED' }))
    }
    ctx!.progress(1)
    expect(serialize(executor.saveSnapshot())).toBe(before)
  })

  it('one that timed out writes nothing more while its retry runs', async () => {
    const clock = new ManualClock()
    const told: unknown[] = []
    const flow = workflow('late')
      .node(
        'a',
        async (_inputs, ctx) => {
          if (ctx.attempt === 2) {
            ctx.variables.set('v', 'second')
            return 'second'
          }
          await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
          told.push((ctx.signal.reason as { readonly code: string }).code)
          try {
            ctx.variables.set('v', 'first')
          } catch (error) {
            told.push((error as { readonly code: string }).code)
          }
          return 'first'
        },
        { timeoutMs: 10, retry: { maximumAttempts: 2, initialIntervalMs: 10 } },
      )
      .build()
    const executor = new DagExecutor(flow, { clock })
    expect((await clock.drive(executor.execute())).output).toBe('second')
    expect(executor.saveSnapshot().variables['v']).toBe('second')
    expect(told).toEqual(['NODE_TIMEOUT', 'NODE_CONTEXT_CLOSED'])
  })
})

describe('nobody can change the past', () => {
  it('through inputs, data, run input, failures, events, errors, snapshots, or what was returned or thrown', async () => {
    const kept = { list: [1] }
    const details = { deep: { list: [1] } }
    const spoil = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      for (const key of Object.keys(value)) {
        spoil((value as Record<string, unknown>)[key])
        try {
          ;(value as Record<string, unknown>)[key] = 'spoiled'
        } catch {
          // Frozen is as good as copied.
        }
      }
    }
    const run = async (isSpoiled: boolean) => {
      const touch = (value: unknown) => (isSpoiled ? spoil(value) : undefined)
      const fail = (): unknown[] => {
        const error = Object.assign(new Error('planned', { cause: new TypeError('deep') }), { details })
        queueMicrotask(() => touch(error))
        throw error
      }
      const flow = workflow('past')
        .input<{ readonly list: number[] }>()
        .node('a', (_inputs, ctx) => {
          touch(ctx.input)
          ctx.variables.set('v', kept)
          ctx.cache.set('k', kept)
          ctx.accumulators.append('l', kept)
          return { list: [...kept.list] }
        })
        .node('b', ['a'], fail, {
          data: { list: [1] },
          fallback: (inputs, ctx) => {
            touch(inputs)
            touch(ctx.data)
            touch(ctx.failure)
            touch(ctx.variables.get('v'))
            touch(ctx.cache.get('k'))
            touch(ctx.accumulators.get('l'))
            return [ctx.failure?.message, ctx.variables.get('v'), ctx.cache.get('k'), ctx.accumulators.get('l')]
          },
        })
        .node('c', ['a', 'b'], ({ a, b }, ctx) => [a, b, ctx.input])
        .build()
      const clock = new ManualClock()
      const executor = new DagExecutor(flow, {
        clock,
        runId: 'r',
        ids: { newId: () => 'i', newSeed: () => 1 },
        input: { list: [1] },
      })
      executor.on('*', (event) => touch(event))
      const result = await executor.execute()
      touch(result.results)
      touch(executor.saveSnapshot().document)
      touch(executor.saveSnapshot().nodes)
      touch(executor.saveSnapshot().workflow)
      touch(executor.config)
      return serialize(executor.saveSnapshot())
    }
    expect(await run(true)).toBe(await run(false))
    expect(kept).toEqual({ list: [1] })
  })

  it('through the failure a fallback is shown after it was restored', async () => {
    const calls: string[] = []
    const flow = workflow('restored')
      .node('a', () => Promise.reject(Object.assign(new Error('planned'), { code: 'E_PLANNED' })), {
        fallback: async (_inputs, ctx) => {
          calls.push(String(ctx.failure?.message))
          Reflect.set(ctx.failure!, 'message', 'spoiled')
          return ctx.failure?.message
        },
      })
      .build()
    const executor = new DagExecutor(flow)
    let text = ''
    executor.on('node.fell-back', () => {
      text = serialize(executor.saveSnapshot())
    })
    await executor.execute()
    const restored = loadSnapshot(text, flow)
    expect((await restored.execute()).output).toBe('planned')
    expect(restored.saveSnapshot().nodes['a']!.error?.message).toBe('planned')
    expect(calls).toEqual(['planned', 'planned'])
  })

  it('a failed run keeps its error, whatever is done to the one in the result', async () => {
    const flow = chain(() => ({ deep: [() => 1] }))
    const executor = new DagExecutor(flow)
    const { error } = await executor.execute()
    const cause = error!.cause as { readonly details: Record<string, unknown> }
    cause.details['path'] = 'spoiled'
    cause.details['more'] = 1
    expect(executor.saveSnapshot().run.error?.cause?.details).toMatchObject({ path: '/deep/0' })
    expect(executor.saveSnapshot().run.error?.cause?.details).not.toHaveProperty('more')
  })

  it('a context says of itself what it is, whatever a handler assigns', async () => {
    const flow = beside(
      (ctx) => {
        expect(() => Object.assign(ctx, { nodeId: 'n1' })).toThrow(TypeError)
        expect(() => Object.assign(ctx, { attempt: 9 })).toThrow(TypeError)
        expect(() => Object.assign(ctx, { index: 1 })).toThrow(TypeError)
        return ctx.nodeId
      },
      () => 'n1',
    )
    expect((await new DagExecutor(flow).execute()).results).toEqual({ n0: 'n0', n1: 'n1' })
  })
})
