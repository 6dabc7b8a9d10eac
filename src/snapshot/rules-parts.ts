import { escapeSegment } from '../base/json-pointer.ts'
import type { ItemDocument, ItemsDocument, NodeDocument, PartsDocument } from './document.ts'
import type { Findings } from './findings.ts'
import type { KnownDocument } from './rules-waits.ts'
import type { PartSpans } from './scan-parts.ts'

const PLACE = /^(?:0|[1-9]\d*)$/

/**
 * Holds what nodes have done on the way to their results against their states, and items against each other.
 * @returns how often items were started together
 */
export function checkParts(
  findings: Findings,
  { document, nodes, places, slots, definitionOf }: KnownDocument,
): number {
  const parts = findings.map<PartsDocument>('/parts', document.parts ?? {})
  let attempts = 0
  for (const spans of slots.parts) {
    const { nodeId } = spans
    const own = parts.get(nodeId)!
    const path = `/parts/${escapeSegment(nodeId)}`
    const definition = definitionOf(nodeId)
    if (definition === undefined) {
      findings.report(path, `the workflow has no node ${JSON.stringify(nodeId)}`)
      continue
    }
    const isUsual = places.usual[places.indexOf.get(nodeId)!] !== undefined
    checkNode(findings, path, own, isUsual ? null : nodes.get(nodeId))
    findings.names(`${path}/steps`, spans.steps)
    if (own.items === undefined) continue
    if (definition.map === undefined)
      findings.report(`${path}/items`, 'the node has items, but the workflow does not say that it maps')
    attempts += checkItems(findings, `${path}/items`, own.items, spans)
  }
  return attempts
}

/** @param node - null for a usual one, which is completed; undefined for one that has not begun */
function checkNode(
  findings: Findings,
  path: string,
  { visits = 0, previous }: PartsDocument,
  node: NodeDocument | null | undefined,
): void {
  if (node === null || node?.status === 'completed') {
    findings.report(path, 'the node has completed: what it did on the way to its result is no longer kept')
  } else if (node === undefined || node.attempt === 0) {
    findings.report(path, 'the node has done something, but was never started')
  } else if (visits > node.attempt) {
    findings.report(`${path}/visits`, `${visits} visits have ended, but the node was started ${node.attempt} times`)
  }
  if (visits > 0 !== (previous !== undefined))
    findings.report(`${path}/previous`, 'what the latest visit gave stands beside the number of visits')
}

/** @returns how often the items were started together */
function checkItems(
  findings: Findings,
  path: string,
  { count, keys, states }: ItemsDocument,
  { results, items }: PartSpans,
): number {
  if (keys !== undefined && keys.length !== count)
    findings.report(`${path}/keys`, `there are ${count} items, but ${keys.length} keys`)
  if (keys !== undefined && new Set(keys).size < keys.length) findings.report(`${path}/keys`, 'a key stands twice')
  const places = Object.keys(states)
    .filter((place) => {
      const isPlace = PLACE.test(place) && Number(place) < count
      if (!isPlace)
        findings.report(`${path}/states/${escapeSegment(place)}`, `there are ${count} items, and none at this place`)
      return isPlace
    })
    .sort((a, b) => Number(a) - Number(b))
  let attempts = 0
  let completed = 0
  /** Results there have to be, for the completed items of which a state stands here. */
  let needed = 0
  places.forEach((place, listed) => {
    const state = states[place]!
    const at = `${path}/states/${place}`
    checkItem(findings, at, state)
    findings.names(`${at}/steps`, items.get(place)?.steps ?? [])
    attempts += state.attempt
    if (state.status !== 'completed') return
    completed += 1
    // Those without a state before it have all completed.
    needed = Number(place) - listed + completed
    if (items.has(place))
      findings.report(at, 'the item has completed: what it did on the way to its result is no longer kept')
  })
  const most = count - places.length + completed
  if (results.length < needed || results.length > most) {
    findings.report(
      `${path}/results`,
      `there are ${results.length} results, but by the states of the items there have to be ${needed} to ${most}`,
    )
  }
  return attempts + results.length - completed
}

function checkItem(findings: Findings, path: string, item: ItemDocument): void {
  const { status, attempt, failures, error, dueAt } = item
  if (status !== 'pending' && attempt === 0)
    findings.report(`${path}/attempt`, `an item that is ${status} has been started`)
  if (failures > attempt)
    findings.report(`${path}/failures`, `${failures} attempts failed, but the item was started ${attempt} times`)
  if (status === 'failed' && error === undefined) findings.report(`${path}/error`, 'a failed item has an error')
  if ((status === 'retrying') !== (dueAt !== undefined))
    findings.report(`${path}/dueAt`, 'a retrying item is due at some time, and no other is')
  findings.deadline((member) => `${path}${member}`, item)
}
