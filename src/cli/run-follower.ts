import type { RunEvent } from '../run/event.ts'
import { eventReader } from '../run/read-event.ts'
import { reduce } from '../run/reduce.ts'
import type { Run } from '../run/run.ts'
import type { Store } from '../store/store.ts'
import { lookAt, lookingCodec } from './subject.ts'

/** Follows a run that another process may execute: its state, kept up to date with the facts that come. */
export class RunFollower {
  readonly run: Run
  readonly #store: Store
  readonly #read: ReturnType<typeof eventReader>

  private constructor(store: Store, run: Run) {
    this.run = run
    this.#store = store
    this.#read = eventReader(run.state.runId, lookingCodec.check)
  }

  /** @throws {StoreError} STORE_NOT_FOUND, STORE_DAMAGED; {RunError} HISTORY_DAMAGED */
  static async open(store: Store, runId: string): Promise<RunFollower> {
    return new RunFollower(store, await lookAt(store, runId))
  }

  /** Takes in the facts that have come since, and gives them. */
  async next(): Promise<readonly RunEvent[]> {
    const { runId, seq } = this.run.state
    const events: RunEvent[] = []
    for (let fromSeq = seq + 1; ; ) {
      const page = await this.#store.read(runId, { fromSeq })
      for (const recorded of page) {
        const event = this.#read(recorded)
        reduce(this.run, event)
        events.push(event)
      }
      const last = page.at(-1)
      if (last === undefined) return events
      fromSeq = last.seq + 1
    }
  }
}
