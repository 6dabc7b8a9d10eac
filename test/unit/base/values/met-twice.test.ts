import { describe, expect, it } from 'vitest'
import { MetTwice, markWith } from '../../../../src/base/values/met-twice.ts'

const many = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ index }))
/** Whether adding these tells that one of them came twice, at once or in the end. */
const isAnyTwice = (containers: readonly object[], mark: (index: number) => number): boolean => {
  const met = new MetTwice()
  const told = containers.map((container, index) => met.add(container, met.needsMarks ? mark(index) : undefined))
  return told.includes(true) || met.anyTwice()
}

describe('containers met twice', () => {
  it.each([1, 1_024, 1_025, 9_000, 70_000])('are none among %d different ones, whatever their marks', (count) => {
    const containers = many(count)
    for (const mark of [(index: number) => index, () => 0, (index: number) => -index]) {
      expect(isAnyTwice(containers, mark)).toBe(false)
    }
  })

  it.each([2, 1_024, 1_025, 9_000, 70_000])(
    'are found among %d, first and last, however the others are marked',
    (count) => {
      const containers = many(count - 1)
      for (const mark of [(index: number) => index % (count - 1), () => 5]) {
        expect(isAnyTwice([...containers, containers[0]!], mark)).toBe(true)
        expect(isAnyTwice([...containers, containers.at(-1)!], (index) => mark(Math.min(index, count - 2)))).toBe(true)
      }
    },
  )

  it('are known at once while they are few', () => {
    const met = new MetTwice()
    const container = {}
    expect([met.add(container, undefined), met.add(container, undefined)]).toEqual([false, true])
  })

  it('are known though they were begun without a mark and met again with one', () => {
    const met = new MetTwice()
    for (const container of many(2_000)) met.add(container, met.needsMarks ? 1 : undefined)
    const container = {}
    expect([met.add(container, undefined), met.add(container, 7)]).toEqual([false, true])
  })
})

it('a mark depends on content alone, and takes any number', () => {
  const parts = ['', 'a', 1e300, 0.5, -1, Number.MAX_SAFE_INTEGER, true, null, {}, 5n, undefined]
  const mark = () => parts.reduce<number>(markWith, 3)
  expect(mark()).toBe(mark())
  expect(Number.isInteger(mark())).toBe(true)
})
