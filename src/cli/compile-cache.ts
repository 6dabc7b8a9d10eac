import { join } from 'node:path'

/** What newer versions of Node offer to keep compiled code from one process to the next. */
export interface CompileCacheHost {
  readonly enableCompileCache?: (folder: string) => unknown
}

/**
 * Keeps the compiled code of the command, and of the workflows it loads, for the next process. Only the command does so: how a
 * program that imports the library loads its code is its own matter.
 * The folder is the user's own, since code from it is run: Node's default is one that every user of a machine can write to.
 * Where there is no such folder, or Node can not keep code, nothing is kept and nothing else changes.
 */
export function keepCompiledCode(host: CompileCacheHost, env: Readonly<Record<string, string | undefined>>): void {
  const folder = cacheFolder(env)
  if (folder !== null) host.enableCompileCache?.(join(folder, 'waystone'))
}

/** The folder for what can be made again, by the conventions of the system; null when the environment names none. */
function cacheFolder({
  XDG_CACHE_HOME,
  LOCALAPPDATA,
  HOME,
}: Readonly<Record<string, string | undefined>>): string | null {
  const named = XDG_CACHE_HOME || LOCALAPPDATA
  if (named) return named
  return HOME ? join(HOME, '.cache') : null
}
