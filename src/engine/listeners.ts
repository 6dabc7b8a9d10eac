import { quote } from '../base/errors.ts'
import type { Logger } from '../base/ports.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent, RunEventOf, RunEventType } from '../run/event.ts'
import { publicEvent } from './public-event.ts'

/** What a node says of how far it is; not a fact, recorded nowhere. */
export interface ProgressNotice {
  readonly type: 'progress'
  readonly runId: string
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

type Listener = (event: never) => void

/**
 * The listeners of a run. They are told every fact once, in sequence order, after it is recorded.
 * One that throws is reported to the logger and changes nothing; one that is slow only makes the next wait.
 */
export class Listeners {
  readonly #byType = new Map<ListenerType, Set<Listener>>()
  readonly #codec: ValueCodec
  readonly #logger: Logger
  #count = 0

  constructor(codec: ValueCodec, logger: Logger) {
    this.#codec = codec
    this.#logger = logger
  }

  get isEmpty(): boolean {
    return this.#count === 0
  }

  add<Type extends ListenerType>(type: Type, listener: (event: ListenerEvent<Type>) => void): () => void {
    const own = (event: never) => listener(event)
    const listeners = this.#byType.get(type) ?? new Set()
    this.#byType.set(type, listeners.add(own))
    this.#count += 1
    return () => {
      if (listeners.delete(own)) this.#count -= 1
    }
  }

  tell(event: RunEvent): void {
    if (this.#count === 0) return
    const shown = publicEvent(event, this.#codec)
    this.#call(event.type, shown)
    this.#call('*', shown)
  }

  tellProgress(notice: ProgressNotice): void {
    if (this.#count > 0) this.#call('progress', notice)
  }

  #call(type: ListenerType, event: RunEvent | ProgressNotice): void {
    const listeners = this.#byType.get(type)
    if (listeners === undefined) return
    for (const listener of [...listeners]) {
      try {
        listener(event as never)
      } catch (error) {
        this.#logger.error(`a listener of ${quote(type)} threw; the run goes on`, { error })
      }
    }
  }
}
