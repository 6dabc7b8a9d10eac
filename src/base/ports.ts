/** Where the engine reads time from; injected so that tests and simulations own it. */
export interface Clock {
  /** Epoch milliseconds. May jump; nothing but deadlines is derived from it. */
  now(): number
  /** Calls back once after `delayMs` (0 or more, may exceed 2^31-1). Returns what cancels it. */
  setTimer(delayMs: number, callback: () => void): () => void
}

/** Where the engine takes ids and randomness from. */
export interface IdSource {
  /** A new unique id, URL-safe, e.g. a UUID. */
  newId(): string
  /** A new 32-bit unsigned integer; recorded in the run and seeds its back-off jitter. */
  newSeed(): number
}

/** Where the engine writes what no listener asked for: listener failures, damaged tails, fenced writers. */
export interface Logger {
  debug(message: string, details?: object): void
  info(message: string, details?: object): void
  warn(message: string, details?: object): void
  error(message: string, details?: object): void
}
