import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { BlobStore, Clock } from '../base/ports.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import { suspensionOf } from '../nodes/suspension.ts'
import type { Due, NodeComplete, NodeVisit, RunCommand } from '../run/command.ts'
import type { Run } from '../run/run.ts'
import { type Code, contextOf, handlerOf, inputsOf, outcomeOf } from './attempt.ts'
import { type BlobTexts, blobsNeeded, isOversized, previousBlob, putBlob, readBlobs } from './blobs.ts'
import { childInput } from './child-values.ts'
import { conclude, isPlain, type Outcome } from './conclude.ts'
import { endNode } from './endings.ts'
import { InFlight } from './in-flight.ts'
import { MapItems } from './map-items.ts'
import { isRetryable, isThenable } from './report.ts'
import { type Inputs, type Reuse, upstreamTexts } from './reuse.ts'

/** What attempts work with. */
export interface AttemptsParts {
  readonly host: ContextHost & { readonly run: Run }
  readonly code: Code
  readonly clock: Clock
  readonly blobs: BlobStore | null
  /** Results of other runs; null: none are kept. */
  readonly reuse: Reuse | null
  /** Takes what became of an attempt. */
  readonly report: (command: RunCommand) => void
  /** Asks for a turn, when a report comes outside of one. */
  readonly wake: () => void
}

/** What an attempt took from another run, when it took nothing. */
const NOTHING: { readonly reused?: string } = Object.freeze({})

/** The attempts of a run that are in flight: calls handlers, and reports what became of each, once. */
export class Attempts {
  readonly #parts: AttemptsParts
  readonly #inFlight: InFlight
  readonly #timeouts = new Map<AttemptContext, () => void>()
  readonly #items: MapItems

  constructor(parts: AttemptsParts) {
    this.#parts = parts
    this.#items = new MapItems(parts.host, parts.code, parts.blobs)
    this.#inFlight = new InFlight(parts.host.run.graph.nodes.length)
  }

  /** Calls a node's handler, unless the attempt was cut off before its start was recorded. */
  start(index: number, attempt: number): void {
    const { host } = this.#parts
    const { run } = host
    const node = run.state.nodes[index]!
    if (node.status !== 'running' || node.attempt !== attempt) return
    const ctx = contextOf(host, run, index)
    const { map, nested } = run.graph.nodes[index]!
    this.#begin(ctx)
    if (map !== undefined && !node.fallback) this.#list(ctx)
    else if (nested !== undefined && !node.fallback) this.#startChild(ctx, null)
    else this.#call(ctx, null)
  }

  /** Calls a map node's handler for an item, unless the attempt was cut off before its start was recorded. */
  startItem(index: number, item: number, attempt: number): void {
    const { host } = this.#parts
    const state = host.run.state.nodes[index]!.parts?.items?.list[item]
    if (state?.status !== 'running' || state.attempt !== attempt) return
    const ctx = contextOf(host, host.run, index, item)
    this.#begin(ctx)
    this.#callItem(ctx, item)
  }

