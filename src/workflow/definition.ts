import type { JsonValue } from '../base/json.ts'

/**
 * When a node with several upstreams may start. Every rule but `any` waits until all upstreams are settled.
 *
 * - `all` (default): none failed and at least one incoming edge is taken; so a join after a branch runs once.
 * - `any`: as soon as one incoming edge is taken.
 * - `allDone`: always, whatever became of the upstreams.
 * - `noneFailed`: none failed, even when all of them were skipped.
 *
 * A node whose rule can no longer hold is skipped.
 */
export type TriggerRule = 'all' | 'any' | 'allDone' | 'noneFailed'

/** How a node that fails is tried again. Delay before retry n (1-based): `min(maximumIntervalMs, initialIntervalMs * backoffCoefficient^(n-1))`. */
export interface RetryPolicy {
  /** Attempts in all, the first included; 1 (no retry) or more. */
  readonly maximumAttempts: number
  /** Milliseconds before the first retry; default 1,000. */
  readonly initialIntervalMs?: number
  /** Factor from one delay to the next; 1 or more, default 2. */
  readonly backoffCoefficient?: number
  /** Longest delay in milliseconds; default 100 times the initial one. */
  readonly maximumIntervalMs?: number
  /** Share of a delay that is random, 0 to 1, default 0.1: the delay is drawn from `[d * (1 - jitter), d]` by the run's seed. */
  readonly jitter?: number
}

/** A node type (with data) that stands in for a node that failed for good, or the id of a node that does. */
export type FallbackDefinition = string | { readonly type: string; readonly data?: JsonValue }

/**
 * Makes a node run its type's handler once for each item of a list; its output is that of the items, in item order.
 * `retry`, `timeoutMs` and `onInterrupted` of the node then count for each item.
 */
export interface MapDefinition {
  /** JSON Pointer to the list in the node's inputs (by upstream id); default: what its only upstream gave. Code: from a function. */
  readonly items?: string | CodeCondition
  /** JSON Pointer into an item to what tells it apart, a string or number; default: its place in the list. Code: from a function. */
  readonly key?: string | CodeCondition
  /** Most items at once; 1 or more, default: as many as the run allows. */
  readonly concurrency?: number
  /**
   * What an item that failed for good is for the node: `fail` (default): the node fails; `skip`: the item has no place in the
   * output; `settle`: the output has for every item `{ status: 'completed', value }` or `{ status: 'failed', error }`.
   */
  readonly onItemError?: 'fail' | 'skip' | 'settle'
  /** With `skip` and `settle`: how many items may fail before the node does; default: all. */
  readonly maximumFailures?: number
}

/** Makes a node run again, with what it gave last in `ctx.previous`, until a test of its output holds. */
export interface RepeatDefinition {
  /** The test that ends it. Asked once a visit; the answer is recorded. */
  readonly until: ConditionDefinition | CodeCondition
  /** Visits in all; 1 or more. */
  readonly maximumVisits: number
  /** What becomes of the node when the last visit did not end it: `fail` (default), or `complete` with what it gave. */
  readonly onLimit?: 'fail' | 'complete'
}

/**
 * Makes a node a run of another workflow, inside the run it is part of: in its log, its state and its snapshots. The node's
 * output is the final output of that run; `retry` goes on with what failed in it.
 */
export interface NestedDefinition {
  readonly workflow: WorkflowDefinition
  /** JSON Pointer to the nested run's input in the node's inputs (by upstream id); default: all inputs. Code: from a function. */
  readonly input?: string | CodeCondition
}

/** A node type (with data) that undoes what a completed node did. */
export interface CompensationDefinition {
  readonly type: string
  readonly data?: JsonValue
}

/** That a node's result may come from another run; see {@link NodeDefinition.reuse}. */
export type ReuseDefinition = boolean | { readonly maxAgeMs?: number }

/** One node as plain JSON. Unknown members are kept and travel with every snapshot. */
export interface NodeDefinition {
  /** Unique in the workflow; any string. */
  readonly id: string
  /** Which handler runs it. */
  readonly type: string
  /** What the handler finds in `ctx.data`; default null. */
  readonly data?: JsonValue
  /** Declared version of the node's logic; a change of it makes the node another node for a resume. */
  readonly version?: string
  readonly trigger?: TriggerRule
  readonly retry?: RetryPolicy
  /** Longest time of one attempt in milliseconds. */
  readonly timeoutMs?: number
  /** `fail` (default): the run fails with the node. `continue`: only downstream nodes see it. */
  readonly onError?: 'fail' | 'continue'
  readonly fallback?: FallbackDefinition
  /** What becomes of the node when it is cut off, by a crash, a pause or the run's time-out; default `rerun`. */
  readonly onInterrupted?: 'rerun' | 'fail' | 'ask'
  readonly map?: MapDefinition
  readonly repeat?: RepeatDefinition
  readonly nested?: NestedDefinition
  /**
   * Whether its result may be that of another run, when type, data, `version`, inputs and the run's input are the same; default
   * false. With `maxAgeMs` only a result that is no older, in milliseconds. For nodes whose effect is their result and writes.
   */
  readonly reuse?: ReuseDefinition
  /** Undoes what the node did, when the run fails or is canceled after it and compensates; gets `{ output }`. */
  readonly compensation?: CompensationDefinition
  readonly [unknown: string]: unknown
}

/** Operators of a JSON edge condition. `exists` and `truthy` take no value. */
export type ConditionOperator =
  | 'eq'
  | 'ne'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'in'
  | 'notIn'
  | 'contains'
  | 'exists'
  | 'truthy'

/**
 * A test of a node's output, as data.
 *
 * Shape: `{ path: '/total', operator: 'gt', value: 100 }`; `path` is a JSON Pointer into the output, `''` (default) the output itself.
 */
export interface ConditionDefinition {
  readonly path?: string
  readonly operator: ConditionOperator
  readonly value?: JsonValue
}

/** Marks what is a function in code; the function itself is never in a document. */
export interface CodeCondition {
  readonly kind: 'function'
}

/**
 * One edge as plain JSON: unconditional, or taken only when `sourceHandle` is a handle its source chose,
 * or only when `condition` holds for its source's output; with both, only when both say so. Unknown members are kept.
 */
export interface EdgeDefinition {
  /** Unique in the workflow when given. */
  readonly id?: string
  readonly source: string
  readonly target: string
  readonly sourceHandle?: string | null
  readonly condition?: ConditionDefinition | CodeCondition
  readonly [unknown: string]: unknown
}

/** A workflow as plain JSON. Unknown members are kept. */
export interface WorkflowDefinition {
  readonly id: string
  /** Semantic version of this workflow. */
  readonly version: string
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
  readonly [unknown: string]: unknown
}
