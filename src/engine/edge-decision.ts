import { NodeError, quote } from '../base/errors.ts'
import { evaluateCondition, isCodeCondition } from '../workflow/condition.ts'
import type { EdgeDefinition } from '../workflow/definition.ts'
import type { EdgePredicate } from '../workflow/handler.ts'
import { handleTaken } from '../workflow/routed.ts'

/**
 * Whether a completed node's edge is taken. Asked once, when the node completes; the answer is recorded.
 * @param chosen - the handles the handler chose with `route`; null when it chose none by name
 * @throws {NodeError} NODE_CONDITION_FAILED when the edge's function throws, or gives no boolean
 */
export function edgeTaken(
  edge: EdgeDefinition,
  predicate: EdgePredicate | undefined,
  chosen: readonly string[] | null,
  output: unknown,
): boolean {
  const { sourceHandle, condition } = edge
  if (typeof sourceHandle === 'string' && !handleTaken(sourceHandle, chosen, output)) return false
  if (condition === undefined) return true
  return isCodeCondition(condition) ? ask(edge, predicate, output) : evaluateCondition(condition, output)
}

function ask({ source, target }: EdgeDefinition, predicate: EdgePredicate | undefined, output: unknown): boolean {
  const details = { source, target }
  let answer: unknown
  try {
    answer = predicate?.(output)
  } catch (cause) {
    throw new NodeError(
      'NODE_CONDITION_FAILED',
      `the condition of the edge from ${quote(source)} to ${quote(target)} threw`,
      { details, cause },
    )
  }
  if (typeof answer === 'boolean') return answer
  throw new NodeError(
    'NODE_CONDITION_FAILED',
    `the condition of the edge from ${quote(source)} to ${quote(target)} must give a boolean, got ${quote(answer)}`,
    { details },
  )
}
