import type { RunState } from '../run/state.ts'

/**
 * How much there is to copy in a state: its nodes, their items and steps, and the entries of its lists and dictionaries;
 * values count one each, since their texts are shared. What nested runs share with the run they are part of counts once.
 */
export function stateWeight(root: RunState): number {
  let weight = sizeOf(root.signalKeys) + sizeOf(root.tokens) + sizeOf(root.types) + sizeOf(root.usage)
  weight += root.signals.length
  const states = [root]
  for (const state of states) {
    weight += state.nodes.length + state.completed.length
    for (const area of [state.decisions, state.variables, state.counters, state.cache, state.compensations])
      weight += sizeOf(area)
    weight += sizeOf(state.contextVariables) + sizeOf(state.contextConstants)
    for (const name of Object.keys(state.accumulators)) weight += 1 + state.accumulators[name]!.items.length
    for (const { parts } of state.nodes) {
      if (parts === null) continue
      weight += 1 + sizeOf(parts.steps)
      for (const { progress } of parts.items?.list ?? []) weight += 1 + (progress === null ? 0 : sizeOf(progress.steps))
      if (parts.child !== null) states.push(parts.child)
    }
  }
  return weight
}

function sizeOf(entries: object): number {
  return Object.keys(entries).length
}
