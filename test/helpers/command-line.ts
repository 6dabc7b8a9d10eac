import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll } from 'vitest'
import { packageRoot } from './source-module.ts'

/** The built command, as Node takes it. */
export const mainFile = join(packageRoot, 'dist/cli/main.js')

/** The built package, as a workflow file outside of any project imports it. */
export const packageFile = JSON.stringify(join(packageRoot, 'dist/index.js'))

/** How a command ended, and what it wrote. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Options of a process. */
interface ProcessOptions {
  readonly env?: Readonly<Record<string, string>>
}

/**
 * The command line in a new folder, which is removed when the test file ends. The package is built first.
 *
 * `waystone` runs a command to its end; `start` starts one, whose `until` waits for a text on standard error and whose `end`
 * is its end; `shell` runs a line of a POSIX shell in which `$W` is the command.
 */
export function commandLine() {
  const dir = mkdtempSync(join(tmpdir(), 'waystone-cli-'))
  beforeAll(() => {
    execFileSync(process.execPath, [join(packageRoot, 'scripts/build.mjs')], { stdio: 'inherit' })
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  const path = (name: string) => join(dir, name)
  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(path(name), content)
    return name
  }
  const read = (name: string) => readFileSync(path(name), 'utf8')

  function ended(file: string, argv: readonly string[], { env = {} }: ProcessOptions = {}): Ended {
    const { status, stdout, stderr } = spawnSync(file, argv, {
      cwd: dir,
      encoding: 'utf8',
      env: { ...process.env, W: `${process.execPath} ${mainFile}`, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      maxBuffer: 256 * 1024 * 1024,
    })
    return { code: status, out: stdout, err: stderr }
  }
  const waystone = (...argv: string[]) => ended(process.execPath, [mainFile, ...argv])
  const shell = (line: string, options?: ProcessOptions) => ended('sh', ['-c', line], options)

  function start(...argv: string[]) {
    const child = spawn(process.execPath, [mainFile, ...argv], { cwd: dir, stdio: ['ignore', 'pipe', 'pipe'] })
    const written = { out: '', err: '' }
    const looks = new Set<() => void>()
    child.stdout.on('data', (chunk) => {
      written.out += String(chunk)
    })
    child.stderr.on('data', (chunk) => {
      written.err += String(chunk)
      for (const look of looks) look()
    })
    const end = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, ...written })))
    const until = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (written.err.includes(text)) resolve()
        }
        looks.add(look)
        look()
        void end.then(() => reject(new Error(`ended before "${text}": ${written.out}${written.err}`)))
      })
    return { child, until, end }
  }

  /** A workflow in code whose second node waits for a file, and which notes every call of a handler in another. */
  const gated = (name: string) => `
import { appendFileSync, existsSync } from 'node:fs'
import { workflow } from ${packageFile}
const called = (id) => appendFileSync('${name}.calls', id + '\\n')
const gate = async () => {
  while (!existsSync('${name}.gate')) await new Promise((resolve) => setTimeout(resolve, 5))
}
export default workflow('${name}', '1.0.0')
  .node('first', () => { called('first'); return 1 })
  .node('second', ['first'], async ({ first }) => { called('second'); await gate(); return first + 1 })
  .node('third', ['second'], ({ second }) => { called('third'); return second + 1 })
  .build()
`
  const open = (name: string) => write(`${name}.gate`, '')
  const writeGated = (name: string, isOpen = false) => {
    if (isOpen) open(name)
    return write(`${name}.mjs`, gated(name))
  }
  const calls = (name: string) => read(`${name}.calls`).trim().split('\n')

  /** A small workflow as JSON text: nodes by id and type, in a row. */
  const chain = (id: string, nodes: readonly { readonly id: string; readonly type: string }[]) =>
    JSON.stringify({
      id,
      version: '1.0.0',
      nodes,
      edges: nodes.slice(1).map(({ id: target }, index) => ({ source: nodes[index]!.id, target })),
    })

  return { dir, path, write, read, waystone, shell, start, gated, writeGated, open, calls, chain }
}
