import type { RunEvent } from '../run/event.ts'

const lastTypes: ReadonlySet<string> = new Set([
  'run.completed',
  'run.failed',
  'run.paused',
  'run.waiting',
  'run.canceled',
])

/** Facts as an async iterator: buffered for a slow reader, ended by the fact that settles the run, let go when the reader leaves. */
export function eventStream(
  subscribe: (listener: (event: RunEvent) => void) => () => void,
): AsyncIterableIterator<RunEvent> {
  const buffer: RunEvent[] = []
  const waiting: ((result: IteratorResult<RunEvent>) => void)[] = []
  let isOver = false
  const unsubscribe = subscribe((event) => {
    const reader = waiting.shift()
    if (reader === undefined) buffer.push(event)
    else reader({ value: event, done: false })
    if (lastTypes.has(event.type)) end()
  })
  const end = () => {
    isOver = true
    unsubscribe()
    for (const reader of waiting.splice(0)) reader({ value: undefined, done: true })
  }
  return {
    next: () => {
      const event = buffer.shift()
      if (event !== undefined) return Promise.resolve({ value: event, done: false })
      if (isOver) return Promise.resolve({ value: undefined, done: true })
      return new Promise((resolve) => waiting.push(resolve))
    },
    return: () => {
      buffer.length = 0
      end()
      return Promise.resolve({ value: undefined, done: true })
    },
    [Symbol.asyncIterator]() {
      return this
    },
  }
}
