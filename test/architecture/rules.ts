import { posix } from 'node:path'
import type { SourceModule } from '../helpers/source-module.ts'

/** A rule that is let go for one file, and why. An exception nobody needs any more is itself a problem. */
export interface Exception {
  readonly rule: RuleName
  readonly path: string
  readonly reason: string
}

export type RuleName = keyof typeof rules

/** What a room may import beside itself; `types` are rooms of which only types may be imported. */
interface Room {
  readonly imports: readonly string[]
  readonly types?: readonly string[]
  /** Packages from outside; null: any dependency of the package. */
  readonly packages?: readonly string[]
}

const CORE = ['base', 'workflow', 'run', 'nodes', 'history', 'snapshot', 'store', 'engine']

/**
 * The rooms of `src` and what each may import: the table of `docs/architecture.md`.
 * A driver is the room `store/<name>`; `store` is the port and its facade; `package` is `src/index.ts`.
 */
export const ROOMS: Readonly<Record<string, Room>> = {
  base: { imports: [], packages: ['@noble/hashes', 'fast-json-stable-stringify'] },
  workflow: { imports: ['base'], packages: ['semver'] },
  run: { imports: ['base', 'workflow'], packages: [] },
  nodes: { imports: ['base', 'workflow'], types: ['run'] },
  history: { imports: ['base', 'workflow', 'run'], packages: [] },
  snapshot: { imports: ['base', 'workflow', 'run'] },
  store: { imports: ['base', 'run'] },
  'store/*': { imports: ['base', 'run', 'store'] },
  engine: { imports: ['base', 'workflow', 'run', 'nodes', 'history', 'snapshot', 'store', 'store/memory'] },
  worker: { imports: ['base', 'run', 'store', 'engine'] },
  'viewer/app': { imports: ['base', 'workflow', 'run', 'history', 'snapshot'] },
  'viewer/server': { imports: ['base', 'workflow', 'run', 'history', 'snapshot', 'store'] },
  cli: { imports: [...CORE, 'store/*', 'worker', 'viewer/app', 'viewer/server', 'package'] },
  testing: { imports: [...CORE, 'worker'] },
  package: { imports: [...CORE, 'store/memory', 'worker'] },
}

/** Rooms whose functions depend on their arguments alone. */
const PURE_ROOMS = ['base', 'workflow', 'run', 'history']

/** Rooms that run in a browser as they are. */
const BROWSER_ROOMS = [...PURE_ROOMS, 'nodes', 'snapshot', 'engine', 'store/memory', 'store/indexeddb', 'viewer/app']

/** Packages that belong to the command line: nothing a library user loads may pull them in. */
const CLI_PACKAGES = ['commander', 'cli-table3']

/** Names that reach for the clock, for chance or for the world outside. */
const IMPURE_NAMES = new Set([
  'Date.now',
  'new Date()',
  'Date()',
  'Math.random',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'fetch',
  'process',
  'performance',
  'crypto',
  'console',
])

/** Lines above which a file is asked to be two. */
export const MAXIMUM_LINES = 400

/** The rules by name; each gives every breach it finds, never the first alone. */
export const rules = {
  /** The import table. */
  rooms: (modules: readonly SourceModule[]) =>
    modules.flatMap((module) => {
      const room = roomOf(module.path)
      const allowed = room === null ? undefined : tableOf(room)
      if (room === null || allowed === undefined) return [`${module.path} stands in no room of the table`]
      return module.imports.flatMap(({ request, kind, line }) => {
        const target = targetOf(module.path, request)
        if (target === null) return []
        const other = roomOf(target)
        if (other === room || (other !== null && isListed(allowed.imports, other))) return []
        if (kind === 'type' && other !== null && isListed(allowed.types ?? [], other)) return []
        return [
          `${module.path}:${line} imports ${target}; ${room} may import ${allowed.imports.join(', ') || 'no room'}`,
        ]
      })
    }),

  /** Only published subpaths are index files; inside the package the file that owns the noun is imported. */
  concreteFiles: (modules: readonly SourceModule[]) =>
    modules.flatMap((module) =>
      module.imports.flatMap(({ request, line }) => {
        const target = targetOf(module.path, request)
        if (target === null) return []
        if (/(^|\/)index\.[jt]s$/.test(target))
          return [`${module.path}:${line} imports ${target}; import the file that owns the name`]
        if (!/\.(ts|tsx|js|json)$/.test(target))
          return [`${module.path}:${line} imports ${request} without its extension`]
        return []
      }),
    ),

  /** No module needs itself to be loaded. */
  cycles: (modules: readonly SourceModule[]) => {
    const cycle = findCycle(modules)
    return cycle === null ? [] : [`${cycle.join(' -> ')}; what both need wants a third file below them`]
  },

  /** The core takes time, chance and results as arguments. */
  purity: (modules: readonly SourceModule[]) =>
    inRooms(modules, PURE_ROOMS).flatMap((module) =>
      module.uses
        .filter(({ name }) => IMPURE_NAMES.has(name))
        .map(({ name, line }) => `${module.path}:${line} uses ${name}; the room is pure, take it as an argument`),
    ),

  /** Web APIs only, where a browser runs the same files. */
  platform: (modules: readonly SourceModule[]) =>
    inRooms(modules, BROWSER_ROOMS).flatMap((module) =>
      module.imports
        .filter(({ request }) => request !== null && isPlatformModule(request))
        .map(
          ({ request, line }) => `${module.path}:${line} imports ${request}; the room must run in a browser as it is`,
        ),
    ),

  /** Nothing that was read is ever run. */
  evaluation: (modules: readonly SourceModule[]) =>
    modules.flatMap((module) => [
      ...module.uses
        .filter(({ name }) => name === 'eval' || name === 'Function')
        .map(({ name, line }) => `${module.path}:${line} uses ${name}; no text is ever run as code`),
      ...module.imports
        .filter(({ request }) => request === null)
        .map(({ line }) => `${module.path}:${line} imports a module whose name is computed`),
    ]),

  /** Node's own modules are named as such, and packages are the dependencies, each where it belongs. */
  packages: (modules: readonly SourceModule[], dependencies: readonly string[] = []) =>
    modules.flatMap((module) =>
      module.imports.flatMap(({ request, line }) => {
        if (request === null || request.startsWith('.') || request.startsWith('node:')) return []
        const name = request.split('/', request.startsWith('@') ? 2 : 1).join('/')
        const room = roomOf(module.path)
        if (!dependencies.includes(name)) return [`${module.path}:${line} imports ${name}, which is no dependency`]
        if (room !== 'cli' && CLI_PACKAGES.includes(name))
          return [`${module.path}:${line} imports ${name}, which is for the command line`]
        const own = room === null ? undefined : tableOf(room)?.packages
        if (own !== undefined && !own.includes(name))
          return [`${module.path}:${line} imports ${name}; ${room} may import ${own.join(', ') || 'none'}`]
        return []
      }),
    ),

  /** A file owns one noun. */
  size: (modules: readonly SourceModule[]) =>
    modules
      .filter(({ path, lineCount }) => lineCount > MAXIMUM_LINES && !path.includes('.generated.'))
      .map(
        ({ path, lineCount }) =>
          `${path} has ${lineCount} lines, ${MAXIMUM_LINES} at most; ask which two nouns it holds`,
      ),
} as const

