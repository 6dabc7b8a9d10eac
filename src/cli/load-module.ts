import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isWaystoneError, quote, WaystoneError } from '../base/errors.ts'
import { fileError, readBytes } from './files.ts'

const MODULES = new Set(['.js', '.mjs', '.cjs'])
const TYPESCRIPT = new Set(['.ts', '.mts', '.cts'])

/** Whether a file is code, which has to be given again when a run of it is resumed. */
export function isModuleName(name: string): boolean {
  return MODULES.has(extname(name)) || TYPESCRIPT.has(extname(name))
}

/**
 * What a module of code exports under a name or as default, when it is what is looked for. The module's code is run.
 * TypeScript is left to Node where it strips types itself, else to `tsx` where that is installed.
 * @param kind - what is looked for, in a word that is the name of the export too: `workflow`, `registry`
 * @throws {WaystoneError} CLI_FILE when the file can't be read, imported, or exports no such thing; what the module's own
 * code throws of ours, as it is
 */
export async function loadExport<T>(path: string, kind: string, isWanted: (value: unknown) => value is T): Promise<T> {
  if (!isModuleName(path)) {
    const endings = [...MODULES, ...TYPESCRIPT].join(', ')
    throw new WaystoneError(
      'CLI_FILE',
      `a ${kind} in code is expected, with the ending ${endings}; got ${quote(path)}`,
      {
        details: { path },
      },
    )
  }
  // Whether it is there is asked first: an import that fails does not say which file is missing.
  await readBytes(path)
  const module = await importFile(path)
  const found = [
    module['default'],
    module[kind],
    // CommonJS, also such as TypeScript is compiled to, has its exports inside the default one.
    memberOf(module['default'], 'default'),
    memberOf(module['default'], kind),
  ].find(isWanted)
  if (found !== undefined) return found
  throw new WaystoneError(
    'CLI_FILE',
    `the file ${quote(path)} exports no ${kind}; export one as default, or under the name ${kind} (it exports: ${Object.keys(module).join(', ') || 'nothing'})`,
    { details: { path } },
  )
}

/**
 * All that a module exports; a second import of a file runs its code no second time.
 * @throws {WaystoneError} CLI_FILE when it can't be imported; what the module's own code throws of ours, as it is
 */
export async function importFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  if (TYPESCRIPT.has(extname(path))) await readyForTypeScript(path)
  const url = pathToFileURL(resolve(path)).href
  try {
    return (await import(url)) as Readonly<Record<string, unknown>>
  } catch (error) {
    if (isWaystoneError(error)) throw error
    throw fileError(path, 'imported', error)
  }
}

let isTsxRegistered = false

/** Makes `import` take TypeScript, or says what is missing. */
async function readyForTypeScript(path: string): Promise<void> {
  const { features } = process as { readonly features?: { readonly typescript?: unknown } }
  if (isTsxRegistered || (features?.typescript !== undefined && features.typescript !== false)) return
  const entries = tsxEntries(resolve(path)) ?? tsxEntries(import.meta.filename)
  if (entries === null) {
    throw new WaystoneError(
      'CLI_FILE',
      `the file ${quote(path)} is TypeScript, which Node ${process.versions.node} does not run by itself; install tsx beside it, use Node 22.18 or later, or compile it first`,
      { details: { path } },
    )
  }
  for (const entry of entries) {
    const { register } = (await import(pathToFileURL(entry).href)) as { readonly register: () => void }
    register()
  }
  isTsxRegistered = true
}

/**
 * The modules of `tsx` that take imports over, as it is installed for a file; null where it is not. Both are needed: a file
 * is CommonJS for Node when the nearest package.json does not say otherwise.
 */
function tsxEntries(from: string): readonly string[] | null {
  try {
    const manifestPath = createRequire(from).resolve('tsx/package.json')
    // Not resolved by its name: `require.resolve` gives the CommonJS variants, whose hooks do not load.
    const { exports } = JSON.parse(readFileSync(manifestPath, 'utf8')) as TsxManifest
    return [exports['./esm/api'], exports['./cjs/api']].map((entry) =>
      join(dirname(manifestPath), entry.import.default),
    )
  } catch {
    // Not installed, or of a version without these entries; the caller says what to do.
    return null
  }
}

/** What of the manifest of `tsx` is read. */
interface TsxManifest {
  readonly exports: Readonly<Record<'./esm/api' | './cjs/api', { readonly import: { readonly default: string } }>>
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>)[name] : undefined
}
