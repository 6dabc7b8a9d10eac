import { invalidArgument, readArgument } from '../base/argument.ts'
import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import type { NodeParts, Progress } from '../run/parts.ts'
import type { RunState } from '../run/state.ts'
import type {
  AccumulatorsContext,
  CacheContext,
  CountersContext,
  ItemInfo,
  NodeContext,
  NodeLogger,
  RunContext,
  UsageContext,
  VariablesContext,
} from '../workflow/handler.ts'
import { accumulatorsArea } from './area-accumulators.ts'
import { cacheArea } from './area-cache.ts'
import { countersArea } from './area-counters.ts'
import { constantsArea, variablesArea } from './area-variables.ts'
import { idempotencyKey, signalKey } from './idempotency-key.ts'
import { Transaction } from './transaction.ts'

/** A name is a key of the document a run is saved as. */
const MAX_KEY_LENGTH = DEFAULT_VALUE_LIMITS.maxKeyLength

/** What a context needs of the world; the engine gives it. */
export interface ContextHost {
  readonly state: RunState
  readonly codec: ValueCodec
  readonly services: object
  /** The nodes that lead to the run from the one it is nested in; empty for a run of its own. */
  readonly path: readonly string[]
  now(): number
  addUsage(attempt: AttemptContext, resource: string, amount: number): Promise<void>
  log(attempt: AttemptContext, level: keyof NodeLogger, message: string, details: object | undefined): void
  progress(attempt: AttemptContext, fraction: number, text: string | undefined): void
  /** Records what a step gave. */
  completeStep(attempt: AttemptContext, name: string, output: Encoded): Promise<void>
  /** Records a signal, once for its key. */
  sendSignal(name: string, payload: Encoded, idempotencyKey: string): Promise<void>
  /** Records how far an attempt is. */
  checkpoint(attempt: AttemptContext, value: Encoded): Promise<void>
}

/** What of a context was asked for so far. */
interface Made {
  steps?: Set<string>
  previous?: Encoded
  controller?: AbortController
  /** Set when the handler is told to stop. */
  abort?: { readonly reason: unknown }
  transaction?: Transaction
  variables?: VariablesContext
  accumulators?: AccumulatorsContext
  counters?: CountersContext
  cache?: CacheContext
  context?: RunContext
  usage?: UsageContext
  log?: NodeLogger
}

/** The context of one attempt. Everything in it is made on first use, since most nodes use little of it, and many nothing. */
export class AttemptContext implements NodeContext<never> {
  readonly #host: ContextHost
  readonly #index: number
  readonly #nodeId: string
  readonly #attempt: number
  readonly #data: JsonValue | undefined
  readonly #failure: SerializedError | null
  readonly #item: number | null
  #isOpen = true
  #parts: Made | null = null

  constructor(
    host: ContextHost,
    index: number,
    nodeId: string,
    attempt: number,
    data: JsonValue | undefined,
    failure: SerializedError | null,
    item: number | null = null,
  ) {
    this.#host = host
    this.#index = index
    this.#nodeId = nodeId
    this.#attempt = attempt
    this.#data = data
    this.#failure = failure
    this.#item = item
  }

  // Read-only for handlers too: what they report is told apart by these.
  get index(): number {
    return this.#index
  }

  get nodeId(): string {
    return this.#nodeId
  }

  get attempt(): number {
    return this.#attempt
  }

  /** The place of the item the attempt is for; null when it is for the node as a whole. */
  get place(): number | null {
    return this.#item
  }

  get runId(): string {
    return this.#host.state.runId
  }

  get workflowId(): string {
    return this.#host.state.workflow.id
  }

  get data(): JsonValue {
    return this.#data === undefined ? null : (JSON.parse(JSON.stringify(this.#data)) as JsonValue)
  }

  get input(): never {
    return this.#host.codec.decode(this.#host.state.input) as never
  }

