import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { RunConfig } from './config.ts'
import type { Operation, Retry } from './operation.ts'
import type { StateWrite } from './state-write.ts'
import type { OnLoad, WaitRequest } from './wait.ts'

/** What the world asks of a run or reports to it, and what the plan says is due. Times come with the command, never from a clock. */
export type RunCommand =
  | { readonly type: 'run.start'; readonly seed: number }
  | {
      readonly type: 'run.resume'
      readonly config?: RunConfig
      /** What the run goes on for, when nobody asked for it: a signal has come, or a time. */
      readonly cause?: 'signaled' | 'due'
      /** How timers go on: `onLoad` of all of them (default: each one's own), and the instant up to which their time had run. */
      readonly timers?: { readonly onLoad: OnLoad | null; readonly ranUntil: number }
      readonly workflow?: { readonly definition: WorkflowDefinition; readonly fingerprint: string }
      /** Which failures are tried again, when someone says so; else all of a run that has failed or waits. */
      readonly retry?: Retry
    }
  | Operation
  | { readonly type: 'run.request-pause'; readonly reason: string }
  | { readonly type: 'run.pause' }
  | { readonly type: 'run.cut-off' }
  | { readonly type: 'run.wait' }
  /** With `compensate` otherwise than the configuration says. */
  | { readonly type: 'run.cancel'; readonly reason: string; readonly compensate?: boolean }
  | { readonly type: 'compensation.start' }
  | CompensationComplete
  | CompensationFail
  | { readonly type: 'compensation.end' }
  | { readonly type: 'run.time-out' }
  | { readonly type: 'run.complete' }
  | { readonly type: 'run.fail' }
  | { readonly type: 'node.start'; readonly index: number }
  | { readonly type: 'node.skip'; readonly index: number }
  | NodeComplete
  | NodeFail
  | {
      readonly type: 'usage.add'
      readonly index: number
      readonly attempt: number
      readonly item?: number | null
      readonly resource: string
      readonly amount: number
    }
  | SignalReceive
  | TokenIssue
  | { readonly type: 'node.wait'; readonly index: number; readonly attempt: number; readonly wait: WaitRequest }
  | NodeVisit
  | {
      readonly type: 'step.complete'
      readonly index: number
      readonly attempt: number
      readonly item: number | null
      readonly name: string
      readonly output: Encoded
    }
  | {
      readonly type: 'node.checkpoint'
      readonly index: number
      readonly attempt: number
      readonly item: number | null
      readonly value: Encoded
    }
  | {
      readonly type: 'items.list'
      readonly index: number
      readonly attempt: number
      readonly count: number
      readonly keys: readonly string[] | null
    }
  | { readonly type: 'item.start'; readonly index: number; readonly item: number }
  /** The input counts for a node that is no run yet; one that is goes on with the run it was. */
  | { readonly type: 'child.start'; readonly index: number; readonly attempt: number; readonly input: Encoded | null }
  | { readonly type: 'child.fail'; readonly index: number; readonly attempt: number }
  | ItemsComplete
  | { readonly type: 'items.fail'; readonly index: number; readonly attempt: number }
  | ItemComplete
  | ItemFail

/** The compensation of a node returned. */
export interface CompensationComplete {
  readonly type: 'compensation.complete'
  readonly path: readonly string[]
  readonly nodeId: string
  readonly attempt: number
  readonly writes: readonly StateWrite[] | null
}

/** An attempt at the compensation of a node failed. */
export interface CompensationFail {
  readonly type: 'compensation.fail'
  readonly path: readonly string[]
  readonly nodeId: string
  readonly attempt: number
  readonly error: SerializedError
  readonly retryable: boolean
}

/** What the plan finds due that takes code to carry out: the shell makes it a report on the node. */
export type Due =
  | {
      readonly type: 'wait.end'
      readonly index: number
      readonly attempt: number
      /** Sequences of the signals that came; null: the time is up. */
      readonly signals: readonly number[] | null
    }
  | { readonly type: 'items.end'; readonly index: number; readonly attempt: number }
  | { readonly type: 'child.end'; readonly index: number; readonly attempt: number }

/** A token for an answer from outside; only its digest is ever known to the run. */
export interface TokenIssue {
  readonly type: 'token.issue'
  readonly waitId: string
  /** SHA-256, 64 lower-case hexadecimal digits. */
  readonly digest: string
  readonly expiresAt: number | null
}

/** A signal for the run. */
export interface SignalReceive {
  readonly type: 'signal.receive'
  readonly name: string
  readonly payload: Encoded
  readonly idempotencyKey?: string
  readonly waitId?: string
  readonly fits?: readonly string[]
}

/** A handler returned. */
export interface NodeComplete {
  readonly type: 'node.complete'
  readonly index: number
  readonly attempt: number
  readonly output: Encoded
  readonly writes: readonly StateWrite[] | null
  readonly decisions: Dictionary<boolean> | null
  /** Sequences of the signals the node takes. */
  readonly signals?: readonly number[]
  /** The key under which the result was kept from another run. */
  readonly reused?: string
}

/** A repeated node's handler returned, and the node is to be visited again. */
export interface NodeVisit {
  readonly type: 'node.visit'
  readonly index: number
  readonly attempt: number
  readonly output: Encoded
  readonly writes: readonly StateWrite[] | null
  /** Sequences of the signals the visit took. */
  readonly signals?: readonly number[]
}

/** All items of a map node are through, and the node with them. */
export interface ItemsComplete {
  readonly type: 'items.complete'
  readonly index: number
  readonly attempt: number
  /** Null: what the items' own outputs come to as they stand. */
  readonly output: Encoded | null
  readonly decisions: Dictionary<boolean> | null
}

/** A handler returned for an item. */
export interface ItemComplete {
  readonly type: 'item.complete'
  readonly index: number
  readonly item: number
  readonly attempt: number
  readonly output: Encoded
  readonly writes: readonly StateWrite[] | null
  readonly reused?: string
}

/** An attempt at an item failed. */
export interface ItemFail {
  readonly type: 'item.fail'
  readonly index: number
  readonly item: number
  readonly attempt: number
  readonly error: SerializedError
  readonly retryable: boolean
}

/** An attempt failed; `retryable` false when another attempt can't help. */
export interface NodeFail {
  readonly type: 'node.fail'
  readonly index: number
  readonly attempt: number
  readonly error: SerializedError
  readonly retryable: boolean
}
