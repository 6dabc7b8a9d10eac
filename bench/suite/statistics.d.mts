export function summary(samples: readonly number[]): {
  count: number
  median: number
  low: number
  q1: number
  q3: number
  high: number
}
export function exponentOf(points: readonly { readonly size: number; readonly ms: number }[]): number
