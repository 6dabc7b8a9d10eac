// Starts the audit in a process, kills that process half-way, lets a second one take the run up, and counts what ran twice.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { auditWorkflow, listPackages } from './workflow.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const worker = fileURLToPath(new URL('worker.mjs', import.meta.url))
const runId = 'audit'
const folder = mkdtempSync(join(tmpdir(), 'waystone-audit-'))
const reportFile = join(folder, 'report.md')

try {
  process.exitCode = (await main()) ? 0 : 1
} finally {
  if (process.env.KEEP === '1') console.log(`\nkept: ${folder}`)
  else rmSync(folder, { recursive: true, force: true })
}

async function main() {
  const packages = listPackages(root)
  const nodes = auditWorkflow(root).definition.nodes.length
  const installed = packages.filter(({ isInstalled }) => isInstalled).length
  say('packages in the lockfile', `${packages.length} (${installed} installed)`)
  say('nodes in the graph', nodes)

  const first = await runWorker({ killAfter: Math.ceil(nodes / 2) })
  if (first.signal !== 'SIGKILL' || first.settled !== null) {
    throw new Error(`the first process should have been killed half-way, but ended by itself: ${describe(first)}`)
  }
  const cut = await readRecord()
  const callsBefore = readCalls()
  const inFlight = cut.started.filter((id) => !cut.completed.has(id))
  say('killed with SIGKILL: process', first.pid)
  say('nodes completed before the kill, by the log', cut.completed.size)
  say('nodes in flight at the kill', inFlight.length)

  const second = await runWorker({})
  const end = await readRecord()
  const callsAfter = readCalls().slice(callsBefore.length)
  const ranAfter = new Set(callsAfter.map(([nodeId]) => nodeId))
  const ranTwice = new Set([
    ...[...cut.completed.keys()].filter((id) => ranAfter.has(id)),
    ...[...end.completed].filter(([, completions]) => completions > 1).map(([id]) => id),
    ...[...callCounts()].filter(([id, calls]) => calls > (inFlight.includes(id) ? 2 : 1)).map(([id]) => id),
  ])
  say('taken up by process', second.pid)
  say('nodes run after it', ranAfter.size)
  say('nodes in flight at the kill that ran again', inFlight.filter((id) => ranAfter.has(id)).length)
  say('completed nodes run twice', ranTwice.size)

  const { counters, results } = end.snapshot
  const problems = [
    [second.settled === 'completed', `the run is ${end.snapshot.status}: ${describe(second)}`],
    [end.completed.size === nodes, `${end.completed.size} of ${nodes} nodes are completed`],
    [ranTwice.size === 0, `completed before and run again: ${[...ranTwice].join(', ')}`],
    [callsAfter.every(([, , pid]) => pid === second.pid), 'a process other than the second called a handler'],
    [
      counters.bytes === results.summary?.sizeBytes,
      `counted ${counters.bytes} bytes, the packages have ${results.summary?.sizeBytes}`,
    ],
    [existsSync(reportFile), 'there is no report'],
  ].flatMap(([held, problem]) => (held ? [] : [problem]))
  for (const problem of problems) console.error(`FAILED: ${problem}`)
  if (existsSync(reportFile)) {
    console.log('\nThe report begins:\n')
    console.log(readFileSync(reportFile, 'utf8').split('\n').slice(0, 16).join('\n'))
  }
  return problems.length === 0
}

/** Runs a worker until it ends, or until that many nodes have completed: then it is killed. */
async function runWorker({ killAfter = Number.POSITIVE_INFINITY }) {
  const child = fork(worker, [folder], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], timeout: 60_000 })
  let completed = 0
  let settled = null
  let error = null
  child.on('message', (message) => {
    if (message.settled !== undefined) ({ settled, error } = message)
    else if (++completed === killAfter) child.kill('SIGKILL')
  })
  const [code, signal] = await once(child, 'close')
  return { pid: child.pid, code, signal, settled, error }
}

/** What the log on disk says of the run, read by this process, which runs nothing. */
async function readRecord() {
  const store = fileStore(join(folder, 'runs'))
  try {
    const snapshot = await createEngine({ store }).snapshot(runId)
    const started = []
    const completed = new Map(snapshot.completedNodes.map((id) => [id, 0]))
    for await (const { type, nodeId } of store.events(runId)) {
      if (type === 'node.started') started.push(nodeId)
      if (type === 'node.completed') completed.set(nodeId, (completed.get(nodeId) ?? 0) + 1)
    }
    return { snapshot, started, completed }
  } finally {
    await store.close()
  }
}

/** Every call of a handler so far, in order: node id, attempt, process id. */
function readCalls() {
  const text = readFileSync(join(folder, 'witness.jsonl'), 'utf8')
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]))
}

/** How often each node's handler was called by either process. */
function callCounts() {
  const counts = new Map()
  for (const [nodeId] of readCalls()) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1)
  return counts
}

function describe({ code, signal, settled, error }) {
  return `exit ${code ?? signal}, ${settled === null ? 'not settled' : `settled as ${settled}`}${error === null ? '' : `, ${error}`}`
}

function say(what, value) {
  console.log(`${`${what}:`.padEnd(46)}${value}`)
}
