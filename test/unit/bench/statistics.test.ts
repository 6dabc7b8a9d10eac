import { describe, expect, it } from 'vitest'
import { exponentOf, summary } from '../../../bench/suite/statistics.mjs'

describe('what the benchmarks say of samples', () => {
  it('is the middle one, whatever their order', () => {
    expect(summary([9, 1, 5])).toMatchObject({ count: 3, median: 5, low: 1, high: 9 })
  })

  it('lies between the two middle ones when their number is even', () => {
    expect(summary([4, 1, 2, 3]).median).toBe(2.5)
  })

  it('holds the middle half between its quartiles', () => {
    expect(summary([10, 20, 30, 40, 50])).toMatchObject({ q1: 20, q3: 40 })
  })

  it('stands for itself when there is one sample', () => {
    expect(summary([7])).toEqual({ count: 1, median: 7, low: 7, q1: 7, q3: 7, high: 7 })
  })
})

describe('the exponent of growth', () => {
  const sizes = [100, 400, 1_600]

  it.each([
    ['a fixed cost', 0],
    ['linear work', 1],
    ['quadratic work', 2],
  ])('of %s is %d', (_, exponent) => {
    const points = sizes.map((size) => ({ size, ms: 3 * size ** exponent }))
    expect(exponentOf(points)).toBeCloseTo(exponent, 10)
  })

  it('is below 1 while a fixed cost still shows', () => {
    const points = sizes.map((size) => ({ size, ms: 200 + size }))
    expect(exponentOf(points)).toBeGreaterThan(0)
    expect(exponentOf(points)).toBeLessThan(1)
  })
})
