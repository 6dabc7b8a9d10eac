// Parses every source file of an installed package in one map node, in a process that is killed (SIGKILL) twice on the way and
// started again each time. The results that were on record at a kill are there after it, and none of their files is parsed
// again: every call is counted in a file of its own, which the run knows nothing of.
//
//   npm run example:sources
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { CONCURRENCY, largestPackage } from './workflow.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))
const runId = 'survey'
const job = mkdtempSync(join(tmpdir(), 'waystone-sources-'))

try {
  process.exitCode = (await main()) ? 0 : 1
} finally {
  rmSync(job, { recursive: true, force: true })
}

async function main() {
  const { name, folder, files } = largestPackage(root)
  say('package', name)
  say('source files', files.length)

  /** Files whose results were on record before each process. */
  const before = []
  const processes = []
  for (const killAfter of [1 / 3, 1 / 3, null]) {
    before.push(await recorded())
    const wanted = killAfter === null ? Number.POSITIVE_INFINITY : Math.ceil(files.length * killAfter)
    const ended = await runWorker(folder, wanted)
    processes.push(ended)
    if (killAfter !== null) {
      if (ended.signal !== 'SIGKILL') throw new Error(`the process should have been killed: ${describe(ended)}`)
      say(`process ${processes.length}: killed, files done so far`, (await recorded()).length)
    }
  }
  const last = processes.at(-1)
  const calls = readCalls()
  say('process 3: files parsed', calls.filter(([, , pid]) => pid === last.pid).length)

  // A file is parsed twice only when a kill cut off its parsing, before there was a result of it.
  const twice = processes.flatMap(({ pid }, index) => {
    const done = new Set(before[index])
    return calls.filter(([path, , of]) => of === pid && done.has(path)).map(([path]) => path)
  })
  say('parsings cut off by a kill', calls.length - files.length)
  say('files done before a kill and parsed again', twice.length)

  const { snapshot, completions } = await readRun()
  const lines = files.reduce((sum, file) => sum + readFileSync(join(folder, file), 'utf8').split('\n').length, 0)
  const summary = last.output
  const problems = [
    [last.settled === 'completed', `the run is ${snapshot.status}: ${describe(last)}`],
    [twice.length === 0, `done before a kill and parsed again: ${twice.join(', ')}`],
    [calls.length - files.length <= 2 * CONCURRENCY, `${calls.length} calls for ${files.length} files and two kills`],
    [completions.length === files.length, `${completions.length} results for ${files.length} files`],
    [new Set(completions).size === files.length, 'a file has two results'],
    [summary?.files === files.length && summary.lines === lines, 'the summary is not that of the files'],
    [snapshot.counters.files === files.length, `counted ${snapshot.counters.files} files`],
    [snapshot.counters.lines === lines, `counted ${snapshot.counters.lines} lines, there are ${lines}`],
  ].flatMap(([held, problem]) => (held ? [] : [problem]))
  for (const problem of problems) console.error(`FAILED: ${problem}`)
  if (problems.length > 0) return false
  say('lines', summary.lines)
  say('names exported', summary.exports)
  say('imports', summary.imports)
  say('imported by most files', summary.mostImported.map(([of, count]) => `${of} (${count})`).join(', '))
  return true
}

/** Runs a worker until it ends, or until it has said so many times that a file is done: then it is killed. */
async function runWorker(folder, killAfter) {
  const child = fork(worker, [job, folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], timeout: 120_000 })
  let completed = 0
  let end = { settled: null, error: null, output: null }
  child.on('message', (message) => {
    if (message.settled !== undefined) end = message
    else if (++completed === killAfter) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  return { pid: child.pid, code, signal, ...end }
}

/** Paths of the files whose results are on record. */
async function recorded() {
  return (await readRun()).completions
}

/** The run as the log on disk tells it, read by this process, which runs nothing. */
async function readRun() {
  const store = fileStore(join(job, 'runs'))
  try {
    const engine = createEngine({ store })
    if ((await engine.get(runId)) === null) return { snapshot: null, completions: [] }
    const completions = []
    for await (const { type, text } of store.events(runId)) {
      if (type === 'item.completed') completions.push(JSON.parse(text).data.output.path)
    }
    return { snapshot: await engine.snapshot(runId), completions }
  } finally {
    await store.close()
  }
}

/** Every call of the parser so far, in order: path, attempt, process id. */
function readCalls() {
  const text = readFileSync(join(job, 'witness.jsonl'), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

function describe({ code, signal, settled, error }) {
  return `exit ${code ?? signal}, ${settled === null ? 'not settled' : `settled as ${settled}`}${error === null ? '' : `, ${error}`}`
}

function say(what, value) {
  console.log(`${`${what}:`.padEnd(46)}${value}`)
}
