// Taking a run up in a fresh process: from the log of the file store, and from a snapshot file.
import { spawnSync } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createEngine, serialize } from 'waystone'
import { fileStore } from 'waystone/store/file'
import { durablePeers, measureResume } from '../suite/durable-peer.mjs'
import { step, upstreamsOf, workflowOf } from '../suite/graphs.mjs'
import { makeScratch, removeScratch } from '../suite/scratch.mjs'

const once = fileURLToPath(new URL('../resume-once.mjs', import.meta.url))

/** Runs all nodes but the last, and leaves the run paused in a store and in a file. */
async function prepare(folder, size) {
  let othersDone
  const done = new Promise((resolve) => {
    othersDone = resolve
  })
  const flow = workflowOf(upstreamsOf('layered', size), (inputs) => step(Object.values(inputs)), {
    more: [{ node: 'last', upstream: `n${size - 1}`, run: () => new Promise(() => {}) }],
  })
  const store = fileStore(join(folder, 'store'), { durability: 'exit' })
  const engine = createEngine({ store, workflows: [flow], concurrency: 10_000 })
  const { executor } = await engine.start(flow, undefined, { runId: 'run' })
  let completed = 0
  executor.on('node.completed', () => {
    completed += 1
    if (completed === size) othersDone()
  })
  await done
  const snapshot = await engine.pause('run', { deadlineMs: 0 })
  writeFileSync(join(folder, 'run.json'), serialize(snapshot, { pretty: false }))
  await store.close()
}

/** Both ways to take a run up, in turns, a fresh process and a fresh copy of the store for each. */
async function measure({ size }, { processes }) {
  const folder = makeScratch()
  try {
    await prepare(folder, size)
    const metrics = {}
    const facts = {}
    let peakMiB = 0
    for (let at = -1; at < processes; at += 1) {
      for (const way of at % 2 === 0 ? ['store', 'snapshot'] : ['snapshot', 'store']) {
        const path = way === 'store' ? join(folder, `store-${at}`) : join(folder, 'run.json')
        if (way === 'store') cpSync(join(folder, 'store'), path, { recursive: true })
        const child = spawnSync(process.execPath, [once, way, path, String(size)], { encoding: 'utf8' })
        if (child.status !== 0) throw new Error(`resuming from ${way} failed: ${child.stderr}`)
        if (way === 'store') removeScratch(path)
        if (at < 0) continue
        const found = JSON.parse(child.stdout)
        for (const [name, ms] of Object.entries({
          [`${way}, load call to first node`]: found.loadMs,
          [`${way}, process start to first node`]: found.processMs,
        })) {
          metrics[name] ??= []
          metrics[name].push(ms)
        }
        facts.buildMs = found.buildMs
        facts.ranAgain = Math.max(facts.ranAgain ?? 0, found.ranAgain)
        peakMiB = Math.max(peakMiB, found.peakMiB)
      }
    }
    return { metrics, facts, peakMiB }
  } finally {
    removeScratch(folder)
  }
}

/** Larger runs would take a peer minutes to prepare. */
const PEER_CASES = { only: ['1,000 done', '10,000 done'], quick: ['1,000 done'] }
const AT_MOST_1000 = { leftOut: { '10,000 done': 'a run of it may have 1,000 steps' } }

/** A peer that keeps a run in a file of its caller's, or by itself in SQLite. */
const peer = (name, file, setting, more = {}) => ({
  name,
  kind: 'peer',
  setting,
  ...PEER_CASES,
  measure: (parameters, settings) => measureResume({ file, place: 'folder' }, parameters, settings),
  ...more,
})

export const resume = {
  name: 'resume',
  title: 'Resume: to the first new node',
  note: 'A layered DAG of which all nodes are done but one. Each sample is a fresh process: `load call` begins with `engine.resume` or with reading the snapshot file; `process start` holds the start of Node, the imports and the building of the workflow too. Peers whose steps are calls in sequence run those of the same DAG one after the other, xstate those of a chain; their first process is killed while the last step is under way, where nothing else is said. `ran again` counts the completed steps that were run again.',
  isOneShot: true,
  cases: [1_000, 10_000, 100_000].map((size) => ({
    name: `${size.toLocaleString('en')} done`,
    size,
    quick: size <= 10_000,
  })),
  subjects: [
    { name: 'waystone', kind: 'ours', measure },
    ...durablePeers('resume', measureResume, {
      all: PEER_CASES,
      openworkflow: AT_MOST_1000,
    }),
    peer('langgraph, SqliteSaver, graph', 'langgraph-graph', "a checkpoint at every superstep, durability 'sync'", {
      needs: ['newer Node'],
      only: ['1,000 done'],
    }),
    {
      name: 'langgraph, MemorySaver',
      kind: 'peer',
      only: ['1,000 done'],
      leftOut: { '1,000 done': 'its checkpoints are in the memory of the process that ended' },
    },
    peer(
      'flowcraft',
      'flowcraft',
      'the context it gives as text, in a file without a sync; stopped by a node that waits',
    ),
    peer('xstate', 'xstate-resume', 'the persisted snapshot as JSON, in a file without a sync'),
  ],
  growth: [{ subject: 'waystone', title: 'resume', sizes: [4_000, 16_000, 64_000], parameters: (size) => ({ size }) }],
}
