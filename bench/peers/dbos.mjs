// @dbos-inc/dbos-sdk: a registered function of steps; the state is in Postgres, and a launch recovers what was under way.
import { DBOS } from '@dbos-inc/dbos-sdk'

async function launch({ url }, workflow) {
  const flow = DBOS.registerWorkflow(() => workflow((name, run) => DBOS.runStep(run, { name })), { name: 'bench' })
  DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, applicationVersion: '1', logLevel: 'error' })
  await DBOS.launch()
  return flow
}

export async function connect(where, workflow) {
  const flow = await launch(where, workflow)
  return {
    async start(id) {
      const handle = await DBOS.startWorkflow(flow, { workflowID: id })()
      return { value: await handle.getResult() }
    },
    close: () => DBOS.shutdown(),
  }
}

export async function leave(where, graph) {
  const flow = await launch(where, (step) => graph.inSequence(step))
  const handle = await DBOS.startWorkflow(flow, { workflowID: 'run' })()
  await handle.getResult()
}

export const prepareTakeUp = async (where, graph) => async () => {
  let ended
  const end = new Promise((resolve) => {
    ended = resolve
  })
  await launch(where, async (step) => {
    const value = await graph.inSequence(step)
    ended(value)
    return value
  })
  return end
}
