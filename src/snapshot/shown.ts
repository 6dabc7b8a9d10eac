import type { Encoded } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { ItemState, ItemStatus, NodeParts, Progress } from '../run/parts.ts'
import type { SignalState } from '../run/state.ts'
import { isoTime, isoTimeOrNull } from './time.ts'

/** What an attempt has left to the next one, in a snapshot. */
export interface SnapshotProgress {
  /** Results of `ctx.step`, by name. */
  readonly steps: Readonly<Dictionary<unknown>>
  /** The latest `ctx.checkpoint`; undefined when there is none. */
  readonly checkpoint: unknown
}

/** What a node has done on the way to its result, in a snapshot. */
export interface SnapshotPart extends SnapshotProgress {
  /** Of a repeated node: how many visits have ended, and what the latest gave. */
  readonly visits: number
  readonly previous: unknown
  /** Of a map node, in item order; null for any other, and before they are listed. */
  readonly items: readonly SnapshotItem[] | null
}

/** One item of a map node in a snapshot; times are ISO 8601. */
export interface SnapshotItem extends SnapshotProgress {
  /** What tells it apart; null: its place. */
  readonly key: string | null
  readonly status: ItemStatus
  readonly attempt: number
  readonly failures: number
  /** Once it has completed. */
  readonly result: unknown
  readonly error: SerializedError | null
  readonly dueAt: string | null
}

/** A signal that no node has taken yet, in a snapshot; times are ISO 8601. */
export interface SnapshotSignal extends Readonly<Omit<SignalState, 'at' | 'payload'>> {
  readonly at: string
  readonly payload: unknown
}

/** Decodes a value anew. */
type Decode = (value: Encoded) => unknown

/** Parts of a node as the caller's own. */
export function shownParts({ visits, previous, items, ...progress }: NodeParts, decode: Decode): SnapshotPart {
  return {
    ...shownProgress(progress, decode),
    visits,
    previous: previous === undefined ? undefined : decode(previous),
    items:
      items === null ? null : items.list.map((item, place) => shownItem(item, items.keys?.[place] ?? null, decode)),
  }
}

function shownItem(item: ItemState, key: string | null, decode: Decode): SnapshotItem {
  const { status, attempt, failures, output, error, dueAt, progress } = item
  return {
    key,
    status,
    attempt,
    failures,
    result: output === undefined ? undefined : decode(output),
    error: error === null ? null : structuredClone(error),
    dueAt: isoTimeOrNull(dueAt),
    ...shownProgress(progress, decode),
  }
}

function shownProgress(progress: Progress | null, decode: Decode): SnapshotProgress {
  const steps = dictionary<unknown>()
  for (const name of Object.keys(progress?.steps ?? {}).sort()) steps[name] = decode(progress!.steps[name]!)
  return { steps, checkpoint: progress?.checkpoint === undefined ? undefined : decode(progress.checkpoint) }
}

/** A signal as the caller's own. */
export function shownSignal({ at, payload, fits, ...signal }: SignalState, decode: Decode): SnapshotSignal {
  return {
    ...signal,
    at: isoTime(at),
    payload: decode(payload),
    ...(fits === undefined ? {} : { fits: [...fits] }),
  }
}
