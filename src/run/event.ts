import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { CompensationEvent, RunCompensating } from './compensation-event.ts'
import type { RunConfig } from './config.ts'
import type { Fact } from './fact.ts'
import type { StateWrite } from './state-write.ts'
import type { WaitState } from './wait.ts'

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

/** Who asked for something, and why, as far as they said so. */
export interface OperationNote {
  readonly by?: string
  readonly why?: string
}

/** Written when a run goes on after a pause, a crash, a failure or from a snapshot. */
export type RunResumed = Fact<
  'run.resumed',
  {
    /**
     * `failed` tries what failed again, and is the answer to nodes that ask: those for which a `node.reset` follows; the
     * failures of others are left as they are while the run goes on. `signaled` and `due` go on with what was waited for;
     * `released` takes a run out of quarantine.
     */
    readonly reason: 'paused' | 'loaded' | 'failed' | 'signaled' | 'due' | 'released'
    /** The configuration from here on, when it was changed. */
    readonly config?: RunConfig
    /** The workflow from here on, when its change was accepted. */
    readonly workflow?: WorkflowDefinition
    readonly fingerprint?: string
  } & OperationNote
>

/** Written when a pause is asked for while nodes run; no node starts after it. */
export type RunPauseRequested = Fact<'run.pause-requested', { readonly reason: string }>

/** Written when the last running node has ended, or was cut off, after a pause was asked for. */
export type RunPaused = Fact<'run.paused', { readonly reason: string }>

/** Written instead of taking a run up once more, when it was taken up too often without getting anywhere. */
export type RunQuarantined = Fact<'run.quarantined', { readonly resumes: number }>

/** Written when someone cancels the run; running nodes are canceled with it, late results are dropped. */
export type RunCanceled = Fact<
  'run.canceled',
  {
    readonly reason: string
    /** When compensations of it failed: what `RunState.error` becomes. */
    readonly error?: SerializedError
  }
>

/** Written when nothing can run until a signal comes for one of these nodes, or someone answers for one that asks. */
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
    /** The key of the result it took from the cache of results, in place of calling its handler. */
    readonly reused?: string
    /** Missing of a map node, whose output is that of its items. */
    readonly output?: Encoded
    readonly writes?: readonly StateWrite[]
    /** Sequences of the signals it took. */
    readonly signals?: readonly number[]
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

/** Why a node is skipped: no incoming edge is taken, an upstream failed, it is only another's fallback, or someone skipped it. */
export type SkipReason = 'untaken' | 'upstream-failed' | 'stand-in' | 'operator'

/** Written when a node's trigger rule can no longer hold, or someone skips it while the run does not execute. */
export type NodeSkipped = Fact<'node.skipped', { readonly nodeId: string; readonly reason: SkipReason } & OperationNote>

/** Written when someone gives the result of a node while the run does not execute; the node is completed with it. */
export type NodeSet = Fact<
  'node.set',
  {
    readonly nodeId: string
    readonly output: Encoded
    /** For each conditional outgoing edge, by edge key: whether it is taken. */
    readonly decisions?: Dictionary<boolean>
  } & OperationNote
>

/** Written when someone sets a variable while the run does not execute, or deletes it: then without a value. */
export type VariableEdited = Fact<
  'variable.edited',
  { readonly name: string; readonly value?: Encoded } & OperationNote
>

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
  {
    readonly nodeId: string
    readonly attempt: number
    readonly item?: number
    readonly resource: string
    readonly amount: number
  }
>

/** Written when a signal reaches the run; kept until a node takes it. */
export type SignalReceived = Fact<
  'signal.received',
  {
    readonly name: string
    readonly payload: Encoded
    /** Of signals with the same key only one is ever recorded. */
    readonly idempotencyKey?: string
    /** The wait it answers, when it is for one alone. */
    readonly waitId?: string
    /** The nodes whose schema the payload fits, when it does not fit that of all which may wait for the name. */
    readonly fits?: readonly string[]
  }
>

/** Written when a token is issued with which the holder may answer a wait, once; the token itself is recorded nowhere. */
export type TokenIssued = Fact<
  'token.issued',
  {
    readonly waitId: string
    /** SHA-256 of the token, 64 lower-case hexadecimal digits. */
    readonly digest: string
    /** Epoch ms from which it is no more good; null: as long as the wait is open. */
    readonly expiresAt: number | null
  }
