import type { Clock } from '../../src/base/ports.ts'

interface Timer {
  readonly dueAt: number
  readonly order: number
  readonly callback: () => void
}

/** A clock a test owns: time stands still until it is moved on. */
export class ManualClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  constructor(now = Date.UTC(2026, 0, 1)) {
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Sets the time without calling any timer, as a system clock that jumps. */
  jump(to: number): void {
    this.#now = to
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    this.#order += 1
    const timer = { dueAt: this.#now + delayMs, order: this.#order, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  get pending(): number {
    return this.#timers.size
  }

  /** Moves on to the next timer and calls it; false when there is none. */
  next(): boolean {
    const timer = [...this.#timers].sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0]
    if (timer === undefined) return false
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.dueAt)
    timer.callback()
    return true
  }

  /** Moves time on by so many milliseconds, calling what falls due on the way. */
  advance(ms: number): void {
    const until = this.#now + ms
    for (;;) {
      const timer = [...this.#timers].sort((a, b) => a.dueAt - b.dueAt || a.order - b.order)[0]
      if (timer === undefined || timer.dueAt > until) break
      this.next()
    }
    this.#now = until
  }

  /** Runs a promise to its end, moving time on whenever nothing else can happen. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    const watched = work.finally(() => {
      isOver = true
    })
    watched.catch(() => undefined)
    while (!isOver) {
      for (let turn = 0; turn < 20 && !isOver; turn += 1) await Promise.resolve()
      if (isOver) break
      if (!this.next()) await new Promise((resolve) => setImmediate(resolve))
    }
    return watched
  }
}
