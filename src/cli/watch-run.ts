import type { Clock } from '../base/ports.ts'
import type { RunState } from '../run/state.ts'
import type { Store } from '../store/store.ts'
import { estimateRest } from './estimate.ts'
import { eventLine } from './execute.ts'
import { exitCodeOfRun, exitCodes } from './exit-codes.ts'
import { factText } from './format/fact-text.ts'
import { runJson } from './format/run-text.ts'
import { watchLines } from './format/watch-text.ts'
import { drawnText, type Io } from './io.ts'
import { type PastDurations, readPastDurations } from './past-runs.ts'
import { RunFollower } from './run-follower.ts'

/** How often the store is looked at, in milliseconds. */
const POLL_MS = 250

/** What is watched, and where it is shown. */
export interface Watch {
  readonly io: Io
  readonly store: Store
  readonly runId: string
  readonly clock: Clock
  /** Whether one look is enough. */
  readonly isOnce: boolean
}

/**
 * Shows a run until it has ended: on a terminal one picture that is drawn anew, else how it stands and then a line for each fact.
 * @returns the exit code: that of the run, or 0 after one look
 */
export async function watchRun({ io, store, runId, clock, isOnce }: Watch): Promise<number> {
  const follower = await RunFollower.open(store, runId)
  const { run } = follower
  const past = await readPastDurations(store, run.state.workflow.id, runId)
  if (io.isJson) io.json(standsJson(run.state, estimateRest(run, past, clock.now()), past))
  else show(true)
  while (!isOnce && !isOver(run.state)) {
    await new Promise<void>((resolve) => void clock.setTimer(POLL_MS, resolve))
    const events = await follower.next()
    for (const event of events) {
      const line = io.isJson ? null : factText(event)
      if (io.isJson) io.json(eventLine(event))
      else if (!io.canDraw && line !== null) io.out(`${line}\n`)
    }
    if (!io.isJson) show(isOver(run.state))
  }
  if (io.isJson && !isOnce) io.json(`${JSON.stringify({ type: 'result', runId, status: run.state.status })}\n`)
  return isOnce ? exitCodes.done : exitCodeOfRun(run.state.status)

  /** @param isWhole - whether it is also shown where nothing is drawn anew */
  function show(isWhole: boolean): void {
    if (!io.canDraw && !isWhole) return
    const at = clock.now()
    const { columns, rows } = io.canDraw ? io.size() : { columns: PIPE_COLUMNS, rows: Number.POSITIVE_INFINITY }
    // The last picture stays, and may be longer than the screen.
    const restMs = estimateRest(run, past, at)
    const lines = watchLines({ state: run.state, at, restMs }, columns, rows - 1)
    if (io.canDraw) io.draw(lines)
    else io.out(lines.map((line) => `${drawnText(line, PIPE_COLUMNS, io.hasOutColor)}\n`).join(''))
  }
}

/** Where lines are not cut to a terminal. */
const PIPE_COLUMNS = 400

function isOver({ status }: RunState): boolean {
  return status === 'completed' || status === 'failed' || status === 'canceled'
}

/** How a run stands, with the estimate: the document of `show`, as the first of several. */
function standsJson(state: RunState, restMs: number | null, { runs }: PastDurations): string {
  const estimate = JSON.stringify({ restMs, runs })
  return `{"type":"run","estimate":${estimate},${runJson(state).slice(1)}`
}
