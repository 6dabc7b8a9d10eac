import { escapeSegment } from '../base/json-pointer.ts'
import { begunAt } from '../run/wait.ts'
import type { NodeDefinition } from '../workflow/definition.ts'
import type { NodeDocument, PartsDocument, SnapshotDocument, TimerDocument, TokenDocument } from './document.ts'
import type { Findings } from './findings.ts'
import { mapEntries } from './json-text.ts'
import type { NodePlaces } from './node-places.ts'
import type { SlotSpans } from './scan.ts'
import { parseTime } from './time.ts'

/** A document that fits the schema, as rules look at it. */
export interface KnownDocument {
  readonly document: SnapshotDocument
  /** Its nodes by id, but for the usual ones. */
  readonly nodes: ReadonlyMap<string, NodeDocument>
  readonly places: NodePlaces
  readonly slots: SlotSpans
  /** Ids of its nodes that are runs. */
  readonly hosts: ReadonlySet<string>
  /** The node of an id in the document's workflow. */
  readonly definitionOf: (id: string) => NodeDefinition | undefined
}

/** Holds what waits against what it waits for: waits of nodes, timers and signals. */
export function checkWaits(findings: Findings, known: KnownDocument): void {
  checkNodeWaits(findings, known)
  checkTimers(findings, known)
  checkSignals(findings, known)
  checkTokens(findings, known)
}

function checkNodeWaits(findings: Findings, { document, nodes, hosts, definitionOf }: KnownDocument): void {
  const parts = partsByNode(document)
  const waitIds = new Set<string>()
  for (const [id, { status, attempt, dueAt, wait }] of nodes) {
    const path = (member = '') => `/nodes/${escapeSegment(id)}${member}`
    if (wait !== undefined) {
      if (status !== 'waiting' && status !== 'canceled')
        findings.report(path('/wait'), `a waiting node has a wait, and this one is ${status}`)
      if ((wait.durationMs === null) !== (dueAt === undefined))
        findings.report(path('/dueAt'), 'a wait that has a duration is due at some time, and no other is')
      if (begunAt(wait) > document.run.head.seq)
        findings.report(path('/wait/id'), `the run has no fact ${begunAt(wait)} that could have begun the wait`)
      if (waitIds.has(wait.id)) findings.report(path('/wait/id'), `two nodes have the wait ${JSON.stringify(wait.id)}`)
      waitIds.add(wait.id)
    } else if (status === 'waiting') {
      if (hosts.has(id)) {
        if (dueAt !== undefined)
          findings.report(path('/dueAt'), 'a node that waits for the run it is is due at no time')
      } else if (parts.get(id)?.items === undefined)
        findings.report(path(), 'a waiting node has a wait, items that are not through, or is a run')
      else if (definitionOf(id)?.map === undefined)
        findings.report(path(), 'the node waits for its items, but the workflow does not say that it maps')
      if (dueAt !== undefined) findings.report(path('/dueAt'), 'a node that waits for its items is due at no time')
    }
    if (status === 'waiting' && attempt === 0) findings.report(path('/attempt'), 'a waiting node has been started')
  }
}

/** What some timer has to stand for. */
interface Awaited {
  readonly path: string
  readonly dueAt: string | undefined
}

function checkTimers(findings: Findings, { document, nodes }: KnownDocument): void {
  const awaited = awaitedTimers(document, nodes)
  const timed = new Set<string>()
  document.timers.forEach((timer, index) => {
    const { kind, item, dueAt, remainingMs } = timer
    const path = `/timers/${index}`
    const key = keyOf(timer)
    const what = awaited.get(key)
    const due = findings.remaining(`${path}/remainingMs`, dueAt, `${path}/dueAt`, remainingMs)
    if ((kind === 'item') !== (item !== undefined))
      findings.report(path, 'a timer of an item names its place, and no other does')
    else if (timed.has(key)) findings.report(path, `${nameOf(timer)} has two timers`)
    else if (what === undefined)
      findings.report(
        path,
        `${nameOf(timer)} ${kind === 'wait' ? 'is in no wait that ends at some time' : 'waits for no retry'}`,
      )
    else if (what.dueAt !== undefined && due !== null && parseTime(what.dueAt) !== due) {
      const owner = kind === 'item' ? 'item' : 'node'
      findings.report(`${path}/dueAt`, `the timer is due at ${dueAt}, its ${owner} at ${what.dueAt}`)
    }
    timed.add(key)
  })
  for (const [key, { path }] of awaited) {
    if (!timed.has(key))
      findings.report(path, `it waits for ${key.startsWith('wait') ? 'a time' : 'a retry'}, but has no timer`)
  }
}

function awaitedTimers(
  document: SnapshotDocument,
  nodes: ReadonlyMap<string, NodeDocument>,
): ReadonlyMap<string, Awaited> {
  const awaited = new Map<string, Awaited>()
  const parts = partsByNode(document)
  for (const [nodeId, { status, dueAt, wait }] of nodes) {
    const path = () => `/nodes/${escapeSegment(nodeId)}`
    if (status === 'retrying') awaited.set(keyOf({ nodeId, kind: 'retry' }), { path: path(), dueAt })
    if (status !== 'waiting') continue
    if (wait !== undefined) {
      if (dueAt !== undefined) awaited.set(keyOf({ nodeId, kind: 'wait' }), { path: path(), dueAt })
      continue
    }
    for (const [place, item] of Object.entries(parts.get(nodeId)?.items?.states ?? {})) {
      if (item.status !== 'retrying') continue
      const at = `/parts/${escapeSegment(nodeId)}/items/states/${place}`
      awaited.set(keyOf({ nodeId, kind: 'item', item: Number(place) }), { path: at, dueAt: item.dueAt })
    }
  }
  return awaited
}

type TimerOf = Pick<TimerDocument, 'nodeId' | 'kind' | 'item'>

function keyOf({ nodeId, kind, item = -1 }: TimerOf): string {
  return `${kind} ${item} ${nodeId}`
}

function nameOf({ nodeId, kind, item }: TimerOf): string {
  const node = `the node ${JSON.stringify(nodeId)}`
  return kind === 'item' ? `item ${item} of ${node}` : node
}

function checkSignals(findings: Findings, { document }: KnownDocument): void {
  const { seq: last } = document.run.head
  let before = 0
  document.signals.forEach(({ seq, at }, index) => {
    findings.time(`/signals/${index}/at`, at)
    if (seq <= before || seq > last) {
      findings.report(
        `/signals/${index}/seq`,
        `the sequence ${seq} is not above the one before and at most that of the run`,
      )
    }
    before = seq
  })
  for (const [key, seq] of findings.map<number>('/signalKeys', document.signalKeys ?? {})) {
    if (seq > last) findings.report(`/signalKeys/${escapeSegment(key)}`, `the run has no fact ${seq}`)
  }
}

function checkTokens(findings: Findings, { document }: KnownDocument): void {
  for (const [digest, { expiresAt }] of findings.map<TokenDocument>('/tokens', document.tokens ?? {}))
    findings.time(`/tokens/${escapeSegment(digest)}/expiresAt`, expiresAt)
}

/** The parts of nodes by id. */
function partsByNode(document: SnapshotDocument): ReadonlyMap<string, PartsDocument> {
  return new Map(mapEntries(document.parts ?? {}) as [string, PartsDocument][])
}
