import { extname } from 'node:path'
import { parseWorkflow } from '../workflow/parse.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { readBytes, textOf } from './files.ts'
import { isModuleName, loadExport } from './load-module.ts'

/** Whether a name looks like a file's: it has a folder in it, or an ending the commands know. */
export function isFileName(name: string): boolean {
  return name.includes('/') || name.includes('\\') || ['.json', '.gz'].includes(extname(name)) || isModuleName(name)
}

/**
 * The workflow of a file: JSON, or the default export, or the export `workflow`, of a module. A module's code is run.
 * @throws {WaystoneError} CLI_FILE when the file can't be read, imported, or has no workflow
 * @throws {DefinitionError} what `parseWorkflow` or the module's builder finds
 */
export async function loadWorkflow(path: string): Promise<Workflow> {
  if (!isModuleName(path)) return parseWorkflow(textOf(await readBytes(path), path))
  return loadExport(path, 'workflow', isWorkflow)
}

/** By shape, so that a workflow built with another copy of the package is one too. */
function isWorkflow(value: unknown): value is Workflow {
  return (
    typeof value === 'object' &&
    value !== null &&
    'definition' in value &&
    'graph' in value &&
    'handlers' in value &&
    'predicates' in value
  )
}
