import { blobOf, ENCODED_UNDEFINED, type Encoded, isTruncated } from '../base/encoded.ts'
import { isWaystoneError, quote, RunError } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import { isPlainText } from '../base/values/plain.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { NodeCompleted, NodeStarted, RunEvent } from './event.ts'
import { beginnings, dataAfter } from './event-beginning.ts'
import { eventText, parseEvent, startedTail } from './event-text.ts'
import type { RecordedEvent } from './recorded-event.ts'

/**
 * What reads the events of one run from where they were recorded. A log is not trusted: each text has to be the very
 * text its event is written as, so that nothing in it is lost on the way (a number out of range, a key that stands
 * twice), it has to say what the store says of it, and tagged values have to be such that can be decoded.
 *
 * @param checkValue - throws for a tagged value that can't be decoded; `codec.check` does
 * @param known - definitions at hand: a first event with one of them is read without parsing it, and gets this one
 * @returns what reads an event; given what its text says besides what the store says of it, if that is known, it is
 *   faster: see `EventCursor.data`
 * @throws {RunError} HISTORY_DAMAGED, from the function it gives
 */
export function eventReader(
  runId: string,
  checkValue: (tree: JsonValue) => void,
  known: Iterable<WorkflowDefinition> = [],
): (recorded: RecordedEvent, data?: string | null) => RunEvent {
  const runIdText = JSON.stringify(runId)
  const beginning = beginnings(runId)

  return (recorded, given) => {
    try {
      if (recorded.type !== 'node.started' && recorded.type !== 'node.completed') return anyEvent(recorded, given)
      const data = given === undefined ? dataAfter(beginning, recorded) : given
      return (data === null ? null : usualEvent(recorded, data)) ?? anyEvent(recorded)
    } catch (cause) {
      if (isWaystoneError(cause, 'HISTORY_DAMAGED')) throw cause
      throw damaged(recorded, 'holds a value that can not be read', cause)
    }
  }

  /**
   * The two events most of every log is, read by comparing their text with what it must be: several times faster than
   * parsing it (the resume workloads of the benchmarks). Null for all others.
   */
  function usualEvent({ seq, at, type, nodeId }: RecordedEvent, text: string): RunEvent | null {
    if ((type !== 'node.started' && type !== 'node.completed') || nodeId === null) return null
    const start = afterPart(text, ATTEMPT, 0)
    if (start === NOWHERE || !text.endsWith('}')) return null
    const end = digitsEnd(text, start)
    const attempt = wholeNumber(text, start, end)
    if (attempt === null || attempt === 0) return null
    const last = text.length - 1
    if (type === 'node.started') {
      return end === last ? ({ seq, runId, at, type, data: { nodeId, attempt } } satisfies NodeStarted) : null
    }
    const outputStart = afterPart(text, OUTPUT, end)
    if (outputStart === NOWHERE) return null
    const output = usualOutput(text.slice(outputStart, last), checkValue)
    if (output === undefined) return null
    return { seq, runId, at, type, data: { nodeId, attempt, output } } satisfies NodeCompleted
  }

  function anyEvent(recorded: RecordedEvent, data: string | null = null): RunEvent {
    const { seq, at, type, nodeId, text } = recorded
    const event = type === 'run.started' ? (knownStart(recorded, data) ?? parseEvent(text)) : parseEvent(text)
    const named = 'nodeId' in event.data ? (event.data.nodeId ?? null) : null
    if (event.seq !== seq || event.at !== at || event.type !== type || event.runId !== runId || named !== nodeId)
      throw damaged(recorded, 'is not the event its store says it is')
    // The definition is long, and checked for itself.
    const isAsWritten =
      event.type === 'run.started' ? (data ?? text).endsWith(startedTail(event.data)) : text === eventText(event)
    if (!isAsWritten) throw damaged(recorded, 'is not written as events are, so reading it would change it')
    for (const value of valuesOf(event)) check(value, checkValue)
    return event
  }

  /** A first event that holds a definition at hand, word for word; null when it holds another. */
  function knownStart({ seq, at, text }: RecordedEvent, data: string | null): RunEvent | null {
    const head = `{"seq":${seq},"runId":${runIdText},"at":${at},"type":"run.started",`
    // The whole text may not be put together yet, and it is long.
    const tail = data ?? text
    const start = afterPart(tail, WORKFLOW, data === null ? afterPart(tail, head, 0) : 0)
    for (const workflow of known) {
      // To write it down takes half the time of parsing it, and leaves nothing behind; its id says whether it may be the one.
      if (afterPart(tail, `{"id":${JSON.stringify(workflow.id)},`, start) === NOWHERE) continue
      const end = afterPart(tail, JSON.stringify(workflow), start)
      if (end === NOWHERE) continue
      const event = parseEvent(`${head}${WORKFLOW}null${tail.slice(end)}`)
      if (event.type === 'run.started') return { ...event, data: { ...event.data, workflow } }
    }
    return null
  }

  function damaged({ seq, type }: RecordedEvent, what: string, cause?: unknown): RunError {
    const message = `event ${seq} (${quote(type)}) of run ${quote(runId)} ${what}; restore the store from a copy`
    return new RunError('HISTORY_DAMAGED', message, { details: { runId, seq, type }, cause })
  }
}

