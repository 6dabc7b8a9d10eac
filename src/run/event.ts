import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { RunConfig } from './config.ts'
import type { StateWrite } from './state-write.ts'

/** A past fact of a run. `seq` is gap-free from 1; `at` (epoch ms) is information only, order is the sequence. */
interface Fact<Type extends string, Data> {
  readonly seq: number
  readonly runId: string
  readonly at: number
  readonly type: Type
  readonly data: Data
}

/** The first fact of every run, written by the executor that starts it: all a reader needs to fold what follows. */
export type RunStarted = Fact<
  'run.started',
  {
    readonly workflow: WorkflowDefinition
    readonly fingerprint: string
    readonly input: Encoded
    readonly config: RunConfig
    /** Unsigned 32-bit; seeds the jitter of back-offs. */
    readonly seed: number
    readonly variables: Dictionary<Encoded>
    readonly contextVariables: Dictionary<Encoded>
    readonly contextConstants: Dictionary<Encoded>
    readonly parent: RunParent | null
  }
>

/** Where a run came from when it is a fork or child of another. */
export interface RunParent {
  readonly runId: string
  readonly seq: number
  readonly kind: 'fork' | 'child'
}

/** Written when a run goes on after a pause, a crash, a failure or from a snapshot. */
export type RunResumed = Fact<
  'run.resumed',
  {
    readonly reason: 'paused' | 'loaded' | 'failed'
    /** The configuration from here on, when it was changed. */
    readonly config?: RunConfig
    /** The workflow from here on, when its change was accepted. */
    readonly workflow?: WorkflowDefinition
    readonly fingerprint?: string
  }
>

/** Written when a pause is asked for while nodes run; no node starts after it. */
export type RunPauseRequested = Fact<'run.pause-requested', { readonly reason: string }>

/** Written when the last running node has ended, or was cut off, after a pause was asked for. */
export type RunPaused = Fact<'run.paused', { readonly reason: string }>

/** Written when someone cancels the run; running nodes are canceled with it, late results are dropped. */
export type RunCanceled = Fact<'run.canceled', { readonly reason: string }>

/** Written when nothing can run until someone answers: a node was interrupted and its `onInterrupted` says `ask`. */
export type RunWaiting = Fact<'run.waiting', { readonly nodeIds: readonly string[] }>

/** Written when nothing is left to run. */
export type RunCompleted = Fact<'run.completed', Record<string, never>>

/** Written when a node that fails the run has failed and no other runs any more, or a run limit is passed. */
export type RunFailed = Fact<'run.failed', { readonly error: SerializedError; readonly nodeId?: string }>

/** Written before a handler is called; counts one node execution. */
export type NodeStarted = Fact<'node.started', { readonly nodeId: string; readonly attempt: number }>

/** Written when a handler has returned: its result, its writes and its edge decisions are this one fact. */
export type NodeCompleted = Fact<
  'node.completed',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly output: Encoded
    readonly writes?: readonly StateWrite[]
    /** For each conditional outgoing edge, by edge key: whether it is taken. */
    readonly decisions?: Dictionary<boolean>
  }
>

/** Written when an attempt failed and the retry policy allows another; the node waits until `dueAt` (epoch ms). */
export type NodeRetryScheduled = Fact<
  'node.retry-scheduled',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly error: SerializedError
    readonly delayMs: number
    readonly dueAt: number
  }
>

/** Written when the last attempt failed and a fallback stands in; its attempt follows. */
export type NodeFellBack = Fact<
  'node.fell-back',
  { readonly nodeId: string; readonly attempt: number; readonly error: SerializedError; readonly fallback: string }
>

/** Written when a node failed for good. */
export type NodeFailed = Fact<
  'node.failed',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly error: SerializedError
    readonly onError: 'fail' | 'continue'
  }
>

/** Why a node is skipped: no incoming edge is taken, an upstream failed, or it is only another's fallback. */
export type SkipReason = 'untaken' | 'upstream-failed' | 'stand-in'

/** Written when a node's trigger rule can no longer hold. */
export type NodeSkipped = Fact<'node.skipped', { readonly nodeId: string; readonly reason: SkipReason }>

/** What cut a node off: the end of its process (or a snapshot taken while it ran), a pause, or the run's time-out. */
export type InterruptReason = 'crash' | 'pause' | 'timeout'

/** Written for a node that was in flight when it was cut off. */
export type NodeInterrupted = Fact<
  'node.interrupted',
  { readonly nodeId: string; readonly attempt: number; readonly reason: InterruptReason }
>

/** Written when a failed node, or an interrupted one that asks, is put back, to be run again. */
export type NodeReset = Fact<'node.reset', { readonly nodeId: string }>

/** Written when a handler counts use of a metered resource, before it uses it. */
export type UsageAdded = Fact<
  'usage.added',
  { readonly nodeId: string; readonly attempt: number; readonly resource: string; readonly amount: number }
>

/** Written when a signal reaches the run; kept until something waits for it. */
export type SignalReceived = Fact<'signal.received', { readonly name: string; readonly payload: Encoded }>

/** Every fact a run can have. */
export type RunEvent =
  | RunStarted
  | RunResumed
  | RunPauseRequested
  | RunPaused
  | RunWaiting
  | RunCanceled
  | RunCompleted
  | RunFailed
  | NodeStarted
  | NodeCompleted
  | NodeRetryScheduled
  | NodeFellBack
  | NodeFailed
  | NodeSkipped
  | NodeInterrupted
  | NodeReset
  | UsageAdded
  | SignalReceived

/** The type of a fact, as it stands in the log: `run.started`, `node.completed`. */
export type RunEventType = RunEvent['type']

/** The event of a given type. */
export type RunEventOf<Type extends RunEventType> = Extract<RunEvent, { readonly type: Type }>
