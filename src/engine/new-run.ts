import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import type { RunConfig } from '../run/config.ts'
import { pendingState } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import { workflowFingerprint } from '../workflow/fingerprint.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { type ExecutorOptions, encodeEntries, type World } from './options.ts'

/** What a new run begins with, besides its configuration. */
export type NewRunOptions = Pick<ExecutorOptions, 'runId' | 'input' | 'variables' | 'context'>

/**
 * The state of a run before its first fact.
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN; what the codec throws for a value it can't keep
 */
export function newState(
  workflow: Workflow,
  { runId, input, variables, context = {} }: NewRunOptions,
  config: RunConfig,
  { codec, ids, blobs }: Pick<World, 'codec' | 'ids' | 'blobs'>,
): RunState {
  checkOptions(context, ['variables', 'constants'], 'context')
  if (runId !== undefined && (typeof runId !== 'string' || runId === '')) {
    throw invalidArgument('runId', 'a text that is not empty', runId)
  }
  if (config.oversizedResults === 'reference' && blobs === null) {
    const advice = 'oversizedResults: "reference" needs somewhere to keep results'
    throw invalidArgument('blobs', 'a store of large results, e.g. fileBlobs(dir)', undefined, { advice })
  }
  return pendingState({
    runId: runId ?? readArgument('ids', () => ids.newId()),
    workflow: workflow.definition,
    fingerprint: workflowFingerprint(workflow),
    input: codec.encode(input),
    config,
    variables: encodeEntries(variables, codec, 'variables'),
    contextVariables: encodeEntries(context.variables, codec, 'context.variables'),
    contextConstants: encodeEntries(context.constants, codec, 'context.constants'),
  })
}
