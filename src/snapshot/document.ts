import type { JsonValue } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { Compensating, CompensationCause, CompensationStatus } from '../run/compensation.ts'
import type { OversizedResults, RunLimits } from '../run/config.ts'
import type { RunParent, SkipReason } from '../run/event.ts'
import type { ItemStatus } from '../run/parts.ts'
import type { NodeStatus, OperatorMark, RunStatus } from '../run/state.ts'
import type { AccumulatorOperation } from '../run/state-write.ts'
import type { WaitState } from '../run/wait.ts'
import type { EdgeDefinition, NodeDefinition } from '../workflow/definition.ts'

/**
 * A snapshot as the JSON it is, version 1.1.0; the members stand in this order.
 * Maps are plain objects; one with the name `__proto__` is `{ "#type": "Object", "entries": [[name, value], …] }`.
 * Values of users are {@link JsonValue} with the tags of the codec. Times are ISO 8601, UTC, with milliseconds.
 */
export interface SnapshotDocument {
  readonly format: 'waystone.snapshot'
  readonly version: string
  readonly snapshotTime: string
  readonly run: RunDocument
  readonly workflow: WorkflowDocument
  /** Nodes to which something has happened. */
  readonly nodes: Readonly<Record<string, NodeDocument>>
  readonly results: Readonly<Record<string, JsonValue>>
  readonly completedNodes: readonly string[]
  readonly decisions: Readonly<Record<string, boolean>>
  /** What nodes without a result have done on the way to one. */
  readonly parts?: Readonly<Record<string, PartsDocument>>
  /** Compensations that have begun. */
  readonly compensations?: Readonly<Record<string, CompensationDocument>>
  readonly variables: Readonly<Record<string, JsonValue>>
  readonly accumulators: Readonly<Record<string, AccumulatorDocument>>
  readonly counters: Readonly<Record<string, number>>
  readonly cache: Readonly<Record<string, CacheDocument>>
  readonly context: {
    readonly variables: Readonly<Record<string, JsonValue>>
    readonly constants: Readonly<Record<string, JsonValue>>
  }
  readonly timers: readonly TimerDocument[]
  readonly signals: readonly SignalDocument[]
  /** Sequences of the signals that came with an idempotency key, by that key. */
  readonly signalKeys?: Readonly<Record<string, number>>
  /** What node types keep of their own, by type. */
  readonly types?: Readonly<Record<string, JsonValue>>
  /** What tokens are good for, by their digest. */
  readonly tokens?: Readonly<Record<string, TokenDocument>>
  readonly usage: Readonly<Record<string, number>>
  readonly config?: ConfigDocument
  readonly children?: readonly ChildDocument[]
  readonly history?: readonly object[]
  readonly integrity: { readonly algorithm: 'sha256'; readonly digest: string }
  readonly [unknown: string]: unknown
}

/** A token with which a wait may be answered. */
export interface TokenDocument {
  readonly waitId: string
  readonly expiresAt: string | null
  readonly [unknown: string]: unknown
}

/** What a run of its own and one nested in it have alike. */
type RunMembers =
  | 'nodes'
  | 'results'
  | 'completedNodes'
  | 'decisions'
  | 'parts'
  | 'variables'
  | 'accumulators'
  | 'counters'
  | 'cache'
  | 'context'
  | 'compensations'
  | 'timers'
  | 'children'

/** The run that a node is. Its definition stands in that of the node; configuration, usage and signals are those of the whole run. */
export interface ChildDocument extends Pick<SnapshotDocument, RunMembers> {
  readonly node: string
  readonly run: Pick<RunDocument, 'status' | 'startedAt' | 'endedAt' | 'error' | 'failedNodeId' | 'seed' | 'input'> & {
    /** Sequence of the fact that began it. */
    readonly begunBy: number
  }
}

