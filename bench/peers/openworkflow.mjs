// openworkflow: a function of named steps, claimed by a worker that polls a SQLite file or a Postgres database.
import { join } from 'node:path'
import { OpenWorkflow } from 'openworkflow'

async function backendOf({ folder, url }) {
  if (url !== undefined) {
    const { BackendPostgres } = await import('openworkflow/postgres')
    return BackendPostgres.connect(url)
  }
  const { BackendSqlite } = await import('openworkflow/sqlite')
  return BackendSqlite.connect(join(folder, 'openworkflow.db'))
}

/** A worker for the workflow; `onEnd` hears of every run that ended. */
async function workerOf(where, workflow, { atOnce = 1, onEnd }) {
  const backend = await backendOf(where)
  const client = new OpenWorkflow({ backend })
  const flow = client.defineWorkflow(
    { name: 'bench', retryPolicy: { initialInterval: '1ms', maximumAttempts: 3 } },
    async ({ input, step }) => {
      const begin = performance.now()
      const value = await workflow((name, run) => step.run({ name }, run))
      onEnd(input.id, { value, ms: performance.now() - begin })
      return value
    },
  )
  const worker = client.newWorker({ concurrency: atOnce })
  await worker.start()
  return { backend, flow, worker }
}

/** The value of a run is known when its function ends; asking for it as its pages show would wait for a poll of a second. */
export async function connect(where, workflow, { atOnce = 1 } = {}) {
  const waiting = new Map()
  const onEnd = (id, end) => waiting.get(id)(end)
  const { backend, flow, worker } = await workerOf(where, workflow, { atOnce, onEnd })
  const handles = []
  return {
    hasWorker: true,
    async start(id) {
      const ended = new Promise((resolve) => waiting.set(id, resolve))
      handles.push(await flow.run({ id }))
      return ended
    },
    async close() {
      await Promise.all(handles.map((handle) => handle.result()))
      await worker.stop()
      await backend.stop()
    },
  }
}

/** A dead worker's run is claimed after its lease of 30 s, so here the attempt fails instead, between two steps. */
export async function leave(where, graph) {
  let fail
  const failed = new Promise((resolve) => {
    fail = resolve
  })
  const { backend, flow, worker } = await workerOf(
    where,
    (step) =>
      graph.inSequence((name, run) => {
        if (name !== 'last') return step(name, run)
        fail()
        throw new Error('left before its last step')
      }),
    { onEnd: () => {} },
  )
  await flow.run({ id: 'run' })
  await failed
  await worker.stop()
  await backend.stop()
  graph.crash()
}

export const prepareTakeUp = async (where, graph) => () =>
  new Promise((resolve, reject) => {
    const onEnd = (_, { value }) => resolve(value)
    workerOf(where, (step) => graph.inSequence(step), { onEnd }).catch(reject)
  })
