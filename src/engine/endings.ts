import { blobOf, type Encoded } from '../base/encoded.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { ContextHost } from '../nodes/context.ts'
import type { Due } from '../run/command.ts'
import { decideEdges } from './attempt.ts'
import type { AttemptsParts } from './attempts.ts'
import { type BlobTexts, isOversized, putBlob, readBlobs } from './blobs.ts'
import { finalOutput, lastOutputs } from './child-values.ts'
import { conclude, isPlain, waitTimedOut } from './conclude.ts'
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

/** A report now, or once what stands outside is read, and the output safe outside. */
function endChild(parts: AttemptsParts, due: Due, texts: BlobTexts | null = null): void {
  const { host, code, blobs, report, wake } = parts
  const { index, attempt } = due
  const { run } = host
  const fail = (error: unknown) =>
    report({ type: 'node.fail', index, attempt, error: serializeError(error), retryable: isRetryable(error) })
  const failLater = (error: unknown) => {
    fail(error)
    wake()
  }
  try {
    const child = run.frontier.nested.get(index)
    // What was read outside came too late: the node goes another way.
    if (child === undefined) return
    const outputs = lastOutputs(child)
    const outside = outputs.flatMap(({ output }) => blobOf(output) ?? [])
    if (texts === null && outside.length > 0 && (outputs.length > 1 || !isPlain(run, index))) {
      readBlobs(blobs, outside).then((read) => {
        endChild(parts, due, read)
        wake()
      }, failLater)
      return
    }
    const encoded = finalOutput(child, host.codec, texts ?? new Map())
    const output = () => host.codec.decode(encoded)
    const command = conclude(code, run, { index, attempt, encoded, output, handles: null, writes: null })
    const { oversizedResults, limits } = run.state.config
    if (blobs === null || oversizedResults !== 'reference' || !isOversized(encoded, limits.maxResultBytes)) {
      report(command)
      return
    }
    putBlob(blobs, encoded).then((reference) => {
      report({ ...command, output: reference })
      wake()
    }, failLater)
  } catch (error) {
    fail(error)
  }
}

/** Several payloads as one list; each is read by itself, since it may refer to places inside itself. */
function listOf({ codec }: ContextHost, payloads: readonly Encoded[]): Encoded {
  return codec.encode(payloads.map((payload) => codec.decode(payload)))
}
