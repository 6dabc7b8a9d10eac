import { DefinitionError, isWaystoneError, quote, RunError, StoreError, WaystoneError } from '../base/errors.ts'

/** A run that can't be started, since there is one of its id. */
export function runExists(runId: string): StoreError {
  return new StoreError(
    'STORE_EXISTS',
    `there is a run ${quote(runId)} already; resume it, or start with another runId`,
    { details: { runId } },
  )
}

/** A run the store does not have. */
export function runUnknown(runId: string): StoreError {
  return new StoreError(
    'STORE_NOT_FOUND',
    `the store has no run ${quote(runId)}; list the runs to see which there are`,
    { details: { runId } },
  )
}

/** A run whose configuration can't change, since it executes. */
export function runActive(runId: string): RunError {
  return new RunError(
    'RUN_ACTIVE',
    `run ${quote(runId)} executes here already, so its configuration stands; pause it first, then resume it with the options`,
    { details: { runId } },
  )
}

/** A run that can't be changed, since it executes. */
export function runRunning(runId: string): RunError {
  return new RunError(
    'RUN_REJECTED',
    `run ${quote(runId)} is running, so nothing of it is tried again; pause it first`,
    { details: { runId, status: 'running' } },
  )
}

/** A run that can't be paused, since it executes nowhere. */
export function runIdle(runId: string, status: string): RunError {
  const isOver = status === 'completed' || status === 'canceled'
  return new RunError(
    'RUN_REJECTED',
    `run ${quote(runId)} (${status}) executes nowhere, so there is nothing to pause${isOver ? '' : '; resume takes it up'}`,
    { details: { runId } },
  )
}

/** A workflow that is started by its id, and not registered. */
export function workflowUnknown(workflowId: string, known: readonly string[]): DefinitionError {
  return new DefinitionError(
    'WORKFLOW_UNKNOWN',
    `no workflow ${quote(workflowId)} is registered; there are: ${known.map(quote).join(', ') || 'none'}`,
    { details: { workflowId } },
  )
}

/** What to do when a run needs code, and its workflow is not registered. */
export function workflowMissing(workflowId: string): string {
  return `the engine has no workflow ${quote(workflowId)}; give it: createEngine({ store, workflows: [workflow] })`
}

/** Whatever kept a run from being taken up, as an error of ours. */
export function notTakenUp(runId: string, error: unknown): WaystoneError {
  return isWaystoneError(error)
    ? error
    : new WaystoneError('RUN_REJECTED', `run ${quote(runId)} could not be taken up`, { cause: error })
}
