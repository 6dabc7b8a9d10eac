import { type Encoded, encodedSize } from '../base/encoded.ts'
import type { AccumulatorState, CacheEntry, RunState } from './state.ts'

/** What an entry of a dictionary counts against `limits.maxStateBytes`: its name and its value, in characters of JSON text. */
export function entrySize(key: string, value: Encoded): number {
  return key.length + encodedSize(value) + 4
}

/** What a counter counts. */
export function counterSize(key: string): number {
  return entrySize(key, 0)
}

/** What an accumulator counts. */
export function accumulatorSize(key: string, accumulator: AccumulatorState): number {
  let size = entrySize(key, accumulator.value)
  for (const item of accumulator.items) size += encodedSize(item) + 1
  return size
}

/** What a cache entry counts. */
export function cacheSize(key: string, entry: CacheEntry): number {
  return entrySize(key, entry.value) + 8
}

/** What all state entries of a run count together; `reduce` keeps this sum up to date write by write. */
export function stateBytesOf(state: RunState): number {
  let size = 0
  for (const area of [state.variables, state.contextVariables, state.contextConstants, state.types]) {
    for (const key of Object.keys(area)) size += entrySize(key, area[key]!)
  }
  for (const key of Object.keys(state.counters)) size += counterSize(key)
  for (const key of Object.keys(state.accumulators)) size += accumulatorSize(key, state.accumulators[key]!)
  for (const key of Object.keys(state.cache)) size += cacheSize(key, state.cache[key]!)
  return size
}
