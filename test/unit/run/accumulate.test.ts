import { describe, expect, it } from 'vitest'
import { accumulate, combine, emptyAccumulator } from '../../../src/run/accumulate.ts'
import type { AccumulatorOperation } from '../../../src/run/state-write.ts'

const built = (operation: AccumulatorOperation, values: readonly (number | string)[]) => {
  const accumulator = emptyAccumulator(operation)
  for (const value of values) accumulate(accumulator, value)
  return accumulator
}

describe('accumulate', () => {
  it.each([
    ['sum', [1, 2, 3, 4], 10],
    ['product', [2, 3, 4], 24],
    ['min', [3, -1, 2], -1],
    ['max', [3, -1, 2], 3],
    ['count', [1, 1, 5], 7],
    ['concat', ['a', '', 'b'], 'ab'],
  ] as const)('%s of %j is %j', (operation, values, value) => {
    expect(built(operation, values)).toEqual({ operation, value, items: [] })
  })

  it('append keeps the values in their order, and no single one', () => {
    expect(built('append', [2, 'x', 1])).toEqual({ operation: 'append', value: null, items: [2, 'x', 1] })
  })

  it.each([
    ['sum', 0],
    ['count', 0],
    ['product', 1],
    ['concat', ''],
    ['min', null],
    ['max', null],
    ['append', null],
  ] as const)('an empty %s is %j', (operation, value) => {
    expect(emptyAccumulator(operation)).toEqual({ operation, value, items: [] })
  })

  it('min and max begin with the first value, even above or below 0', () => {
    expect(built('min', [5]).value).toBe(5)
    expect(built('max', [-5]).value).toBe(-5)
  })

  it('numbers are added in the order given, as the language adds them', () => {
    expect(built('sum', [0.1, 0.2, 0.3]).value).toBe(0.1 + 0.2 + 0.3)
    expect(built('sum', [0.3, 0.2, 0.1]).value).toBe(0.3 + 0.2 + 0.1)
    expect(built('sum', [1e16, 1, -1e16]).value).toBe(0)
  })

  it('no sum or product is -0', () => {
    expect(Object.is(built('product', [-1, 0]).value, 0)).toBe(true)
    expect(Object.is(combine('sum', -0, -0), 0)).toBe(true)
  })
})