  /** Brings a node whose wait, items or run are over to its end: a report on it. */
  end(due: Due): void {
    endNode(this.#parts, this.#items, due)
  }

  /** Stops the attempt at a node, or at an item of it; what its handler still gives is dropped. */
  abort(index: number, item: number | null, why: string): void {
    const ctx = this.#inFlight.at(index, item)
    if (ctx !== undefined) this.#abort(ctx, why)
  }

  abortAll(why: string): void {
    for (const ctx of this.#inFlight.all()) this.#abort(ctx, why)
  }

  #abort(ctx: AttemptContext, why: string): void {
    if (!this.#end(ctx)) return
    ctx.abort(
      new NodeError(
        'NODE_CANCELED',
        `attempt ${ctx.attempt} of node ${quote(ctx.nodeId)} was stopped (${why}); its result would be dropped`,
        { details: { nodeId: ctx.nodeId, attempt: ctx.attempt } },
      ),
    )
  }

  /** An attempt is in flight from here on, for as long as it may be. */
  #begin(ctx: AttemptContext): void {
    const { host, clock } = this.#parts
    this.#inFlight.add(ctx)
    const timeoutMs = host.run.graph.nodes[ctx.index]!.timeoutMs ?? host.run.state.config.limits.nodeTimeoutMs
    if (timeoutMs !== null) {
      this.#timeouts.set(
        ctx,
        clock.setTimer(timeoutMs, () => this.#timeOut(ctx, timeoutMs)),
      )
    }
  }

  #call(ctx: AttemptContext, texts: BlobTexts | null): void {
    const { host, code, blobs, reuse } = this.#parts
    try {
      const handler = handlerOf(code, host.run, ctx.index)
      const inputs = inputsOf(host, host.run, ctx.index, texts)
      const previous = previousBlob(host.run, ctx.index)
      if (inputs === null || (previous !== null && texts === null)) {
        this.#readFirst(ctx, readBlobs(blobs, blobsNeeded(host.run, ctx.index)), (texts) => this.#call(ctx, texts))
        return
      }
      if (previous !== null) ctx.readPrevious(texts!.get(previous.digest)!)
      code.stateful?.load(host.run, ctx)
      if (reuse === null) this.#settle(ctx, handler(inputs, ctx as never))
      else {
        this.#run(
          ctx,
          () => handler(inputs, ctx as never),
          () => upstreamTexts(host.run, inputs, texts),
        )
      }
    } catch (error) {
      this.#fail(ctx, error)
    }
  }

  /** Calls a handler, unless another run has its result and the node takes it. */
  #run(ctx: AttemptContext, call: () => unknown, inputs: () => Inputs): void {
    const { host, reuse, wake } = this.#parts
    const finding = reuse?.find(host.run, ctx, inputs) ?? null
    if (finding === null) {
      this.#settle(ctx, call())
      return
    }
    void finding.then((found) => {
      if (!ctx.isOpen) return
      try {
        if (found === null) this.#settle(ctx, call())
        else if (this.#end(ctx)) {
          const { output, handles, writes, key } = found
          this.#conclude(ctx, output, writes, handles, undefined, key)
        }
      } catch (error) {
        this.#fail(ctx, error)
      }
      wake()
    })
  }

  #callItem(ctx: AttemptContext, item: number): void {
    const { host, code } = this.#parts
    this.#whenListed(ctx, () => {
      code.stateful?.load(host.run, ctx)
      const handler = handlerOf(code, host.run, ctx.index) as (item: unknown, ctx: never) => unknown
      const encoded = this.#items.item(ctx.index, item)
      this.#run(
        ctx,
        () => handler(host.codec.decode(encoded), ctx as never),
        () => ({ item: encoded }),
      )
    })
  }

  /** Makes the input of the run a node is, which is all its own attempt does; one that goes on has its input. */
  #startChild(ctx: AttemptContext, texts: BlobTexts | null): void {
    const { host, code, blobs, report } = this.#parts
    const { run } = host
    const { index, attempt } = ctx
    try {
      if (run.state.nodes[index]!.parts?.child != null) {
        if (this.#end(ctx)) report({ type: 'child.start', index, attempt, input: null })
        return
      }
      const inputs = inputsOf(host, run, index, texts)
      if (inputs === null) {
        this.#readFirst(ctx, readBlobs(blobs, blobsNeeded(run, index)), (texts) => this.#startChild(ctx, texts))
        return
      }
      const input = ctx.encode(childInput(code, run, index, inputs))
      if (this.#end(ctx)) report({ type: 'child.start', index, attempt, input })
    } catch (error) {
      this.#fail(ctx, error)
    }
  }

  /** Lists the items of a map node, which is all its own attempt does. */
  #list(ctx: AttemptContext): void {
    const { index, attempt } = ctx
    this.#items.forget(index)
    this.#whenListed(ctx, () => {
      const { items, keys } = this.#items.listed(index)!
      if (this.#end(ctx)) this.#parts.report({ type: 'items.list', index, attempt, count: items.length, keys })
    })
  }

  /** Goes on once the list of a map node is known, at once where it is. */
  #whenListed(ctx: AttemptContext, goOn: () => void): void {
    try {
      const reading = this.#items.read(ctx.index)
      if (reading === null) goOn()
      else {
        reading.then(
          () => {
            if (ctx.isOpen) this.#whenListed(ctx, goOn)
            this.#parts.wake()
          },
          (error: unknown) => this.#failLater(ctx, error),
        )
      }
    } catch (error) {
      this.#fail(ctx, error)
    }
  }

  #settle(ctx: AttemptContext, returned: unknown): void {
    if (isThenable(returned)) this.#await(ctx, returned)
    else this.#complete(ctx, returned)
  }

  /** Goes on once the values its inputs need are there, unless the attempt was cut off meanwhile. */
  #readFirst(ctx: AttemptContext, reading: Promise<BlobTexts>, goOn: (texts: BlobTexts) => void): void {
    reading.then(
      (texts) => {
        if (ctx.isOpen) goOn(texts)
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
    const { host, code, report, reuse } = this.#parts
    try {
      const wait = suspensionOf(returned)
      if (wait !== null) {
        if (ctx.place !== null) throw itemCanNotWait(ctx)
        report({ type: 'node.wait', index: ctx.index, attempt: ctx.attempt, wait })
        return
      }
      const { output, handles } = outcomeOf(returned)
      if (handles !== null) reuse?.chosen(host.run, ctx, handles)
      const own = ctx.startedTransaction?.writes ?? null
      const writes = code.stateful === null ? own : code.stateful.save(host.run, ctx, own)
      this.#conclude(ctx, ctx.encode(output), writes, handles, output)
    } catch (error) {
      this.#reportFailure(ctx, error)
    }
  }

  /** Reports what an attempt that has ended came to. */
  #conclude(
    ctx: AttemptContext,
    encoded: Encoded,
    writes: Outcome['writes'],
    handles: Outcome['handles'],
    returned: unknown,
    key?: string,
  ): void {
    const { host, code, blobs, report, wake } = this.#parts
    const { index, attempt, place } = ctx
    const taken = key === undefined ? NOTHING : { reused: key }
    try {
      if (place !== null) {
        const command = { type: 'item.complete', index, item: place, attempt, output: encoded, writes } as const
        report(taken === NOTHING ? command : { ...command, ...taken })
        return
      }
      const command: NodeComplete | NodeVisit =
        taken === NOTHING && isPlain(host.run, index)
          ? { type: 'node.complete', index, attempt, output: encoded, decisions: null, writes }
          : conclude(code, host.run, {
              index,
              attempt,
              encoded,
              output: () => (key === undefined ? returned : host.codec.decode(encoded)),
              handles,
              writes,
              ...taken,
            })
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

  #reportFailure({ index, attempt, place }: AttemptContext, thrown: unknown): void {
    const failure = { index, attempt, error: serializeError(thrown), retryable: isRetryable(thrown) }
    if (place === null) this.#parts.report({ type: 'node.fail', ...failure })
    else this.#parts.report({ type: 'item.fail', item: place, ...failure })
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
    if (!ctx.isOpen) return false
    ctx.close()
    this.#inFlight.delete(ctx)
    if (this.#timeouts.size > 0) {
      this.#timeouts.get(ctx)?.()
      this.#timeouts.delete(ctx)
    }
    return true
  }
}

function itemCanNotWait({ nodeId }: AttemptContext): NodeError {
  return new NodeError(
    'NODE_BAD_DATA',
    `node ${quote(nodeId)} maps a type that waits, and an item can not wait; let a node of its own wait before it`,
    {
      details: { nodeId },
    },
  )
}
