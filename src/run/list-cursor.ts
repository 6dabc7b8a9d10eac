import { beginnings, dataAfter } from './event-beginning.ts'
import type { EventCursor, RecordedEvent } from './recorded-event.ts'

/** Goes through events at hand. */
export class ListCursor implements EventCursor {
  seq = 0
  at = 0
  type = ''
  nodeId: string | null = null
  data: string | null = null
  readonly isAtHead: boolean
  readonly #events: readonly RecordedEvent[]
  readonly #beginning: ReturnType<typeof beginnings>
  #place = -1

  /**
   * @param events - of one run, in sequence order
   * @param isAtHead - whether nothing stands behind them
   */
  constructor(runId: string, events: readonly RecordedEvent[], isAtHead: boolean) {
    this.#events = events
    this.#beginning = beginnings(runId)
    this.isAtHead = isAtHead
  }

  next(): boolean {
    this.#place += 1
    const event = this.#events[this.#place]
    if (event === undefined) return false
    this.seq = event.seq
    this.at = event.at
    this.type = event.type
    this.nodeId = event.nodeId
    this.data = dataAfter(this.#beginning, event)
    return true
  }

  event(): RecordedEvent {
    return this.#events[this.#place]!
  }
}
