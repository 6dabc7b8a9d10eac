import { type Encoded, encodedText } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { AccumulatorState, CacheEntry, NodeState, RunState } from '../run/state.ts'
import { buildGraph } from '../workflow/graph.ts'
import { SNAPSHOT_FORMAT, SNAPSHOT_VERSION } from './format.ts'
import { digestOfText } from './hash.ts'
import { jsonText, mapText, numberText } from './json-text.ts'
import type { UnknownMember } from './unknown-member.ts'
import { isoTime, isoTimeOrNull } from './time.ts'

/** A result of at least so many characters that stands in an earlier node already is written as a reference to it. */
const SHARED_SLOT_LENGTH = 256

/**
 * The compact text of a document: texts of values joined in the order of the format, never walked again, then the digest.
 * Equal state at the same instant gives equal text.
 */
export function documentText(state: RunState, takenAt: number, unknown: readonly UnknownMember[]): string {
  const members = [
    `"format":"${SNAPSHOT_FORMAT}"`,
    `"version":"${SNAPSHOT_VERSION}"`,
    `"snapshotTime":"${isoTime(takenAt)}"`,
    `"run":${runText(state, takenAt)}`,
    `"workflow":${workflowText(state)}`,
    `"nodes":${nodesText(state, takenAt)}`,
    `"results":${resultsText(state)}`,
    `"completedNodes":${jsonText(state.completed)}`,
    `"decisions":${decisionsText(state)}`,
    `"variables":${sortedText(state.variables, encodedText)}`,
    `"accumulators":${sortedText(state.accumulators, accumulatorText)}`,
    `"counters":${sortedText(state.counters, numberText)}`,
    `"cache":${cacheText(state.cache, takenAt)}`,
    `"context":{"variables":${sortedText(state.contextVariables, encodedText)},"constants":${sortedText(state.contextConstants, encodedText)}}`,
    `"timers":${timersText(state, takenAt)}`,
    `"signals":${signalsText(state)}`,
    `"usage":${sortedText(state.usage, numberText)}`,
    `"config":${jsonText(state.config)}`,
    '"children":[]',
    ...unknown.map(([name, text]) => `${JSON.stringify(name)}:${text}`),
  ]
  const body = members.join(',')
  return `{${body},"integrity":{"algorithm":"sha256","digest":"${digestOfText('{', body, '}')}"}}`
}

/** Active time of a run up to a moment, in milliseconds. */
export function activeMsOf(state: RunState, at: number): number {
  return state.activeMs + (state.activeSince === null ? 0 : Math.max(0, at - state.activeSince))
}

function runText(state: RunState, takenAt: number): string {
  const before = {
    id: state.runId,
    status: state.status,
    pausing: state.pausing,
    parent: state.parent,
    head: { seq: state.seq, at: isoTimeOrNull(state.seq === 0 ? null : state.lastAt), digest: null },
    epoch: 0,
    startedAt: isoTimeOrNull(state.startedAt),
    endedAt: isoTimeOrNull(state.endedAt),
    activeMs: activeMsOf(state, takenAt),
    error: state.error,
    failedNodeId: state.failedNodeId,
    reason: state.reason,
    seed: state.seed,
  }
  return `${jsonText(before).slice(0, -1)},"input":${encodedText(state.input)}}`
}

function workflowText({ workflow, fingerprint }: RunState): string {
  const { id, version, nodes, edges, ...unknown } = workflow
  return jsonText({ id, version, fingerprint, nodes, edges, ...unknown })
}

function nodesText(state: RunState, takenAt: number): string {
  const entries: [string, string][] = []
  state.nodes.forEach((node, index) => {
    if (node.status !== 'pending' || node.attempt > 0) entries.push([state.workflow.nodes[index]!.id, nodeText(node, takenAt)])
  })
  return mapText(entries)
}

function nodeText(node: NodeState, takenAt: number): string {
  const { status, attempt, failures, startedAt, endedAt, error, dueAt, continues, fallback, skipReason } = node
  return (
    `{"status":"${status}","attempt":${attempt},"failures":${failures}` +
    `,"startedAt":${timeText(startedAt)},"endedAt":${timeText(endedAt)}` +
    (error === null ? '' : `,"error":${jsonText(error)}`) +
    (dueAt === null ? '' : `,"dueAt":${timeText(dueAt)},"remainingMs":${Math.max(0, dueAt - takenAt)}`) +
    (continues ? ',"continues":true' : '') +
    (fallback ? ',"fallback":true' : '') +
    (skipReason === null ? '' : `,"skipReason":"${skipReason}"`) +
    '}'
  )
}

function timeText(at: number | null): string {
  return at === null ? 'null' : `"${isoTime(at)}"`
}

function resultsText({ nodes, workflow }: RunState): string {
  const entries: [string, string][] = []
  const first = new Map<string, string>()
  nodes.forEach(({ status, output }, index) => {
    if (status !== 'completed' || output === undefined) return
    const { id } = workflow.nodes[index]!
    const text = encodedText(output)
    const before = text.length < SHARED_SLOT_LENGTH ? undefined : first.get(text)
    if (text.length >= SHARED_SLOT_LENGTH && before === undefined && id.isWellFormed()) first.set(text, id)
    entries.push([id, before === undefined ? text : `{"#type":"slot","id":${JSON.stringify(before)}}`])
  })
  return mapText(entries)
}

function decisionsText({ workflow, decisions }: RunState): string {
  const keys = Object.keys(decisions)
  if (keys.length === 0) return '{}'
  const { edgeIndexOf } = buildGraph(workflow)
  keys.sort((a, b) => (edgeIndexOf.get(a) ?? -1) - (edgeIndexOf.get(b) ?? -1))
  return mapText(keys.map((key) => [key, String(decisions[key])]))
}

function accumulatorText({ operation, value, items }: AccumulatorState): string {
  if (operation === 'append') return `{"operation":"append","items":[${items.map(encodedText).join(',')}]}`
  return `{"operation":"${operation}","value":${typeof value === 'number' ? numberText(value) : JSON.stringify(value)}}`
}

function cacheText(cache: Dictionary<CacheEntry>, takenAt: number): string {
  const keys = Object.keys(cache).filter((key) => cache[key]!.expiresAt === null || takenAt < cache[key]!.expiresAt!)
  return mapText(keys.sort().map((key) => [key, cacheEntryText(cache[key]!, takenAt)]))
}

function cacheEntryText({ value, expiresAt }: CacheEntry, takenAt: number): string {
  const remaining = expiresAt === null ? null : expiresAt - takenAt
  return `{"value":${encodedText(value)},"expiresAt":${timeText(expiresAt)},"remainingTtlMs":${remaining}}`
}

function timersText({ nodes, workflow }: RunState, takenAt: number): string {
  const timers = nodes.flatMap(({ status, dueAt }, index) =>
    status === 'retrying' && dueAt !== null
      ? [{ nodeId: workflow.nodes[index]!.id, kind: 'retry', dueAt: isoTime(dueAt), remainingMs: Math.max(0, dueAt - takenAt) }]
      : [],
  )
  return jsonText(timers)
}

function signalsText({ signals }: RunState): string {
  return `[${signals
    .map(({ seq, at, name, payload }) => `{"seq":${seq},"at":"${isoTime(at)}","name":${jsonText(name)},"payload":${encodedText(payload)}}`)
    .join(',')}]`
}

function sortedText<T extends Encoded | AccumulatorState>(entries: Dictionary<T>, text: (value: T) => string): string {
  return mapText(
    Object.keys(entries)
      .sort()
      .map((key) => [key, text(entries[key]!)]),
  )
}
