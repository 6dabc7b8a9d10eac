import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { quote } from '../base/errors.ts'
import type { Store } from '../store/store.ts'
import { type AnyWorkflow, isWorkflow, type Workflow } from '../workflow/workflow.ts'
import {
  type ConfigOptions,
  checkChoice,
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
  const { store, owner, leaseMs, checkpointEvents, onWorkflowChange } = options as EngineOptions
  if (!isStore(store)) throw invalidArgument('store', 'a store, e.g. memoryStore() or fileStore(dir)', store)
  if (owner !== undefined && (typeof owner !== 'string' || owner === '')) {
    throw invalidArgument('owner', 'a text that is not empty', owner)
  }
  if (leaseMs !== undefined && !(Number.isFinite(leaseMs) && leaseMs > 0)) {
    throw invalidArgument('leaseMs', 'a number above 0', leaseMs)
  }
  if (checkpointEvents !== undefined && !(Number.isSafeInteger(checkpointEvents) && checkpointEvents >= 1)) {
    throw invalidArgument('checkpointEvents', 'a whole number of 1 or more', checkpointEvents)
  }
  if (onWorkflowChange !== undefined) checkChoice('onWorkflowChange', onWorkflowChange, ON_WORKFLOW_CHANGE)
}

/**
 * The workflows of an engine by their ids.
 * @throws {WaystoneError} ARGUMENT_INVALID for what is no workflow, and for two of one id, of which one would be lost
 */
export function workflowsById(workflows: Iterable<AnyWorkflow> = []): ReadonlyMap<string, Workflow> {
  const byId = new Map<string, Workflow>()
  const expected = 'a list of workflows'
  const list = readArgument('workflows', () => {
    if (typeof workflows?.[Symbol.iterator] !== 'function') throw invalidArgument('workflows', expected, workflows)
    return [...workflows]
  })
  for (const workflow of list) {
    if (!isWorkflow(workflow)) throw invalidArgument('workflows', expected, workflow)
    const { id } = workflow.definition
    if (byId.has(id)) {
      throw invalidArgument('workflows', 'one workflow of each id', `two of ${quote(id)}`, {
        advice: 'an engine runs one version of a workflow',
        details: { workflowId: id },
      })
    }
    byId.set(id, workflow)
  }
  return byId
}

/** Whether a value has what an engine calls first. */
function isStore(value: unknown): value is Store {
  return readArgument('store', () => {
    const { append, events } = (typeof value === 'object' ? (value ?? {}) : {}) as Partial<Store>
    return typeof append === 'function' && typeof events === 'function'
  })
}