/**
 * The result that ends the text of a completion, when it is the text that value is written as and nothing follows it;
 * undefined when something does.
 * @throws whatever reading a value throws that can not be read
 */
export function usualOutput(json: string, checkValue: (tree: JsonValue) => void): Encoded | undefined {
  const number = +json
  // Exactly when JSON reads it as this number and writes it so.
  if (String(number) === json && number - number === 0) return number
  if (json.includes('"writes":') || json.includes('"decisions":') || json.includes('"signals":')) return undefined
  if (json === ENCODED_UNDEFINED.json) return ENCODED_UNDEFINED
  const tree = JSON.parse(json) as JsonValue
  const written = JSON.stringify(tree)
  if (written !== json) throw new TypeError('another text of the same value')
  // What was cut out of the event would keep the whole of it in memory.
  const value: Encoded = typeof tree === 'object' && tree !== null ? { json: written } : tree
  check(value, checkValue, tree)
  return value
}

function check(value: Encoded, checkValue: (tree: JsonValue) => void, tree?: JsonValue): void {
  if (typeof value !== 'object' || value === null || isPlainText(value.json) || value.json === ENCODED_UNDEFINED.json)
    return
  if (!isTruncated(value) && blobOf(value) === null) checkValue(tree ?? (JSON.parse(value.json) as JsonValue))
}

const ZERO = 0x30
const NINE = 0x39
const WORKFLOW = '"data":{"workflow":'
const ATTEMPT = '"attempt":'
const OUTPUT = ',"output":'

/** Digits every number of which is exact. */
const MAX_DIGITS = 15

/** Where a text stops being what it was expected to be. */
const NOWHERE = -1

/** Where a part of a text ends that must begin at a place; nowhere when it does not, or when that place is nowhere. */
function afterPart(text: string, part: string, at: number): number {
  const end = at + part.length
  // The host compares whole strings many characters at a time, and `startsWith` one by one.
  return at !== NOWHERE && text.slice(at, end) === part ? end : NOWHERE
}

/** The number some digits are, when they are the text of that number; else null. */
function wholeNumber(text: string, start: number, end: number): number | null {
  if (end === start || end - start > MAX_DIGITS || (text.charCodeAt(start) === ZERO && end - start > 1)) return null
  let number = 0
  for (let at = start; at < end; at += 1) number = number * 10 + text.charCodeAt(at) - ZERO
  return number
}

function digitsEnd(text: string, from: number): number {
  let end = from
  for (let digit = text.charCodeAt(end); digit >= ZERO && digit <= NINE; digit = text.charCodeAt(end)) end += 1
  return end
}

/** All values of users in an event. */
function valuesOf(event: RunEvent): readonly Encoded[] {
  switch (event.type) {
    case 'run.started': {
      const { input, variables, contextVariables, contextConstants } = event.data
      return [input, ...[variables, contextVariables, contextConstants].flatMap((area) => Object.values(area))]
    }
    case 'node.completed':
    case 'node.visited':
    case 'item.completed': {
      const { output = null, writes = [] } = event.data
      return [output, ...writes.map((write) => ('value' in write ? write.value : null))]
    }
    case 'compensation.completed':
      return (event.data.writes ?? []).map((write) => ('value' in write ? write.value : null))
    case 'signal.received':
      return [event.data.payload]
    case 'step.completed':
    case 'node.set':
      return [event.data.output]
    case 'variable.edited':
      return event.data.value === undefined ? [] : [event.data.value]
    case 'node.checkpointed':
      return [event.data.value]
    case 'child.started':
      return event.data.input === undefined ? [] : [event.data.input]
    default:
      return []
  }
}
