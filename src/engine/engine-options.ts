import { quote, WaystoneError } from '../base/errors.ts'
import type { Store } from '../store/store.ts'
import type { AnyWorkflow, Workflow } from '../workflow/workflow.ts'
import {
  type ConfigOptions,
  checkChoice,
  checkOptions,
  configOptions,
  ON_WORKFLOW_CHANGE,
  type OnWorkflowChange,
  type WorldOptions,
  worldOptions,
} from './options.ts'

/** What an engine works with: a store, the workflows it runs, and the world they run in. */
export interface EngineOptions extends WorldOptions, ConfigOptions {
  /** Where runs are recorded; the caller closes it. */
  readonly store: Store
  /** At most one of each id; a stored run of another id runs on the graph it recorded, with the handlers of `registry`. */
  readonly workflows?: Iterable<AnyWorkflow>
  /** Who holds the claims; default a new id. Unique per engine instance. */
  readonly owner?: string
  /** How long a claim holds without being renewed, in milliseconds; default 30,000. Renewed at a third of it. */
  readonly leaseMs?: number
  /**
   * Fewest facts between two checkpoints of a run, 1 or more; default 10,000. One is taken when there are also four for
   * each node, so that only runs whose past is longer than their state take any. Not for stores that keep none.
   */
  readonly checkpointEvents?: number
  /** What a resume does when its workflow has changed; default `refuse`. */
  readonly onWorkflowChange?: OnWorkflowChange
}

/** Names of the options of an engine. */
export const engineOptions: readonly string[] = [
  ...worldOptions,
  ...configOptions,
  'store',
  'workflows',
  'owner',
  'leaseMs',
  'checkpointEvents',
  'onWorkflowChange',
]

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkEngineOptions(options: unknown): asserts options is EngineOptions {
  checkOptions(options, engineOptions, 'createEngine')
  const { store, leaseMs, checkpointEvents, workflows, onWorkflowChange } = options as EngineOptions
  if (
    typeof store !== 'object' ||
    store === null ||
    typeof store.append !== 'function' ||
    typeof store.events !== 'function'
  ) {
    throw new WaystoneError(
      'ARGUMENT_INVALID',
      `createEngine expects a store, e.g. memoryStore() or fileStore(dir), got ${quote(store)}`,
    )
  }
  if (leaseMs !== undefined && !(Number.isFinite(leaseMs) && leaseMs > 0)) {
    throw new WaystoneError('ARGUMENT_INVALID', `leaseMs expects a number above 0, got ${quote(leaseMs)}`)
  }
  if (checkpointEvents !== undefined && !(Number.isSafeInteger(checkpointEvents) && checkpointEvents >= 1)) {
    throw new WaystoneError(
      'ARGUMENT_INVALID',
      `checkpointEvents expects a whole number of 1 or more, got ${quote(checkpointEvents)}`,
    )
  }
  if (onWorkflowChange !== undefined) checkChoice('onWorkflowChange', onWorkflowChange, ON_WORKFLOW_CHANGE)
  if (workflows !== undefined && typeof workflows[Symbol.iterator] !== 'function') {
    throw new WaystoneError('ARGUMENT_INVALID', `workflows expects a list of workflows, got ${quote(workflows)}`)
  }
}

/**
 * The workflows of an engine by their ids.
 * @throws {WaystoneError} ARGUMENT_INVALID for what is no workflow, and for two of one id, of which one would be lost
 */
export function workflowsById(workflows: Iterable<AnyWorkflow> = []): ReadonlyMap<string, Workflow> {
  const byId = new Map<string, Workflow>()
  for (const workflow of workflows) {
    if (typeof workflow !== 'object' || workflow === null || !('graph' in workflow) || !('definition' in workflow)) {
      throw new WaystoneError('ARGUMENT_INVALID', `workflows expects workflows, got ${quote(workflow)}`)
    }
    const { id } = workflow.definition
    if (byId.has(id)) {
      throw new WaystoneError(
        'ARGUMENT_INVALID',
        `workflows has two with the id ${quote(id)}; an engine runs one version of a workflow`,
      )
    }
    byId.set(id, workflow)
  }
  return byId
}
