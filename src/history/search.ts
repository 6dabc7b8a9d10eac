import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent } from '../run/event.ts'
import { Heap } from '../run/heap.ts'
import { publicEvent } from '../run/public-event.ts'
import { countBefore, type FactIndex, type Sequences } from './fact-index.ts'
import type { Facts } from './facts.ts'
import type { CheckedFilter } from './filter.ts'
import { matches, mayMatch } from './match.ts'

/** What a search found. */
export interface HistoryPage<Event extends RunEvent = RunEvent> {
  /** In sequence order. */
  readonly events: readonly Event[]
  /** What the next search takes as `after`; null when there is nothing further. */
  readonly after: number | null
}

/**
 * One page of what a filter finds. A filter by type or node looks at the facts the index has of them, of both at the fewer; any
 * other goes through all of its range, and reads only those whose text leaves something open.
 */
export function searchFacts(facts: Facts, index: FactIndex, filter: CheckedFilter, codec: ValueCodec): HistoryPage {
  const events: RunEvent[] = []
  for (const seq of candidates(facts, index, filter)) {
    if (!fits(facts, filter, seq)) continue
    const event = found(facts, filter, seq, codec)
    if (event === null) continue
    if (events.length === filter.limit) return { events, after: events.at(-1)!.seq }
    events.push(event)
  }
  return { events, after: null }
}

/** Sequences that may be what is looked for, in ascending order. */
function candidates(facts: Facts, index: FactIndex, filter: CheckedFilter): Iterable<number> {
  const from = Math.max(filter.fromSeq, facts.firstSeq)
  const to = Math.min(filter.toSeq, facts.lastSeq)
  const { isType, nodes } = filter
  const ofTypes = isType === null ? null : [...index.types].filter(isType).map((type) => index.ofType(type))
  const ofNodes = nodes === null ? null : [...nodes].map((node) => index.ofNode(node))
  const lists = fewer(ofTypes, ofNodes)
  return lists === null ? range(from, to) : merged(lists, from, to)
}

function fewer(a: readonly Sequences[] | null, b: readonly Sequences[] | null): readonly Sequences[] | null {
  if (a === null || b === null) return a ?? b
  return total(a) < total(b) ? a : b
}

function total(lists: readonly Sequences[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0)
}

function* range(from: number, to: number): Iterable<number> {
  for (let seq = from; seq <= to; seq += 1) yield seq
}

/** A list of sequences, and how far it has been taken. */
interface Taking {
  readonly list: Sequences
  at: number
}

/** Lists that have no sequence in common, as one. */
function* merged(lists: readonly Sequences[], from: number, to: number): Iterable<number> {
  const heap = new Heap<Taking>((a, b) => a.list[a.at]! < b.list[b.at]!)
  const put = (taking: Taking) => {
    if (taking.at < taking.list.length && taking.list[taking.at]! <= to) heap.push(taking)
  }
  for (const list of lists) put({ list, at: countBefore(list, from) })
  for (let next = heap.pop(); next !== undefined; next = heap.pop()) {
    yield next.list[next.at]!
    next.at += 1
    put(next)
  }
}

/** Whether a fact is what is looked for, as far as can be told without its text. */
function fits(facts: Facts, { isType, nodes, fromAt, toAt }: CheckedFilter, seq: number): boolean {
  const at = facts.at(seq)
  if (at < fromAt || at > toAt) return false
  if (isType !== null && !isType(facts.type(seq))) return false
  if (nodes === null) return true
  const node = facts.node(seq)
  return node !== null && nodes.has(node)
}

/** The fact as whoever looks for it gets it; null when it does not have the pattern. */
function found(facts: Facts, { pattern }: CheckedFilter, seq: number, codec: ValueCodec): RunEvent | null {
  if (pattern !== null && !mayMatch(pattern, facts.text(seq))) return null
  const event = publicEvent(facts.read(seq), codec)
  return pattern === null || matches(pattern, event) ? event : null
}
