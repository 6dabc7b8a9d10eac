import { DefinitionError, isWaystoneError, quote } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import { createEngine } from '../engine/engine.ts'
import type { Engine } from '../engine/engine-interface.ts'
import type { ListenersByType } from '../engine/listeners.ts'
import { systemIds } from '../engine/system.ts'
import type { Registry } from '../nodes/registry.ts'
import type { Store } from '../store/store.ts'
import type { Workflow } from '../workflow/workflow.ts'
import type { CodeOptions } from './invocation.ts'
import { loadEngineOptions, type ModuleOptions } from './load-engine-options.ts'
import { loadRegistry, notesOnMissingCode } from './load-registry.ts'
import { loadWorkflow } from './load-workflow.ts'

/** The code a run is taken up with. */
export interface LoadedCode {
  readonly workflow: Workflow | null
  readonly registry: Registry | null
  /** What these files say of the engine. */
  readonly options: ModuleOptions
}

/** The code of the files that are given. */
export async function loadCode({ workflow, registry }: Omit<CodeOptions, 'acceptChange'>): Promise<LoadedCode> {
  return {
    workflow: workflow === null ? null : await loadWorkflow(workflow),
    registry: await loadRegistry(registry),
    options: await loadEngineOptions([workflow, registry]),
  }
}

/** What an engine of the command line is made of. */
export interface EngineParts extends Partial<LoadedCode> {
  readonly store: Store
  readonly logger: Logger
  /** The name of the command, by which whoever is refused a run it holds knows it. */
  readonly command: string
  readonly acceptChange?: boolean
  readonly listeners?: ListenersByType
}

/** An engine with the code that is there. */
export function engineOf(parts: EngineParts): Engine {
  const { store, logger, command, workflow = null, registry = null, acceptChange = false, listeners = {} } = parts
  return createEngine({
    ...parts.options,
    store,
    logger,
    listeners,
    owner: `waystone ${command}, process ${process.pid}, ${systemIds.newId()}`,
    workflows: workflow === null ? [] : [workflow],
    onWorkflowChange: acceptChange ? 'accept' : 'refuse',
    ...(registry === null ? {} : { registry }),
  })
}

/** What to try when a run could not be taken up for its code. */
export function notesOnCode(error: unknown, given: CodeOptions): readonly string[] {
  const notes = [...notesOnMissingCode(error, given)]
  if (isWaystoneError(error, 'WORKFLOW_CHANGED')) notes.push('--accept-change goes on with the workflow given')
  return notes
}

/**
 * The engine runs a workflow of another id as if none were given, so a wrong file is found here.
 * @throws {DefinitionError} WORKFLOW_CHANGED
 */
export function checkWorkflow(runId: string, found: string, { definition }: Workflow): void {
  if (found === definition.id) return
  throw new DefinitionError(
    'WORKFLOW_CHANGED',
    `run ${quote(runId)} is of workflow ${quote(found)}, and the file given has ${quote(definition.id)}; give the file the run was made with`,
    { details: { runId, found, given: definition.id } },
  )
}
