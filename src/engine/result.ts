import type { Encoded } from '../base/encoded.ts'
import { isTruncated } from '../base/encoded.ts'
import { reviveError } from '../base/serialized-error.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { Run } from '../run/run.ts'
import { shownValue } from '../run/shown-value.ts'
import type { RunStatus } from '../run/state.ts'
import { setValue } from './values-by-node.ts'

/** What came of executing a run; not only completed ones have results. */
export type RunResult<Outputs extends object = Record<string, unknown>> =
  | RunOutcome<'completed', Readonly<Outputs>>
  | RunOutcome<Exclude<RunStatus, 'completed' | 'pending' | 'running'>, Readonly<Partial<Outputs>>>

/** See {@link RunResult}. */
export interface RunOutcome<Status extends RunStatus, Results> {
  readonly runId: string
  readonly status: Status
  /**
   * Results of completed nodes by node id, in definition order; copies of the reader's own. A result kept outside stands
   * as {@link KeptOutside} (`resolveBlob` reads it), one that was dropped as undefined.
   */
  readonly results: Results
  /**
   * The run's final output: the result of its only completed terminal node (one without outgoing edges); with several, an
   * object of their results by node id in definition order; with none, null.
   */
  readonly output: unknown
  /** Why the run failed or was canceled; null otherwise. */
  readonly error: Error | null
  /** The node that failed the run; null when none did. */
  readonly failedNodeId: string | null
}

/** The result of a run as it stands now; values are decoded when they are first looked at. */
export function resultOf<Outputs extends object>(run: Run, codec: ValueCodec): RunResult<Outputs> {
  const { state, graph } = run
  const outputs = state.nodes.map((node) => (node.status === 'completed' ? node.output : undefined))
  let results: object | undefined
  let output: { readonly value: unknown } | undefined
  const { runId, status, error, failedNodeId } = state
  return Object.freeze({
    runId,
    status,
    get results() {
      results ??= decodeAll(graph.ids, outputs, codec)
      return results
    },
    get output() {
      output ??= { value: finalOutput() }
      return output.value
    },
    error: error === null ? null : reviveError(error),
    failedNodeId,
  }) as RunResult<Outputs>

  function finalOutput(): unknown {
    const terminal = outputs.map((value, index) => {
      const isTerminal = graph.outStart[index] === graph.outStart[index + 1] && graph.isStandIn[index] === 0
      return isTerminal ? value : undefined
    })
    const indexes = terminal.flatMap((value, index) => (value === undefined ? [] : [index]))
    if (indexes.length === 0) return null
    if (indexes.length === 1) return decodeOne(terminal[indexes[0]!]!, codec)
    return decodeAll(graph.ids, terminal, codec)
  }
}

function decodeAll(ids: readonly string[], outputs: readonly (Encoded | undefined)[], codec: ValueCodec): object {
  const results = {}
  outputs.forEach((output, index) => {
    if (output !== undefined) setValue(results, ids[index]!, decodeOne(output, codec))
  })
  return results
}

function decodeOne(output: Encoded, codec: ValueCodec): unknown {
  return isTruncated(output) ? undefined : shownValue(output, codec)
}
