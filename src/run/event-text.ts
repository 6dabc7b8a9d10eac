import { type Encoded, encodedFromText, encodedText } from '../base/encoded.ts'
import { RunError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { RunEvent, RunStarted } from './event.ts'
import type { StateWrite } from './state-write.ts'

/**
 * An event as one line of compact JSON, user values inlined as the JSON they are.
 * Values are joined, never walked again: their text was made when they entered the run.
 *
 * Shape: `{"seq":4,"runId":"r1","at":1700000000000,"type":"node.completed","data":{"nodeId":"a","attempt":1,"output":{"rows":3}}}`
 */
export function eventText(event: RunEvent): string {
  const path = event.path === undefined ? '' : `,"path":${JSON.stringify(event.path)}`
  return `{"seq":${event.seq},"runId":${JSON.stringify(event.runId)},"at":${event.at}${path},"type":"${event.type}","data":${dataText(event)}}`
}

/**
 * The event a line holds; the inverse of {@link eventText}.
 * @throws {RunError} HISTORY_DAMAGED when the text is no event
 */
export function parseEvent(text: string): RunEvent {
  try {
    const event = JSON.parse(text)
    return reviveEvent(event)
  } catch (cause) {
    throw new RunError('HISTORY_DAMAGED', 'a line of the history is not the JSON of an event', { cause })
  }
}

function dataText(event: RunEvent): string {
  switch (event.type) {
    case 'node.completed': {
      const { nodeId, attempt, reused, output, writes, signals, decisions } = event.data
      return (
        `{"nodeId":${JSON.stringify(nodeId)},"attempt":${attempt}${reusedText(reused)}` +
        (output === undefined ? '' : `,"output":${encodedText(output)}`) +
        writesText(writes) +
        (signals === undefined ? '' : `,"signals":${JSON.stringify(signals)}`) +
        (decisions === undefined ? '' : `,"decisions":${pairsText(decisions, String)}`) +
        '}'
      )
    }
    case 'node.set': {
      const { nodeId, output, decisions, ...rest } = event.data
      const decided = decisions === undefined ? '' : `,"decisions":${pairsText(decisions, String)}`
      return `{"nodeId":${JSON.stringify(nodeId)},"output":${encodedText(output)}${decided}${membersText(rest)}}`
    }
    case 'variable.edited': {
      const { name, value, ...rest } = event.data
      return `{"name":${JSON.stringify(name)}${value === undefined ? '' : `,"value":${encodedText(value)}`}${membersText(rest)}}`
    }
    case 'run.started': {
      const tail = startedTail(event.data).slice(0, -1)
      return `{"workflow":${JSON.stringify(event.data.workflow)}${tail}`
    }
    case 'signal.received': {
      const { name, payload, ...rest } = event.data
      return `{"name":${JSON.stringify(name)},"payload":${encodedText(payload)}${membersText(rest)}}`
    }
    case 'item.completed': {
      const { nodeId, item, attempt, reused, output, writes } = event.data
      return `{"nodeId":${JSON.stringify(nodeId)},"item":${item},"attempt":${attempt}${reusedText(reused)},"output":${encodedText(output)}${writesText(writes)}}`
    }
    case 'compensation.completed': {
      const { nodeId, attempt, writes } = event.data
      return `{"nodeId":${JSON.stringify(nodeId)},"attempt":${attempt}${writesText(writes)}}`
    }
    case 'node.visited': {
      const { nodeId, attempt, visit, output, writes, signals } = event.data
      const taken = signals === undefined ? '' : `,"signals":${JSON.stringify(signals)}`
      return `{"nodeId":${JSON.stringify(nodeId)},"attempt":${attempt},"visit":${visit},"output":${encodedText(output)}${writesText(writes)}${taken}}`
    }
    case 'step.completed': {
      const { output, ...rest } = event.data
      return `{${membersText(rest).slice(1)},"output":${encodedText(output)}}`
    }
    case 'child.started': {
      const { nodeId, attempt, input } = event.data
      return `{"nodeId":${JSON.stringify(nodeId)},"attempt":${attempt}${input === undefined ? '' : `,"input":${encodedText(input)}`}}`
    }
    case 'node.checkpointed': {
      const { value, ...rest } = event.data
      return `{${membersText(rest).slice(1)},"value":${encodedText(value)}}`
    }
    default:
      return JSON.stringify(event.data)
  }
}

/** How the text of a run's first event ends, after its definition. */
export function startedTail(data: RunStarted['data']): string {
  const { fingerprint, input, config, seed, variables, contextVariables, contextConstants, parent } = data
  return (
    `,"fingerprint":${JSON.stringify(fingerprint)},"input":${encodedText(input)}` +
    `,"config":${JSON.stringify(config)},"seed":${seed},"variables":${pairsText(variables, encodedText)}` +
    `,"contextVariables":${pairsText(contextVariables, encodedText)},"contextConstants":${pairsText(contextConstants, encodedText)}` +
    `,"parent":${JSON.stringify(parent)}}}`
  )
}

/** Members that stand after others; those that are undefined are left out. */
function membersText(members: object): string {
  const text = JSON.stringify(members).slice(1, -1)
  return text === '' ? '' : `,${text}`
}

/** Stands before the output, so that what may come after it is as it is for all others. */
function reusedText(reused: string | undefined): string {
  return reused === undefined ? '' : `,"reused":${JSON.stringify(reused)}`
}

/** Writes as the last member of an object, with the comma before it; empty when there are none. */
export function writesText(writes: readonly StateWrite[] | undefined): string {
  return writes === undefined ? '' : `,"writes":[${writes.map(writeText).join(',')}]`
}

function writeText(write: StateWrite): string {
  const head = `{"area":"${write.area}","op":"${write.op}","key":${JSON.stringify(write.key)}`
  if (write.op === 'delete') return `${head}}`
  if (write.area === 'counter') return `${head},"value":${write.value}}`
  const value = `${head},"value":${encodedText(write.value)}`
  return write.area === 'cache' ? `${value},"expiresAt":${write.expiresAt}}` : `${value}}`
}

/** Entries as pairs, so that no name (`__proto__`, `10` before `2`) is lost or moved by a JSON reader. */
function pairsText<T>(entries: Dictionary<T>, text: (value: T) => string): string {
  return `[${Object.keys(entries)
    .map((key) => `[${JSON.stringify(key)},${text(entries[key]!)}]`)
    .join(',')}]`
}

// biome-ignore lint/suspicious/noExplicitAny: a parsed line has no type until it is revived
function reviveEvent(event: any): RunEvent {
  const { data } = event
  switch (event.type) {
    case 'node.completed':
    case 'node.set':
    case 'node.visited':
    case 'item.completed':
    case 'compensation.completed':
    case 'step.completed':
      if (data.output !== undefined) data.output = encodedOf(data.output)
      if (data.writes !== undefined)
        for (const write of data.writes)
          if ('value' in write && write.area !== 'counter') write.value = encodedOf(write.value)
      if (data.decisions !== undefined) data.decisions = entriesOf(data.decisions, (taken) => taken === true)
      break
    case 'run.started':
      data.input = encodedOf(data.input)
      for (const area of ['variables', 'contextVariables', 'contextConstants'])
        data[area] = entriesOf(data[area], encodedOf)
      break
    case 'signal.received':
      data.payload = encodedOf(data.payload)
      break
    case 'node.checkpointed':
    case 'variable.edited':
      if (data.value !== undefined) data.value = encodedOf(data.value)
      break
    case 'child.started':
      if (data.input !== undefined) data.input = encodedOf(data.input)
  }
  if (!isFact(event)) throw new TypeError('no event')
  return event
}

/** Whether a parsed line has the envelope every event has. */
function isFact({ seq, runId, at, type, data }: Readonly<Record<string, unknown>>): boolean {
  if (typeof data !== 'object' || data === null || typeof type !== 'string' || typeof runId !== 'string') return false
  return Number.isSafeInteger(seq) && Number.isFinite(at)
}

/** A parsed value back at rest. Its text is the one it was written with, since JSON keeps order and numbers. */
export function encodedOf(value: unknown): Encoded {
  return typeof value === 'object' && value !== null ? encodedFromText(JSON.stringify(value)) : (value as Encoded)
}

function entriesOf<T>(pairs: readonly (readonly [string, unknown])[], revive: (value: unknown) => T): Dictionary<T> {
  const entries = dictionary<T>()
  for (const [key, value] of pairs) entries[key] = revive(value)
  return entries
}
