// Everything a change must pass, quick steps first, each with its time; the last line counts the tests.
// `npm run check -- --only types,unused` runs some of the steps, `--keep-going` runs on after one that failed.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { compareCounts, readCounts } from './counts.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const { values: options } = parseArgs({
  options: { only: { type: 'string' }, 'keep-going': { type: 'boolean', default: false } },
})
const temporary = mkdtempSync(join(tmpdir(), 'waystone-check-'))

/** Tests by outcome, over all steps. */
const tests = { passed: 0, failed: 0, skipped: 0 }
/** Cases that tests said they went through, by name. */
const counts = new Map()

/** A step gives the problems it found, as lines; none when it passed. */
const steps = {
  format: () => run('biome', ['check', '--error-on-warnings', '.']),
  types: async () => {
    const problems = await run('tsc', ['-p', 'tsconfig.json', '--noEmit'])
    return problems.length > 0 ? problems : run('tsc', ['-p', 'tsconfig.test.json', '--noEmit'])
  },
  quick: () => runTests('quick'),
  // the second run finds files of src that only tests load
  unused: async () => [...(await run('knip', [])), ...(await run('knip', ['--production', '--include', 'files']))],
  generated: checkGenerated,
  build: () => runNode(['scripts/build.mjs', '--force']),
  package: checkPackage,
  slow: () => runTests('slow'),
  floors: checkFloors,
  start: () => (existsSync(join(root, 'examples/audit/main.mjs')) ? runNode(['examples/audit/main.mjs']) : []),
}

const wanted = options.only === undefined ? Object.keys(steps) : options.only.split(',')
const unknown = wanted.filter((name) => !Object.hasOwn(steps, name))
if (unknown.length > 0) {
  console.error(`unknown step ${unknown.join(', ')}; the steps are ${Object.keys(steps).join(', ')}`)
  process.exit(2)
}

let failures = 0
const begin = performance.now()
try {
  for (const name of wanted) {
    const start = performance.now()
    const problems = await steps[name]()
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'} ${name.padEnd(10)} ${seconds.padStart(6)} s`)
    if (problems.length === 0) continue
    failures += 1
    console.log(problems.map((line) => `       ${line}`).join('\n'))
    if (!options['keep-going']) break
  }
} finally {
  rmSync(temporary, { recursive: true, force: true })
}

console.log(`${((performance.now() - begin) / 1000).toFixed(1)} s in all`)
console.log(`${tests.passed} passed, ${tests.failed} failed${tests.skipped > 0 ? `, ${tests.skipped} skipped` : ''}`)
process.exitCode = failures > 0 || tests.failed > 0 ? 1 : 0

/** Runs a program of this project's packages. */
async function run(program, args) {
  const { code, output } = await call(join(root, 'node_modules/.bin', program), args)
  return code === 0 ? [] : lastLines(output, `${program} ended with ${code} and said nothing`)
}

async function runNode(args) {
  const { code, output } = await call(process.execPath, args)
  return code === 0 ? [] : lastLines(output, `${args[0]} ended with ${code} and said nothing`)
}

async function runTests(project) {
  const report = join(temporary, `${project}.json`)
  const args = ['run', '--project', project, '--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code, output } = await call(join(root, 'node_modules/.bin/vitest'), args)
  readCounts(output, counts)
  if (!existsSync(report)) return lastLines(output, `vitest ended with ${code} and wrote no report`)
  const { numPassedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(readFileSync(report, 'utf8'))
  const failed = testResults.flatMap(({ name, status, message, assertionResults }) => {
    const own = assertionResults.filter((test) => test.status === 'failed')
    if (own.length === 0 && status === 'failed') return [`${name.slice(root.length)} could not be loaded: ${message}`]
    return own.map(
      ({ fullName, failureMessages }) => `${name.slice(root.length)} > ${fullName}\n${failureMessages.join('\n')}`,
    )
  })
  tests.passed += numPassedTests
  tests.failed += failed.length
  tests.skipped += numPendingTests + numTodoTests
  if (failed.length > 0) return failed.flatMap((text) => text.split('\n').slice(0, 40))
  if (code !== 0) return lastLines(output, `vitest ended with ${code}, though no test failed`)
  return numPassedTests === 0 ? ['no test ran'] : []
}

/** Generated files are what their scripts make of their sources; stale ones are made anew, to be committed. */
async function checkGenerated() {
  const before = generatedFiles()
  for (const script of readdirSync(join(root, 'scripts')).filter((name) => /^generate-.*\.mjs$/.test(name))) {
    const problems = await runNode([`scripts/${script}`])
    if (problems.length > 0) return problems
  }
  const after = generatedFiles()
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => before.get(path) !== after.get(path))
    .map((path) => `${path} was not current; it has been made anew, commit it`)
}

function generatedFiles() {
  const digest = (path) => createHash('sha256').update(readFileSync(path)).digest('hex')
  return new Map(
    readdirSync(join(root, 'src'), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && entry.name.includes('.generated.'))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((path) => [path.slice(root.length), digest(path)]),
  )
}

/** The packed tarball as others will install it: its manifest, and its types under ESM resolution. */
async function checkPackage() {
  const pack = await call('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', temporary])
  if (pack.code !== 0) return lastLines(pack.output, 'npm pack failed')
  const tarball = join(temporary, readdirSync(temporary).find((name) => name.endsWith('.tgz')) ?? '')
  return [
    ...(await run('publint', ['run', tarball, '--strict'])),
    ...(await run('attw', [tarball, '--profile', 'esm-only', '--no-emoji', '--format', 'ascii'])),
  ]
}

/** What tests counted against the least they must; only where both test steps ran whole. */
function checkFloors() {
  if (!wanted.includes('quick') || !wanted.includes('slow')) return []
  const floors = JSON.parse(readFileSync(join(root, 'test/floors.json'), 'utf8'))
  const { problems, notes } = compareCounts(counts, floors)
  for (const note of notes) console.log(`       ${note}`)
  return problems
}

/** Starts a program and gathers all it prints; nothing is read from this process's input. */
function call(program, args) {
  const { FC_SCALE, ...env } = process.env
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...env, NO_COLOR: '1', FORCE_COLOR: '0' },
    })
    const chunks = []
    child.stdout.on('data', (chunk) => chunks.push(chunk))
    child.stderr.on('data', (chunk) => chunks.push(chunk))
    child.on('error', (error) => resolve({ code: 1, output: `${program} could not be started: ${error.message}` }))
    child.on('close', (code, signal) => resolve({ code: code ?? signal, output: Buffer.concat(chunks).toString() }))
  })
}

/** The end of an output, where programs say what went wrong. */
function lastLines(output, otherwise) {
  const lines = output.trimEnd().split('\n')
  if (lines.length === 1 && lines[0] === '') return [otherwise]
  return lines.length > 150 ? [`(${lines.length - 150} lines before)`, ...lines.slice(-150)] : lines
}
