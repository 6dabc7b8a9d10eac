// Makes dist: types by tsc, which is the check of all of src, and the bundle. Nothing is done when nothing changed.
// It is made in a folder of its own and put in its place at the end, so that nobody who builds or reads meets half of it.
import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'dist')
const started = new Date()

/** What a build is made from, besides `src`; the lock names the packages that become part of it. */
const inputs = [
  'tsconfig.json',
  'package.json',
  'package-lock.json',
  'scripts/build.mjs',
  'scripts/bundle.mjs',
  'bench/inside.js',
]

/** When the newest of them changed; a folder's own time tells of files removed from it. */
function changedAt() {
  const entries = readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
  const paths = [...inputs, 'src'].map((path) => join(root, path))
  paths.push(...entries.map((entry) => join(entry.parentPath, entry.name)))
  return Math.max(...paths.map((path) => timeOf(path)))
}

/** When a file changed last; 0 when it is gone. */
function timeOf(path) {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0
}

if (timeOf(join(dist, '.stamp')) > changedAt() && !process.argv.includes('--force')) process.exit(0)

// Folders of builds that were killed; one that goes on is seconds old.
for (const name of readdirSync(root).filter((entry) => entry.startsWith('.dist-'))) {
  if (timeOf(join(root, name)) < started.getTime() - 600_000) rmSync(join(root, name), { recursive: true, force: true })
}
const made = mkdtempSync(join(root, '.dist-'))
try {
  const { bundle } = await import('./bundle.mjs')
  // Both to their end: the one that goes on would write into a folder that is removed.
  const [types, files] = await Promise.allSettled([writeTypes(made), bundle({ root, out: made })])
  if (types.status === 'rejected') throw types.reason
  // What tsc found it has said, and it says more of a broken import than the bundler does.
  if (types.value !== 0) process.exitCode = types.value
  else if (files.status === 'rejected') throw files.reason
  else {
    writeFileSync(join(made, 'LICENSES.txt'), files.value)
    finish(made)
    putInPlace(made)
  }
} finally {
  rmSync(made, { recursive: true, force: true })
}

/** Checks all of src and writes its declarations. */
function writeTypes(out) {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const args = [tsc, '-p', join(root, 'tsconfig.json'), '--emitDeclarationOnly', '--outDir', out]
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: 'inherit', cwd: root })
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? 1))
  })
}

/** What neither of the two writes: a command that can be started, and when this build began. */
function finish(out) {
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  for (const path of Object.values(bin)) chmodSync(path.replace('./dist', out), 0o755)
  chmodSync(out, 0o755)
  // Nobody imports a command line.
  for (const entry of readdirSync(join(out, 'cli'), { withFileTypes: true, recursive: true })) {
    if (entry.isFile() && entry.name.endsWith('.d.ts')) rmSync(join(entry.parentPath, entry.name))
  }
  writeFileSync(join(out, '.stamp'), '')
  utimesSync(join(out, '.stamp'), started, started)
}

/** Two renames are all the time there is no dist; of two builds at once, the later one stays. */
function putInPlace(out) {
  for (;;) {
    const old = `${out}-old-${process.pid}`
    try {
      if (existsSync(dist)) renameSync(dist, old)
      renameSync(out, dist)
      return
    } catch (error) {
      // Another build took the folder away, or put its own there, in between.
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(error.code) || !existsSync(out)) throw error
    } finally {
      rmSync(old, { recursive: true, force: true })
    }
  }
}
