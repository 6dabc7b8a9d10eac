import { execFileSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, join, posix } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packageRoot, parseSourceModule } from '../helpers/source-module.ts'

interface Manifest {
  readonly name: string
  readonly version: string
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>
  readonly bin: Readonly<Record<string, string>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly scripts: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as Manifest
const modules = Object.entries(manifest.exports).flatMap(([subpath, target]) =>
  typeof target === 'string' ? [] : [{ subpath, target }],
)

/** A project that has the packed package installed, and nothing of this one but its dependencies. */
let project = ''
let installed = ''
let files: readonly string[] = []

beforeAll(() => {
  if (!existsSync(join(packageRoot, 'dist/index.js'))) throw new Error('dist is not built; run `npm run build` first')
  project = mkdtempSync(join(tmpdir(), 'waystone-package-'))
  execFileSync('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', project], {
    cwd: packageRoot,
    stdio: 'pipe',
  })
  const tarball = readdirSync(project).find((name) => name.endsWith('.tgz'))
  if (tarball === undefined) throw new Error('npm pack wrote no tarball')
  execFileSync('tar', ['-xzf', tarball], { cwd: project })
  installed = join(project, 'node_modules', manifest.name)
  mkdirSync(dirname(installed), { recursive: true })
  cpSync(join(project, 'package'), installed, { recursive: true })
  for (const name of Object.keys(manifest.dependencies)) {
    const link = join(project, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(packageRoot, 'node_modules', name), link, 'dir')
  }
  writeFileSync(join(project, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }))
  files = readdirSync(installed, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => statSync(join(installed, path)).isFile())
    .sort()
})

afterAll(() => {
  if (project !== '') rmSync(project, { recursive: true, force: true })
})

