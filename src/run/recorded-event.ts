/** An event as a store keeps it: what a store may index, and the whole event as text. */
export interface RecordedEvent {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly nodeId: string | null
  readonly text: string
}

/**
 * Goes once through events that follow each other, without an object for each: in a fresh process, which runs code it
 * has not compiled yet, what is made for each event takes most of the time it takes to read a log (bench/resume.mjs).
 * What it says is of the event it stands at, which is none before the first `next`.
 */
export interface EventCursor {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly nodeId: string | null
  /**
   * What the text says besides `seq`, `runId`, `at`, `type` and `data.nodeId`, each of which stands where `eventText`
   * writes it: what follows the id of the node, up to the brace that ends `data`; of an event of no node, what follows its
   * type, up to the end. Null when that is not known.
   *
   * Shape: `"attempt":1}` · `"attempt":1,"output":3}` · `"data":{"reason":"pause"}}`
   */
  readonly data: string | null
  /** Whether nothing stood behind these events when they were read. */
  readonly isAtHead: boolean
  /** Goes on to the next event; false when there is none. */
  next(): boolean
  /** The event it stands at. */
  event(): RecordedEvent
}
