import type { Clock } from '../base/ports.ts'

/** The runs an engine has let go while they wait, each with the instant at which it is looked at again. */
export class DueRuns {
  readonly #clock: Clock
  readonly #wake: (runId: string) => void
  readonly #timers = new Map<string, () => void>()

  constructor(clock: Clock, wake: (runId: string) => void) {
    this.#clock = clock
    this.#wake = wake
  }

  /**
   * Sets the timer of a run, in the place of the one it has. It keeps no process alive: whoever recovers the run goes on.
   * @param dueAt - epoch ms; null: no timer
   */
  arm(runId: string, dueAt: number | null): void {
    this.disarm(runId)
    if (dueAt === null) return
    const fire = () => {
      this.#timers.delete(runId)
      this.#wake(runId)
    }
    this.#timers.set(runId, this.#clock.setTimer(Math.max(0, dueAt - this.#clock.now()), fire, true))
  }

  disarm(runId: string): void {
    this.#timers.get(runId)?.()
    this.#timers.delete(runId)
  }

  clear(): void {
    for (const stop of this.#timers.values()) stop()
    this.#timers.clear()
  }
}
