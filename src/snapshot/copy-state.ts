import { type Dictionary, dictionary } from '../base/json.ts'
import type { CompensationState } from '../run/compensation.ts'
import type { ItemState, NodeParts, Progress } from '../run/parts.ts'
import type { AccumulatorState, NodeState, RunState } from '../run/state.ts'

/**
 * A state that shares nothing mutable with another: node states, their parts and items, lists and dictionaries are copied;
 * encoded values, errors, waits, signals, the definition and the configuration never change and are shared.
 */
export function copyState(state: RunState): RunState {
  const accumulators = dictionary<AccumulatorState>()
  for (const name of Object.keys(state.accumulators)) {
    const accumulator = state.accumulators[name]!
    accumulators[name] = { ...accumulator, items: accumulator.items.slice() }
  }
  return {
    ...state,
    nodes: state.nodes.map(copiedNode),
    completed: state.completed.slice(),
    decisions: copied(state.decisions),
    variables: copied(state.variables),
    accumulators,
    counters: copied(state.counters),
    cache: copied(state.cache),
    contextVariables: copied(state.contextVariables),
    contextConstants: copied(state.contextConstants),
    signals: state.signals.slice(),
    signalKeys: copied(state.signalKeys),
    types: copied(state.types),
    tokens: copied(state.tokens),
    usage: copied(state.usage),
    compensations: copiedCompensations(state.compensations),
  }
}

function copiedNode(node: NodeState): NodeState {
  const copy = { ...node }
  if (copy.parts !== null) copy.parts = copiedParts(copy.parts)
  return copy
}

function copiedParts(parts: NodeParts): NodeParts {
  const { items, child } = parts
  return {
    ...parts,
    steps: copied(parts.steps),
    items: items === null ? null : { keys: items.keys, list: items.list.map(copiedItem) },
    // As deep as its definition, which has a limit.
    child: child === null ? null : copyState(child),
  }
}

function copiedCompensations(compensations: RunState['compensations']): RunState['compensations'] {
  const copy = dictionary<CompensationState>()
  for (const nodeId of Object.keys(compensations)) copy[nodeId] = { ...compensations[nodeId]! }
  return copy
}

function copiedItem(item: ItemState): ItemState {
  const copy = { ...item }
  if (copy.progress !== null) copy.progress = copiedProgress(copy.progress)
  return copy
}

function copiedProgress({ steps, checkpoint }: Progress): Progress {
  return { steps: copied(steps), checkpoint }
}

function copied<T>(map: Dictionary<T>): Dictionary<T> {
  return Object.assign(dictionary<T>(), map)
}
