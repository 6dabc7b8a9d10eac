import type { Encoded } from '../base/encoded.ts'
import { isWaystoneError, quote, WaystoneError } from '../base/errors.ts'
import type { BlobStore, Clock, Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { AttemptContext, ContextHost } from '../nodes/context.ts'
import type { RunCommand } from '../run/command.ts'
import { decide } from '../run/decide.ts'
import { type Decision, isRejection, type Rejection } from '../run/decision.ts'
import type { RunEvent } from '../run/event.ts'
import { plan } from '../run/plan.ts'
import { reduce } from '../run/reduce.ts'
import { nodeIndex, type Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import type { NodeLogger } from '../workflow/handler.ts'
import type { Code } from './attempt.ts'
import { Attempts, itemKey } from './attempts.ts'
import type { Journal } from './journal.ts'
import type { Listeners } from './listeners.ts'
import { errorOf } from './report.ts'
import { RunTimers } from './run-timers.ts'
import { yieldToHost } from './system.ts'

const RESOLVED = Promise.resolve()

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
  /** Where oversized results are kept; null: nowhere. */
  readonly blobs: BlobStore | null
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
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #listeners: Listeners
  readonly #journal: Journal | null
  #inbox: RunCommand[] = []
  #outbox: RunEvent[] = []
  /** For each fact of the outbox the node it is of, as `nodeIndex` takes it. */
  #outboxNodes: number[] = []
  readonly #takeTurn = () => this.#turn()
  #isScheduled = false
  #isWriting = false
  /** Whether the plan is followed: not before someone starts or resumes the run, whatever else it is told. */
  #isDriven = false
  readonly #attempts: Attempts
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
    this.#attempts = new Attempts({
      host: this,
      code: parts.code,
      clock: parts.clock,
      blobs: parts.blobs,
      report: (command) => this.#inbox.push(command),
      wake: () => this.#schedule(),
    })
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
    const rejection = this.#apply(decide(this.run, command, this.now()), command)
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

  addUsage({ index, attempt, place: item }: AttemptContext, resource: string, amount: number): Promise<void> {
    return this.#report({ type: 'usage.add', index, attempt, item, resource, amount })
  }

  completeStep({ index, attempt, place: item }: AttemptContext, name: string, output: Encoded): Promise<void> {
    return this.#report({ type: 'step.complete', index, attempt, item, name, output })
  }

  checkpoint({ index, attempt, place: item }: AttemptContext, value: Encoded): Promise<void> {
    return this.#report({ type: 'node.checkpoint', index, attempt, item, value })
  }

  /** Takes what a handler reports while it runs. @returns once it is on record @throws the rejection as a typed error */
  #report(command: RunCommand): Promise<void> {
    if (this.#broken !== null) throw this.#broken
    this.#takeInbox()
    const rejection = this.#apply(decide(this.run, command, this.now()), command)
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
    // Cheaper than `queueMicrotask`, which in Node makes a resource for each call.
    if (this.#attempts.called < SLICE) RESOLVED.then(this.#takeTurn)
    else this.#turnLater()
  }

  #turnLater(): void {
    this.#attempts.called = 0
    yieldToHost(this.#takeTurn)
  }

  /** One turn, and more while handlers that need not wait report back. */
  #turn(): void {
    if (this.#broken !== null) return
    for (;;) {
      this.#takeInbox()
      if (this.#isDriven) {
        const at = this.now()
        for (let next = plan(this.run, at); next !== null; next = plan(this.run, at)) {
          if (next.type === 'wait.end') {
            this.#attempts.endWait(next)
            // What a node takes is gone before another is asked whether it waits for it.
            this.#takeInbox()
          } else if (next.type === 'items.end') this.#attempts.endItems(next)
          else this.#apply(decide(this.run, next, at), next)
        }
      }
      this.#flush()
      // A listener may have given a command meanwhile, whose facts stand in the outbox.
      if (this.#inbox.length === 0 && (this.#outbox.length === 0 || this.#isWriting)) break
      if (this.#attempts.called >= SLICE) {
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
      const rejection = this.#apply(decide(this.run, command, at), command)
      if (rejection !== null) this.#logger.debug(rejection.message, rejection.details)
    }
  }

  #apply(decision: Decision, command: RunCommand): Rejection | null {
    if (isRejection(decision)) return decision
    const near = 'index' in command ? command.index : -1
    for (const event of decision) {
      reduce(this.run, event, near)
      this.#outbox.push(event)
      this.#outboxNodes.push(near)
    }
    return null
  }

  /** Hands the facts of the turn to the journal; what comes in while it writes goes into its next append. */
  #flush(): void {
    if (this.#outbox.length === 0 || this.#isWriting) return
    const events = this.#outbox
    const nodes = this.#outboxNodes
    this.#outbox = []
    this.#outboxNodes = []
    if (this.#journal === null) {
      this.#perform(events, nodes)
      return
    }
    this.#isWriting = true
    this.#journal.append(events, this.state).then(
      () => {
        this.#isWriting = false
        if (this.#broken !== null) return
        this.#perform(events, nodes)
        this.#schedule()
      },
      (error: unknown) => this.#break(error),
    )
  }

  /** Does what follows from recorded facts, in their order. */
  #perform(events: readonly RunEvent[], nodes: readonly number[]): void {
    for (let at = 0; at < events.length; at += 1) {
      const event = events[at]!
      this.#listeners.tell(event)
      switch (event.type) {
        case 'run.started':
        case 'run.resumed':
          this.#timers.armRun(this.run)
          break
        case 'node.started':
          this.#attempts.start(nodeIndex(this.run.graph, event.data.nodeId, nodes[at]!)!, event.data.attempt)
          break
        case 'item.started': {
          const { nodeId, item, attempt } = event.data
          this.#attempts.startItem(nodeIndex(this.run.graph, nodeId, nodes[at]!)!, item, attempt)
          break
        }
        case 'item.interrupted': {
          const { nodeId, item, reason } = event.data
          this.#attempts.abort(itemKey(this.run.graph.indexOf.get(nodeId)!, item), reason)
          break
        }
        case 'node.interrupted':
          this.#attempts.abort(this.run.graph.indexOf.get(event.data.nodeId), event.data.reason)
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

  #stop(why: string): void {
    this.#attempts.abortAll(why)
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
