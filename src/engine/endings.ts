import type { Encoded } from '../base/encoded.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { ContextHost } from '../nodes/context.ts'
import type { Due } from '../run/command.ts'
import { decideEdges } from './attempt.ts'
import type { AttemptsParts } from './attempts.ts'
import { isOversized, putBlob } from './blobs.ts'
import { finalOutput } from './child-values.ts'
import { conclude, waitTimedOut } from './conclude.ts'
import type { MapItems } from './map-items.ts'
import { isRetryable } from './report.ts'

/** Brings a node to its end whose wait is over, whose items are through, or whose run has completed: a report on it. */
export function endNode(parts: AttemptsParts, items: MapItems, due: Due): void {
  switch (due.type) {
    case 'wait.end':
      endWait(parts, due)
      break
    case 'items.end':
      endItems(parts, items, due)
      break
    case 'child.end':
      endChild(parts, due)
  }
}

function endWait(
  { host, code, report }: AttemptsParts,
  { index, attempt, signals }: Extract<Due, { readonly type: 'wait.end' }>,
): void {
  const { run } = host
  const { wait } = run.state.nodes[index]!
  const none = { index, attempt, writes: null, encoded: null, output: () => null }
  try {
    if (signals !== null) {
      const taken = run.state.signals.filter(({ seq }) => signals.includes(seq)).map(({ payload }) => payload)
      const encoded = wait?.kind === 'signal' && wait.take === 'all' ? listOf(host, taken) : taken[0]!
      const output = () => host.codec.decode(encoded)
      report(conclude(code, run, { ...none, encoded, output, handles: ['received'], signals }))
    } else if (wait?.kind === 'signal' && wait.onTimeout === 'fail') {
      report({ type: 'node.fail', ...waitTimedOut(run, index, attempt) })
    } else {
      report(conclude(code, run, { ...none, handles: wait?.kind === 'signal' ? ['timeout'] : null }))
    }
  } catch (error) {
    report({ type: 'node.fail', index, attempt, error: serializeError(error), retryable: isRetryable(error) })
  }
}

/** A report now, or once the output is safe outside. */
function endItems({ host, code, blobs, report, wake }: AttemptsParts, items: MapItems, { index, attempt }: Due): void {
  const { run } = host
  const fail = (error: unknown) =>
    report({ type: 'node.fail', index, attempt, error: serializeError(error), retryable: isRetryable(error) })
  try {
    const gathered = items.gathered(index)
    const decisions =
      run.graph.decides[index] === 0 ? null : decideEdges(code, run, index, host.codec.decode(gathered.output), null)
    const { oversizedResults, limits } = run.state.config
    const output = gathered.isAsItStands ? null : gathered.output
    if (blobs === null || oversizedResults !== 'reference' || !isOversized(gathered.output, limits.maxResultBytes)) {
      report({ type: 'items.complete', index, attempt, output, decisions })
      return
    }
    putBlob(blobs, gathered.output).then(
      (reference) => {
        report({ type: 'items.complete', index, attempt, output: reference, decisions })
        wake()
      },
      (error: unknown) => {
        fail(error)
        wake()
      },
    )
  } catch (error) {
    fail(error)
  }
}

function endChild({ host, code, report }: AttemptsParts, { index, attempt }: Due): void {
  const { run } = host
  try {
    const child = run.frontier.nested.get(index)!
    const encoded = finalOutput(child, host.codec)
    const output = () => host.codec.decode(encoded)
    report(conclude(code, run, { index, attempt, encoded, output, handles: null, writes: null }))
  } catch (error) {
    report({ type: 'node.fail', index, attempt, error: serializeError(error), retryable: isRetryable(error) })
  }
}

/** Several payloads as one list; each is read by itself, since it may refer to places inside itself. */
function listOf({ codec }: ContextHost, payloads: readonly Encoded[]): Encoded {
  return codec.encode(payloads.map((payload) => codec.decode(payload)))
}
