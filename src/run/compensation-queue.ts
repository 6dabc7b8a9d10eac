import type { NodeDefinition } from '../workflow/definition.ts'
import { type CompensationState, isCompensationOver } from './compensation.ts'
import type { RunState } from './state.ts'

/** A completed node that has a compensation. */
export interface CompensationStep {
  /** Ids of the nodes that lead to the run it is in; empty for one of the root. */
  readonly path: readonly string[]
  /** The state of that run, and the node's index in it. */
  readonly state: RunState
  readonly index: number
  readonly definition: NodeDefinition
}

/**
 * The compensations of a run in the order in which they run: the reverse of that in which their nodes completed. The nodes of a
 * nested run come where it completed, after the node itself; a nested run that has not completed comes before all of
 * the run it is in, since nothing can have followed it. Derived from the state, never saved.
 */
export class CompensationQueue {
  readonly steps: readonly CompensationStep[]
  #at = 0

  constructor(state: RunState) {
    const steps: CompensationStep[] = []
    collect(state, [], steps)
    this.steps = steps
  }

  /** The first that is not through; undefined when all are. */
  get next(): CompensationStep | undefined {
    while (this.#at < this.steps.length && isCompensationOver(stateOf(this.steps[this.#at]!))) this.#at += 1
    return this.steps[this.#at]
  }
}

/** The state of a step's compensation; undefined when it has not begun. */
export function stateOf({ state, definition }: CompensationStep): CompensationState | undefined {
  return state.compensations[definition.id]
}

/** Whether a step is that of a node. */
export function isAt(step: CompensationStep, path: readonly string[], nodeId: string): boolean {
  return (
    step.definition.id === nodeId &&
    step.path.length === path.length &&
    step.path.every((part, index) => part === path[index])
  )
}

/** Depth is that of the definition, which has a limit. */
function collect(state: RunState, path: readonly string[], steps: CompensationStep[]): void {
  const { nodes } = state.workflow
  const inside = (index: number) => {
    const child = state.nodes[index]!.parts?.child
    if (child) collect(child, [...path, nodes[index]!.id], steps)
  }
  for (let index = nodes.length - 1; index >= 0; index -= 1)
    if (state.nodes[index]!.status !== 'completed') inside(index)
  const indexOf = new Map(nodes.map(({ id }, index) => [id, index]))
  for (let at = state.completed.length - 1; at >= 0; at -= 1) {
    const index = indexOf.get(state.completed[at]!)
    if (index === undefined || state.nodes[index]!.status !== 'completed') continue
    const definition = nodes[index]!
    if (definition.compensation !== undefined) steps.push({ path, state, index, definition })
    inside(index)
  }
}
