import type { RunEvent } from '../run/event.ts'

const lastTypes: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.paused',
  'run.waiting',
  'run.quarantined',
  'run.canceled',
])

/** Facts that were read are let go of together, from this many on: so reading many costs linear time, which `shift` does not. */
const MIN_COMPACTION = 1_024

/** Where a stream of facts comes from. */
export interface EventSource {
  /** No fact will come: the run has ended for good. */
  readonly isOver: boolean
  /** What keeps further facts from being recorded; null when nothing does. */
  readonly failure: Error | null
  onEvent(listener: (event: RunEvent) => void): () => void
  onFailure(listener: (error: Error) => void): () => void
}

interface Reader {
  readonly resolve: (result: IteratorResult<RunEvent>) => void
  readonly reject: (error: unknown) => void
}

/**
 * Facts as an async iterator. What comes while the reader is busy is kept for it, without a bound: a reader that stops
 * reading should leave (`break`, `return()`), which lets go of all of it. It ends with the fact that settles the
 * run; when facts can't be recorded any more, it throws the reason after the last one that was.
 */
export function eventStream(source: EventSource): AsyncIterableIterator<RunEvent> {
  let buffer: RunEvent[] = []
  let at = 0
  let failure = source.failure
  let isOver = source.isOver || failure !== null
  const waiting: Reader[] = []
  const done = (): IteratorResult<RunEvent> => ({ value: undefined, done: true })
  const stops = isOver
    ? []
    : [
        source.onEvent((event) => {
          const reader = waiting.shift()
          if (reader === undefined) buffer.push(event)
          else reader.resolve({ value: event, done: false })
          if (lastTypes.has(event.type)) end()
        }),
        source.onFailure((error) => {
          const reader = waiting.shift()
          if (reader === undefined) failure = error
          else reader.reject(error)
          end()
        }),
      ]

  function end(): void {
    isOver = true
    for (const stop of stops) stop()
    for (const reader of waiting.splice(0)) reader.resolve(done())
  }

  function shift(): RunEvent | undefined {
    const event = buffer[at]
    if (event === undefined) return undefined
    at += 1
    if (at === buffer.length || (at >= MIN_COMPACTION && at * 2 >= buffer.length)) {
      buffer = buffer.slice(at)
      at = 0
    }
    return event
  }

  return {
    next: () => {
      const event = shift()
      if (event !== undefined) return Promise.resolve({ value: event, done: false })
      if (failure !== null) {
        const error = failure
        failure = null
        return Promise.reject(error)
      }
      if (isOver) return Promise.resolve(done())
      return new Promise((resolve, reject) => waiting.push({ resolve, reject }))
    },
    return: () => {
      buffer = []
      at = 0
      failure = null
      end()
      return Promise.resolve(done())
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
