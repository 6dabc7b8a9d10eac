import { isWaystoneError, WaystoneError } from '../../base/errors.ts'
import { systemClock } from '../../engine/system.ts'
import { inspectRun } from '../../run/inspect.ts'
import { timeText } from '../../run/time-text.ts'
import type { RunSummary } from '../../store/driver.ts'
import type { Store } from '../../store/store.ts'
import { colored } from '../format/color.ts'
import { nameText, shorten } from '../format/printable.ts'
import { tableText } from '../format/table.ts'
import { namesText, type OpenNode, openNodes } from '../format/wait-text.ts'
import { isStore, lookAt, withStore } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `ls`: lists the runs of a store; a folder that is none, or is not there, has none and is left as it is. */
export async function ls(args: ArgsOf<'ls'>, { io }: CommandContext): Promise<number> {
  const isThere = isStore(args.store)
  const runs = isThere ? await withStore(args.store, readRuns) : []
  if (args.json) {
    io.json(`${JSON.stringify({ store: args.store, runs: runs.map(runJson) })}\n`)
    return 0
  }
  if (runs.length === 0) {
    const dir = shorten(args.store, 200)
    io.out(
      isThere
        ? `no runs in ${dir}\n`
        : `no runs: there is no store at ${dir}; the first run makes it, and --store names another\n`,
    )
    return 0
  }
  const rows = runs.map((run) => [
    nameText(run.runId, 60),
    nameText(run.workflowId, 40),
    shorten(run.workflowVersion, 20),
    colored(run.status, io.hasOutColor),
    String(run.seq),
    new Date(run.updatedAt).toISOString(),
    waitsText(run),
  ])
  const head = ['run', 'workflow', 'version', 'status', 'facts', 'last fact', 'waits for']
  const isWaiting = runs.some(({ waits }) => waits !== null)
  io.out(
    isWaiting
      ? tableText(head, rows)
      : tableText(
          head.slice(0, -1),
          rows.map((row) => row.slice(0, -1)),
        ),
  )
  return 0
}

/** A run of the store; of one that waits, what for, or why that can't be told. */
type ListedRun = RunSummary & { readonly waits: readonly OpenNode[] | WaystoneError | null }

async function readRuns(store: Store): Promise<readonly ListedRun[]> {
  const runs: ListedRun[] = []
  for (let cursor: string | null = null; ; ) {
    const page = await store.list({ cursor })
    for (const run of page.runs)
      runs.push({ ...run, waits: run.status === 'waiting' ? await waitsOf(store, run) : null })
    cursor = page.cursor
    if (cursor === null) return runs
  }
}

/** The signals, times and answers a run waits for. */
async function waitsOf(store: Store, { runId }: RunSummary): Promise<ListedRun['waits']> {
  try {
    const { graph, state } = await lookAt(store, runId)
    const waiting = openNodes(inspectRun(graph, state, { at: systemClock.now() }))
    return waiting.filter(({ waitsFor: { kind } }) => kind === 'signal' || kind === 'timer' || kind === 'interrupted')
  } catch (error) {
    // One run that can't be read leaves the others to be listed; looked at by itself it says what is wrong.
    if (isWaystoneError(error)) return error
    throw error
  }
}

function waitsText({ waits }: ListedRun): string {
  if (waits === null) return ''
  if (waits instanceof WaystoneError) return waits.code
  const texts = waits.slice(0, MAX_WAITS).map(({ path, nodeId, waitsFor }) => {
    const name = namesText([...path, nodeId], 30)
    if (waitsFor.kind === 'signal') return `${name}: signal ${nameText(waitsFor.name, 30)}`
    return waitsFor.kind === 'timer' ? `${name}: until ${timeText(waitsFor.dueAt)}` : `${name}: an answer`
  })
  return `${texts.join(', ')}${waits.length > texts.length ? ` and ${waits.length - texts.length} more` : ''}`
}

/** Most waits of a run that are named. */
const MAX_WAITS = 3

/** Times as people read them, like in the other documents. */
function runJson({ createdAt, updatedAt, waits, ...summary }: ListedRun): object {
  const times = { createdAt: new Date(createdAt).toISOString(), updatedAt: new Date(updatedAt).toISOString() }
  if (waits === null) return { ...summary, ...times }
  if (waits instanceof WaystoneError) return { ...summary, ...times, error: { code: waits.code } }
  const waitsFor = waits.map(({ path, nodeId, waitsFor: { ...what } }) => ({ path, nodeId, ...what }))
  return { ...summary, ...times, waitsFor }
}