/** Every breach of a rule that no exception covers, and every exception that covers nothing. */
export function breaches(
  rule: RuleName,
  modules: readonly SourceModule[],
  {
    exceptions = [],
    dependencies = [],
  }: { readonly exceptions?: readonly Exception[]; readonly dependencies?: readonly string[] } = {},
): readonly string[] {
  const own = exceptions.filter((exception) => exception.rule === rule)
  const found = rules[rule](modules, dependencies)
  const covers = (path: string, text: string) => text.startsWith(`${path}:`) || text.startsWith(`${path} `)
  return [
    ...found.filter((text) => !own.some(({ path }) => covers(path, text))),
    ...own
      .filter(({ path }) => !found.some((text) => covers(path, text)))
      .map(({ path }) => `the exception of ${path} covers nothing any more`),
    ...own.filter(({ reason }) => reason.length < 20).map(({ path }) => `the exception of ${path} gives no reason`),
  ]
}

/** The room of a file, or null when it stands in none. */
export function roomOf(path: string): string | null {
  const parts = path.split('/')
  if (parts[0] !== 'src') return null
  if (parts.length === 2) return parts[1] === 'index.ts' ? 'package' : null
  const [, room = '', second = ''] = parts
  if ((room === 'store' || room === 'viewer') && parts.length > 3) return `${room}/${second}`
  return room
}

function tableOf(room: string): Room | undefined {
  return ROOMS[room] ?? (room.startsWith('store/') ? ROOMS['store/*'] : undefined)
}

function isListed(list: readonly string[], room: string): boolean {
  return list.includes(room) || (room.startsWith('store/') && list.includes('store/*'))
}

function inRooms(modules: readonly SourceModule[], rooms: readonly string[]): readonly SourceModule[] {
  return modules.filter(({ path }) => rooms.includes(roomOf(path) ?? ''))
}

/** The file of the package a relative import names, or null when it names a module from outside. */
function targetOf(from: string, request: string | null): string | null {
  return request?.startsWith('.') === true ? posix.join(posix.dirname(from), request) : null
}

function isPlatformModule(request: string): boolean {
  return (
    /^(node|bun|deno):/.test(request) ||
    /^(fs|path|os|crypto|stream|buffer|util|zlib|events|worker_threads|async_hooks|child_process|timers)(\/|$)/.test(
      request,
    )
  )
}

/** The files of one cycle of imports that load at run time, first and last the same; null when there is none. */
function findCycle(modules: readonly SourceModule[]): readonly string[] | null {
  const targets = new Map(
    modules.map((module) => [
      module.path,
      module.imports
        .filter(({ kind, isDynamic }) => kind === 'value' && !isDynamic)
        .flatMap(({ request }) => targetOf(module.path, request) ?? []),
    ]),
  )
  const isDone = new Set<string>()
  for (const root of targets.keys()) {
    const path = [{ file: root, next: 0 }]
    const onPath = new Set([root])
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const target = targets.get(top.file)?.[top.next]
      top.next += 1
      if (target === undefined) {
        isDone.add(top.file)
        onPath.delete(top.file)
        path.pop()
      } else if (onPath.has(target)) {
        const files = path.map(({ file }) => file)
        return [...files.slice(files.indexOf(target)), target]
      } else if (targets.has(target) && !isDone.has(target)) {
        path.push({ file: target, next: 0 })
        onPath.add(target)
      }
    }
  }
  return null
}
