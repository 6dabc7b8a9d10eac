import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isWaystoneError, quote, WaystoneError } from '../base/errors.ts'
import { parseWorkflow } from '../workflow/parse.ts'
import type { Workflow } from '../workflow/workflow.ts'
import { fileError, readBytes, textOf } from './files.ts'

const MODULES = new Set(['.js', '.mjs', '.cjs'])
const TYPESCRIPT = new Set(['.ts', '.mts', '.cts'])

/** Whether a name can only be meant as a file: it has a folder in it, or an ending the commands know. */
export function isFileName(name: string): boolean {
  const ending = extname(name)
  return name.includes('/') || name.includes('\\') || ['.json', '.gz'].includes(ending) || isModuleName(name)
}

/** Whether a file is code, which has to be given again when a run of it is resumed. */
export function isModuleName(name: string): boolean {
  return MODULES.has(extname(name)) || TYPESCRIPT.has(extname(name))
}

/**
 * The workflow of a file: JSON, or the default export, or the export `workflow`, of a module. A module's code is run.
 * TypeScript is left to Node where it strips types itself, else to `tsx` where that is installed.
 * @throws {WaystoneError} CLI_FILE when the file can't be read, imported, or has no workflow
 * @throws {DefinitionError} what `parseWorkflow` or the module's builder finds
 */
export async function loadWorkflow(path: string): Promise<Workflow> {
  if (!isModuleName(path)) return parseWorkflow(textOf(await readBytes(path), path))
  await readBytes(path)
  if (TYPESCRIPT.has(extname(path))) await readyForTypeScript(path)
  const module = await importFile(path)
  const found = [
    module['default'],
    module['workflow'],
    memberOf(module['default'], 'default'),
    memberOf(module['default'], 'workflow'),
  ].find(isWorkflow)
  if (found !== undefined) return found
  throw new WaystoneError(
    'CLI_FILE',
    `the file ${quote(path)} exports no workflow; export one as default, or under the name workflow (it exports: ${Object.keys(module).join(', ') || 'nothing'})`,
    { details: { path } },
  )
}

async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  const url = pathToFileURL(resolve(path)).href
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (isWaystoneError(error)) throw error
    throw fileError(path, 'imported', error)
  }
}

/** Makes `import` take TypeScript, or says what is missing. */
async function readyForTypeScript(path: string): Promise<void> {
  const { features } = process as { readonly features?: { readonly typescript?: unknown } }
  if (features?.typescript !== undefined && features.typescript !== false) return
  const api = tsxApi(resolve(path)) ?? tsxApi(import.meta.filename)
  if (api !== null) {
    const { register } = (await import(pathToFileURL(api).href)) as { readonly register: () => void }
    register()
    return
  }
  throw new WaystoneError(
    'CLI_FILE',
    `the file ${quote(path)} is TypeScript, which Node ${process.versions.node} does not run by itself; install tsx beside it, use Node 22.18 or later, or compile it first`,
    { details: { path } },
  )
}

/** The module of `tsx` that takes imports over, as it is installed for a file; null where it is not. */
function tsxApi(from: string): string | null {
  try {
    const manifestPath = createRequire(from).resolve('tsx/package.json')
    // Not resolved by its name: `require.resolve` gives the CommonJS variant, whose hooks do not load.
    const { exports } = JSON.parse(readFileSync(manifestPath, 'utf8')) as TsxManifest
    return join(dirname(manifestPath), exports['./esm/api'].import.default)
  } catch {
    // Not installed, or of a version without this entry; the caller says what to do.
    return null
  }
}

/** What of the manifest of `tsx` is read. */
interface TsxManifest {
  readonly exports: { readonly './esm/api': { readonly import: { readonly default: string } } }
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
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
