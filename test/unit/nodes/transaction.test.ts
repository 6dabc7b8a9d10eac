import { describe, expect, it } from 'vitest'
import { Transaction } from '../../../src/nodes/transaction.ts'
import { applyWrite } from '../../../src/run/reduce-writes.ts'
import { pendingState, type RunParams } from '../../../src/run/run.ts'
import { parseDefinition } from '../../../src/workflow/parse.ts'

const params: RunParams = { runId: 'r', workflow: parseDefinition({ id: 'w' }), fingerprint: 'f' }

describe('Transaction', () => {
  it('has no writes before the first, and one for each name after', () => {
    const transaction = new Transaction(pendingState(params))
    expect(transaction.writes).toBeNull()
    transaction.add('c', 1)
    transaction.add('c', 2)
    transaction.set({ area: 'variable', op: 'set', key: 'v', value: 1 })
    transaction.set({ area: 'variable', op: 'delete', key: 'v' })
    transaction.accumulate('sum', 's', 1, 'n')
    transaction.accumulate('sum', 's', 2, 'n')
    transaction.accumulate('append', 'l', 1, 'n')
    transaction.accumulate('append', 'l', 2, 'n')
    expect(transaction.writes).toEqual([
      { area: 'counter', op: 'add', key: 'c', value: 3 },
      { area: 'variable', op: 'delete', key: 'v' },
      { area: 'accumulator', op: 'sum', key: 's', value: 3 },
      { area: 'accumulator', op: 'append', key: 'l', value: 1 },
      { area: 'accumulator', op: 'append', key: 'l', value: 2 },
    ])
  })

  it('keeps one name in several areas apart, and names with spaces', () => {
    const transaction = new Transaction(pendingState(params))
    transaction.set({ area: 'variable', op: 'set', key: 'a b', value: 1 })
    transaction.set({ area: 'contextVariable', op: 'set', key: 'a b', value: 2 })
    transaction.set({ area: 'variable', op: 'set', key: 'a', value: 3 })
    transaction.add('a b', 4)
    expect(transaction.pending('variable', 'a b')).toMatchObject({ value: 1 })
    expect(transaction.pending('contextVariable', 'a b')).toMatchObject({ value: 2 })
    expect(transaction.pending('counter', 'a b')).toMatchObject({ value: 4 })
    expect(transaction.pending('cache', 'a b')).toBeUndefined()
  })

  it.each([
    ['sum', [5], [1, 2], 8],
    ['product', [5], [2, 3], 30],
    ['min', [5], [7, 9], 5],
    ['max', [5], [7, 6], 7],
    ['count', [5], [1, 1], 7],
    ['concat', ['a'], ['b', 'c'], 'abc'],
  ] as const)('shows a %s as it will stand once the node has completed', (op, before, own, value) => {
    const state = pendingState(params)
    for (const one of before) applyWrite(state, { area: 'accumulator', op, key: 'x', value: one })
    const transaction = new Transaction(state)
    expect(transaction.accumulated('x', 'n')).toBe(before[0])
    for (const one of own) transaction.accumulate(op, 'x', one, 'n')
    expect(transaction.accumulated('x', 'n')).toBe(value)
    for (const write of transaction.writes!) applyWrite(state, write)
    expect(state.accumulators['x']!.value).toBe(value)
    expect(new Transaction(pendingState(params)).accumulated('x', 'n')).toBeUndefined()
  })

  it('refuses another operation than the one an accumulator began with, here or before', () => {
    const state = pendingState(params)
    applyWrite(state, { area: 'accumulator', op: 'sum', key: 'x', value: 1 })
    const transaction = new Transaction(state)
    const kind = expect.objectContaining({ code: 'STATE_ACCUMULATOR_KIND' })
    expect(() => transaction.accumulate('append', 'x', 1, 'n')).toThrow(kind)
    transaction.accumulate('append', 'y', 1, 'n')
    expect(() => transaction.accumulate('sum', 'y', 1, 'n')).toThrow(kind)
    applyWrite(state, { area: 'accumulator', op: 'sum', key: 'y', value: 1 })
    expect(() => transaction.accumulated('y', 'n')).toThrow(kind)
  })
})
