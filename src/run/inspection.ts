import type { SerializedError } from '../base/serialized-error.ts'
import type { TriggerRule } from '../workflow/definition.ts'
import type { SkipReason } from './event.ts'
import type { CompensationsInspection } from './inspect-compensations.ts'
import type { ItemStatus } from './parts.ts'
import type { NodeStatus, RunStatus } from './state.ts'

/** A status that explains itself: where a run stands, and what each node that has not ended waits for. */
export interface Inspection {
  readonly runId: string
  readonly status: RunStatus
  /** When it was looked at, in epoch ms. */
  readonly at: number
  /** Where the run stands, for people. */
  readonly sentence: string
  /** What keeps nodes from starting that could; null: nothing does. */
  readonly hold: Hold | null
  /** Whether nothing can happen in the run, and nobody outside can change that; only a state from elsewhere is such. */
  readonly isStuck: boolean
  /** How many nodes have each status; `ready` ones are not among the pending. */
  readonly counts: Readonly<Record<NodeStatus | 'ready', number>>
  /** The nodes that have not ended, in definition order. */
  readonly nodes: readonly NodeInspection[]
  /** Of a run that compensates for what it did, or has: where each compensation stands, those of nested runs too; null of any other. */
  readonly compensations: CompensationsInspection | null
}

/** Why a run as a whole starts no node: its status, that it is about to pause, that a node has failed and the rest comes to its end, or that it compensates. */
export type Hold = Exclude<RunStatus, 'running'> | 'pausing' | 'failing' | 'compensating'

/** A node that has not ended. */
export interface NodeInspection {
  readonly nodeId: string
  readonly status: NodeStatus | 'ready'
  readonly waitsFor: WaitsFor
  /** Of a repeated node: the visit it is at, 1-based, and the most it may have. */
  readonly visit?: { readonly number: number; readonly maximum: number }
  /** The same for people. */
  readonly sentence: string
}

/** What a node waits for. Instants are epoch ms. */
export type WaitsFor =
  /** Its handler, which runs. */
  | { readonly kind: 'handler'; readonly attempt: number; readonly since: number | null }
  /** Nothing: it is about to start. */
  | { readonly kind: 'start' }
  /** A place: so many nodes and items run as may run at once. */
  | { readonly kind: 'place'; readonly running: number; readonly concurrency: number }
  /** The run to go on. */
  | { readonly kind: 'run'; readonly hold: Hold }
  /** The end of its upstreams; `blockedBy` is a failed node without which it can not start. */
  | {
      readonly kind: 'upstreams'
      readonly trigger: TriggerRule
      readonly upstreams: readonly { readonly nodeId: string; readonly status: NodeStatus }[]
      readonly blockedBy: string | null
    }
  /** Nothing: its trigger rule can no longer hold, and it is about to be skipped. */
  | { readonly kind: 'skip'; readonly reason: SkipReason }
  /** The time of its next attempt. */
  | { readonly kind: 'retry'; readonly attempt: number; readonly dueAt: number; readonly error: SerializedError | null }
  | { readonly kind: 'timer'; readonly waitId: string; readonly dueAt: number }
  /** A signal; of those of its name that have come, `fitting` are for it and `unfit` are not. */
  | {
      readonly kind: 'signal'
      readonly name: string
      readonly waitId: string
      readonly dueAt: number | null
      readonly hasSchema: boolean
      readonly fitting: number
      readonly unfit: number
    }
  /** Its items. */
  | {
      readonly kind: 'items'
      readonly total: number
      readonly counts: Readonly<Record<ItemStatus, number>>
      /** Most at once; null: as many as the run allows. */
      readonly concurrency: number | null
      /** When the next retry of one is due. */
      readonly dueAt: number | null
    }
  /** The run it is. */
  | { readonly kind: 'nested'; readonly run: Inspection }
  /** It was cut off; what then, its definition says. */
  | { readonly kind: 'interrupted'; readonly attempt: number; readonly then: 'rerun' | 'fail' | 'ask' }
  /** Someone to try it again, skip it or give its result; `isLeft`: a retry has left it out. */
  | {
      readonly kind: 'failure'
      readonly attempt: number
      readonly error: SerializedError | null
      readonly isLeft: boolean
    }
  /** A limit of the run that is used up. */
  | { readonly kind: 'limit'; readonly limit: 'maxNodeExecutions'; readonly max: number; readonly used: number }
  /** A handler for its type. */
  | { readonly kind: 'code'; readonly type: string }
  /** Nothing: the run has ended without it, or is about to, once it has compensated. */
  | { readonly kind: 'nothing'; readonly hold: 'ended' | 'compensating' }
