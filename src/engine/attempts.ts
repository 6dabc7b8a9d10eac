import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { BlobStore, Clock } from '../base/ports.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import type { NodeComplete, RunCommand } from '../run/command.ts'
import type { Run } from '../run/run.ts'
import { type Code, contextOf, decideEdges, handlerOf, inputsOf, outcomeOf } from './attempt.ts'
import { type BlobTexts, blobsNeeded, isOversized, putBlob, readBlobs } from './blobs.ts'
import { isRetryable, isThenable } from './report.ts'

/** What attempts work with. */
export interface AttemptsParts {
  readonly host: ContextHost & { readonly run: Run }
  readonly code: Code
  readonly clock: Clock
  readonly blobs: BlobStore | null
  /** Takes what became of an attempt. */
  readonly report: (command: RunCommand) => void
  /** Asks for a turn, when a report comes outside of one. */
  readonly wake: () => void
}

/** The attempts of a run that are in flight: calls handlers, and reports what became of each, once. */
export class Attempts {
  /** How many handlers were called since the loop last set this to 0. */
  called = 0
  readonly #parts: AttemptsParts
  /** Contexts by node index. */
  readonly #contexts = new Map<number, AttemptContext>()
  readonly #timeouts = new Map<AttemptContext, () => void>()

  constructor(parts: AttemptsParts) {
    this.#parts = parts
  }

  /** Calls a node's handler, unless the attempt was cut off before its start was recorded. */
  start(index: number, attempt: number): void {
    const { host, clock } = this.#parts
    const { run } = host
    const node = run.state.nodes[index]!
    if (node.status !== 'running' || node.attempt !== attempt) return
    this.called += 1
    const ctx = contextOf(host, run, index)
    this.#contexts.set(index, ctx)
    const timeoutMs = run.graph.nodes[index]!.timeoutMs ?? run.state.config.limits.nodeTimeoutMs
    if (timeoutMs !== null) {
      this.#timeouts.set(
        ctx,
        clock.setTimer(timeoutMs, () => this.#timeOut(ctx, timeoutMs)),
      )
    }
    this.#call(ctx, null)
  }

  /** Stops an attempt; what its handler still gives is dropped. */
  abort(index: number | undefined, why: string): void {
    const ctx = index === undefined ? undefined : this.#contexts.get(index)
    if (ctx === undefined || !this.#end(ctx)) return
    ctx.abort(
      new NodeError(
        'NODE_CANCELED',
        `attempt ${ctx.attempt} of node ${quote(ctx.nodeId)} was stopped (${why}); its result would be dropped`,
        { details: { nodeId: ctx.nodeId, attempt: ctx.attempt } },
      ),
    )
  }

  abortAll(why: string): void {
    for (const index of [...this.#contexts.keys()]) this.abort(index, why)
  }

  #call(ctx: AttemptContext, texts: BlobTexts | null): void {
    const { host, code, blobs } = this.#parts
    try {
      const handler = handlerOf(code, host.run, ctx.index)
      const inputs = inputsOf(host, host.run, ctx.index, texts)
      if (inputs === null) {
        this.#readFirst(ctx, readBlobs(blobs, blobsNeeded(host.run, ctx.index)))
        return
      }
      const returned: unknown = handler(inputs, ctx as never)
      if (isThenable(returned)) this.#await(ctx, returned)
      else this.#complete(ctx, returned)
    } catch (error) {
      this.#fail(ctx, error)
    }
  }

  /** Calls the handler once the values its inputs need are there, unless the attempt was cut off meanwhile. */
  #readFirst(ctx: AttemptContext, reading: Promise<BlobTexts>): void {
    reading.then(
      (texts) => {
        if (this.#contexts.get(ctx.index) === ctx) this.#call(ctx, texts)
        this.#parts.wake()
      },
      (error: unknown) => this.#failLater(ctx, error),
    )
  }

  /** Waits for what a handler promised; by hand, since a value with a `then` of its own is never resolved twice. */
  #await(ctx: AttemptContext, promise: PromiseLike<unknown>): void {
    promise.then(
      (value) => {
        this.#complete(ctx, value)
        this.#parts.wake()
      },
      (error: unknown) => this.#failLater(ctx, error),
    )
  }

  #failLater(ctx: AttemptContext, error: unknown): void {
    this.#fail(ctx, error)
    this.#parts.wake()
  }

  #complete(ctx: AttemptContext, returned: unknown): void {
    if (!this.#end(ctx)) return
    const { host, code, blobs, report, wake } = this.#parts
    try {
      const { output, handles } = outcomeOf(returned)
      const encoded = ctx.encode(output)
      const command: NodeComplete = {
        type: 'node.complete',
        index: ctx.index,
        attempt: ctx.attempt,
        output: encoded,
        decisions: decideEdges(code, host.run, ctx.index, output, handles),
        writes: ctx.startedTransaction?.writes ?? null,
      }
      const { oversizedResults, limits } = host.run.state.config
      if (blobs === null || oversizedResults !== 'reference' || !isOversized(encoded, limits.maxResultBytes)) {
        report(command)
        return
      }
      // The node is running until its result is safe outside; only then is it a fact that it completed.
      putBlob(blobs, encoded).then(
        (reference: Encoded) => {
          report({ ...command, output: reference })
          wake()
        },
        (error: unknown) => {
          this.#reportFailure(ctx, error)
          wake()
        },
      )
    } catch (error) {
      this.#reportFailure(ctx, error)
    }
  }

  #fail(ctx: AttemptContext, error: unknown): void {
    if (this.#end(ctx)) this.#reportFailure(ctx, error)
  }

  #reportFailure(ctx: AttemptContext, thrown: unknown): void {
    this.#parts.report({
      type: 'node.fail',
      index: ctx.index,
      attempt: ctx.attempt,
      error: serializeError(thrown),
      retryable: isRetryable(thrown),
    })
  }

  #timeOut(ctx: AttemptContext, timeoutMs: number): void {
    if (!this.#end(ctx)) return
    const error = new NodeError(
      'NODE_TIMEOUT',
      `attempt ${ctx.attempt} of node ${quote(ctx.nodeId)} ran longer than its time-out of ${timeoutMs} ms`,
      { details: { nodeId: ctx.nodeId, attempt: ctx.attempt, timeoutMs } },
    )
    ctx.abort(error)
    this.#reportFailure(ctx, error)
    this.#parts.wake()
  }

  /** Ends an attempt once; false when it has ended before, so that a late result is dropped. */
  #end(ctx: AttemptContext): boolean {
    if (this.#contexts.get(ctx.index) !== ctx) return false
    this.#contexts.delete(ctx.index)
    ctx.close()
    if (this.#timeouts.size > 0) {
      this.#timeouts.get(ctx)?.()
      this.#timeouts.delete(ctx)
    }
    return true
  }
}
