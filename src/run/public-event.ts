import type { Encoded } from '../base/encoded.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { copyJson } from '../workflow/copy-json.ts'
import type { RunEvent } from './event.ts'
import { shownValue } from './shown-value.ts'

/**
 * An event as listeners see it: values of users decoded when they are looked at, each time a copy of the reader's own,
 * all else frozen; so no listener can change the past.
 */
export function publicEvent(event: RunEvent, codec: ValueCodec): RunEvent {
  const path = event.path === undefined ? {} : { path: Object.freeze([...event.path]) }
  return Object.freeze({ ...event, ...path, data: Object.freeze(publicData(event, codec)) }) as RunEvent
}

function publicData(event: RunEvent, codec: ValueCodec): object {
  switch (event.type) {
    case 'node.completed': {
      const { output, writes, signals, decisions, ...data } = event.data
      const shown = {
        ...data,
        ...publicWrites(writes, codec),
        ...(signals === undefined ? {} : { signals: Object.freeze([...signals]) }),
        ...(decisions === undefined ? {} : { decisions: Object.freeze({ ...decisions }) }),
      }
      return output === undefined ? shown : lazily(shown, 'output', () => shownValue(output, codec))
    }
    case 'node.visited':
    case 'item.completed': {
      const { output, writes, ...data } = event.data
      return lazily({ ...data, ...publicWrites(writes, codec) }, 'output', () => shownValue(output, codec))
    }
    case 'node.set': {
      const { output, decisions, ...data } = event.data
      const shown = { ...data, ...(decisions === undefined ? {} : { decisions: Object.freeze({ ...decisions }) }) }
      return lazily(shown, 'output', () => shownValue(output, codec))
    }
    case 'variable.edited': {
      const { value, ...data } = event.data
      return value === undefined ? data : lazily(data, 'value', () => shownValue(value, codec))
    }
    case 'step.completed': {
      const { output, ...data } = event.data
      return lazily({ ...data }, 'output', () => shownValue(output, codec))
    }
    case 'node.checkpointed': {
      const { value, ...data } = event.data
      return lazily({ ...data }, 'value', () => shownValue(value, codec))
    }
    case 'child.started': {
      const { input, ...data } = event.data
      return input === undefined ? { ...data } : lazily({ ...data }, 'input', () => shownValue(input, codec))
    }
    case 'items.listed': {
      const { keys, ...data } = event.data
      return { ...data, keys: keys === null ? null : Object.freeze([...keys]) }
    }
    case 'node.waiting':
      return { ...event.data, wait: Object.freeze({ ...event.data.wait }) }
    case 'run.started': {
      const { input, variables, contextVariables, contextConstants, ...data } = event.data
      const shown = { ...data, parent: data.parent === null ? null : Object.freeze({ ...data.parent }) }
      lazily(shown, 'input', () => shownValue(input, codec))
      lazily(shown, 'variables', () => decoded(variables, codec))
      lazily(shown, 'contextVariables', () => decoded(contextVariables, codec))
      return lazily(shown, 'contextConstants', () => decoded(contextConstants, codec))
    }
    case 'signal.received': {
      const { payload, fits, ...data } = event.data
      const shown = { ...data, ...(fits === undefined ? {} : { fits: Object.freeze([...fits]) }) }
      return lazily(shown, 'payload', () => shownValue(payload, codec))
    }
    case 'run.waiting':
      return { nodeIds: Object.freeze([...event.data.nodeIds]) }
    case 'compensation.completed': {
      const { writes, ...data } = event.data
      return { ...data, ...publicWrites(writes, codec) }
    }
    case 'run.canceled': {
      const { error, ...data } = event.data
      return { ...data, ...(error === undefined ? {} : { error: copyJson(error).value }) }
    }
    case 'run.failed':
    case 'run.compensating':
    case 'compensation.retry-scheduled':
    case 'compensation.failed':
    case 'node.failed':
    case 'node.retry-scheduled':
    case 'node.fell-back':
    case 'item.failed':
    case 'item.retry-scheduled':
      // The state holds the same error.
      return { ...event.data, error: copyJson(event.data.error).value }
    default:
      return { ...event.data }
  }
}

function publicWrites(writes: readonly object[] | undefined, codec: ValueCodec): object {
  return writes === undefined ? {} : { writes: Object.freeze(writes.map((write) => publicWrite(write, codec))) }
}

function publicWrite(write: object, codec: ValueCodec): object {
  if (!('value' in write)) return Object.freeze({ ...write })
  const { value, ...rest } = write as { readonly value: Encoded }
  return Object.freeze(lazily(rest, 'value', () => shownValue(value, codec)))
}

function decoded(entries: Readonly<Record<string, Encoded>>, codec: ValueCodec): Record<string, unknown> {
  const values: Record<string, unknown> = Object.create(null)
  for (const name of Object.keys(entries)) values[name] = shownValue(entries[name]!, codec)
  return values
}

function lazily(data: object, member: string, get: () => unknown): object {
  return Object.defineProperty(data, member, { enumerable: true, get })
}
