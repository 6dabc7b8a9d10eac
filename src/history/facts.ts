import { quote, RunError } from '../base/errors.ts'
import type { RunEvent } from '../run/event.ts'
import type { RecordedEvent } from '../run/recorded-event.ts'
import { qualified } from '../run/signal-waits.ts'
import { factPath } from './fact-text.ts'

/**
 * The facts of one run as they were recorded, gap-free, from any sequence on. What is kept of each is its text and what
 * tells it apart; it is read anew each time it is asked for, so nobody holds the same one.
 */
export class Facts {
  readonly runId: string
  /** Sequence of the first fact; also while there is none yet. */
  readonly firstSeq: number
  readonly #runIdLength: number
  readonly #read: (recorded: RecordedEvent) => RunEvent
  // Lists beside each other take a third of what an object for each fact does.
  readonly #ats: number[] = []
  readonly #latest: number[] = []
  readonly #types: string[] = []
  readonly #nodeIds: (string | null)[] = []
  readonly #texts: string[] = []

  /** @param read - reads a fact from where it was recorded; throws HISTORY_DAMAGED */
  constructor(runId: string, firstSeq: number, read: (recorded: RecordedEvent) => RunEvent) {
    this.runId = runId
    this.firstSeq = firstSeq
    this.#runIdLength = JSON.stringify(runId).length
    this.#read = read
  }

  get length(): number {
    return this.#texts.length
  }

  /** Sequence of the last fact; one before the first while there is none. */
  get lastSeq(): number {
    return this.firstSeq + this.#texts.length - 1
  }

  /**
   * Adds facts, all of them or, when one does not fit, none.
   * @throws {RunError} HISTORY_DAMAGED when they do not follow the last one
   */
  append(added: readonly RecordedEvent[]): void {
    added.forEach(({ seq, type }, index) => {
      const expected = this.lastSeq + 1 + index
      if (seq === expected) return
      throw new RunError(
        'HISTORY_DAMAGED',
        `the history of run ${quote(this.runId)} goes on with sequence ${expected}, got ${seq} (${quote(type)})`,
        { details: { runId: this.runId, seq, expected } },
      )
    })
    for (const { at, type, nodeId, text } of added) {
      this.#latest.push(Math.max(this.#latest.at(-1) ?? at, at))
      this.#ats.push(at)
      this.#types.push(type)
      this.#nodeIds.push(nodeId)
      this.#texts.push(text)
    }
  }

  /** The fact of a sequence there is, read anew. @throws {RunError} HISTORY_DAMAGED */
  read(seq: number): RunEvent {
    const index = seq - this.firstSeq
    return this.#read({
      seq,
      at: this.#ats[index]!,
      type: this.#types[index]!,
      nodeId: this.#nodeIds[index]!,
      text: this.#texts[index]!,
    })
  }

  /** When a fact was recorded, in epoch ms. */
  at(seq: number): number {
    return this.#ats[seq - this.firstSeq]!
  }

  type(seq: number): string {
    return this.#types[seq - this.firstSeq]!
  }

  /** The id of the node a fact is of, in the run of its path; null when it is of none. */
  nodeId(seq: number): string | null {
    return this.#nodeIds[seq - this.firstSeq]!
  }

  /** The name in the whole run of the node a fact is of, see `qualified`; null when it is of none. */
  node(seq: number): string | null {
    const nodeId = this.nodeId(seq)
    return nodeId === null ? null : qualified(this.path(seq), nodeId)
  }

  text(seq: number): string {
    return this.#texts[seq - this.firstSeq]!
  }

  /** Ids of the nodes that lead to the run a fact is of; empty for the run itself. */
  path(seq: number): readonly string[] {
    return factPath(this.text(seq), seq, this.#runIdLength, this.at(seq))
  }

  /**
   * The last fact up to a time, that one included. Order is the sequence: a fact whose clock was behind that of one
   * before it counts as of the time of that one.
   * @returns one before the first when there is none
   */
  lastUpTo(time: number): number {
    let low = 0
    let high = this.#latest.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#latest[middle]! <= time) low = middle + 1
      else high = middle
    }
    return this.firstSeq + low - 1
  }
}