  get idempotencyKey(): string {
    return idempotencyKey(this.#host.state.runId, this.nodeId, {
      item: this.item?.key ?? null,
      visit: this.visit,
      path: this.#host.path,
    })
  }

  get item(): ItemInfo | undefined {
    if (this.#item === null) return undefined
    const { keys, list } = this.#done!.items!
    const index = this.#item
    return Object.freeze({ key: keys?.[index] ?? String(index), index, count: list.length })
  }

  get visit(): number {
    return (this.#done?.visits ?? 0) + 1
  }

  get previous(): unknown {
    const previous = this.#parts?.previous ?? this.#done?.previous
    return previous === undefined ? undefined : this.decode(previous)
  }

  /** What the node gave last is kept outside; this is its text. */
  readPrevious(json: string): void {
    this.#made.previous = { json }
  }

  get restored(): unknown {
    const checkpoint = this.#progress?.checkpoint
    return checkpoint === undefined ? undefined : this.decode(checkpoint)
  }

  async checkpoint(value: unknown): Promise<void> {
    this.assertOpen()
    await this.#host.checkpoint(this, this.encode(value))
  }

  async sendSignal(name: string, payload?: unknown): Promise<void> {
    this.assertOpen()
    if (typeof name !== 'string' || name.length > MAX_KEY_LENGTH) {
      throw this.#invalid('sendSignal', 'name', `a string of at most ${MAX_KEY_LENGTH} characters`, name)
    }
    await this.#host.sendSignal(name, this.encode(payload), signalKey(name, this.idempotencyKey))
  }

  async step<T>(name: string, work: () => T | PromiseLike<T>): Promise<T> {
    this.assertOpen()
    const key = this.key('step', name)
    if (typeof work !== 'function') throw this.#invalid('step', 'work', 'a function', work)
    const before = this.#progress?.steps[key]
    if (before !== undefined) return this.decode(before) as T
    const made = this.#made
    made.steps ??= new Set()
    const { steps } = made
    if (steps.has(key)) {
      throw this.#invalid('step', 'name', 'a name no step under way has', key)
    }
    steps.add(key)
    try {
      const output = this.encode(await work())
      this.assertOpen()
      await this.#host.completeStep(this, key, output)
      return this.decode(output) as T
    } finally {
      steps.delete(key)
    }
  }

  /** What was asked for, to be asked for more. */
  get #made(): Made {
    this.#parts ??= {}
    return this.#parts
  }

  /** What the node has done before this attempt. */
  get #done(): NodeParts | null {
    return this.#host.state.nodes[this.#index]!.parts
  }

  get #progress(): Progress | null {
    const parts = this.#done
    return this.#item === null ? parts : (parts?.items?.list[this.#item]?.progress ?? null)
  }

  get services(): Record<string, unknown> {
    return this.#host.services as Record<string, unknown>
  }

  get failure(): SerializedError | undefined {
    return this.#failure === null ? undefined : (JSON.parse(JSON.stringify(this.#failure)) as SerializedError)
  }

  get signal(): AbortSignal {
    const made = this.#made
    made.controller ??= new AbortController()
    const { signal } = made.controller
    if (made.abort !== undefined && !signal.aborted) made.controller.abort(made.abort.reason)
    return signal
  }

  get variables(): VariablesContext {
    const made = this.#made
    made.variables ??= variablesArea(this, 'variable', this.#host.state.variables)
    return made.variables
  }

  get accumulators(): AccumulatorsContext {
    const made = this.#made
    made.accumulators ??= accumulatorsArea(this)
    return made.accumulators
  }

  get counters(): CountersContext {
    const made = this.#made
    made.counters ??= countersArea(this)
    return made.counters
  }

  get cache(): CacheContext {
    const made = this.#made
    made.cache ??= cacheArea(this)
    return made.cache
  }

  get context(): RunContext {
    const made = this.#made
    made.context ??= Object.freeze({
      variables: variablesArea(this, 'contextVariable', this.#host.state.contextVariables),
      constants: constantsArea(this),
    })
    return made.context
  }

  get usage(): UsageContext {
    const made = this.#made
    made.usage ??= Object.freeze({
      add: (resource: string, amount = 1) => {
        this.assertOpen()
        if (typeof resource !== 'string') throw this.#invalid('usage.add', 'resource', 'a string', resource)
        if (!Number.isFinite(amount) || amount < 0) {
          throw this.#invalid('usage.add', 'amount', 'a number of 0 or more', amount)
        }
        return this.#host.addUsage(this, this.key('usage', resource), amount)
      },
      get: (resource: string) => this.#host.state.usage[this.key('usage', resource)] ?? 0,
    })
    return made.usage
  }

  get log(): NodeLogger {
    const made = this.#made
    made.log ??= Object.freeze({
      debug: (message: string, details?: object) => this.#report('debug', message, details),
      info: (message: string, details?: object) => this.#report('info', message, details),
      warn: (message: string, details?: object) => this.#report('warn', message, details),
      error: (message: string, details?: object) => this.#report('error', message, details),
    })
    return made.log
  }

  progress(fraction: number, text?: string): void {
    if (!this.#isOpen) return
    if (typeof fraction !== 'number' || !(fraction >= 0 && fraction <= 1)) {
      throw this.#invalid('progress', 'fraction', 'a number from 0 to 1', fraction)
    }
    if (text !== undefined && typeof text !== 'string') throw this.#invalid('progress', 'text', 'a string', text)
    this.#host.progress(this, fraction, text)
  }

  /** The run's state, for the areas. */
  get state(): RunState {
    return this.#host.state
  }

  /** The attempt's own writes; made on first use. */
  get transaction(): Transaction {
    const made = this.#made
    made.transaction ??= new Transaction(this.#host.state)
    return made.transaction
  }

  /** The attempt's own writes, if it made any. */
  get startedTransaction(): Transaction | undefined {
    return this.#parts?.transaction
  }

  now(): number {
    return this.#host.now()
  }

  encode(value: unknown): Encoded {
    return this.#host.codec.encode(value, { nodeId: this.nodeId })
  }

  /** A copy of the reader's own. */
  decode(encoded: Encoded): unknown {
    return typeof encoded === 'object' && encoded !== null ? this.#host.codec.decode(encoded) : encoded
  }

  /** Ends the attempt: nothing written after it counts, and writing says so. */
  close(): void {
    this.#isOpen = false
  }

  /** Whether the attempt goes on. */
  get isOpen(): boolean {
    return this.#isOpen
  }

  /** Tells the handler to stop. */
  abort(reason: unknown): void {
    this.#isOpen = false
    const made = this.#made
    made.abort = { reason }
    made.controller?.abort(reason)
  }

  assertOpen(): void {
    if (this.#isOpen) return
    throw new NodeError(
      'NODE_CONTEXT_CLOSED',
      `attempt ${this.attempt} of node ${quote(this.nodeId)} is over, so nothing it does counts any more; await all work before returning`,
      { details: { nodeId: this.nodeId, attempt: this.attempt } },
    )
  }

  #report(level: keyof NodeLogger, message: string, details: object | undefined): void {
    // Copied here, where what can't be read is the handler's to hear of.
    const copy = details && readArgument('details', () => ({ ...details }), { of: `log.${level}`, error: NodeError })
    this.#host.log(this, level, message, copy)
  }

  #invalid(of: string, parameter: string, expected: string, got: unknown): Error {
    return invalidArgument(parameter, expected, got, { of, details: { nodeId: this.nodeId }, error: NodeError })
  }

  /** Checks a state key. @throws {NodeError} STATE_BAD_KEY */
  key(area: string, key: unknown): string {
    if (typeof key === 'string' && key.length <= MAX_KEY_LENGTH) return key
    const found = typeof key === 'string' ? `${key.length} characters that begin with ${quote(key)}` : quote(key)
    throw new NodeError(
      'STATE_BAD_KEY',
      `${area} of node ${quote(this.nodeId)} expects a name (string of at most ${MAX_KEY_LENGTH} characters), got ${found}`,
      { details: { nodeId: this.nodeId } },
    )
  }
}
