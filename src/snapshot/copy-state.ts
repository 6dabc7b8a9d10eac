import { type Dictionary, dictionary } from '../base/json.ts'
import type { AccumulatorState, RunState } from '../run/state.ts'

/**
 * A state that shares nothing mutable with another: node states, lists and dictionaries are copied; encoded values,
 * errors, the definition and the configuration never change and are shared.
 */
export function copyState(state: RunState): RunState {
  const accumulators = dictionary<AccumulatorState>()
  for (const name of Object.keys(state.accumulators)) {
    const accumulator = state.accumulators[name]!
    accumulators[name] = { ...accumulator, items: accumulator.items.slice() }
  }
  return {
    ...state,
    nodes: state.nodes.map((node) => ({ ...node })),
    completed: state.completed.slice(),
    decisions: copied(state.decisions),
    variables: copied(state.variables),
    accumulators,
    counters: copied(state.counters),
    cache: copied(state.cache),
    contextVariables: copied(state.contextVariables),
    contextConstants: copied(state.contextConstants),
    signals: state.signals.slice(),
    usage: copied(state.usage),
  }
}

function copied<T>(map: Dictionary<T>): Dictionary<T> {
  return Object.assign(dictionary<T>(), map)
}
