import type { Encoded } from '../base/encoded.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent } from '../run/event.ts'

/**
 * An event as listeners see it: its values decoded when they are looked at, each time a copy of the reader's own,
 * so that no listener can change the past.
 */
export function publicEvent(event: RunEvent, codec: ValueCodec): RunEvent {
  switch (event.type) {
    case 'node.completed': {
      const { output, writes, ...data } = event.data
      const shown = {
        ...data,
        ...(writes === undefined ? {} : { writes: writes.map((write) => shownWrite(write, codec)) }),
      }
      return Object.freeze({ ...event, data: lazily(shown, 'output', output, codec) }) as RunEvent
    }
    case 'run.started': {
      const { input, ...data } = event.data
      return Object.freeze({ ...event, data: lazily(data, 'input', input, codec) }) as RunEvent
    }
    case 'signal.received': {
      const { payload, ...data } = event.data
      return Object.freeze({ ...event, data: lazily(data, 'payload', payload, codec) }) as RunEvent
    }
    default:
      return Object.freeze({ ...event, data: Object.freeze({ ...event.data }) }) as RunEvent
  }
}

function shownWrite(write: object, codec: ValueCodec): object {
  if (!('value' in write)) return Object.freeze({ ...write })
  const { value, ...rest } = write as { readonly value: Encoded }
  return lazily(rest, 'value', value, codec)
}

function lazily(data: object, member: string, encoded: Encoded, codec: ValueCodec): object {
  return Object.freeze(Object.defineProperty(data, member, { enumerable: true, get: () => codec.decode(encoded) }))
}
