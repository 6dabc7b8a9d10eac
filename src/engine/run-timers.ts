import type { Clock } from '../base/ports.ts'
import { nextDueAt } from '../run/plan.ts'
import type { Run } from '../run/run.ts'

/** The two times a run waits for as a whole: when its next retry is due, and when its own time is up. */
export class RunTimers {
  readonly #clock: Clock
  readonly #onDue: () => void
  readonly #onRunTimeout: () => void
  #stopDue: (() => void) | null = null
  #dueAt: number | null = null
  #stopRun: (() => void) | null = null

  constructor(clock: Clock, onDue: () => void, onRunTimeout: () => void) {
    this.#clock = clock
    this.#onDue = onDue
    this.#onRunTimeout = onRunTimeout
  }

  /** Sets the timer of the earliest retry, unless it is set already. */
  armDue(run: Run): void {
    const dueAt = nextDueAt(run)
    if (dueAt === this.#dueAt) return
    this.#stopDue?.()
    this.#stopDue = null
    this.#dueAt = dueAt
    if (dueAt === null) return
    this.#stopDue = this.#clock.setTimer(Math.max(0, dueAt - this.#clock.now()), () => {
      this.#dueAt = null
      this.#onDue()
    })
  }

  /** Sets the timer of the run's time-out: what is left of it after the active time of earlier segments. */
  armRun({ state }: Run): void {
    const { runTimeoutMs } = state.config.limits
    this.#stopRun?.()
    this.#stopRun = null
    if (runTimeoutMs === null || state.status !== 'running') return
    this.#stopRun = this.#clock.setTimer(Math.max(0, runTimeoutMs - state.activeMs), this.#onRunTimeout)
  }

  stop(): void {
    this.#stopRun?.()
    this.#stopRun = null
    this.#stopDue?.()
    this.#stopDue = null
    this.#dueAt = null
  }
}
