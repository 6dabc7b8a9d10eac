import { type Dictionary, dictionary } from '../base/json.ts'
import type { CompensationState } from './compensation.ts'
import type { ItemState, NodeParts, Progress } from './parts.ts'
import type { AccumulatorState, NodeState, RunState } from './state.ts'

/** What nested runs share with the run they are part of. */
type Shared = Pick<RunState, 'signals' | 'signalKeys' | 'types' | 'tokens' | 'usage'>

/** Those of the run all are part of, and what they became in the copy. */
interface Root {
  readonly from: Shared
  readonly to: Shared
}

/**
 * A state that shares nothing mutable with another: node states, their parts and items, lists and dictionaries are copied;
 * encoded values, errors, waits, signals, the definition and the configuration never change and are shared. What nested
 * runs share with the run they are part of, they share in the copy.
 */
export function copyState(state: RunState): RunState {
  return copyTree(state, null)
}

/** As deep as the definition, which has a limit. */
function copyTree(state: RunState, root: Root | null): RunState {
  const shared = copiedShared(state, root)
  const of = root ?? { from: state, to: shared }
  const accumulators = dictionary<AccumulatorState>()
  for (const name of Object.keys(state.accumulators)) {
    const accumulator = state.accumulators[name]!
    accumulators[name] = { ...accumulator, items: accumulator.items.slice() }
  }
  return {
    ...state,
    ...shared,
    nodes: state.nodes.map((node) => copiedNode(node, of)),
    completed: state.completed.slice(),
    decisions: copied(state.decisions),
    variables: copied(state.variables),
    accumulators,
    counters: copied(state.counters),
    cache: copied(state.cache),
    contextVariables: copied(state.contextVariables),
    contextConstants: copied(state.contextConstants),
    compensations: copiedCompensations(state.compensations),
  }
}

function copiedShared(state: RunState, root: Root | null): Shared {
  const { signals, signalKeys, types, tokens, usage } = state
  return {
    signals: root?.from.signals === signals ? root.to.signals : signals.slice(),
    signalKeys: root?.from.signalKeys === signalKeys ? root.to.signalKeys : copied(signalKeys),
    types: root?.from.types === types ? root.to.types : copied(types),
    tokens: root?.from.tokens === tokens ? root.to.tokens : copied(tokens),
    usage: root?.from.usage === usage ? root.to.usage : copied(usage),
  }
}

function copiedNode(node: NodeState, root: Root): NodeState {
  const copy = { ...node }
  if (copy.parts !== null) copy.parts = copiedParts(copy.parts, root)
  return copy
}

function copiedParts(parts: NodeParts, root: Root): NodeParts {
  const { items, child } = parts
  return {
    ...parts,
    steps: copied(parts.steps),
    items: items === null ? null : { keys: items.keys, list: items.list.map(copiedItem) },
    child: child === null ? null : copyTree(child, root),
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
