import { checkOptions } from '../base/argument.ts'
import { quote, WaystoneError } from '../base/errors.ts'
import type { EngineOptions } from '../engine/engine-options.ts'
import { configOptions, worldOptions } from '../engine/options.ts'
import { importFile, isModuleName } from './load-module.ts'

/** The name under which a module gives options of the engine. */
const EXPORT = 'engineOptions'

/** What the command line sets itself. */
const OWN: readonly string[] = ['registry', 'logger', 'listeners']
const known = [...worldOptions, ...configOptions].filter((name) => !OWN.includes(name))

/** Options of the engine that a file of code may give. */
export type ModuleOptions = Omit<EngineOptions, 'store' | 'workflows' | 'owner' | 'registry' | 'logger' | 'listeners'>

/**
 * Options of the engine a run executes in (services, codec, limits, compensateOn, …), as the files that bring its code export them
 * under the name `engineOptions`; those of a later file come first.
 * @param paths - the files; null, and JSON, give none
 * @throws {WaystoneError} CLI_FILE when a file can't be imported or exports something else; OPTION_UNKNOWN
 */
export async function loadEngineOptions(paths: readonly (string | null)[]): Promise<ModuleOptions> {
  let options: ModuleOptions = {}
  for (const path of paths) {
    if (path === null || !isModuleName(path)) continue
    const given = (await importFile(path))[EXPORT]
    if (given === undefined) continue
    if (typeof given !== 'object' || given === null) {
      const message = `${EXPORT} of the file ${quote(path)} expects an object of options, got ${quote(given)}`
      throw new WaystoneError('CLI_FILE', message, { details: { path } })
    }
    checkOptions(given, known, `${EXPORT} of the file ${quote(path)}`)
    options = { ...options, ...given }
  }
  return options
}