/** The run a snapshot is of. */
export interface RunDocument {
  readonly id: string
  readonly status: RunStatus
  readonly pausing: boolean
  readonly parent: RunParent | null
  /** The last fact: its sequence (0 before the first), its time, and the digest of the history where one is kept. */
  readonly head: { readonly seq: number; readonly at: string | null; readonly digest: string | null }
  /** Epoch of the claim under which the run was written. */
  readonly epoch: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  /** Active milliseconds up to the snapshot, pauses not counted. */
  readonly activeMs: number
  readonly error: SerializedError | null
  readonly failedNodeId: string | null
  readonly reason: string | null
  readonly seed: number
  readonly input: JsonValue
  /** How often the run was taken up after a crash since it last got anywhere; missing: 0. */
  readonly fruitlessResumes?: number
  /** Why the run compensates for what it did, or has; missing: it does not. */
  readonly compensating?: Compensating
}

/** Where the compensation of a completed node stands. */
export interface CompensationDocument {
  readonly status: CompensationStatus
  readonly attempt: number
  readonly failures: number
  readonly error?: SerializedError
  /** Of a retrying one. */
  readonly dueAt?: string
  readonly remainingMs?: number
}

export interface WorkflowDocument {
  readonly id: string
  readonly version: string
  readonly fingerprint: string
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
  readonly [unknown: string]: unknown
}

export interface NodeDocument {
  readonly status: NodeStatus
  readonly attempt: number
  readonly failures: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly error?: SerializedError
  /** Of a retrying node, and of a wait that ends at some time: when it is due, and how long that was from the snapshot. */
  readonly dueAt?: string
  readonly remainingMs?: number
  readonly continues?: boolean
  readonly fallback?: boolean
  readonly skipReason?: SkipReason
  /** What someone outside decided about the node. */
  readonly operator?: OperatorMark
  /** What a waiting node waits for; a map node waits for its items. */
  readonly wait?: WaitState
}

/** What a node has done on the way to its result. */
export interface PartsDocument {
  readonly steps?: Readonly<Record<string, JsonValue>>
  readonly checkpoint?: JsonValue
  /** Of a repeated node: how many visits have ended, and what the latest gave. */
  readonly visits?: number
  readonly previous?: JsonValue
  readonly items?: ItemsDocument
}

/**
 * The items of a map node. One that has no state of its own has completed at its first attempt, as long as there are
 * results left, and is pending after that.
 */
export interface ItemsDocument {
  readonly count: number
  /** What tells items apart; missing: their place. */
  readonly keys?: readonly string[]
  /** Of the items that have completed, in item order. */
  readonly results: readonly JsonValue[]
  /** By place. */
  readonly states: Readonly<Record<string, ItemDocument>>
}

export interface ItemDocument {
  readonly status: ItemStatus
  readonly attempt: number
  readonly failures: number
  readonly error?: SerializedError
  readonly dueAt?: string
  readonly remainingMs?: number
  readonly steps?: Readonly<Record<string, JsonValue>>
  readonly checkpoint?: JsonValue
}

export type AccumulatorDocument =
  | { readonly operation: Exclude<AccumulatorOperation, 'append'>; readonly value: number | string | null }
  | { readonly operation: 'append'; readonly items: readonly JsonValue[] }

export interface CacheDocument {
  readonly value: JsonValue
  readonly expiresAt: string | null
  readonly remainingTtlMs: number | null
}

export interface TimerDocument {
  readonly nodeId: string
  /** What comes then: another attempt at the node, the end of its wait, another attempt at an item. */
  readonly kind: 'retry' | 'wait' | 'item'
  /** Place of the item. */
  readonly item?: number
  readonly dueAt: string
  readonly remainingMs: number
}

export interface SignalDocument {
  readonly seq: number
  readonly at: string
  readonly name: string
  readonly payload: JsonValue
  /** The wait it answers; missing: any that waits for its name. */
  readonly waitId?: string
  /** The nodes whose schema its payload fits; missing: all. */
  readonly fits?: readonly string[]
}

export interface ConfigDocument {
  readonly concurrency?: number
  readonly limits?: Partial<RunLimits>
  readonly oversizedResults?: OversizedResults
  readonly compensateOn?: readonly CompensationCause[]
}
