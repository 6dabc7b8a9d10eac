import type { CompensationState } from '../../run/compensation.ts'
import type { NodeState, RunState } from '../../run/state.ts'
import type { NodeDefinition } from '../../workflow/definition.ts'

/** A node of a run, or of one nested in it. */
export interface NodeRow {
  /** Its ids: those that lead to it, and its own. */
  readonly ids: readonly string[]
  readonly node: NodeState
  readonly definition: NodeDefinition
  /** Where its compensation stands; null: none has begun. */
  readonly compensation: CompensationState | null
}

/**
 * The nodes of a run in definition order, those of a nested run behind the node it is; once it has begun, and with `isWhole`
 * also when it has ended. The depth of its recursion is that of the definition, which has a limit.
 */
export function nodeRows(
  { nodes, workflow, compensations }: RunState,
  isWhole: boolean,
  path: readonly string[] = [],
): NodeRow[] {
  return nodes.flatMap((node, index) => {
    const definition = workflow.nodes[index]!
    const ids = [...path, definition.id]
    const child = node.parts?.child ?? null
    const isShown = child !== null && (isWhole || node.status === 'waiting' || node.status === 'failed')
    const compensation = compensations[definition.id] ?? null
    return [{ ids, node, definition, compensation }, ...(isShown ? nodeRows(child, isWhole, ids) : [])]
  })
}
