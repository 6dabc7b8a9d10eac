import type { Encoded } from '../base/encoded.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent } from '../run/event.ts'
import { copyJson } from '../workflow/copy-json.ts'

/**
 * An event as listeners see it: values of users decoded when they are looked at, each time a copy of the reader's own,
 * all else frozen; so no listener can change the past.
 */
export function publicEvent(event: RunEvent, codec: ValueCodec): RunEvent {
  return Object.freeze({ ...event, data: Object.freeze(publicData(event, codec)) }) as RunEvent
}

function publicData(event: RunEvent, codec: ValueCodec): object {
  switch (event.type) {
    case 'node.completed': {
      const { output, writes, decisions, ...data } = event.data
      const shown = {
        ...data,
        ...(writes === undefined ? {} : { writes: Object.freeze(writes.map((write) => publicWrite(write, codec))) }),
        ...(decisions === undefined ? {} : { decisions: Object.freeze({ ...decisions }) }),
      }
      return lazily(shown, 'output', () => codec.decode(output))
    }
    case 'run.started': {
      const { input, variables, contextVariables, contextConstants, ...data } = event.data
      const shown = { ...data, parent: data.parent === null ? null : Object.freeze({ ...data.parent }) }
      lazily(shown, 'input', () => codec.decode(input))
      lazily(shown, 'variables', () => decoded(variables, codec))
      lazily(shown, 'contextVariables', () => decoded(contextVariables, codec))
      return lazily(shown, 'contextConstants', () => decoded(contextConstants, codec))
    }
    case 'signal.received': {
      const { payload, ...data } = event.data
      return lazily({ ...data }, 'payload', () => codec.decode(payload))
    }
    case 'run.waiting':
      return { nodeIds: Object.freeze([...event.data.nodeIds]) }
    case 'run.failed':
    case 'node.failed':
    case 'node.retry-scheduled':
    case 'node.fell-back':
      // The state holds the same error.
      return { ...event.data, error: copyJson(event.data.error).value }
    default:
      return { ...event.data }
  }
}

function publicWrite(write: object, codec: ValueCodec): object {
  if (!('value' in write)) return Object.freeze({ ...write })
  const { value, ...rest } = write as { readonly value: Encoded }
  return Object.freeze(lazily(rest, 'value', () => codec.decode(value)))
}

function decoded(entries: Readonly<Record<string, Encoded>>, codec: ValueCodec): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(entries)) values[name] = codec.decode(entries[name]!)
  return values
}

function lazily(data: object, member: string, get: () => unknown): object {
  return Object.defineProperty(data, member, { enumerable: true, get })
}
