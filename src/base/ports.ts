/** Where the engine reads time from; injected so that tests and simulations own it. */
export interface Clock {
  /** Epoch milliseconds. May jump; nothing but deadlines is derived from it. */
  now(): number
  /**
   * Calls back once after `delayMs` (0 or more, may exceed 2^31-1). Returns what cancels it.
   * @param isBackground - whether the host may end before that when nothing else keeps it; default false
   */
  setTimer(delayMs: number, callback: () => void, isBackground?: boolean): () => void
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

/** Where results are kept for other runs, by a key that says what each is the result of. What it gives back is not trusted. */
export interface ResultCache {
  /** The text kept under a key (64 hexadecimal digits), or null when there is none. */
  get(key: string): Promise<string | null>
  /** Keeps a text, in the place of one that is there. */
  put(key: string, text: string): Promise<void>
}

/** Where large results are kept outside a run, by the digest of their text. Write-once: a digest always names the same bytes. */
export interface BlobStore {
  /**
   * Keeps bytes; resolves once they survive what the store promises to survive. Bytes that are there already are no error.
   * @param digest - `sha256:` and 64 hexadecimal digits, of these bytes
   */
  put(digest: string, bytes: Uint8Array): Promise<void>
  /** The bytes of a digest, or null when they are not there. */
  get(digest: string): Promise<Uint8Array | null>
}
