import { codedError } from '../base/serialized-error.ts'
import type { RunCommand } from './command.ts'
import { decideFail, isCurrent, isOpen, lateReport } from './decide-node.ts'
import { type Decision, fact } from './decision.ts'
import type { Run } from './run.ts'

/** A node begins to be a run, or goes on with the run it was. */
export function decideChild(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'child.start' }>,
  at: number,
): Decision {
  const { index, attempt, input } = command
  if (!isCurrent(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const isBegun = run.state.nodes[index]!.parts?.child != null
  return [fact(run, at, 'child.started', { nodeId, attempt, ...(isBegun ? {} : { input }) })]
}

/** The run a node is has failed. */
export function decideChildFail(
  run: Run,
  { index, attempt }: { readonly index: number; readonly attempt: number },
  at: number,
): Decision {
  if (!isOpen(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const cause = run.state.nodes[index]!.parts?.child?.error ?? undefined
  const message = `its run failed: ${cause?.message ?? 'no reason is recorded'}`
  const error = codedError('NODE_RUN_FAILED', message, { nodeId }, cause)
  return decideFail(run, { type: 'node.fail', index, attempt, error, retryable: true }, at)
}
