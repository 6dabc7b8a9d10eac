import { quote, StoreError } from '../../base/errors.ts'
import { beginnings } from '../../run/event-beginning.ts'
import type { RunStatus } from '../../run/state.ts'
import type { EventBatch, RunSummary, StoredEvent } from '../driver.ts'

/** What a run's summary keeps for its whole life. */
export interface RunFacts {
  readonly workflowId: string
  readonly workflowVersion: string
  readonly createdAt: number
}

/**
 * What stands in an `events` record before the texts of its events; what most records have in common is left out.
 * Members a column each, since one list of numbers is read several times faster than a list for each event.
 */
export interface EventsHead {
  /** Left out when it is `running`, as for most of a run's life. */
  readonly status?: RunStatus
  /** Left out when it is the time of the last event. */
  readonly updatedAt?: number
  /** Left out when it is what the `run` record says. */
  readonly run?: RunFacts
  /** Set when the record went to the file in one write with the one before it, so that both were torn together. */
  readonly joined?: 1
  /** The place of each event's type in {@link TYPES}, a digit each; when one is not in there, the types themselves. */
  readonly types: string | readonly string[]
  /** The ids with commas between them, empty for none; when one is empty or has a comma, the ids themselves. */
  readonly nodes: string | readonly (string | null)[]
  /** The time of all events; or in turns the place of an event and the time of it and those that follow. */
  readonly times: number | readonly number[]
  /** Characters of each text as it stands in the record. */
  readonly lengths: readonly number[]
  /** In turns the place of an event and how much its text leaves out, where that is not the usual: see {@link Omission}. */
  readonly omissions?: readonly number[]
}

/**
 * What a text leaves out that the index says already: nothing; the beginning every event has (`seq`, `runId`, `at`,
 * `type`); or that of an event of a node, with `"data":{"nodeId":…` and the brace at its end. The last is usual where
 * there is a node, the second where there is none. What is left begins with a brace, so that it is JSON still.
 */
type Omission = typeof WHOLE | typeof ENVELOPE | typeof NODE
export const WHOLE = 0
export const ENVELOPE = 1
export const NODE = 2

/** Types that most events have, ten at most. Logs name them by their place, so this list only ever grows at its end. */
export const TYPES: readonly string[] = [
  'node.started',
  'node.completed',
  'node.skipped',
  'node.failed',
  'node.retry-scheduled',
]
const PLACES: ReadonlyMap<string, string> = new Map(TYPES.map((type, place) => [type, String(place)]))

const EVENTS_MEMBER = ',"events":['
/** From this length on, a text is never put together with others: all of it would be copied each time. */
const LONG_CHARACTERS = 4096

/**
 * The JSON of an `events` record, in parts that follow each other.
 * @param joined - whether the record goes to the file in one write with the one before it
 */
export function eventsJson({ events, summary }: EventBatch, base: RunFacts, joined: boolean): string[] {
  const beginning = beginnings(summary.runId)
  const times: number[] = []
  const lengths: number[] = []
  const omissions: number[] = []
  const parts: string[] = ['']
  let short = ''
  for (const [place, { seq, at, type, nodeId, text }] of events.entries()) {
    if (at !== times.at(-1)) times.push(place, at)
    if (place > 0) short += ','
    const usual = nodeId === null ? ENVELOPE : NODE
    let omission: Omission = usual
    let start = beginning(seq, at, type, nodeId)
    // Compared as a whole, since `startsWith` goes character by character.
    if (omission === NODE && !(text.slice(0, start.length) === start && text.endsWith('}'))) {
      omission = ENVELOPE
      start = beginning(seq, at, type, null)
    }
    if (omission === ENVELOPE && text.slice(0, start.length) !== start) omission = WHOLE
    if (omission !== usual) omissions.push(place, omission)
    if (omission !== WHOLE) short += '{'
    const rest = omission === WHOLE ? text : text.slice(start.length, omission === NODE ? -1 : text.length)
    lengths.push(omission === WHOLE ? rest.length : rest.length + 1)
    if (rest.length < LONG_CHARACTERS) short += rest
    else {
      parts.push(short, rest)
      short = ''
    }
  }
  parts.push(`${short}]}`)
  const { status, updatedAt, workflowId, workflowVersion, createdAt } = summary
  const sameRun =
    workflowId === base.workflowId && workflowVersion === base.workflowVersion && createdAt === base.createdAt
  const head: EventsHead = {
    ...(status === 'running' ? {} : { status }),
    ...(updatedAt === events.at(-1)?.at ? {} : { updatedAt }),
    ...(sameRun ? {} : { run: { workflowId, workflowVersion, createdAt } }),
    ...(joined ? { joined: 1 } : {}),
    types: typesOf(events),
    nodes: nodesOf(events),
    times: times.length === 2 ? times[1]! : times,
    lengths,
    ...(omissions.length > 0 ? { omissions } : {}),
  }
  parts[0] = JSON.stringify(head).slice(0, -1) + EVENTS_MEMBER
  return parts
}

function typesOf(events: readonly StoredEvent[]): EventsHead['types'] {
  let places = ''
  for (const { type } of events) {
    const place = PLACES.get(type)
    if (place === undefined) return events.map((event) => event.type)
    places += place
  }
  return places
}

function nodesOf(events: readonly StoredEvent[]): EventsHead['nodes'] {
  const ids = events.map(({ nodeId }) => nodeId)
  return ids.some((id) => id === '' || id?.includes(',') === true) ? ids : ids.join(',')
}

/** The summary of a run after a record of this JSON. @throws {StoreError} STORE_DAMAGED as {@link knownHead} */
export function summaryIn(json: string, seq: number, runId: string, base: RunFacts): RunSummary {
  const { times, status = 'running', ...head } = knownHead(json, runId, seq)
  const { workflowId, workflowVersion, createdAt } = head.run ?? base
  const updatedAt = head.updatedAt ?? (typeof times === 'number' ? times : (times.at(-1) ?? createdAt))
  return { runId, workflowId, workflowVersion, status, seq, createdAt, updatedAt }
}

/** Whether the record of this JSON went to the file in one write with the one before it. */
export function isJoinedIn(json: string): boolean {
  return headOf(json).joined === 1
}

/**
 * What stands before the texts of a record's JSON.
 * @throws {StoreError} STORE_DAMAGED when another version wrote what this one does not know
 */
export function knownHead(json: string, runId: string, seq: number): EventsHead {
  const head = headOf(json)
  if (!isKnown(head)) throw unknownForm(runId, seq)
  return head
}

function isKnown(head: Partial<EventsHead>): head is EventsHead {
  const { types, nodes, times, lengths } = head
  return types !== undefined && nodes !== undefined && times !== undefined && lengths !== undefined
}

/** Where the texts begin in a record's JSON. */
export function textsStart(json: string): number {
  return json.indexOf(EVENTS_MEMBER) + EVENTS_MEMBER.length
}

/** What stands before the texts; of a record that another version wrote, any member can be missing. */
function headOf(json: string): Partial<EventsHead> {
  return JSON.parse(`${json.slice(0, json.indexOf(EVENTS_MEMBER))}}`) as Partial<EventsHead>
}

/** Another version of the store wrote an event. */
export function unknownForm(runId: string, seq: number): StoreError {
  return new StoreError(
    'STORE_DAMAGED',
    `event ${seq} of run ${quote(runId)} was written by another version of the store, in a form this one can not read; open the folder with that version`,
    { details: { runId, seq } },
  )
}
