import { invalidArgument, readArgument } from '../base/argument.ts'
import type { RecordedEvent } from '../run/recorded-event.ts'

const OF = 'history'

/** Events a caller gave, as they are now. @throws {WaystoneError} ARGUMENT_INVALID */
export function recordedEvents(events: Iterable<RecordedEvent>): readonly RecordedEvent[] {
  return readArgument('events', () => [...events].map(copyOf), { of: OF })
}

function copyOf(event: RecordedEvent, index: number): RecordedEvent {
  const { seq, at, type, nodeId, text } = event
  const isEvent =
    Number.isSafeInteger(seq) &&
    Number.isFinite(at) &&
    typeof type === 'string' &&
    typeof text === 'string' &&
    (nodeId === null || typeof nodeId === 'string')
  if (isEvent) return { seq, at, type, nodeId, text }
  const expected = 'an event as a store gives it, with seq, at, type, nodeId and text'
  throw invalidArgument(`events[${index}]`, expected, event, { of: OF })
}
