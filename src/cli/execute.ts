import type { RunHandle } from '../engine/engine.ts'
import type { RunResult } from '../engine/result.ts'
import type { RunEvent } from '../run/event.ts'
import { restoreState } from '../snapshot/restore.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { DEFAULT_STORE } from './args.ts'
import { exitCodeOfRun, exitCodes } from './exit-codes.ts'
import { colored } from './format/color.ts'
import { printable, printableLines, shorten } from './format/printable.ts'
import { countsText } from './format/run-text.ts'
import { resumeCommand } from './format/shell.ts'
import { jsonLine, valueText } from './format/value-text.ts'
import type { Io } from './io.ts'
import { Progress } from './progress.ts'
import { onStopSignals, type SignalSource } from './signals.ts'

/** Longest output shown to people, in characters; `--json` gives all of it. */
const MAX_OUTPUT = 2_000

/** What executing a run from the command line needs. */
export interface Execution {
  readonly io: Io
  readonly isJson: boolean
  readonly runId: string
  readonly store: string
  /** The file a resume needs again; null when the recorded graph is enough. */
  readonly workflowFile: string | null
  /** The process: its signals, and its end at the second one. */
  readonly host: SignalSource & { exit(code: number): never }
  /** Starts or resumes the run. */
  readonly begin: () => Promise<RunHandle>
}

/**
 * Executes a run, shows how far it is, and says what came of it.
 * The first SIGINT or SIGTERM lets running nodes end and pauses; the second ends the process at once. Both leave a run
 * that can be resumed.
 * @returns the exit code
 */
export async function execute(execution: Execution): Promise<number> {
  const { io, isJson, runId, store, workflowFile, host, begin } = execution
  const command = resumeCommand({ runId, store, defaultStore: DEFAULT_STORE, workflowFile })
  let handle: RunHandle | null = null
  let progress: Progress | null = null
  let isStopping = false
  const note = (text: string) => (progress === null ? io.err(`${text}\n`) : progress.note(text))
  const pause = () => {
    // When the facts can't be recorded the result rejects with the same error, and is awaited below.
    handle?.executor.pause({ reason: 'signal' }).catch(() => undefined)
  }
  const stopListening = onStopSignals(
    host,
    () => {
      isStopping = true
      note('pausing: waiting for running nodes to end; once more stops at once')
      pause()
    },
    () => {
      note(`stopped; resume with: ${command}`)
      host.exit(exitCodes.resumable)
    },
  )
  try {
    handle = await begin()
    progress = new Progress(io, stateOf(handle.executor.saveSnapshot()))
    const watch = progress
    handle.executor.on('*', (event) => {
      if (isJson) io.out(eventLine(event))
      else watch.tell(event)
    })
    if (isStopping) pause()
    const result = await handle.result
    progress.clear()
    report(result, handle.executor.saveSnapshot())
    return exitCodeOfRun(result.status)
  } finally {
    progress?.clear()
    stopListening()
  }

  function report(result: RunResult, snapshot: Snapshot): void {
    const { status, failedNodeId, error } = result
    const canResume = status !== 'completed' && status !== 'canceled'
    if (isJson) {
      io.out(
        jsonLine(
          {
            type: 'result',
            runId,
            status,
            failedNodeId,
            error: snapshot.run.error,
            resumeCommand: canResume ? command : null,
          },
          { output: valueText(result.output), results: valueText(result.results) },
        ),
      )
      return
    }
    const { workflow } = snapshot
    io.out(
      `run ${printable(runId)} of ${shorten(workflow.id, 100)} ${printable(workflow.version)} ${colored(status, io.hasOutColor)}: ${countsText(stateOf(snapshot))}\n`,
    )
    if (status === 'completed') io.out(`output: ${shorten(valueText(result.output), MAX_OUTPUT)}\n`)
    if (error !== null && status !== 'paused') {
      const { code } = error as { readonly code?: unknown }
      io.err(
        `error ${typeof code === 'string' ? printable(code) : 'RUN_NODE_FAILED'}: ${printableLines(error.message)}\n`,
      )
    }
    if (canResume) io.out(`resume with: ${printable(command)}\n`)
  }
}

/** The envelope of a fact, with what names its node; values stay in the store. */
function eventLine({ seq, runId, at, type, data }: RunEvent): string {
  const { nodeId, attempt } = data as { readonly nodeId?: string; readonly attempt?: number }
  return jsonLine({
    type,
    seq,
    runId,
    at,
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(attempt === undefined ? {} : { attempt }),
  })
}

function stateOf(snapshot: Snapshot) {
  return restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'frozen' })
}
