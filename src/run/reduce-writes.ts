import { type Encoded, encodedSize } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import { accumulate, emptyAccumulator } from './accumulate.ts'
import type { RunState } from './state.ts'
import { accumulatorSize, cacheSize, counterSize, entrySize } from './state-size.ts'
import type { StateWrite } from './state-write.ts'

/** Applies one write of a completed node to the state, and keeps its size. Cost: the write, never the state. */
export function applyWrite(state: RunState, write: StateWrite): void {
  switch (write.area) {
    case 'variable':
      return applyEntry(state, state.variables, write)
    case 'contextVariable':
      return applyEntry(state, state.contextVariables, write)
    case 'contextConstant':
      return applyEntry(state, state.contextConstants, write)
    case 'type':
      return applyEntry(state, state.types, write)
    case 'counter': {
      const present = state.counters[write.key]
      if (present === undefined) state.stateBytes += counterSize(write.key)
      state.counters[write.key] = (present ?? 0) + write.value + 0
      return
    }
    case 'accumulator': {
      let accumulator = state.accumulators[write.key]
      if (accumulator === undefined) {
        accumulator = emptyAccumulator(write.op)
        state.accumulators[write.key] = accumulator
        state.stateBytes += accumulatorSize(write.key, accumulator)
      }
      const before = encodedSize(accumulator.value)
      accumulate(accumulator, write.value)
      state.stateBytes += write.op === 'append' ? encodedSize(write.value) + 1 : encodedSize(accumulator.value) - before
      return
    }
    case 'cache': {
      const present = state.cache[write.key]
      if (present !== undefined) state.stateBytes -= cacheSize(write.key, present)
      if (write.op === 'delete') {
        delete state.cache[write.key]
        return
      }
      const entry = { value: write.value, expiresAt: write.expiresAt }
      state.cache[write.key] = entry
      state.stateBytes += cacheSize(write.key, entry)
    }
  }
}

function applyEntry(
  state: RunState,
  area: Dictionary<Encoded>,
  write: Extract<StateWrite, { readonly area: 'variable' | 'contextVariable' | 'contextConstant' | 'type' }>,
): void {
  const present = area[write.key]
  if (present !== undefined) state.stateBytes -= entrySize(write.key, present)
  if (write.op === 'delete') {
    delete area[write.key]
    return
  }
  area[write.key] = write.value
  state.stateBytes += entrySize(write.key, write.value)
}
