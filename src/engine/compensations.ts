import { blobOf, type Encoded, isTruncated } from '../base/encoded.ts'
import { NodeError, quote, SnapshotError } from '../base/errors.ts'
import { serializeError } from '../base/serialized-error.ts'
import { CompensationContext, notInCompensation } from '../nodes/compensation-context.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import { suspensionOf } from '../nodes/suspension.ts'
import { type CompensationStep, isAt } from '../run/compensation-queue.ts'
import type { RunEventOf } from '../run/event.ts'
import type { Code } from './attempt.ts'
import { readBlobs } from './blobs.ts'
import { isRetryable, isThenable } from './report.ts'
import type { RunScope, Shell } from './run-scope.ts'

/** The compensation that is in flight, with what ends its time. */
interface Flight {
  readonly ctx: CompensationContext
  readonly step: CompensationStep
  stopTimeout: () => void
}

/** Calls the compensations of a run, one at a time, and reports what became of each, once. */
export class Compensations {
  readonly #shell: Shell
  readonly #root: RunScope
  #flight: Flight | null = null

  constructor(shell: Shell, root: RunScope) {
    this.#shell = shell
    this.#root = root
  }

  /** Calls a compensation, unless the attempt was cut off before its start was recorded. */
  start({ path = [], data }: RunEventOf<'compensation.started'>): void {
    const { run } = this.#root
    const step = run.compensations?.next
    if (step === undefined || !isAt(step, path, data.nodeId)) return
    const { state, index, definition } = step
    const compensation = state.compensations[definition.id]
    if (compensation?.status !== 'running' || compensation.attempt !== data.attempt) return
    const { error } = run.state.compensating!
    const host = this.#hostOf(step)
    const ctx = new CompensationContext(host, index, definition.id, data.attempt, definition.compensation!.data, error)
    const flight: Flight = { ctx, step, stopTimeout: () => undefined }
    this.#flight = flight
    const timeoutMs = definition.timeoutMs ?? run.state.config.limits.nodeTimeoutMs
    if (timeoutMs !== null)
      flight.stopTimeout = this.#shell.clock.setTimer(timeoutMs, () => this.#timeOut(flight, timeoutMs))
    this.#call(flight)
  }

  /** Stops the one in flight; what its handler still gives is dropped. */
  abort(why: string): void {
    const flight = this.#flight
    if (flight === null || !this.#end(flight)) return
    const { nodeId, attempt } = flight.ctx
    const message = `attempt ${attempt} at the compensation of node ${quote(nodeId)} was stopped (${why}); its result would be dropped`
    flight.ctx.abort(new NodeError('NODE_CANCELED', message, { details: { nodeId, attempt } }))
  }

  #call(flight: Flight): void {
    const { codec, blobs } = this.#shell
    try {
      const output = outputOf(flight.step)
      const blob = blobOf(output)
      if (blob === null) this.#settle(flight, codec.decode(output))
      else {
        readBlobs(blobs, [blob]).then(
          (texts) => {
            if (this.#flight === flight) this.#settle(flight, codec.decode({ json: texts.get(blob.digest)! }))
          },
          (error: unknown) => this.#fail(flight, error),
        )
      }
    } catch (error) {
      this.#fail(flight, error)
    }
  }

  #settle(flight: Flight, output: unknown): void {
    try {
      const { path, definition } = flight.step
      const code = path.reduce((at: Code, nodeId) => at.nested(nodeId), this.#root.code)
      const { type } = definition.compensation!
      const handler = code.handler(type)
      if (handler === undefined) {
        const message = `the compensation of node ${quote(definition.id)} has the type ${quote(type)}, which no handler is registered for`
        throw new NodeError('NODE_TYPE_MISSING', message, { details: { nodeId: definition.id, types: [type] } })
      }
      const returned = handler({ output }, flight.ctx as never)
      if (!isThenable(returned)) {
        this.#complete(flight, returned)
        return
      }
      returned.then(
        (value) => this.#complete(flight, value),
        (error: unknown) => this.#fail(flight, error),
      )
    } catch (error) {
      this.#fail(flight, error)
    }
  }

  #complete(flight: Flight, returned: unknown): void {
    if (suspensionOf(returned) !== null) {
      const { nodeId } = flight.ctx
      const message = `the compensation of node ${quote(nodeId)} is of a type that waits, and a compensation can not wait`
      this.#fail(flight, new NodeError('NODE_BAD_DATA', message, { details: { nodeId } }))
      return
    }
    if (!this.#end(flight)) return
    const { path } = flight.step
    const { nodeId, attempt, startedTransaction } = flight.ctx
    const writes = startedTransaction?.writes ?? null
    this.#shell.post(this.#root, { type: 'compensation.complete', path, nodeId, attempt, writes })
    this.#shell.wake()
  }

  #fail(flight: Flight, thrown: unknown): void {
    if (!this.#end(flight)) return
    const { path } = flight.step
    const { nodeId, attempt } = flight.ctx
    const failure = { error: serializeError(thrown), retryable: isRetryable(thrown) }
    this.#shell.post(this.#root, { type: 'compensation.fail', path, nodeId, attempt, ...failure })
    this.#shell.wake()
  }

  #timeOut(flight: Flight, timeoutMs: number): void {
    const { nodeId, attempt } = flight.ctx
    const message = `attempt ${attempt} at the compensation of node ${quote(nodeId)} ran longer than its time-out of ${timeoutMs} ms`
    const error = new NodeError('NODE_TIMEOUT', message, { details: { nodeId, attempt, timeoutMs } })
    this.#fail(flight, error)
    flight.ctx.abort(error)
  }

  /** Ends an attempt once; false when it has ended before. */
  #end(flight: Flight): boolean {
    if (this.#flight !== flight) return false
    this.#flight = null
    flight.stopTimeout()
    flight.ctx.close()
    return true
  }

  /** What a context needs, for a run that may be under way no more. */
  #hostOf({ state, path }: CompensationStep): ContextHost {
    const shell = this.#shell
    const root = this.#root
    const refuse = (what: string) => (attempt: AttemptContext) => {
      throw notInCompensation(attempt, what)
    }
    return {
      state,
      path,
      codec: shell.codec,
      services: shell.services,
      now: () => shell.clock.now(),
      addUsage: refuse('ctx.usage.add'),
      completeStep: refuse('ctx.step'),
      checkpoint: refuse('ctx.checkpoint'),
      // The context refuses it before it comes here.
      sendSignal: () => Promise.resolve(),
      log: (attempt, level, message, details) => shell.log(root, attempt, level, message, details),
      progress: (attempt, fraction, text) => shell.progress(root, attempt, fraction, text),
    }
  }
}

/** The output of a completed node. @throws {SnapshotError} SNAPSHOT_TRUNCATED */
function outputOf({ state, index, definition }: CompensationStep): Encoded {
  const output = state.nodes[index]!.output!
  if (!isTruncated(output)) return output
  throw new SnapshotError(
    'SNAPSHOT_TRUNCATED',
    `the compensation of node ${quote(definition.id)} needs its result, which was over limits.maxResultBytes and dropped`,
    { details: { nodeId: definition.id } },
  )
}
