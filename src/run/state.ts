import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { Compensating, CompensationState } from './compensation.ts'
import type { RunConfig } from './config.ts'
import type { RunParent, SkipReason } from './event.ts'
import type { NodeParts } from './parts.ts'
import type { AccumulatorOperation } from './state-write.ts'
import type { WaitState } from './wait.ts'

/**
 * Where a run stands. `pending`: not begun; `waiting`: nothing can run until a signal comes or someone answers for a node
 * that was interrupted; `completed` and `canceled` are final, while a `failed`, `paused` or `waiting` run can be
 * resumed; so can a `quarantined` one, which had been taken up too often without getting anywhere, but only when somebody asks.
 */
export type RunStatus =
  | 'pending'
  | 'running'
  | 'waiting'
  | 'paused'
  | 'quarantined'
  | 'completed'
  | 'failed'
  | 'canceled'

/** `ready` is never stored: a node is ready when it is pending and its trigger rule holds; `inspect` shows it. */
export type NodeStatus =
  | 'pending'
  | 'running'
  | 'retrying'
  | 'waiting'
  | 'completed'
  | 'failed'
  | 'skipped'
  | 'canceled'
  | 'interrupted'

/**
 * What someone decided about a node: `set`: its result was given; `left`: its failure was left out of a retry, so the run
 * goes on as far as it can without the node, and fails at its end.
 */
export type OperatorMark = 'set' | 'left'

/** What a run knows of one node. */
export interface NodeState {
  status: NodeStatus
  /** Attempts started so far; 0 before the first. */
  attempt: number
  /** Attempts that failed since the node was last reset; what the retry policy counts. */
  failures: number
  /** Epoch ms of the latest attempt's start and end; null before. */
  startedAt: number | null
  endedAt: number | null
  /** Result, once completed. */
  output: Encoded | undefined
  /** Latest failure; kept when a retry or fallback then succeeds. */
  error: SerializedError | null
  /** Epoch ms at which a retrying node is due, or a wait is over. */
  dueAt: number | null
  /** Whether a failed node lets the run go on. */
  continues: boolean
  /** Whether the fallback stands in for the node from now on. */
  fallback: boolean
  skipReason: SkipReason | null
  /** What someone outside decided about the node; null: nothing. */
  operator: OperatorMark | null
  /** What the node waits for; null when it waits for no time and no signal. */
  wait: WaitState | null
  /** What the node has done on the way to its result; null for a node that has done nothing of the kind. */
  parts: NodeParts | null
}

/** A value built up by one operation. `append` keeps its elements in `items`, all others their value in `value` (null before the first). */
export interface AccumulatorState {
  readonly operation: AccumulatorOperation
  value: number | string | null
  readonly items: Encoded[]
}

export interface CacheEntry {
  readonly value: Encoded
  /** Epoch ms from which the entry is dead; null: it never expires. */
  readonly expiresAt: number | null
}

/** A signal that has come and that no node has taken yet. */
export interface SignalState {
  readonly seq: number
  readonly at: number
  readonly name: string
  readonly payload: Encoded
  /** The wait it answers; undefined when it is for any that waits for its name. */
  readonly waitId?: string
  /** The nodes whose schema its payload fits; undefined when it fits all that may wait for it. */
  readonly fits?: readonly string[]
}

/** What a token is good for; it goes with its wait. */
export interface TokenState {
  readonly waitId: string
  /** Epoch ms from which it is no more good; null: as long as the wait is open. */
  readonly expiresAt: number | null
}

/**
 * The fold of a run's facts: plain data, changed by `reduce` alone.
 * `nodes` follows the definition's order; names chosen by users are keys of dictionaries without a prototype.
 */
export interface RunState {
  readonly runId: string
  workflow: WorkflowDefinition
  fingerprint: string
  status: RunStatus
  /** Set by `run.pause-requested`: no node starts, the run pauses when the last running node has ended. */
  pausing: boolean
  /** Sequence of the last fact folded in; 0 before the first. */
  seq: number
  config: RunConfig
  input: Encoded
  seed: number
  parent: RunParent | null
  startedAt: number | null
  endedAt: number | null
  /** Active milliseconds of the segments before the present one, and the start of the present one. */
  activeMs: number
  activeSince: number | null
  /** Epoch ms of the last fact. */
  lastAt: number
  nodes: NodeState[]
  /** Ids of completed nodes in completion order. */
  completed: string[]
  /** Of conditional edges whose source completed: whether they are taken, by edge key. */
  decisions: Dictionary<boolean>
  variables: Dictionary<Encoded>
  accumulators: Dictionary<AccumulatorState>
  counters: Dictionary<number>
  cache: Dictionary<CacheEntry>
  contextVariables: Dictionary<Encoded>
  contextConstants: Dictionary<Encoded>
  /** Signals nobody has taken yet, in the order they came. */
  signals: SignalState[]
  /** Sequences of the signals that came with an idempotency key, by that key. */
  signalKeys: Dictionary<number>
  /** Tokens with which open waits may be answered from outside, by digest. */
  tokens: Dictionary<TokenState>
  /** What node types keep of their own, by type. */
  types: Dictionary<Encoded>
  /** `nodeExecutions` and every metered resource. */
  usage: Dictionary<number>
  /** Set when the run compensates for what it did, and kept when it has ended after that. */
  compensating: Compensating | null
  /** Of compensations that have begun, by the id of the node in this run. */
  compensations: Dictionary<CompensationState>
  /** How often the run was taken up after a crash since it last got anywhere. */
  fruitlessResumes: number
  /** What `limits.maxStateBytes` counts. */
  stateBytes: number
  /** Why the run failed or was canceled or paused. */
  error: SerializedError | null
  /** The node that failed the run; null when a limit did. */
  failedNodeId: string | null
  reason: string | null
}
