import type { Clock, IdSource, Logger } from '../base/ports.ts'

/** Longest delay a host timer takes; longer waits are made of several. */
const MAX_TIMER_MS = 2_147_483_647

/** The host's clock and timers. With `ids` and `yieldToHost` the only place that reads the system. */
export const systemClock: Clock = Object.freeze({
  now: () => Date.now(),
  setTimer(delayMs: number, callback: () => void, isBackground = false) {
    const dueAt = Date.now() + delayMs
    let handle: ReturnType<typeof setTimeout>
    const arm = (restMs: number) => {
      handle = setTimeout(
        () => (restMs > MAX_TIMER_MS ? arm(Math.max(0, dueAt - Date.now())) : callback()),
        Math.min(restMs, MAX_TIMER_MS),
      )
      if (isBackground) (handle as { readonly unref?: () => void }).unref?.()
    }
    arm(Math.max(0, delayMs))
    return () => clearTimeout(handle)
  },
})

/** Ids and seeds from the host's secure random source. */
export const systemIds: IdSource = Object.freeze({
  newId: () => crypto.randomUUID(),
  newSeed: () => crypto.getRandomValues(new Uint32Array(1))[0]!,
})

/** Bytes from the host's secure random source. */
export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count))
}

/** Lets timers, I/O and other tasks of the host go first; used between slices of a long run of handlers that never wait. */
export function yieldToHost(callback: () => void): void {
  const { setImmediate } = globalThis as { setImmediate?: (callback: () => void) => void }
  if (setImmediate !== undefined) {
    setImmediate(callback)
    return
  }
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    port1.close()
    callback()
  }
  port2.postMessage(null)
}

/** Writes warnings and errors to the console; says nothing else. */
export const consoleLogger: Logger = Object.freeze({
  debug: () => undefined,
  info: () => undefined,
  warn: (message: string, details?: object) =>
    details === undefined ? console.warn(message) : console.warn(message, details),
  error: (message: string, details?: object) =>
    details === undefined ? console.error(message) : console.error(message, details),
})
