import { describe, expect, it } from 'vitest'
import { MetTwice, markWith } from '../../../../src/base/values/met-twice.ts'

const many = (count: number): object[] => Array.from({ length: count }, (_, index) => ({ index }))
const added = (containers: readonly object[], mark: (index: number) => number): MetTwice => {
  const met = new MetTwice()
  for (const [index, container] of containers.entries()) met.add(container, mark(index))
  return met
}

describe('containers met twice', () => {
  it.each([1, 1_024, 1_025, 9_000, 70_000])('are none among %d different ones, whatever their marks', (count) => {
    const containers = many(count)
    for (const mark of [(index: number) => index, () => 0, (index: number) => -index]) {
      expect(added(containers, mark).anyTwice()).toBe(false)
    }
  })

  it.each([2, 1_024, 1_025, 9_000, 70_000])(
    'are found among %d, first and last, however the others are marked',
    (count) => {
      const containers = many(count - 1)
      for (const mark of [(index: number) => index % (count - 1), () => 5]) {
        expect(added([...containers, containers[0]!], mark).anyTwice()).toBe(true)
      }
    },
  )

  it('are known at once while they are few', () => {
    const met = new MetTwice()
    const container = {}
    expect([met.add(container, 1), met.add(container, 1)]).toEqual([false, true])
  })
})

it('a mark depends on content alone, and takes any number', () => {
  const parts = ['', 'a', 1e300, 0.5, -1, Number.MAX_SAFE_INTEGER, true, null, {}, 5n, undefined]
  const mark = () => parts.reduce<number>(markWith, 3)
  expect(mark()).toBe(mark())
  expect(Number.isInteger(mark())).toBe(true)
})
