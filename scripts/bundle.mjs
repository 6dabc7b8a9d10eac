// Bundles src into the few files that are published: a file takes longer to find and open than most modules to compile.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

/**
 * Packages that become part of the bundle: each is one to eight files to find, of which a small part is used.
 * The others stay imports: the command line's own, which it alone loads, and `@cfworker/json-schema`, which is loaded for the
 * first schema of a signal and has no licence file that could go along with its code.
 */
const inlined = ['@noble/hashes', 'fast-json-stable-stringify', 'fflate', 'semver']

/**
 * What is used of packages that are evaluated at their first use: fflate fills tables for longer than all of src takes, and
 * semver builds forty expressions, which only a version of more than three numbers needs.
 */
const deferred = {
  fflate: { from: 'fflate/browser', classes: ['Gunzip', 'Gzip'] },
  'semver/functions/valid.js': { from: 'semver/functions/valid.js', classes: [] },
}

/** What only the benchmark asks for; the package leaves it out. */
const insideEntry = 'bench/inside.js'

/**
 * Writes a file for each entry that package.json publishes, and the chunks they share.
 * @returns the licences of the packages that became part of them, as one text
 */
export async function bundle({ root, out }) {
  const { exports, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const targets = [...Object.values(exports).map((target) => target.default), ...Object.values(bin)]
  const input = { inside: join(root, insideEntry) }
  for (const target of targets) {
    if (target === undefined) continue
    const entry = target.slice('./dist/'.length, -'.js'.length)
    input[entry] = join(root, 'src', `${entry}.ts`)
  }
  const chunks = new Map()
  const builder = await rolldown({
    cwd: root,
    input,
    platform: 'neutral',
    tsconfig: false,
    resolve: { conditionNames: ['import', 'default'], mainFields: ['module', 'main'] },
    external: (id) => /^[@a-z]/.test(id) && !id.startsWith('deferred:') && !inlined.includes(packageOf(id)),
    plugins: [deferral(), chunking(input, chunks), ascii()],
    // Each is a request that nothing answers, or modules that would be evaluated in the wrong order.
    onLog: (_, { message }) => {
      throw new Error(message)
    },
  })
  try {
    const { output } = await builder.write({
      dir: out,
      format: 'esm',
      comments: { legal: true, annotation: false, jsdoc: false },
      chunkFileNames: 'chunks/[name].js',
      codeSplitting: {
        groups: shared.map((name) => ({ name, test: (id) => chunks.get(id) === name })),
      },
    })
    return licences(output)
  } finally {
    await builder.close()
  }
}

const packageOf = (request) => request.split('/', request.startsWith('@') ? 2 : 1).join('/')

/** Files that entries share, each with what it needs that is in none before it. */
const shared = ['core', 'engine', 'command']

/**
 * Puts a module between `src` and a deferred package, which loads it when one of its classes is constructed, or when the
 * function that is all of it is called.
 * What a call of `require` names, the bundler makes part of the bundle and evaluates at that call.
 */
function deferral() {
  return {
    name: 'deferral',
    resolveId(request, importer) {
      if (request.startsWith('deferred:')) return `\0${request}`
      return Object.hasOwn(deferred, request) && !importer?.startsWith('\0deferred:') ? `\0later:${request}` : null
    },
    load(id) {
      const [kind, name] = id.split(':')
      if (kind !== '\0deferred' && kind !== '\0later') return null
      const { from, classes } = deferred[name]
      const isFunction = classes.length === 0
      if (kind === '\0deferred') return `export { ${isFunction ? 'default' : classes.join(', ')} } from '${from}'`
      const call = `require('deferred:${name}')`
      if (isFunction) return `export default function later(...given) { return ${call}.default(...given) }`
      return classes
        .map((member) => `export function ${member}(...given) { return new (${call}.${member})(...given) }`)
        .join('\n')
    },
  }
}

/**
 * Says which modules share a file: `core` what a store or the start of the command line needs of the rest, `engine` all else of the main entry, and `command`
 * what every command needs. Left to itself the bundler makes a file for each set of entries that have a module in common.
 */
function chunking(input, chunks) {
  return {
    name: 'chunking',
    buildEnd(error) {
      if (error !== undefined) return
      const reached = (entry) => {
        const found = new Set([input[entry]])
        for (const id of found) for (const other of this.getModuleInfo(id)?.importedIds ?? []) found.add(other)
        found.delete(input[entry])
        return found
      }
      const [index, file, main] = ['index', 'store/file/index', 'cli/main'].map(reached)
      const common = [...file, ...main].filter((id) => index.has(id))
      const wanted = [[...reached('store/memory/index'), ...common], index, main]
      for (const [at, name] of shared.entries()) {
        for (const id of wanted[at]) if (!chunks.has(id) && !this.getModuleInfo(id)?.isExternal) chunks.set(id, name)
      }
    },
  }
}

/**
 * Spells other characters than those of ASCII as escapes, which stand in strings alone: a single one of them has an engine
 * keep a file in two bytes a character.
 */
function ascii() {
  return {
    name: 'ascii',
    generateBundle(_, files) {
      for (const file of Object.values(files)) {
        if (file.type === 'chunk') file.code = file.code.replaceAll(/[^\0-\x7f]/g, escaped)
      }
    },
  }
}

const escaped = (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** Every package with a module in the output, by name and version, with the text of its licence. */
function licences(output) {
  const folders = new Set()
  for (const id of output.flatMap((chunk) => Object.keys(chunk.modules ?? {}))) {
    const [, before, request] = /^(.*[\\/]node_modules[\\/])(.+)$/.exec(id) ?? []
    if (request !== undefined) folders.add(join(before, packageOf(request.replaceAll('\\', '/'))))
  }
  const parts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry))
    if (file === undefined) throw new Error(`${name} has no licence file to be kept with its code`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(folder, file), 'utf8').trim()}\n`
  })
  return ['The files in this folder contain code of these packages.\n', ...parts].join(`\n${'-'.repeat(80)}\n\n`)
}