/** Runs a program in the user's project and gives what it prints. */
function node(...args: readonly string[]): string {
  return execFileSync(process.execPath, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

const evaluate = (code: string, ...flags: readonly string[]) => node(...flags, '--input-type=module', '--eval', code)

describe('the packed package', () => {
  it.each(modules)('gives $subpath with its types', ({ subpath, target }) => {
    const name = `${manifest.name}${subpath.slice(1)}`
    const names = JSON.parse(
      evaluate(`console.log(JSON.stringify(Object.keys(await import(${JSON.stringify(name)}))))`),
    ) as string[]
    expect(names.length).toBeGreaterThan(0)
    expect(files).toContain(target.types.slice(2))
  })

  it('gives every schema as a file', () => {
    const schemas = files.filter((path) => path.startsWith('schemas/'))
    expect(schemas.length).toBeGreaterThan(0)
    for (const path of schemas) {
      const text = evaluate(
        `import schema from '${manifest.name}/${path}' with { type: 'json' }; console.log(schema.$id)`,
        '--no-warnings',
      )
      expect(text.trim()).toMatch(/^https?:|^urn:/)
    }
  })

  it('needs no code from text', () => {
    evaluate(`await import('${manifest.name}')`, '--disallow-code-generation-from-strings')
  })

  it('says nothing and changes nothing when it is loaded', () => {
    const code = `const before = Object.getOwnPropertyNames(globalThis).sort().join()
      await import('${manifest.name}')
      console.log(Object.getOwnPropertyNames(globalThis).sort().join() === before, Object.keys(Object.prototype).length)`
    expect(evaluate(code)).toBe('true 0\n')
  })

  it('has a command that helps', () => {
    expect(Object.entries(manifest.bin)).toHaveLength(1)
    const [[name, path]] = Object.entries(manifest.bin) as [[string, string]]
    expect(readFileSync(join(installed, path), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/)
    expect(statSync(join(installed, path)).mode & 0o111).not.toBe(0)
    expect(node(join(installed, path), '--help')).toContain(`Usage: ${name}`)
    expect(node(join(installed, path), '--version').trim()).toBe(manifest.version)
  })

  it('holds what users read and run, and nothing else', () => {
    const pages = ['package.json', 'README.md', 'CHANGELOG.md', 'SECURITY.md', 'LICENSE']
    expect(files.filter((path) => !pages.includes(path) && !/^(dist|docs|schemas)\/[^.]/.test(path))).toEqual([])
    expect(
      files.filter((path) =>
        /\.map$|\.test\.|(^|\/)(test|fixtures|node_modules)\/|\.tsbuildinfo$|(?<!\.d)\.ts$/.test(path),
      ),
    ).toEqual([])
    expect(pages.filter((path) => !files.includes(path))).toEqual([])
  })

  it('names no path of the machine it was packed on', () => {
    const places = [packageRoot, homedir(), tmpdir()]
      .map((path) => path.replace(/\/$/, ''))
      .filter((path) => path.split('/').length > 2)
    const naming = files.filter((path) => {
      const text = readFileSync(join(installed, path), 'utf8')
      return text.includes('file:///') || places.some((place) => text.includes(`${place}/`))
    })
    expect(naming).toEqual([])
  })

  it('runs nothing when it is installed', () => {
    expect(Object.keys(manifest.scripts).filter((name) => /^(pre|post)?install$|^prepare$/.test(name))).toEqual([])
  })

  it('leaves imports with extensions that exist', () => {
    const broken = files
      .filter((path) => /^dist\/.*\.(js|d\.ts)$/.test(path))
      .flatMap((path) => {
        const text = readFileSync(join(installed, path), 'utf8')
        return [...text.matchAll(/\bfrom ['"](\.[^'"]+)['"]|\bimport\(['"](\.[^'"]+)['"]\)/g)]
          .map((match) => match[1] ?? match[2] ?? '')
          .filter(
            (request) =>
              !existsSync(join(installed, dirname(path), request)) &&
              !existsSync(join(installed, dirname(path), request.replace(/\.ts$/, '.d.ts'))),
          )
          .map((request) => `${path}: ${request}`)
      })
    expect(broken).toEqual([])
  })
})

/** Every file of the package that an import of one loads, and what it asks of others; dynamic imports are not followed. */
function loadedBy(entry: string): { readonly loaded: readonly string[]; readonly foreign: readonly string[] } {
  const loaded = new Set([posix.normalize(entry)])
  const foreign = new Set<string>()
  for (const path of loaded) {
    for (const { request, kind, isDynamic } of parseSourceModule(path, textOf(path)).imports) {
      if (request === null || kind === 'type' || isDynamic) continue
      if (request.startsWith('.')) loaded.add(posix.join(posix.dirname(path), request))
      else foreign.add(request)
    }
  }
  return { loaded: [...loaded], foreign: [...foreign] }
}

const textOf = (path: string) => readFileSync(join(installed, path), 'utf8')

const targetOf = (subpath: string) => modules.find((module) => module.subpath === subpath)?.target.default ?? ''

describe('the files of the packed package', () => {
  // every file costs half a millisecond before anything can begin
  it.each([
    ['.', 3],
    ['./store/memory', 2],
    ['./store/file', 3],
    ['./testing', 3],
  ])('are few for an import of %s', (subpath, most) => {
    expect(loadedBy(targetOf(subpath)).loaded.length).toBeLessThanOrEqual(most)
  })

  it.each(['.', './store/memory'])('ask nothing of Node or another package for an import of %s', (subpath) => {
    expect(loadedBy(targetOf(subpath)).foreign).toEqual([])
  })

  // an engine reads all of it before anything can begin, in a millisecond for each 60 kB
  it('are less than 900 kB for an import of all, in characters of one byte', () => {
    const texts = loadedBy(targetOf('.')).loaded.map(textOf)
    expect(texts.reduce((sum, text) => sum + text.length, 0)).toBeLessThan(900_000)
    const code = files.filter((path) => /^dist\/.*\.js$/.test(path))
    expect(code.filter((path) => /[^\0-\x7f]/.test(textOf(path)))).toEqual([])
  })

  it('hold no engine for a command that only helps', () => {
    const [path = ''] = Object.values(manifest.bin)
    const { loaded, foreign } = loadedBy(path)
    expect(loaded.map((file) => posix.basename(file)).sort()).toEqual(['command.js', 'core.js', 'main.js'])
    expect(foreign.filter((request) => !request.startsWith('node:'))).toEqual(['commander'])
  })

  it('name every package they contain, with its licence', () => {
    const contained = files
      .filter((path) => /^dist\/.*\.js$/.test(path))
      .flatMap((path) => [...textOf(path).matchAll(/^\/\/ (?:\S*\/)?node_modules\/((?:@[^/\n]+\/)?[^/\n]+)/gm)])
      .map(([, name = '']) => name)
    expect(contained.length).toBeGreaterThan(0)
    const licences = textOf('dist/LICENSES.txt')
    for (const name of new Set(contained)) {
      const { version } = JSON.parse(readFileSync(join(packageRoot, 'node_modules', name, 'package.json'), 'utf8')) as {
        version: string
      }
      expect(licences).toContain(`\n${name} ${version} (`)
    }
  })

  it('tell in a stack trace which source file an error is from', () => {
    const printed = evaluate(`
      import { parseDuration } from '${manifest.name}'
      try { parseDuration('soon') } catch (error) { console.log(error.stack) }`)
    const [, name, path = '', line] = /at (parseDuration) \(file:\/\/(.+):(\d+):\d+\)/.exec(printed) ?? []
    expect(name).toBe('parseDuration')
    const before = readFileSync(path, 'utf8').split('\n').slice(0, Number(line)).reverse()
    expect(before.find((text) => /^\/\/ \S+\.[jt]s$/.test(text))).toBe('// src/base/duration.ts')
  })
})

describe('the subpaths of the packed package', () => {
  it('share their classes and functions', () => {
    const printed = evaluate(`
      import * as main from '${manifest.name}'
      import * as memory from '${manifest.name}/store/memory'
      import { fileStore } from '${manifest.name}/store/file'
      import { crashingStore } from '${manifest.name}/testing'
      const thrownBy = async (call) => { try { await call() } catch (error) { return error } }
      const crashed = crashingStore(memory.memoryStore(), { atAppend: 1, isRecorded: false })
      const flow = main.workflow('shared').node('a', () => 1).build()
      const logger = { debug() {}, info() {}, warn() {}, error() {} }
      const handle = await main.createEngine({ store: crashed, logger }).start(flow).catch((error) => ({ result: Promise.reject(error) }))
      await handle.result.catch(() => undefined)
      console.log(
        memory.memoryStore === main.memoryStore,
        (await thrownBy(() => fileStore(7))) instanceof main.WaystoneError,
        (await thrownBy(() => crashed.list())) instanceof main.StoreError,
      )`)
    expect(printed).toBe('true true true\n')
  })

  it('know a semantic version, though the package for it is made ready when one is more than three numbers', () => {
    const printed = evaluate(`
      import { validateDefinition } from '${manifest.name}'
      const versions = ['1.0.0', '1.2.3-rc.1+build', '1.0', '01.0.0', 'v1.0.0']
      console.log(versions.map((version) => validateDefinition({ id: 'v', version }).length).join(' '))`)
    expect(printed).toBe('0 0 1 1 1\n')
  })

  it('compress and decompress, though that is made ready at its first use', () => {
    const printed = evaluate(`
      import { DagExecutor, deserialize, serialize, workflow } from '${manifest.name}'
      const executor = new DagExecutor(workflow('small').node('a', () => 'x'.repeat(10_000)).build())
      await executor.execute()
      const snapshot = executor.saveSnapshot()
      const bytes = serialize(snapshot, { compress: 'gzip' })
      console.log(bytes[0] === 0x1f && bytes.length < 5_000, serialize(deserialize(bytes)) === serialize(snapshot))`)
    expect(printed).toBe('true true\n')
  })
})
