import { isWaystoneError, NodeError, quote, WaystoneError } from '../base/errors.ts'
import type { Clock, Logger } from '../base/ports.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import type { RunCommand } from '../run/command.ts'
import { decide } from '../run/decide.ts'
import { type Decision, isRejection, type Rejection } from '../run/decision.ts'
import type { RunEvent } from '../run/event.ts'
import { plan } from '../run/plan.ts'
import { reduce } from '../run/reduce.ts'
import type { Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import type { NodeLogger } from '../workflow/handler.ts'
import { type Code, contextOf, decideEdges, handlerOf, inputsOf, outcomeOf } from './attempt.ts'
import type { Journal } from './journal.ts'
import type { Listeners } from './listeners.ts'
import { errorOf, isRetryable, isThenable } from './report.ts'
import { RunTimers } from './run-timers.ts'
import { yieldToHost } from './system.ts'

/** How many handlers are called before the host's other tasks get a turn. */
const SLICE = 4_096

/** Everything a loop works with. */
export interface RunLoopParts {
  readonly run: Run
  readonly code: Code
  readonly codec: ValueCodec
  readonly clock: Clock
  readonly logger: Logger
  readonly services: object
  readonly listeners: Listeners
  /** Null: nothing is recorded. */
  readonly journal: Journal | null
}

/**
 * The shell round the pure core: command → decide → events → append → reduce → plan → perform → command.
 *
 * Reports are taken in turns: all that came in since the last turn is decided and reduced, the plan is asked until it
 * owes nothing, and the facts of the turn go to the journal as one append. Only then is anything done about them.
 */
export class RunLoop implements ContextHost {
  readonly run: Run
  readonly codec: ValueCodec
  readonly services: object
  readonly #code: Code
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #listeners: Listeners
  readonly #journal: Journal | null
  #inbox: RunCommand[] = []
  #outbox: RunEvent[] = []
  #isScheduled = false
  #isWriting = false
  /** Whether the plan is followed: not before someone starts or resumes the run, whatever else it is told. */
  #isDriven = false
  #called = 0
  /** Contexts of the attempts in flight, by node index. */
  readonly #attempts = new Map<number, AttemptContext>()
  readonly #nodeTimeouts = new Map<AttemptContext, () => void>()
  readonly #timers: RunTimers
  readonly #recorded: {
    readonly seq: number
    readonly resolve: () => void
    readonly reject: (error: unknown) => void
  }[] = []
  readonly #settling: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  #recordedSeq: number
  #broken: WaystoneError | null = null

  constructor(parts: RunLoopParts) {
    this.run = parts.run
    this.codec = parts.codec
    this.services = parts.services
    this.#code = parts.code
    this.#clock = parts.clock
    this.#logger = parts.logger
    this.#listeners = parts.listeners
    this.#journal = parts.journal
    this.#recordedSeq = parts.run.state.seq
    this.#timers = new RunTimers(
      parts.clock,
      () => this.#schedule(),
      () => {
        if (this.#broken === null && this.state.status === 'running') this.dispatch({ type: 'run.time-out' })
      },
    )
    parts.journal?.onLost((error) => this.#break(error))
  }

  get state(): RunState {
    return this.run.state
  }

  /** What broke the journal; null as long as it holds. */
  get failure(): WaystoneError | null {
    return this.#broken
  }

  now(): number {
    return this.#clock.now()
  }

  /**
   * Decides a command at once; what follows from it happens in the next turn.
   * @throws the rejection as a typed error, and whatever broke the journal before
   */
  dispatch(command: RunCommand): void {
    if (this.#broken !== null) throw this.#broken
    this.#takeInbox()
    const rejection = this.#apply(decide(this.run, command, this.now()))
    if (rejection !== null) throw errorOf(rejection)
    if (command.type === 'run.start' || command.type === 'run.resume') this.#isDriven = true
    this.#schedule()
  }

  /** Resolves when everything decided so far is recorded and told; rejects when the journal breaks. */
  recorded(): Promise<void> {
    const { seq } = this.state
    if (this.#broken !== null) return Promise.reject(this.#broken)
    if (this.#recordedSeq >= seq) return Promise.resolve()
    return new Promise((resolve, reject) => this.#recorded.push({ seq, resolve, reject }))
  }

  /** Resolves when the run next settles (ends, pauses, waits) and that is recorded; rejects when the journal breaks. */
  settled(): Promise<void> {
    return new Promise((resolve, reject) => this.#settling.push({ resolve, reject }))
  }

  addUsage(attempt: AttemptContext, resource: string, amount: number): Promise<void> {
    const { index, attempt: number } = attempt
    this.#takeInbox()
    const rejection = this.#apply(
      decide(this.run, { type: 'usage.add', index, attempt: number, resource, amount }, this.now()),
    )
    if (rejection !== null) throw errorOf(rejection)
    this.#schedule()
    // Without a journal the count stands in the state already; a promise nobody awaits must not hold up anything.
    if (this.#journal === null) return Promise.resolve()
    const recorded = this.recorded()
    // A handler need not await it; that the journal broke is told where the run is awaited.
    recorded.catch(() => undefined)
    return recorded
  }

  log(attempt: AttemptContext, level: keyof NodeLogger, message: string, details: object | undefined): void {
    this.#logger[level](message, {
      runId: this.state.runId,
      nodeId: attempt.nodeId,
      attempt: attempt.attempt,
      ...details,
    })
  }

  progress(attempt: AttemptContext, fraction: number, text: string | undefined): void {
    const { nodeId, attempt: number } = attempt
    const notice = { type: 'progress', runId: this.state.runId, nodeId, attempt: number, fraction } as const
    this.#listeners.tellProgress(text === undefined ? notice : { ...notice, text })
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    if (this.#called < SLICE) queueMicrotask(() => this.#turn())
    else this.#turnLater()
  }

  #turnLater(): void {
    this.#called = 0
    yieldToHost(() => this.#turn())
  }

  /** One turn, and more while handlers that need not wait report back. */
  #turn(): void {
    if (this.#broken !== null) return
    for (;;) {
      this.#takeInbox()
      if (this.#isDriven) {
        const at = this.now()
        for (let next = plan(this.run, at); next !== null; next = plan(this.run, at))
          this.#apply(decide(this.run, next, at))
      }
      this.#flush()
      // A listener may have given a command meanwhile, whose facts stand in the outbox.
      if (this.#inbox.length === 0 && (this.#outbox.length === 0 || this.#isWriting)) break
      if (this.#called >= SLICE) {
        this.#turnLater()
        return
      }
    }
    this.#isScheduled = false
    if (this.#isDriven) this.#timers.armDue(this.run)
  }

  #takeInbox(): void {
    if (this.#inbox.length === 0) return
    const commands = this.#inbox
    this.#inbox = []
    const at = this.now()
    for (const command of commands) {
      const rejection = this.#apply(decide(this.run, command, at))
      if (rejection !== null) this.#logger.debug(rejection.message, rejection.details)
    }
  }

  #apply(decision: Decision): Rejection | null {
    if (isRejection(decision)) return decision
    for (const event of decision) {
      reduce(this.run, event)
      this.#outbox.push(event)
    }
    return null
  }

  /** Hands the facts of the turn to the journal; what comes in while it writes goes into its next append. */
  #flush(): void {
    if (this.#outbox.length === 0 || this.#isWriting) return
    const events = this.#outbox
    this.#outbox = []
    if (this.#journal === null) {
      this.#perform(events)
      return
    }
    this.#isWriting = true
    this.#journal.append(events, this.state).then(
      () => {
        this.#isWriting = false
        if (this.#broken !== null) return
        this.#perform(events)
        this.#schedule()
      },
      (error: unknown) => this.#break(error),
    )
  }

  /** Does what follows from recorded facts, in their order. */
  #perform(events: readonly RunEvent[]): void {
    for (const event of events) {
      this.#listeners.tell(event)
      switch (event.type) {
        case 'run.started':
        case 'run.resumed':
          this.#timers.armRun(this.run)
          break
        case 'node.started':
          this.#call(this.run.graph.indexOf.get(event.data.nodeId)!, event.data.attempt)
          break
        case 'node.interrupted':
          this.#abort(this.run.graph.indexOf.get(event.data.nodeId), event.data.reason)
          break
        case 'run.paused':
        case 'run.waiting':
        case 'run.completed':
        case 'run.failed':
        case 'run.canceled':
          this.#stop(event.type)
          for (const waiter of this.#settling.splice(0)) waiter.resolve()
          break
        default:
      }
      this.#recordedSeq = event.seq
    }
    while (this.#recorded.length > 0 && this.#recorded[0]!.seq <= this.#recordedSeq) this.#recorded.shift()!.resolve()
  }

  /** Calls a node's handler, unless the attempt was cut off before its start was recorded. */
  #call(index: number, attempt: number): void {
    const node = this.state.nodes[index]!
    if (node.status !== 'running' || node.attempt !== attempt) return
    this.#called += 1
    const ctx = contextOf(this, this.run, index)
    this.#attempts.set(index, ctx)
    const timeoutMs = this.run.graph.nodes[index]!.timeoutMs ?? this.state.config.limits.nodeTimeoutMs
    if (timeoutMs !== null)
      this.#nodeTimeouts.set(
        ctx,
        this.#clock.setTimer(timeoutMs, () => this.#timeOut(ctx, timeoutMs)),
      )
    try {
      const returned: unknown = handlerOf(this.#code, this.run, index)(inputsOf(this, this.run, index), ctx as never)
      if (isThenable(returned)) {
        // Wrapped by hand: a value with a `then` of its own is never resolved a second time.
        returned.then(
          (value) => {
            this.#complete(ctx, value)
            this.#schedule()
          },
          (error) => {
            this.#fail(ctx, error)
            this.#schedule()
          },
        )
      } else this.#complete(ctx, returned)
    } catch (error) {
      this.#fail(ctx, error)
    }
  }

  #complete(ctx: AttemptContext, returned: unknown): void {
    if (!this.#end(ctx)) return
    try {
      const { output, handles } = outcomeOf(returned)
      const encoded = ctx.encode(output)
      const decisions = decideEdges(this.#code, this.run, ctx.index, output, handles)
      const writes = ctx.startedTransaction?.writes ?? null
      this.#inbox.push({
        type: 'node.complete',
        index: ctx.index,
        attempt: ctx.attempt,
        output: encoded,
        writes,
        decisions,
      })
    } catch (error) {
      this.#report(ctx, error)
    }
  }

  #fail(ctx: AttemptContext, error: unknown): void {
    if (this.#end(ctx)) this.#report(ctx, error)
  }

  #report(ctx: AttemptContext, thrown: unknown): void {
    const error = serializeError(thrown)
    this.#inbox.push({
      type: 'node.fail',
      index: ctx.index,
      attempt: ctx.attempt,
      error,
      retryable: isRetryable(thrown),
    })
  }

  #timeOut(ctx: AttemptContext, timeoutMs: number): void {
    if (!this.#end(ctx)) return
    const error = new NodeError(
      'NODE_TIMEOUT',
      `attempt ${ctx.attempt} of node ${quote(ctx.nodeId)} ran longer than its time-out of ${timeoutMs} ms`,
      {
        details: { nodeId: ctx.nodeId, attempt: ctx.attempt, timeoutMs },
      },
    )
    ctx.abort(error)
    this.#report(ctx, error)
    this.#schedule()
  }

  /** Ends an attempt once; false when it has ended before, so that a late result is dropped. */
  #end(ctx: AttemptContext): boolean {
    if (this.#attempts.get(ctx.index) !== ctx) return false
    this.#attempts.delete(ctx.index)
    ctx.close()
    if (this.#nodeTimeouts.size > 0) {
      this.#nodeTimeouts.get(ctx)?.()
      this.#nodeTimeouts.delete(ctx)
    }
    return true
  }

  #abort(index: number | undefined, why: string): void {
    const ctx = index === undefined ? undefined : this.#attempts.get(index)
    if (ctx === undefined || !this.#end(ctx)) return
    ctx.abort(
      new NodeError(
        'NODE_CANCELED',
        `attempt ${ctx.attempt} of node ${quote(ctx.nodeId)} was stopped (${why}); its result would be dropped`,
        {
          details: { nodeId: ctx.nodeId, attempt: ctx.attempt },
        },
      ),
    )
  }

  #stop(why: string): void {
    for (const index of [...this.#attempts.keys()]) this.#abort(index, why)
    this.#timers.stop()
  }

  /** The journal failed: nothing that is not recorded may have consequences, so the loop ends here. */
  #break(error: unknown): void {
    if (this.#broken !== null) return
    this.#broken = isWaystoneError(error)
      ? error
      : new WaystoneError('STORE_IO', `the facts of run ${quote(this.state.runId)} could not be recorded`, {
          details: { runId: this.state.runId },
          cause: error,
        })
    this.#stop('its journal failed')
    for (const waiter of [...this.#recorded.splice(0), ...this.#settling.splice(0)]) waiter.reject(this.#broken)
    this.#listeners.tellFailure(this.#broken)
  }
}
