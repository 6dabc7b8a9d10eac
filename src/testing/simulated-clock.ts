import { invalidArgument, readArgument } from '../base/argument.ts'
import type { Clock } from '../base/ports.ts'

interface Timer {
  readonly dueAt: number
  readonly order: number
  readonly callback: () => void
}

/**
 * A clock a test owns: time stands still until it is moved on.
 *
 * @example
 * const clock = new SimulatedClock(0)
 * clock.setTimer(86_400_000, () => undefined)
 * clock.advance(86_400_000)
 * clock.now() // 86400000
 */
export class SimulatedClock implements Clock {
  #now: number
  #order = 0
  readonly #timers = new Set<Timer>()

  /**
   * @param now - where time begins, epoch ms; default the first day of 2026, UTC
   * @throws {WaystoneError} ARGUMENT_INVALID, as all its methods for a time or callback that is none
   */
  constructor(now = Date.UTC(2026, 0, 1)) {
    checkTime('now', now)
    this.#now = now
  }

  now(): number {
    return this.#now
  }

  /** Sets the time without calling any timer, as a system clock that jumps. */
  jump(to: number): void {
    checkTime('to', to)
    this.#now = to
  }

  setTimer(delayMs: number, callback: () => void): () => void {
    checkTime('delayMs', delayMs)
    if (typeof callback !== 'function') throw invalidArgument('callback', 'a function', callback, { of: 'setTimer' })
    this.#order += 1
    const timer = { dueAt: this.#now + delayMs, order: this.#order, callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** Timers that are set. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves on to the next timer and calls it; false when there is none. */
  next(): boolean {
    const timer = this.#earliest()
    if (timer === undefined) return false
    this.#timers.delete(timer)
    this.#now = Math.max(this.#now, timer.dueAt)
    timer.callback()
    return true
  }

  /** Moves time on by so many milliseconds, calling what falls due on the way. */
  advance(ms: number): void {
    checkTime('ms', ms)
    const until = this.#now + ms
    for (let timer = this.#earliest(); timer !== undefined && timer.dueAt <= until; timer = this.#earliest()) {
      this.next()
    }
    this.#now = until
  }

  /** Runs a promise to its end, moving time on whenever nothing else can happen. */
  async drive<T>(work: Promise<T>): Promise<T> {
    let isOver = false
    readArgument('work', () => {
      if (typeof work?.finally !== 'function') throw invalidArgument('work', 'a promise', work, { of: 'drive' })
    })
    const watched = work.finally(() => {
      isOver = true
    })
    // Its failure is the caller's to see, at the end.
    watched.catch(() => undefined)
    while (!isOver) {
      // A task of the host comes after all promises, however long their chain; two, since a long run yields to the host.
      await hostTask()
      await hostTask()
      if (!isOver) this.next()
    }
    return watched
  }

  #earliest(): Timer | undefined {
    let earliest: Timer | undefined
    for (const timer of this.#timers) {
      if (
        earliest === undefined ||
        timer.dueAt < earliest.dueAt ||
        (timer.dueAt === earliest.dueAt && timer.order < earliest.order)
      ) {
        earliest = timer
      }
    }
    return earliest
  }
}

function checkTime(parameter: string, value: unknown): void {
  if (typeof value !== 'number' || Number.isNaN(value))
    throw invalidArgument(parameter, 'a number of milliseconds', value)
}

function hostTask(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') setImmediate(resolve)
    else setTimeout(resolve, 0)
  })
}
