import { existsSync } from 'node:fs'
import type { RunSummary } from '../../store/driver.ts'
import { colored } from '../format/color.ts'
import { nameText, shorten } from '../format/printable.ts'
import { tableText } from '../format/table.ts'
import { withStore } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `ls`: lists the runs of a store; a store that is not there has none. */
export async function ls(args: ArgsOf<'ls'>, { io }: CommandContext): Promise<number> {
  const runs = existsSync(args.store) ? await readRuns(args.store) : []
  if (args.json) {
    io.json(`${JSON.stringify({ store: args.store, runs: runs.map(runJson) })}\n`)
    return 0
  }
  if (runs.length === 0) {
    io.out(`no runs in ${shorten(args.store, 200)}\n`)
    return 0
  }
  const rows = runs.map((run) => [
    nameText(run.runId, 60),
    nameText(run.workflowId, 40),
    shorten(run.workflowVersion, 20),
    colored(run.status, io.hasOutColor),
    String(run.seq),
    new Date(run.updatedAt).toISOString(),
  ])
  io.out(tableText(['run', 'workflow', 'version', 'status', 'facts', 'last fact'], rows))
  return 0
}

/** Times as people read them, like in the other documents. */
function runJson({ createdAt, updatedAt, ...summary }: RunSummary): object {
  return { ...summary, createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() }
}

function readRuns(dir: string): Promise<readonly RunSummary[]> {
  return withStore(dir, async (store) => {
    const runs: RunSummary[] = []
    let page = await store.list({})
    runs.push(...page.runs)
    while (page.cursor !== null) {
      page = await store.list({ cursor: page.cursor })
      runs.push(...page.runs)
    }
    return runs
  })
}
