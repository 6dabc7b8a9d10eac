import type { RunResult } from '../engine/result.ts'
import type { RunHandle } from '../engine/run-handle.ts'
import type { RunEvent } from '../run/event.ts'
import { isEnded } from '../run/reduce.ts'
import type { RunState } from '../run/state.ts'
import { restoreState } from '../snapshot/restore.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import { DEFAULT_STORE } from './args.ts'
import type { Host } from './commands/command.ts'
import { exitCodeOfRun, exitCodes } from './exit-codes.ts'
import { colored } from './format/color.ts'
import { counted } from './format/counted.ts'
import { nameText, printable, shorten } from './format/printable.ts'
import { countsText } from './format/run-text.ts'
import { resumeCommand } from './format/shell.ts'
import { jsonLine, valueText } from './format/value-text.ts'
import { errorLine, type Io } from './io.ts'
import { Progress } from './progress.ts'
import { onStopSignals } from './signals.ts'

/** Longest output shown to people, in characters; `--json` gives all of it. */
const MAX_OUTPUT = 2_000

/** What executing a run from the command line needs. */
export interface Execution {
  readonly io: Io
  readonly host: Host
  readonly runId: string
  readonly store: string
  /** The files a resume needs again; null when the recorded graph, or the built-in types, are enough. */
  readonly workflowFile: string | null
  readonly registryFile: string | null
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
  const { io, host, runId, store, workflowFile, registryFile, begin } = execution
  const command = resumeCommand({ runId, store, defaultStore: DEFAULT_STORE, workflowFile, registryFile })
  const hint = `resume with: ${printable(command)}`
  let handle: RunHandle | null = null
  let progress: Progress | null = null
  let isStopping = false
  const pause = () => {
    // When the facts can't be recorded the result rejects with the same error, and is awaited below.
    handle?.executor.pause({ reason: 'signal' }).catch(() => undefined)
  }
  const stopListening = onStopSignals(
    host,
    () => {
      isStopping = true
      io.err('pausing: waiting for running nodes to end; once more stops at once\n')
      pause()
    },
    () => {
      progress?.close()
      io.err(`stopped; ${hint}\n`)
      host.exit(exitCodes.resumable)
    },
  )
  try {
    handle = await begin()
    const before = stateOf(handle.executor.saveSnapshot())
    progress = new Progress(io, before)
    if (!isEnded(before)) {
      if (!io.isJson) io.err(`${headText(before)}: ${sizeText(before)}\n`)
      host.lastWords = hint
    }
    watch(handle, progress)
    if (isStopping) pause()
    const result = await handle.result
    progress.close()
    report(result, handle.executor.saveSnapshot())
    return exitCodeOfRun(result.status)
  } finally {
    host.lastWords = null
    progress?.close()
    stopListening()
  }

  function watch({ executor }: RunHandle, shown: Progress): void {
    executor.on('*', (event) => {
      if (io.isJson) io.json(eventLine(event))
      else shown.tell(event)
    })
    executor.on('progress', (notice) => {
      if (io.isJson) io.json(jsonLine(notice))
      else shown.tellProgress(notice)
    })
  }

  function report(result: RunResult, snapshot: Snapshot): void {
    const { status, failedNodeId, error } = result
    const canResume = status !== 'completed' && status !== 'canceled'
    if (io.isJson) {
      io.json(
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
    const after = stateOf(snapshot)
    io.out(`${headText(after)} ${colored(status, io.hasOutColor)}: ${countsText(after)}\n`)
    if (status === 'completed') io.out(`output: ${shorten(valueText(result.output), MAX_OUTPUT)}\n`)
    if (error !== null && status !== 'paused') {
      const { code } = error as { readonly code?: unknown }
      errorLine(io, typeof code === 'string' ? code : 'RUN_NODE_FAILED', error.message)
    }
    if (canResume) io.out(`${hint}\n`)
  }
}

/** What a run is, on one line: `run r1 of report 1.0.0`. */
function headText({ runId, workflow }: RunState): string {
  return `run ${printable(runId)} of ${nameText(workflow.id, 100)} ${printable(workflow.version)}`
}

/** How much there is to do, and how much of it is done: `4 nodes, 2 completed`. */
function sizeText({ nodes, completed }: RunState): string {
  return `${counted(nodes.length, 'node')}${completed.length === 0 ? '' : `, ${completed.length} completed`}`
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
