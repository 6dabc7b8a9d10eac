import type { Encoded } from '../base/encoded.ts'
import type { AccumulatorState } from './state.ts'
import type { AccumulatorOperation } from './state-write.ts'

/** A new accumulator, neutral to its operation. */
export function emptyAccumulator(operation: AccumulatorOperation): AccumulatorState {
  return { operation, value: neutral(operation), items: [] }
}

/** Adds a value in place. Numbers are finite and never -0, so that sums of equal values are equal. */
export function accumulate(accumulator: AccumulatorState, value: Encoded): void {
  if (accumulator.operation === 'append') accumulator.items.push(value)
  else accumulator.value = combine(accumulator.operation, accumulator.value, value as number | string)
}

/** What an operation makes of the present value and the next. */
export function combine(
  operation: Exclude<AccumulatorOperation, 'append'>,
  present: number | string | null,
  next: number | string,
): number | string {
  switch (operation) {
    case 'sum':
    case 'count':
      return (present as number) + (next as number) + 0
    case 'product':
      return (present as number) * (next as number) + 0
    case 'min':
      return present === null ? next : Math.min(present as number, next as number)
    case 'max':
      return present === null ? next : Math.max(present as number, next as number)
    case 'concat':
      return (present as string) + (next as string)
  }
}

function neutral(operation: AccumulatorOperation): number | string | null {
  switch (operation) {
    case 'sum':
    case 'count':
      return 0
    case 'product':
      return 1
    case 'concat':
      return ''
    default:
      return null
  }
}
