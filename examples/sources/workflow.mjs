// The survey of a package's sources: one node that lists the files, a map node that parses each, one that adds up.
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseSync } from 'oxc-parser'
import { workflow } from 'waystone'

/** Most files that are parsed at once. */
export const CONCURRENCY = 4

/** Source files under a folder by relative path with `/`, sorted; what is installed inside it is not its own. */
export function listSources(folder) {
  const found = []
  const open = ['']
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const path = at === '' ? entry.name : `${at}/${entry.name}`
      if (entry.isDirectory() && entry.name !== 'node_modules') open.push(path)
      else if (entry.isFile() && /\.(?:ts|js|mjs)$/.test(entry.name)) found.push(path)
    }
  }
  return found.sort()
}

/** Of the packages a project depends on itself, the one with most source files. Shape: `{ name: 'knip', folder, files: [...] }` */
export function largestPackage(root) {
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  return Object.keys({ ...dependencies, ...devDependencies })
    .map((name) => ({ name, folder: join(root, 'node_modules', name) }))
    .map(({ name, folder }) => ({ name, folder, files: listSources(folder) }))
    .reduce((most, next) => (next.files.length > most.files.length ? next : most))
}

/**
 * Its runs take the input `{ folder }` and the service `witness`: a file that gets a line `[path, attempt, process id]` before
 * each file is parsed, so that calls can be counted.
 */
export const survey = workflow('survey', '1.0.0')
  .node('files', (_, { input }) => listSources(input.folder))
  .map('modules', ['files'], { key: (path) => path, concurrency: CONCURRENCY }, parseModule, { onInterrupted: 'rerun' })
  .node('summary', ['modules'], ({ modules }) => summarise(modules))
  .build()

/** What a file imports and exports, as a parser reads it. */
async function parseModule(path, { input, services, attempt, counters }) {
  appendFileSync(services.witness, `${JSON.stringify([path, attempt, process.pid])}\n`)
  const text = await readFile(join(input.folder, path), 'utf8')
  const { module, errors } = parseSync(path, text)
  const lines = text.split('\n').length
  counters.add('files')
  counters.add('lines', lines)
  return {
    path,
    lines,
    imports: module.staticImports.map(({ moduleRequest }) => moduleRequest.value),
    exports: module.staticExports.flatMap(({ entries }) => entries.flatMap(({ exportName }) => exportName.name ?? [])),
    errors: errors.length,
  }
}

function summarise(modules) {
  const importers = new Map()
  for (const { imports } of modules) {
    const packages = imports.filter((name) => !name.startsWith('.'))
    for (const name of new Set(packages)) importers.set(name, (importers.get(name) ?? 0) + 1)
  }
  const sum = (of) => modules.reduce((total, module) => total + of(module), 0)
  return {
    files: modules.length,
    lines: sum(({ lines }) => lines),
    imports: sum(({ imports }) => imports.length),
    exports: sum(({ exports }) => exports.length),
    unread: modules.filter(({ errors }) => errors > 0).map(({ path }) => path),
    mostImported: [...importers].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1)).slice(0, 5),
  }
}
