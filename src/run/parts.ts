import type { Encoded } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { RunState } from './state.ts'

/** What an attempt leaves to the next one. */
export interface Progress {
  /** Results of `ctx.step`, by name. */
  readonly steps: Dictionary<Encoded>
  /** The latest `ctx.checkpoint`; undefined when there is none. */
  checkpoint: Encoded | undefined
}

/**
 * What a node has done on the way to its result. Dropped when it has one, but for a nested run, whose nodes have results of
 * their own: the result says it all, and the history has the rest.
 */
export interface NodeParts extends Progress {
  /** Of a repeated node: how many visits have ended, and what the latest gave. */
  visits: number
  previous: Encoded | undefined
  /** Of a map node: its items, once they are listed. */
  items: ItemsState | null
  /** Of a node that is a run: the state of that run, kept when it has ended. */
  child: RunState | null
}

/** Where an item of a map node stands. */
export type ItemStatus = 'pending' | 'running' | 'retrying' | 'completed' | 'failed' | 'interrupted'

/** One item of a map node. */
export interface ItemState {
  status: ItemStatus
  attempt: number
  /** Attempts that failed since the item was last reset. */
  failures: number
  output: Encoded | undefined
  error: SerializedError | null
  /** Epoch ms at which a retrying item is due. */
  dueAt: number | null
  progress: Progress | null
}

/** The items of a map node, in the order of the list they came from. */
export interface ItemsState {
  /** What tells items apart; null: their place in the list. */
  keys: readonly string[] | null
  list: ItemState[]
}

/** The parts of a node that has none yet. */
export function noParts(): NodeParts {
  return { steps: dictionary(), checkpoint: undefined, visits: 0, previous: undefined, items: null, child: null }
}

/** The progress of an item that has made none yet. */
export function noProgress(): Progress {
  return { steps: dictionary(), checkpoint: undefined }
}

/** An item to which nothing has happened. */
export function untouchedItem(): ItemState {
  return { status: 'pending', attempt: 0, failures: 0, output: undefined, error: null, dueAt: null, progress: null }
}

/** Whether an item is through: it completed, or failed for good. */
export function isItemSettled({ status }: ItemState): boolean {
  return status === 'completed' || status === 'failed'
}
