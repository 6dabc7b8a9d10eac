import type { ListenersByType, ProgressNotice } from '../engine/listeners.ts'
import type { RunEvent } from '../run/event.ts'

/** Hears what an engine tells of a run, from the first fact on: kept until someone listens. */
export class Hearing {
  #heard: (RunEvent | ProgressNotice)[] = []
  #tell: ((heard: RunEvent | ProgressNotice) => void) | null = null

  /** What the engine is to be made with. */
  readonly listeners: ListenersByType = { '*': (event) => this.#hear(event), progress: (notice) => this.#hear(notice) }

  /** Tells what was heard, and all that comes. */
  listen(tell: (heard: RunEvent | ProgressNotice) => void): void {
    this.#tell = tell
    for (const heard of this.#heard.splice(0)) tell(heard)
  }

  #hear(heard: RunEvent | ProgressNotice): void {
    if (this.#tell === null) this.#heard.push(heard)
    else this.#tell(heard)
  }
}
