import type { RunEvent } from './event.ts'
import { eventText } from './event-text.ts'
import type { RecordedEvent } from './recorded-event.ts'

/** Facts that are appended together, as a store takes them. */
export interface FactBatch<Summary> {
  readonly events: readonly RecordedEvent[]
  readonly summary: Summary
}

/** The facts that batches were made of. */
const facts = new WeakMap<object, readonly RunEvent[]>()

/**
 * Facts as a batch for a store. They are put into words when somebody first looks at its `events`: a store that keeps facts
 * as they are takes {@link factsOf} it, and most of what it keeps is never looked at.
 * @param events - never changed from here on
 */
export function factBatch<Summary>(events: readonly RunEvent[], summary: Summary): FactBatch<Summary> {
  let recorded: readonly RecordedEvent[] | undefined
  const batch = {
    get events() {
      recorded ??= Object.freeze(events.map(recordedEvent))
      return recorded
    },
    summary,
  }
  facts.set(batch, events)
  return batch
}

/** The facts of a batch; null when it was not made by {@link factBatch}. */
export function factsOf(batch: object): readonly RunEvent[] | null {
  return facts.get(batch) ?? null
}

/** An event as stores keep it. */
export function recordedEvent(event: RunEvent): RecordedEvent {
  return { seq: event.seq, at: event.at, type: event.type, nodeId: nodeOf(event), text: eventText(event) }
}

/** The node a fact is of; null for one of the run as a whole. */
export function nodeOf({ data }: RunEvent): string | null {
  return 'nodeId' in data ? (data.nodeId ?? null) : null
}
