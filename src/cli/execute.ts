import type { RunResult } from '../engine/result.ts'
import type { RunHandle } from '../engine/run-handle.ts'
import type { RunEvent } from '../run/event.ts'
import { isEnded } from '../run/reduce.ts'
import type { RunState } from '../run/state.ts'
import { restoreState } from '../snapshot/restore.ts'
import type { Snapshot } from '../snapshot/snapshot.ts'
import type { Host } from './commands/command.ts'
import { exitCodeOfRun, exitCodes } from './exit-codes.ts'
import { colored } from './format/color.ts'
import { counted } from './format/counted.ts'
import { nameText, printable, shorten } from './format/printable.ts'
import { countsText } from './format/run-text.ts'
import { hintCommand, type RunFiles } from './format/shell.ts'
import { jsonLine, valueText } from './format/value-text.ts'
import { waitLines } from './format/wait-text.ts'
import type { Hearing } from './hearing.ts'
import { errorLine, type Io } from './io.ts'
import { Progress } from './progress.ts'
import { onStopSignals } from './signals.ts'

/** Longest output shown to people, in characters; `--json` gives all of it. */
const MAX_OUTPUT = 2_000

/** What executing a run from the command line needs. */
export interface Execution extends RunFiles {
  readonly io: Io
  readonly host: Host
  /** What the engine tells. */
  readonly hearing: Hearing
  /** How the run stood before; default: as it stands when it has begun. */
  readonly before?: RunState
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
  const { io, host, runId, hearing, begin } = execution
  const command = hintCommand('resume', execution)
  const hint = `resume with: ${printable(command)}`
  let handle: RunHandle | null = null
  let progress: Progress | null = null
  let isStopping = false
  const pause = () => {
    // When the facts can't be recorded the result rejects with the same error, and is awaited below.
    handle?.executor.pause({ reason: 'told to stop' }).catch(() => undefined)
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
    const before = execution.before ?? stateOf(handle.executor.saveSnapshot())
    progress = new Progress(io, before)
    if (!isEnded(before)) {
      if (!io.isJson) io.err(`${headText(before)}: ${sizeText(before)}\n`)
      host.lastWords = hint
    }
    const shown = progress
    hearing.listen((heard) => {
      if (io.isJson) io.json(heard.type === 'progress' ? jsonLine(heard) : eventLine(heard))
      else if (heard.type === 'progress') shown.tellProgress(heard)
      else shown.tell(heard)
    })
    if (isStopping) pause()
    const result = await handle.result
    progress.close()
    report(result, handle)
    return exitCodeOfRun(result.status)
  } finally {
    host.lastWords = null
    progress?.close()
    stopListening()
  }

  function report(result: RunResult, { executor }: RunHandle): void {
    const snapshot = executor.saveSnapshot()
    const after = stateOf(snapshot)
    const canResume = !isEnded(after)
    const { status, failedNodeId, error } = result
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
    io.out(`${headText(after)} ${colored(status, io.hasOutColor)}: ${countsText(after)}\n`)
    if (status === 'completed') io.out(`output: ${shorten(valueText(result.output), MAX_OUTPUT)}\n`)
    if (error !== null && status !== 'paused') {
      const { code } = error as { readonly code?: unknown }
      errorLine(io, typeof code === 'string' ? code : 'RUN_NODE_FAILED', error.message)
    }
    if (status === 'waiting') for (const line of waitLines(executor.inspect(), execution)) io.out(`${line}\n`)
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
export function eventLine(event: RunEvent): string {
  return jsonLine(eventMembers(event))
}

/** What `--json` says of a fact. */
export function eventMembers({ seq, runId, at, path, type, data }: RunEvent): object {
  const { nodeId, attempt, item } = data as {
    readonly nodeId?: string
    readonly attempt?: number
    readonly item?: number
  }
  return {
    type,
    seq,
    runId,
    at,
    ...(path === undefined ? {} : { path }),
    ...(nodeId === undefined ? {} : { nodeId }),
    ...(item === undefined ? {} : { item }),
    ...(attempt === undefined ? {} : { attempt }),
  }
}

function stateOf(snapshot: Snapshot) {
  return restoreState(snapshot, { now: Date.parse(snapshot.snapshotTime), cache: 'frozen' })
}
