import type { RunEvent } from './event.ts'
import { eventText } from './event-text.ts'
import type { RecordedEvent } from './recorded-event.ts'

/**
 * Facts that are appended together, as a store takes them. They are put into words when somebody first looks at `events`: a
 * store that keeps facts as they are asks {@link FactBatch.factsOf}, and most of what it keeps is never looked at.
 */
export class FactBatch<Summary> {
  readonly summary: Summary
  readonly #facts: readonly RunEvent[]
  #events: readonly RecordedEvent[] | null = null

  /** @param facts - never changed from here on */
  constructor(facts: readonly RunEvent[], summary: Summary) {
    this.#facts = facts
    this.summary = summary
  }

  get events(): readonly RecordedEvent[] {
    this.#events ??= Object.freeze(this.#facts.map(recordedEvent))
    return this.#events
  }

  /** The facts of a batch; null when it is made of events that are words already. */
  static factsOf(batch: object): readonly RunEvent[] | null {
    return #facts in batch ? batch.#facts : null
  }
}

/** An event as stores keep it. */
export function recordedEvent(event: RunEvent): RecordedEvent {
  return { seq: event.seq, at: event.at, type: event.type, nodeId: nodeOf(event), text: eventText(event) }
}

/** The node a fact is of; null for one of the run as a whole. */
function nodeOf({ data }: RunEvent): string | null {
  return 'nodeId' in data ? (data.nodeId ?? null) : null
}
