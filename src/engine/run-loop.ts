import type { Encoded } from '../base/encoded.ts'
import { isWaystoneError, quote, WaystoneError } from '../base/errors.ts'
import type { BlobStore, Clock, Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { AttemptContext } from '../nodes/context.ts'
import type { RunCommand } from '../run/command.ts'
import { decide } from '../run/decide.ts'
import { type Decision, isRejection, type Rejection } from '../run/decision.ts'
import type { RunEventOf } from '../run/event.ts'
import { nextRun, plan, rest } from '../run/plan.ts'
import { reduce } from '../run/reduce.ts'
import { nodeIndex, type Run, runAt, runsOf } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import type { NodeLogger } from '../workflow/handler.ts'
import { Compensations } from './compensations.ts'
import { Inbox } from './inbox.ts'
import type { Journal } from './journal.ts'
import type { Listeners } from './listeners.ts'
import { logLine, progressNotice } from './notices.ts'
import { Outbox } from './outbox.ts'
import { errorOf } from './report.ts'
import { Reuse } from './reuse.ts'
import type { RunLoopParts } from './run-loop-parts.ts'
import { RunScope, type Shell } from './run-scope.ts'
import { RunTimers } from './run-timers.ts'
import { yieldToHost } from './system.ts'
import { Waiters } from './waiters.ts'

const RESOLVED = Promise.resolve()

/** How many handlers are called before the host's other tasks get a turn. */
const SLICE = 4_096

/**
 * The shell round the pure core: command → decide → events → append → reduce → plan → perform → command.
 *
 * Reports are taken in turns: all that came in since the last turn is decided and reduced, the plan is asked until it
 * owes nothing, and the facts of the turn go to the journal as one append. Only then is anything done about them.
 */
export class RunLoop implements Shell {
  readonly run: Run
  readonly codec: ValueCodec
  readonly services: object
  readonly clock: Clock
  readonly listeners: Listeners
  readonly blobs: BlobStore | null
  readonly reuse: Reuse | null
  readonly #logger: Logger
  readonly #journal: Journal | null
  readonly #inbox = new Inbox()
  #outbox = new Outbox()
  /** The outbox of the turn before, which is empty once its facts are recorded and done. */
  #sent = new Outbox()
  readonly #takeTurn = () => this.#turn()
  #isScheduled = false
  #isWriting = false
  /** Whether the plan is followed: not before someone starts or resumes the run, whatever else it is told. */
  #isDriven = false
  readonly #root: RunScope
  readonly #compensations: Compensations
  /** Of the runs nested in it, those that have had something to do; one that is part of it no more is forgotten. */
  readonly #nested = new WeakMap<Run, RunScope>()
  /** Handlers called since the host's other tasks had a turn. */
  #called = 0
  /** How many signals are on their way. */
  #expected = 0
  readonly #timers: RunTimers
  readonly #waiters: Waiters
  #broken: WaystoneError | null = null

  constructor(parts: RunLoopParts) {
    this.run = parts.run
    this.codec = parts.codec
    this.services = parts.services
    this.clock = parts.clock
    this.blobs = parts.blobs
    this.reuse = parts.results === null ? null : new Reuse({ ...parts, results: parts.results })
    this.#logger = parts.logger
    this.listeners = parts.listeners
    this.#journal = parts.journal
    this.#waiters = new Waiters(parts.run.state.seq)
    this.#timers = new RunTimers(
      parts.clock,
      () => this.#schedule(),
      () => {
        if (this.#broken === null && this.state.status === 'running') this.dispatch({ type: 'run.time-out' })
      },
    )
    this.#root = new RunScope(this, parts.run, parts.code)
    this.#compensations = new Compensations(this, this.#root)
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
    return this.clock.now()
  }

  /**
   * Decides a command at once; what follows from it happens in the next turn.
   * @throws the rejection as a typed error, and whatever broke the journal before
   */
  dispatch(command: RunCommand): void {
    if (this.#broken !== null) throw this.#broken
    const at = this.now()
    this.#takeInbox(at)
    const rejection = this.#apply(decide(this.run, command, at), command)
    if (rejection !== null) throw errorOf(rejection)
    if (command.type === 'run.start' || command.type === 'run.resume') this.#isDriven = true
    this.#schedule()
  }

  /** Keeps the run from settling as `waiting` while a signal is on its way. @returns what says that it has come, or will not */
  expectSignal(): () => void {
    this.#expected += 1
    return () => {
      this.#expected -= 1
      if (this.#broken === null) this.#schedule()
    }
  }

  /** Resolves when everything decided so far is recorded and told; rejects when the journal breaks. */
  recorded(): Promise<void> {
    const { seq } = this.state
    if (this.#broken !== null) return Promise.reject(this.#broken)
    return this.#waiters.recorded(seq)
  }

  /** Resolves when the run next settles (ends, pauses, waits) and that is recorded; rejects when the journal breaks. */
  settled(): Promise<void> {
    return this.#waiters.settled()
  }

  post(scope: RunScope, command: RunCommand): void {
    this.#inbox.add(scope, command)
  }

  wake(): void {
    this.#schedule()
  }

  report({ run }: RunScope, command: RunCommand): Promise<void> {
    if (this.#broken !== null) throw this.#broken
    const at = this.now()
    this.#takeInbox(at)
    const rejection = this.#apply(decide(run, command, at), command)
    if (rejection !== null) throw errorOf(rejection)
    this.#schedule()
    // Without a journal the count stands in the state already; a promise nobody awaits must not hold up anything.
    if (this.#journal === null) return Promise.resolve()
    const recorded = this.recorded()
    // A handler need not await it; that the journal broke is told where the run is awaited.
    recorded.catch(() => undefined)
    return recorded
  }

  sendSignal(name: string, payload: Encoded, idempotencyKey: string): Promise<void> {
    return this.report(this.#root, { type: 'signal.receive', name, payload, idempotencyKey })
  }

  log(
    { run }: RunScope,
    attempt: AttemptContext,
    level: keyof NodeLogger,
    message: string,
    details: object | undefined,
  ): void {
    logLine(this.#logger, run, attempt, level, message, details)
  }

  progress({ run }: RunScope, attempt: AttemptContext, fraction: number, text: string | undefined): void {
    this.listeners.tellProgress(progressNotice(run, attempt, fraction, text))
  }

  #schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Cheaper than `queueMicrotask`, which in Node makes a resource for each call.
    if (this.#called < SLICE) RESOLVED.then(this.#takeTurn)
    else this.#turnLater()
  }

  #turnLater(): void {
    this.#called = 0
    yieldToHost(this.#takeTurn)
  }

  /** One turn, and more while handlers that need not wait report back. */
  #turn(): void {
    if (this.#broken !== null) return
    for (;;) {
      const at = this.now()
      this.#takeInbox(at)
      if (this.#isDriven) this.#followPlan(at)
      this.#flush()
      // A listener may have given a command meanwhile, whose facts stand in the outbox.
      if (this.#inbox.isEmpty && (this.#outbox.size === 0 || this.#isWriting)) break
      if (this.#called >= SLICE) {
        this.#turnLater()
        return
      }
    }
    this.#isScheduled = false
    if (this.#isDriven) this.#timers.armDue(this.run)
  }

  /** Asks the plan of the run, and of those nested in it that have something to do, until it owes nothing. */
  #followPlan(at: number): void {
    for (let run: Run | undefined = this.run; run !== undefined; run = nextRun(this.run, at)) {
      for (let next = plan(run, at); next !== null; next = plan(run, at)) {
        if (next.type === 'run.wait' && this.#expected > 0) break
        if (next.type === 'wait.end' || next.type === 'items.end' || next.type === 'child.end') {
          this.#scopeOf(run).attempts.end(next)
          // What a node takes is gone before another is asked whether it waits for it, and a run that stops has no end to come.
          this.#takeInbox(at)
        } else this.#apply(decide(run, next, at), next)
      }
      rest(run)
    }
  }

  /** The scope of a run of the tree; made when something is first asked of it. */
  #scopeOf(run: Run): RunScope {
    if (run === this.run) return this.#root
    let scope = this.#nested.get(run)
    if (scope === undefined) {
      const { code } = this.#scopeOf(run.parent!)
      scope = new RunScope(this, run, code.nested(run.path.at(-1)!))
      this.#nested.set(run, scope)
    }
    return scope
  }

  #takeInbox(at: number): void {
    while (!this.#inbox.isEmpty) {
      const { run } = this.#inbox.scope
      const command = this.#inbox.take()
      const rejection = this.#apply(decide(run, command, at), command)
      if (rejection !== null) this.#logger.debug(rejection.message, rejection.details)
    }
  }

  #apply(decision: Decision, command: RunCommand): Rejection | null {
    if (isRejection(decision)) return decision
    const near = 'index' in command ? command.index : -1
    for (let place = 0; place < decision.length; place += 1) {
      const event = decision[place]!
      reduce(this.run, event, near)
      this.#outbox.add(event, near)
    }
    return null
  }

  /** Hands the facts of the turn to the journal; what comes in while it writes goes into its next append. */
  #flush(): void {
    if (this.#outbox.size === 0 || this.#isWriting) return
    const facts = this.#outbox
    this.#outbox = this.#sent
    this.#sent = facts
    if (this.#journal === null) {
      this.#perform(facts)
      return
    }
    this.#isWriting = true
    this.#journal.append(facts.list(), this.state).then(
      () => {
        this.#isWriting = false
        if (this.#broken !== null) return
        this.#perform(facts)
        this.#schedule()
      },
      (error: unknown) => this.#break(error),
    )
  }

  /** Does what follows from recorded facts, in their order. */
  #perform(facts: Outbox): void {
    for (let place = 0; place < facts.size; place += 1) {
      const event = facts.event(place)
      this.listeners.tell(event)
      switch (event.type) {
        case 'node.completed':
        case 'item.completed':
          this.reuse?.recorded(event)
          break
        case 'run.started':
        case 'run.resumed':
          this.#timers.armRun(this.run)
          break
        case 'node.started':
        case 'item.started':
        case 'node.interrupted':
        case 'item.interrupted':
          this.#performAttempt(event, facts.near(place))
          break
        case 'run.compensating':
          this.#abort('the run is canceled')
          break
        case 'compensation.started':
          this.#compensations.start(event)
          break
        case 'compensation.interrupted':
          this.#compensations.abort(event.data.reason)
          break
        case 'run.paused':
        case 'run.waiting':
        case 'run.quarantined':
        case 'run.completed':
        case 'run.failed':
        case 'run.canceled':
          if (event.path !== undefined) break
          this.#stop(event.type)
          this.#waiters.tellSettled()
          break
        default:
      }
      this.#waiters.tellRecorded(event.seq)
    }
    facts.clear()
  }

  #performAttempt(
    event: RunEventOf<'node.started' | 'item.started' | 'node.interrupted' | 'item.interrupted'>,
    near: number,
  ): void {
    const run = event.path === undefined ? this.run : runAt(this.run, event.path)
    // A nested run that is gone was ended by what came after in the same turn.
    if (run === undefined) return
    const { attempts } = this.#scopeOf(run)
    const { nodeId, attempt } = event.data
    const index = nodeIndex(run.graph, nodeId, near)!
    switch (event.type) {
      case 'node.started':
        this.#called += 1
        attempts.start(index, attempt)
        break
      case 'item.started':
        this.#called += 1
        attempts.startItem(index, event.data.item, attempt)
        break
      case 'node.interrupted':
        attempts.abort(index, null, event.data.reason)
        break
      case 'item.interrupted':
        attempts.abort(index, event.data.item, event.data.reason)
    }
  }

  #stop(why: string): void {
    this.#abort(why)
    this.#timers.stop()
  }

  #abort(why: string): void {
    for (const run of runsOf(this.run)) {
      if (run === this.run) this.#root.attempts.abortAll(why)
      else this.#nested.get(run)?.attempts.abortAll(why)
    }
    this.#compensations.abort(why)
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
    this.#waiters.tellBroken(this.#broken)
    this.listeners.tellFailure(this.#broken)
  }
}
