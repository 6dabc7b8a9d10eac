import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type Due, DueHeap } from '../../../src/run/due-heap.ts'
import { IndexHeap } from '../../../src/run/index-heap.ts'
import { runs } from '../../helpers/property.ts'

/** Pushes a number, or takes the smallest when it is null. */
const steps = fc.array(fc.option(fc.nat({ max: 50 }), { freq: 3 }), { maxLength: 200 })

describe('the heaps answer as a sorted list', () => {
  it('of indexes', () => {
    fc.assert(
      fc.property(steps, (list) => {
        const heap = new IndexHeap()
        let model: number[] = []
        for (const step of list) {
          if (step === null) expect(heap.pop()).toBe(model.shift())
          else {
            heap.push(step)
            model = [...model, step].sort((a, b) => a - b)
          }
          expect(heap.peek()).toBe(model[0])
          expect(heap.size).toBe(model.length)
        }
        for (const next of model) expect(heap.pop()).toBe(next)
        expect([heap.pop(), heap.peek(), heap.size]).toEqual([undefined, undefined, 0])
      }),
      runs('index heap', 500),
    )
  })

  it('of times, ties in definition order', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.option(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 }), fc.integer({ min: -1, max: 1 })), { freq: 3 }),
        ),
        (list) => {
          const heap = new DueHeap()
          let model: Due[] = []
          for (const step of list) {
            if (step === null) expect(heap.pop()).toEqual(model.shift())
            else {
              const [dueAt, index, item] = step
              heap.push(index, dueAt, item)
              model = [...model, { index, item, dueAt }].sort(
                (a, b) => a.dueAt - b.dueAt || a.index - b.index || a.item - b.item,
              )
            }
            expect(heap.peek()).toEqual(model[0])
          }
          for (const next of model) expect(heap.pop()).toEqual(next)
          expect([heap.pop(), heap.peek()]).toEqual([undefined, undefined])
        },
      ),
      runs('due heap', 500),
    )
  })

  it('takes 2^31 ms and more, and the last instant of the calendar', () => {
    const heap = new DueHeap()
    for (const dueAt of [8.64e15, 2 ** 31, 0]) heap.push(1, dueAt)
    expect([heap.pop(), heap.pop(), heap.pop()].map((due) => due?.dueAt)).toEqual([0, 2 ** 31, 8.64e15])
  })
})
