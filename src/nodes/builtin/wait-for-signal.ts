import type { JsonObject, JsonValue } from '../../base/json.ts'
import type { OnLoad } from '../../run/wait.ts'
import type { NodeReference } from '../../workflow/builder-types.ts'
import type { Handler } from '../../workflow/handler.ts'
import { suspend } from '../suspension.ts'
import { dataOf } from './data.ts'
import type { InputPath } from './sleep.ts'
import { badData, choiceOf, durationOf, instantOf, onLoadOf, valueOf } from './wait-data.ts'

/** What a `waitForSignal` node waits for. */
export interface WaitForSignalData {
  /** The signal's name; any string. */
  readonly name: string
  /** JSON Schema (2020-12) of the payload; what does not fit is refused before it is recorded. Default: anything. */
  readonly schema?: JsonObject | boolean
  /** Milliseconds the wait may last; default: for ever. */
  readonly timeoutMs?: number | InputPath
  /** Instant up to which it may last, instead: ISO 8601 with an offset, or epoch milliseconds. */
  readonly until?: string | number | InputPath
  /** When the time is up: `fail` (default) with NODE_WAIT_TIMEOUT, or `route` with null by the handle `timeout`. */
  readonly onTimeout?: 'fail' | 'route'
  /** Of several signals that came before the wait: the `first` (default), which leaves the rest, or `all` as a list. */
  readonly take?: 'first' | 'all'
  readonly onLoad?: OnLoad
}

/** Waits for a signal and gives its payload, by the handle `received`. A signal that came before is taken at once. */
export const waitForSignalHandler: Handler = (inputs, ctx) => {
  const type = 'waitForSignal'
  const data = dataOf(ctx, type, ['name'])
  const { name } = data
  if (typeof name !== 'string') throw badData(ctx, type, 'data.name to be a string', name)
  const { timeoutMs, until } = data
  let dueAt: number | null = null
  if (timeoutMs !== undefined) dueAt = ctx.now() + durationOf(ctx, type, 'timeoutMs', valueOf(inputs, timeoutMs))
  else if (until !== undefined) dueAt = instantOf(ctx, type, 'until', valueOf(inputs, until))
  return suspend({
    kind: 'signal',
    name,
    dueAt,
    durationMs: dueAt === null ? null : Math.max(0, dueAt - ctx.now()),
    onLoad: onLoadOf(ctx, type, data),
    onTimeout: choiceOf(ctx, type, data, 'onTimeout', ['fail', 'route']),
    take: choiceOf(ctx, type, data, 'take', ['first', 'all']),
  })
}

/**
 * A node that waits for a signal and gives its payload.
 * @example
 * const flow = workflow('ask').node('approved', waitForSignal<boolean>({ name: 'approve', schema: { type: 'boolean' } })).build()
 * const executor = new DagExecutor(flow)
 * const running = executor.execute()
 * await executor.signal('approve', true)
 * const { output } = await running
 * output // true
 */
export function waitForSignal<Payload = unknown>(data: WaitForSignalData): NodeReference<object, Payload> {
  return { type: 'waitForSignal', data: data as unknown as JsonValue }
}
