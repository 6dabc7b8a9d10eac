import type { JsonValue } from '../../base/json.ts'
import type { OnLoad } from '../../run/wait.ts'
import type { NodeReference } from '../../workflow/builder-types.ts'
import type { Handler } from '../../workflow/handler.ts'
import { suspend } from '../suspension.ts'
import { dataOf } from './data.ts'
import { durationOf, instantOf, onLoadOf, valueOf } from './wait-data.ts'

/** A JSON Pointer into the inputs of a node, by upstream id: `{ path: '/order/dueAt' }`. */
export interface InputPath {
  readonly path: string
}

/** What a `sleep` node waits for. */
export interface SleepData {
  /** Milliseconds, 0 or more; any length. */
  readonly durationMs: number | InputPath
  /** How it goes on after a load: to its `deadline` (default), with the time that `remaining`s, or by `restart`. */
  readonly onLoad?: OnLoad
}

/** What a `sleepUntil` node waits for. */
export interface SleepUntilData {
  /** ISO 8601 with an offset, or epoch milliseconds; through a path also a Date. One that has passed is no wait. */
  readonly until: string | number | InputPath
  readonly onLoad?: OnLoad
}

/** Waits for some time and gives null. Takes up no place meanwhile, and is a fact: a load goes on waiting. */
export const sleepHandler: Handler = (inputs, ctx) => {
  const data = dataOf(ctx, 'sleep', ['durationMs'])
  const durationMs = durationOf(ctx, 'sleep', 'durationMs', valueOf(inputs, data['durationMs']))
  return suspend({ kind: 'timer', durationMs, dueAt: ctx.now() + durationMs, onLoad: onLoadOf(ctx, 'sleep', data) })
}

/** Waits for an instant and gives null. */
export const sleepUntilHandler: Handler = (inputs, ctx) => {
  const data = dataOf(ctx, 'sleepUntil', ['until'])
  const dueAt = instantOf(ctx, 'sleepUntil', 'until', valueOf(inputs, data['until']))
  const durationMs = Math.max(0, dueAt - ctx.now())
  return suspend({ kind: 'timer', durationMs, dueAt, onLoad: onLoadOf(ctx, 'sleepUntil', data) })
}

/**
 * A node that waits for some time; it gives null.
 * @example
 * const flow = workflow('nap').node('a', () => 1).node('nap', ['a'], sleep({ durationMs: 5 })).node('b', ['a', 'nap'], ({ a }) => a).build()
 * const { output } = await new DagExecutor(flow).execute()
 * output // 1
 */
export function sleep(data: SleepData): NodeReference<object, null> {
  return { type: 'sleep', data: data as unknown as JsonValue }
}

/**
 * A node that waits for an instant; it gives null.
 * @example
 * const flow = workflow('alarm').node('alarm', sleepUntil({ until: '2020-01-01T00:00:00Z' })).build()
 * const { status } = await new DagExecutor(flow).execute()
 * status // 'completed'
 */
export function sleepUntil(data: SleepUntilData): NodeReference<object, null> {
  return { type: 'sleepUntil', data: data as unknown as JsonValue }
}
