/** What of a process is used to hear its signals. */
export interface SignalSource {
  on(signal: NodeJS.Signals, listener: () => void): unknown
  off(signal: NodeJS.Signals, listener: () => void): unknown
}

const SIGNALS = ['SIGINT', 'SIGTERM'] as const

/**
 * Hears the signals that ask a process to end: the first, and every one after it.
 * @returns what stops listening
 */
export function onStopSignals(source: SignalSource, first: () => void, again: () => void): () => void {
  let isFirst = true
  const listener = () => {
    if (!isFirst) return again()
    isFirst = false
    first()
  }
  for (const signal of SIGNALS) source.on(signal, listener)
  return () => {
    for (const signal of SIGNALS) source.off(signal, listener)
  }
}
