/** An event as a store keeps it: what a store may index, and the whole event as text. */
export interface RecordedEvent {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly nodeId: string | null
  readonly text: string
}

/**
 * An event of a node whose text a store put together from what it says of the event and what it kept of the text. Who
 * reads it then need not look for the one in the other: see {@link PiecedEvent.dataOf}.
 */
export class PiecedEvent implements RecordedEvent {
  readonly seq: number
  readonly at: number
  readonly type: string
  readonly nodeId: string
  readonly text: string
  readonly #data: string

  /**
   * @param text - `{"seq":…,"runId":…,"at":…,"type":…,"data":{"nodeId":…,`, then `data`, then `}`, as `eventText` writes it
   * @param data - what follows the id of the node in the text, up to the brace that ends `data`
   */
  constructor(seq: number, at: number, type: string, nodeId: string, text: string, data: string) {
    this.seq = seq
    this.at = at
    this.type = type
    this.nodeId = nodeId
    this.text = text
    this.#data = data
  }

  /** What the text of an event says besides `seq`, `runId`, `at`, `type` and `data.nodeId`; null when that is not known. */
  static dataOf(event: RecordedEvent): string | null {
    return #data in event ? event.#data : null
  }
}
