import { quote } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent, RunEventOf, RunEventType } from '../run/event.ts'
import { isEventType } from '../run/event-types.ts'
import { publicEvent } from '../run/public-event.ts'
import { callSafely } from './call-safely.ts'

/** What a node says of how far it is; not a fact, recorded nowhere. */
export interface ProgressNotice {
  readonly type: 'progress'
  readonly runId: string
  /** Of a node of a nested run: ids of the nodes that lead to that run. */
  readonly path?: readonly string[]
  readonly nodeId: string
  readonly attempt: number
  /** 0 to 1. */
  readonly fraction: number
  readonly text?: string
}

/** What a listener may listen to: a type of fact, all facts (`*`), or progress. */
export type ListenerType = RunEventType | '*' | 'progress'

/** What a listener of a type is called with. */
export type ListenerEvent<Type extends ListenerType> = Type extends '*'
  ? RunEvent
  : Type extends 'progress'
    ? ProgressNotice
    : Type extends RunEventType
      ? RunEventOf<Type>
      : never

/** Listeners by what they listen to. */
export type ListenersByType = { readonly [Type in ListenerType]?: (event: ListenerEvent<Type>) => unknown }

/** Whether there is anything of that name to listen to. */
export function isListenerType(type: unknown): type is ListenerType {
  return type === '*' || type === 'progress' || isEventType(type)
}

type Listener = (event: never) => unknown

/**
 * The listeners of a run. They are told every fact once, in sequence order, after it is recorded; those of a type before
 * those of all types. One that throws, or whose promise rejects, is reported to the logger and changes nothing; one
 * that is slow only makes the next wait. Promises are not awaited.
 */
export class Listeners {
  readonly #byType = new Map<ListenerType, Set<Listener>>()
  readonly #recorders = new Set<(event: RunEvent) => void>()
  readonly #onFailure = new Set<(error: Error) => void>()
  readonly #codec: ValueCodec
  readonly #logger: Logger

  constructor(codec: ValueCodec, logger: Logger) {
    this.#codec = codec
    this.#logger = logger
  }

  add<Type extends ListenerType>(type: Type, listener: (event: ListenerEvent<Type>) => unknown): () => void {
    // Wrapped, so that a function may be put on twice and taken off once.
    const own = (event: never) => listener(event)
    const listeners = this.#byType.get(type) ?? new Set()
    this.#byType.set(type, listeners.add(own))
    return () => void listeners.delete(own)
  }

  /** Calls back for every fact as it was recorded, before any listener is told of it; for those who keep it. */
  addRecorder(recorder: (event: RunEvent) => void): void {
    this.#recorders.add(recorder)
  }

  /** Calls back when no further fact will come because they can't be recorded. */
  addFailure(listener: (error: Error) => void): () => void {
    this.#onFailure.add(listener)
    return () => void this.#onFailure.delete(listener)
  }

  tell(event: RunEvent): void {
    if (this.#recorders.size > 0) for (const record of this.#recorders) record(event)
    if (this.#byType.size === 0) return
    if (!this.#has(event.type) && !this.#has('*')) return
    const shown = publicEvent(event, this.#codec)
    this.#call(event.type, shown)
    this.#call('*', shown)
  }

  tellProgress(notice: ProgressNotice): void {
    this.#call('progress', Object.freeze(notice))
  }

  tellFailure(error: Error): void {
    for (const listener of [...this.#onFailure]) listener(error)
  }

  #has(type: ListenerType): boolean {
    return (this.#byType.get(type)?.size ?? 0) > 0
  }

  #call(type: ListenerType, event: RunEvent | ProgressNotice): void {
    const listeners = this.#byType.get(type)
    if (listeners === undefined || listeners.size === 0) return
    for (const listener of [...listeners]) {
      // Taken off by one before it.
      if (!listeners.has(listener)) continue
      callSafely(
        () => listener(event as never),
        (error) => this.#logger.error(`a listener of ${quote(type)} threw; the run goes on`, { error }),
      )
    }
  }
}