>

/** Written when a node waits for a time or a signal; it runs no more, and takes up no place meanwhile. */
export type NodeWaiting = Fact<
  'node.waiting',
  { readonly nodeId: string; readonly attempt: number; readonly wait: WaitState; readonly dueAt: number | null }
>

/** Written when a run goes on and a timer of it is due at another instant than before. */
export type NodeDeferred = Fact<
  'node.deferred',
  { readonly nodeId: string; readonly item?: number; readonly dueAt: number }
>

/** Written when a repeated node has been visited, and is to be visited again. */
export type NodeVisited = Fact<
  'node.visited',
  {
    readonly nodeId: string
    readonly attempt: number
    /** 1-based. */
    readonly visit: number
    readonly output: Encoded
    readonly writes?: readonly StateWrite[]
    /** Sequences of the signals it took. */
    readonly signals?: readonly number[]
  }
>

/** Written when a handler's `ctx.step` has ended; no attempt of the node does it again. */
export type StepCompleted = Fact<
  'step.completed',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly item?: number
    readonly name: string
    readonly output: Encoded
  }
>

/** Written by `ctx.checkpoint`: what the node's next attempt begins with. */
export type NodeCheckpointed = Fact<
  'node.checkpointed',
  { readonly nodeId: string; readonly attempt: number; readonly item?: number; readonly value: Encoded }
>

/**
 * Written when a node begins to be a run, with the input of that run; without one it goes on with the run it was before.
 * The facts of that run follow in the same log, each with the path that leads to it.
 */
export type ChildStarted = Fact<
  'child.started',
  { readonly nodeId: string; readonly attempt: number; readonly input?: Encoded }
>

/** Written when a map node knows its items; when they differ from those of before, what was done of each key is kept. */
export type ItemsListed = Fact<
  'items.listed',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly count: number
    /** What tells items apart; null: their place. */
    readonly keys: readonly string[] | null
  }
>

/** Written before a handler is called for an item; `item` is its place in the list. Counts one node execution. */
export type ItemStarted = Fact<
  'item.started',
  { readonly nodeId: string; readonly item: number; readonly attempt: number }
>

/** Written when a handler has returned for an item: the item's result and writes are this one fact. */
export type ItemCompleted = Fact<
  'item.completed',
  {
    readonly nodeId: string
    readonly item: number
    readonly attempt: number
    /** As that of a node. */
    readonly reused?: string
    readonly output: Encoded
    readonly writes?: readonly StateWrite[]
  }
>

/** Written when an attempt at an item failed and another follows. */
export type ItemRetryScheduled = Fact<
  'item.retry-scheduled',
  {
    readonly nodeId: string
    readonly item: number
    readonly attempt: number
    readonly error: SerializedError
    readonly delayMs: number
    readonly dueAt: number
  }
>

/** Written when an item failed for good; what that is for its node, the node's `map` says. */
export type ItemFailed = Fact<
  'item.failed',
  { readonly nodeId: string; readonly item: number; readonly attempt: number; readonly error: SerializedError }
>

/** Written for an item that was in flight when it was cut off. */
export type ItemInterrupted = Fact<
  'item.interrupted',
  { readonly nodeId: string; readonly item: number; readonly attempt: number; readonly reason: InterruptReason }
>

/** Every fact a run can have. */
export type RunEvent =
  | RunStarted
  | RunResumed
  | RunPauseRequested
  | RunPaused
  | RunWaiting
  | RunQuarantined
  | RunCompensating
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
  | NodeSet
  | VariableEdited
  | UsageAdded
  | SignalReceived
  | TokenIssued
  | NodeWaiting
  | NodeDeferred
  | NodeVisited
  | StepCompleted
  | NodeCheckpointed
  | ChildStarted
  | ItemsListed
  | ItemStarted
  | ItemCompleted
  | ItemRetryScheduled
  | ItemFailed
  | ItemInterrupted
  | CompensationEvent

/** The type of a fact, as it stands in the log: `run.started`, `node.completed`. */
export type RunEventType = RunEvent['type']

/** The event of a given type. */
export type RunEventOf<Type extends RunEventType> = Extract<RunEvent, { readonly type: Type }>
