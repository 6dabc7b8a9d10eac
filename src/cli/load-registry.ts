import { isWaystoneError } from '../base/errors.ts'
import { builtins } from '../nodes/builtin/builtins.ts'
import { isRegistry, missingTypes, type Registry } from '../nodes/registry.ts'
import type { Graph } from '../workflow/graph.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { loadExport } from './load-module.ts'

/**
 * The registry a module exports as default, or under the name `registry`; null for no file.
 * @throws {WaystoneError} CLI_FILE
 */
export async function loadRegistry(path: string | null): Promise<Registry | null> {
  return path === null ? null : loadExport(path, 'registry', isRegistry)
}

/** The node types of a graph that neither a workflow, nor a registry, nor the built-in types have code for. */
export function typesWithoutHandler(
  graph: Graph,
  workflow: Workflow | null,
  registry: Registry | null,
): readonly string[] {
  return missingTypes(
    graph,
    (type) =>
      workflow?.handlers.has(type) === true || registry?.has(type) === true || builtins.some(([name]) => name === type),
  )
}

/** Which options bring the code that is missing, when that is what went wrong. */
export function notesOnMissingCode(
  error: unknown,
  given: { readonly registry: string | null; readonly workflow?: string | null },
): readonly string[] {
  const isType = isWaystoneError(error, 'NODE_TYPE_MISSING')
  if (!isType && !isWaystoneError(error, 'WORKFLOW_BAD_CONDITION')) return []
  const notes: string[] = []
  if (given.workflow === null) notes.push('if the run was made with code, give its file again with --workflow <file>')
  if (isType && given.registry === null)
    notes.push('--registry <file> gives a module that exports a registry with handlers for these types')
  return notes
}
