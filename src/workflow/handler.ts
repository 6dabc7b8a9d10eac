import type { JsonObject, JsonValue } from '../base/json.ts'

/** Named values every node of a run may read and write; a write takes effect with the node's completion. */
export interface VariablesContext {
  get(name: string): unknown
  has(name: string): boolean
  set(name: string, value: unknown): void
  delete(name: string): void
}

/** Values built up over a run; each name keeps the operation it began with. */
export interface AccumulatorsContext {
  get(name: string): unknown
  sum(name: string, value: number): void
  product(name: string, value: number): void
  min(name: string, value: number): void
  max(name: string, value: number): void
  /** Counts one, or `by`. */
  count(name: string, by?: number): void
  /** Joins text in completion order. */
  concat(name: string, value: string): void
  /** Collects values in an array, in completion order. */
  append(name: string, value: unknown): void
}

/** Named numbers, 0 until added to. */
export interface CountersContext {
  get(name: string): number
  add(name: string, by?: number): void
}

/** Values that expire. An entry is alive while now < expiry. */
export interface CacheContext {
  get(key: string): unknown
  has(key: string): boolean
  set(key: string, value: unknown, options?: { readonly ttlMs?: number }): void
  delete(key: string): void
}

/** Values that describe the run: variables may change, a constant is set once. */
export interface RunContext {
  readonly variables: VariablesContext
  readonly constants: Pick<VariablesContext, 'get' | 'has' | 'set'>
}

/** Counts what a node uses up against `limits.maxUsage`. */
export interface UsageContext {
  /**
   * Counts before the use, so that no crash resets a limit.
   * @returns once the count is on record
   * @throws {LimitError} LIMIT_USAGE at once, when the limit is passed
   */
  add(resource: string, amount?: number): Promise<void>
  get(resource: string): number
}

/** Log lines of a node; they reach the executor's logger with run, node and attempt. */
export interface NodeLogger {
  debug(message: string, details?: object): void
  info(message: string, details?: object): void
  warn(message: string, details?: object): void
  error(message: string, details?: object): void
}

/** Why a node failed, as its fallback sees it. */
export interface FailureInfo {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly details?: JsonObject
}

/** Which item of a map node an attempt is for. */
export interface ItemInfo {
  /** What tells it apart; its place as text when the node has no `key`. */
  readonly key: string
  /** 0-based place in the list. */
  readonly index: number
  /** How many items there are. */
  readonly count: number
}

/** What a handler gets beside its inputs. Every write is one transaction with the node's completion. */
export interface NodeContext<Input = unknown, Services extends object = Record<string, unknown>> {
  readonly runId: string
  readonly workflowId: string
  readonly nodeId: string
  /** The node's `data`, a copy of its own. */
  readonly data: JsonValue
  /** The run's input, a copy of its own. */
  readonly input: Input
  /** 1-based. */
  readonly attempt: number
  /** The same over all attempts and resumes of this node in this run; hand it to whatever must happen once. */
  readonly idempotencyKey: string
  /** Aborted when the attempt is timed out, canceled or cut off by a pause. */
  readonly signal: AbortSignal
  /** Epoch milliseconds of the run's clock. */
  now(): number
  /** Of a map node: the item this attempt is for; undefined for other nodes. */
  readonly item: ItemInfo | undefined
  /** Of a repeated node: which visit this is (1-based), and what the one before gave (undefined in the first). */
  readonly visit: number
  readonly previous: unknown
  /** What the latest `checkpoint` of this node (or item) saved, in this attempt or one before; undefined when none did. */
  readonly restored: unknown
  /**
   * Saves how far the node is, so that its next attempt can go on from there.
   * @returns once it is on record
   */
  checkpoint(value: unknown): Promise<void>
  /**
   * Does something once for all attempts of this node (or item): what it gave is recorded under the name, and given again to
   * every later attempt without doing it again. What throws is not recorded.
   * @returns a copy of what it gave, as a later attempt would get it
   */
  step<T>(name: string, work: () => T | PromiseLike<T>): Promise<T>
  /**
   * Sends a signal to the run, to be taken by a node of it that waits for the name, in a nested run or outside of it. Sent once
   * for all attempts of this node (or item): a later attempt that sends the same name again sends nothing.
   * @returns once it is on record
   */
  sendSignal(name: string, payload?: unknown): Promise<void>
  /** What made the node fail, when this handler stands in for it as its fallback. */
  readonly failure: FailureInfo | undefined
  readonly variables: VariablesContext
  readonly accumulators: AccumulatorsContext
  readonly counters: CountersContext
  readonly cache: CacheContext
  readonly context: RunContext
  readonly usage: UsageContext
  readonly log: NodeLogger
  /** Live clients handed to the executor; never saved. */
  readonly services: Services
  /** Tells listeners how far the node is; 0 to 1. Not a fact: nothing is recorded. */
  progress(fraction: number, text?: string): void
}

/**
 * What runs a node: its upstreams' outputs by node id, and the context.
 * Inputs are copies of the handler's own, equal whether the upstreams ran here or were restored.
 */
export type Handler<
  Inputs = Readonly<Record<string, unknown>>,
  Output = unknown,
  Input = unknown,
  Services extends object = Record<string, unknown>,
> = Accepting<[inputs: Inputs, ctx: NodeContext<Input, Services>], Output | PromiseLike<Output>>

/**
 * A function that may say more about its parameters than is known where it is kept: a registry holds handlers of any
 * inputs. Members declared as methods are compared in both directions, those declared as functions are not.
 */
type Accepting<Parameters extends readonly unknown[], Returned> = {
  method(...parameters: Parameters): Returned
}['method']

/** Decides in code whether an edge is taken. Asked once, when the source completes; the answer is recorded. */
export type EdgePredicate<Output = unknown> = Accepting<[output: Output], boolean>

/** Takes something out of a value, in code. Pure: the same value gives the same. */
export type Selector<From, Taken> = Accepting<[value: From], Taken>
