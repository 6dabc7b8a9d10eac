import { extname } from 'node:path'
import { quote, WaystoneError } from '../base/errors.ts'
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
  if (isModuleName(path)) return loadExport(path, 'workflow', isWorkflow)
  const bytes = await readBytes(path)
  if (!isSnapshot(bytes)) return parseWorkflow(textOf(bytes, path))
  const message = `the file ${quote(path)} is a snapshot, and a workflow is expected; show, inspect and plan look at it, and executeFromSnapshot takes it up in code`
  throw new WaystoneError('CLI_FILE', message, { details: { path } })
}

/**
 * Whether a file is to be read as a snapshot: gzip, or JSON with a member `format`. We write that first, so that a damaged
 * document is known by its first bytes; another program may have sorted the members.
 */
export function isSnapshot(bytes: Uint8Array): boolean {
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return true
  if (/^\s*\{\s*"format"\s*:/.test(new TextDecoder().decode(bytes.subarray(0, 1024)))) return true
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes))
    if (typeof value !== 'object' || value === null) return false
    // A workflow may have a member of that name too, beside its list of nodes.
    const { format, nodes } = value as { readonly format?: unknown; readonly nodes?: unknown }
    return typeof format === 'string' && !Array.isArray(nodes)
  } catch {
    // No JSON at all; the reader of workflows says what is wrong with it.
    return false
  }
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
