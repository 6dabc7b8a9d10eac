import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Encoded } from '../../../src/base/encoded.ts'
import { copyState } from '../../../src/run/copy-state.ts'
import { problemOfWrites } from '../../../src/run/decide-writes.ts'
import { applyWrite } from '../../../src/run/reduce-writes.ts'
import { pendingState } from '../../../src/run/run.ts'
import type { RunState } from '../../../src/run/state.ts'
import { stateBytesOf } from '../../../src/run/state-size.ts'
import type { StateWrite } from '../../../src/run/state-write.ts'
import { runs } from '../../helpers/property.ts'
import { Core, definitionOf } from './core.ts'

const fresh = () => pendingState({ runId: 'r', workflow: definitionOf(['a']), fingerprint: 'f' })

const code = (state: RunState, ...writes: readonly StateWrite[]) => problemOfWrites(state, 'n', writes)?.code ?? null

const value: fc.Arbitrary<Encoded> = fc.oneof(
  fc.constantFrom(null, true, 3),
  fc.string({ maxLength: 5 }),
  fc.constantFrom<Encoded>({ json: '[1,2]' }, { json: '{"#type":"undefined"}' }),
)
const key = fc.constantFrom('a', 'bb', '__proto__', '')

/** One write; accumulators keep one operation for each name. */
const write: fc.Arbitrary<StateWrite> = fc.oneof(
  fc.record({ area: fc.constant('variable' as const), op: fc.constant('set' as const), key, value }),
  fc.record({ area: fc.constant('variable' as const), op: fc.constant('delete' as const), key }),
  fc.record({ area: fc.constant('contextVariable' as const), op: fc.constant('set' as const), key, value }),
  fc.record({ area: fc.constant('contextVariable' as const), op: fc.constant('delete' as const), key }),
  fc.record({
    area: fc.constant('contextConstant' as const),
    op: fc.constant('set' as const),
    key,
    value: fc.constant('c'),
  }),
  fc.record({ area: fc.constant('counter' as const), op: fc.constant('add' as const), key, value: fc.integer() }),
  fc.record({
    area: fc.constant('cache' as const),
    op: fc.constant('set' as const),
    key,
    value,
    expiresAt: fc.constantFrom(null, 5),
  }),
  fc.record({ area: fc.constant('cache' as const), op: fc.constant('delete' as const), key }),
  fc.constantFrom('sum', 'product', 'min', 'max', 'count', 'concat', 'append').chain((op) =>
    fc.record({
      area: fc.constant('accumulator' as const),
      op: fc.constant(op),
      key: key.map((name) => `${op}${name}`),
      value: op === 'concat' ? fc.string({ maxLength: 4 }) : op === 'append' ? value : fc.integer({ min: -3, max: 3 }),
    }),
  ) as fc.Arbitrary<StateWrite>,
)

/** One write for each name, as a node's transaction has them; appends as often as one likes. */
function asTransaction(writes: readonly StateWrite[]): readonly StateWrite[] {
  const names = new Set<string>()
  return writes.filter((one) => {
    const name = `${one.area} ${one.key}`
    if (one.op === 'append' || !names.has(name)) return Boolean(names.add(name))
    return false
  })
}

describe('the size of the state', () => {
  it('is kept write by write, and the limit refuses exactly what would pass it', () => {
    fc.assert(
      fc.property(fc.array(fc.array(write, { maxLength: 6 }), { maxLength: 8 }), (transactions) => {
        const state = fresh()
        for (const writes of transactions.map(asTransaction)) {
          const after = copyState(state)
          for (const one of writes) applyWrite(after, one)
          expect(after.stateBytes).toBe(stateBytesOf(after))
          const limited = (maxStateBytes: number) => {
            state.config = { ...state.config, limits: { ...state.config.limits, maxStateBytes } }
            return code(state, ...writes)
          }
          expect(limited(after.stateBytes)).toBeNull()
          if (after.stateBytes > state.stateBytes) expect(limited(after.stateBytes - 1)).toBe('LIMIT_STATE_BYTES')
          // What does not make the state grow is never refused for its size.
          else expect(limited(0)).toBeNull()
          for (const one of writes) applyWrite(state, one)
        }
      }),
      runs('state sizes', 1_000),
    )
  })
})

describe('problemOfWrites', () => {
  const sum = (name: string, amount: number): StateWrite => ({
    area: 'accumulator',
    op: 'sum',
    key: name,
    value: amount,
  })
  const add = (name: string, amount: number): StateWrite => ({ area: 'counter', op: 'add', key: name, value: amount })

  it.each([
    ['a new counter', add('c', Number.POSITIVE_INFINITY)],
    ['a counter', add('big', Number.MAX_VALUE)],
    ['a new sum', sum('s', Number.NaN)],
    ['a sum', sum('sum', Number.MAX_VALUE)],
    ['a product', { area: 'accumulator', op: 'product', key: 'product', value: 10 } as StateWrite],
  ])('%s that would not be finite', (_what, one) => {
    const state = fresh()
    applyWrite(state, add('big', Number.MAX_VALUE))
    applyWrite(state, sum('sum', Number.MAX_VALUE))
    applyWrite(state, { area: 'accumulator', op: 'product', key: 'product', value: Number.MAX_VALUE })
    expect(code(state, one)).toBe('STATE_NOT_FINITE')
  })

  it('an accumulator of another operation, begun before or by the same writes', () => {
    const state = fresh()
    applyWrite(state, sum('s', 1))
    const append = { area: 'accumulator', op: 'append', key: 's', value: 1 } as const
    expect(code(state, append)).toBe('STATE_ACCUMULATOR_KIND')
    expect(problemOfWrites(state, 'n', [append])?.details).toEqual({
      nodeId: 'n',
      key: 's',
      found: 'append',
      expected: 'sum',
    })
    expect(code(fresh(), append, sum('s', 1))).toBe('STATE_ACCUMULATOR_KIND')
  })

  it('a constant with another value; an equal one changes nothing', () => {
    const state = fresh()
    const set = (json: string) => ({ area: 'contextConstant', op: 'set', key: 'k', value: { json } }) as const
    applyWrite(state, set('{"a":1}'))
    expect(code(state, set('{"a":1}'))).toBeNull()
    expect(code(state, set('{"a":2}'))).toBe('STATE_CONSTANT_SET')
  })

  it('one write that does not fit, and none of them happens', () => {
    const core = Core.started(['a', 'b'])
    core.complete('a', 1, { writes: [sum('s', 1)] })
    const wrong = { area: 'accumulator', op: 'max', key: 's', value: 9 } as const
    core.complete('b', 2, { writes: [add('c', 1), { area: 'variable', op: 'set', key: 'v', value: 1 }, wrong] })
    expect(core.node('b')).toMatchObject({ status: 'failed', error: { code: 'STATE_ACCUMULATOR_KIND' } })
    expect(core.run.state).toMatchObject({ counters: {}, variables: {}, accumulators: { s: { value: 1 } } })
    core.check()
  })
})
