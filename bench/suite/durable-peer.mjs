// Measures a durable peer: one run of steps in sequence, many short runs, and taking a run up after a crash.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { timed } from './measure.mjs'
import { peerModule } from './peers.mjs'
import { makePlace } from './places.mjs'
import { textOf } from './values.mjs'

const once = fileURLToPath(new URL('../peers/resume-once.mjs', import.meta.url))

const WORKER = 'polls for runs every 0.1 to 1 s'
const SQLITE = { place: 'folder', needs: ['newer Node'] }
const POSTGRES = { place: 'database', needs: ['Postgres'] }

/** The peers that keep every step before the next begins; `steps`, `many` and `resume` are how each is used there. */
const PEERS = [
  {
    name: 'openworkflow, SQLite',
    file: 'openworkflow',
    most: 999,
    ...SQLITE,
    about: 'node:sqlite with a write-ahead log and synchronous FULL, its defaults',
    steps: `from the first step to the last, since its worker ${WORKER}`,
    many: `a worker for 10 runs, which ${WORKER}`,
    resume: '999 done, since a run may have 1,000 steps',
  },
  {
    name: 'openworkflow, Postgres',
    file: 'openworkflow',
    most: 999,
    ...POSTGRES,
    about: 'its defaults; the time and memory of the server are not in those of the process',
    steps: `from the first step to the last, since its worker ${WORKER}`,
    many: `a worker for 10 runs, which ${WORKER}`,
    resume: '999 done, since a run may have 1,000 steps',
  },
  {
    name: 'dbos',
    file: 'dbos',
    ...POSTGRES,
    about: 'Postgres, its defaults; the time and memory of the server are not in those of the process',
    steps: 'DBOS.runStep',
    many: 'startWorkflow and getResult',
    resume: 'recovered by DBOS.launch, which waits a second before it looks',
  },
  {
    name: 'langgraph, SqliteSaver, tasks',
    file: 'langgraph-tasks',
    ...SQLITE,
    about: 'better-sqlite3 with a write-ahead log and synchronous NORMAL, its defaults: no sync for each step',
    steps: "tasks of an entrypoint, durability 'sync'",
    many: "tasks of an entrypoint, durability 'sync'",
    resume: "tasks of an entrypoint, durability 'sync'; invoked again with null",
  },
  {
    name: 'langgraph, SqliteSaver, tasks, synced',
    file: 'langgraph-tasks-synced',
    ...SQLITE,
    about: 'the same with synchronous FULL: a sync for each commit',
    steps: "durability 'sync'",
    many: "durability 'sync'",
  },
]

/**
 * The durable peers as subjects of a workload.
 * @param use - which of their words says how they are used there
 * @param measure - called with the peer, the parameters of a case and the settings
 * @param more - what else is so of every subject, or by the file of a peer
 */
export const durablePeers = (use, measure, { all = {}, ...more } = {}) =>
  PEERS.filter((peer) => peer[use] !== undefined).map((peer) => ({
    name: peer.name,
    kind: 'peer',
    needs: peer.needs,
    setting: `${peer.about}; ${peer[use]}`,
    measure: (parameters, settings) => measure(peer, parameters, settings),
    ...all,
    ...more[peer.file],
  }))

/** Samples of taking a run up, each of a process and a copy of its state. */
const MOST_PROCESSES = 3

/** A peer needs seconds where the rest needs milliseconds: two samples in a quick run. */
const patient = (settings) => ({ ...settings, minimum: Math.min(settings.minimum, 2) })

/** Milliseconds of one run, and the bytes stored of each of its steps. */
export async function measureSteps({ file, place: kind }, { size, payload }, settings) {
  const text = textOf(payload)
  const peer = await peerModule(file)
  const place = await makePlace(kind)
  try {
    const connected = await peer.connect(place.where, async (step) => {
      let last = { at: 0 }
      for (let index = 0; index < size; index += 1) {
        const { at } = last
        last = await step(`n${index}`, async () => ({ at: at + 1, text }))
      }
      return last.at
    })
    const before = await place.bytes()
    let runs = 0
    const { samples, facts } = await timed(
      async () => {
        runs += 1
        return connected.start(`run-${runs}`)
      },
      size,
      patient(settings),
    )
    await connected.close()
    const bytesPerStep = ((await place.bytes()) - (kind === 'folder' ? 0 : before)) / (runs * size)
    return { metrics: { ms: samples }, facts: { ...facts, bytesPerStep } }
  } finally {
    await place.remove()
  }
}

/** Milliseconds of a number of short runs, some at once. */
export async function measureMany({ file, place: kind }, { runs, steps, atOnce }, settings) {
  const peer = await peerModule(file)
  const place = await makePlace(kind)
  try {
    const workflow = async (step) => {
      let value = 0
      for (let index = 0; index < steps; index += 1) {
        const before = value
        value = await step(`n${index}`, async () => before + 1)
      }
      return value
    }
    const connected = await peer.connect(place.where, workflow, { atOnce })
    let started = 0
    const run = async () => {
      let left = runs
      let done = 0
      const worker = async () => {
        while (left > 0) {
          left -= 1
          started += 1
          const { value } = await connected.start(`run-${started}`)
          if (value === steps) done += 1
        }
      }
      // A peer with a worker of its own is given all runs at once, and holds itself to so many.
      await Promise.all(Array.from({ length: connected.hasWorker ? runs : atOnce }, worker))
      return done
    }
    const { samples, facts } = await timed(run, runs, patient(settings))
    await connected.close()
    return { metrics: { ms: samples }, facts }
  } finally {
    await place.remove()
  }
}

/** Milliseconds until a run whose process died comes to its first new step, each in a fresh process on a fresh copy. */
export async function measureResume({ file, place: kind, most = Infinity }, { size: wanted }, { processes }) {
  const size = Math.min(wanted, most)
  const prepared = await makePlace(kind)
  try {
    resumeOnce(file, 'prepare', prepared, size)
    const metrics = { 'load call to first node': [], 'process start to first node': [] }
    const facts = { ranAgain: 0 }
    let peakMiB = 0
    for (let at = -1; at < Math.min(processes, MOST_PROCESSES); at += 1) {
      const place = await makePlace(kind, prepared)
      try {
        const found = resumeOnce(file, 'resume', place, size)
        if (at < 0) continue
        metrics['load call to first node'].push(found.loadMs)
        metrics['process start to first node'].push(found.processMs)
        facts.ranAgain = Math.max(facts.ranAgain, found.ranAgain)
        peakMiB = Math.max(peakMiB, found.peakMiB)
      } finally {
        await place.remove()
      }
    }
    return { metrics, facts, peakMiB }
  } finally {
    await prepared.remove()
  }
}

function resumeOnce(file, way, place, size) {
  const argument = JSON.stringify({ file, way, where: place.where, size })
  const child = spawnSync(process.execPath, [once, argument], { encoding: 'utf8', timeout: 120_000 })
  // A process that prepares ends as one that crashed.
  if (way === 'prepare' && child.stdout.includes('crashed')) return null
  const line = child.stdout.split('\n').findLast((each) => each.startsWith('{'))
  if (line === undefined) throw new Error(`${way} of ${file} failed: ${child.stderr.slice(-600) || child.signal}`)
  return JSON.parse(line)
}
