import type { TriggerRule } from '../workflow/definition.ts'

/**
 * What a trigger rule says of a node.
 * @param isRoot - whether no edge leads to it
 * @param taken - edges that are taken
 * @param failed - edges that come from a failure
 * @param open - edges whose source has not settled
 */
export function judge(
  trigger: TriggerRule | undefined,
  isRoot: boolean,
  taken: number,
  failed: number,
  open: number,
): 'start' | 'skip' | 'wait' {
  switch (trigger) {
    case 'any':
      if (isRoot || taken > 0) return 'start'
      return open > 0 ? 'wait' : 'skip'
    case 'allDone':
      return open > 0 ? 'wait' : 'start'
    case 'noneFailed':
      if (open > 0) return 'wait'
      return failed === 0 ? 'start' : 'skip'
    default:
      if (open > 0) return 'wait'
      return isRoot || (taken > 0 && failed === 0) ? 'start' : 'skip'
  }
}
