import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import type { JsonObject } from '../base/json.ts'
import type { RunEventType } from '../run/event.ts'
import { isEventType } from '../run/event-types.ts'
import { type NodePath, pathOf } from '../run/node-path.ts'
import { qualified } from '../run/signal-waits.ts'
import { type EventPattern, patternOf } from './match.ts'

/** Several types at once: all that begin with a text that ends with a dot (`node.`), or that fit one with stars (`*.failed`). */
export type TypePattern = `${string}.` | `${string}*${string}`

export function isTypePattern(type: string): type is TypePattern {
  return type.includes('*') || type.endsWith('.')
}

/** Which events to find; an event has to have all that is given. */
export interface HistoryFilter {
  /** Its type: exact, a pattern, or a list of both; default: any. */
  readonly type?: RunEventType | TypePattern | readonly (RunEventType | TypePattern)[]
  /** The node it names, or a list of them; a node of a nested run is a list of the ids that lead to it: `[['billing', 'charge']]`. */
  readonly node?: string | readonly NodePath[]
  /** Its sequence: the first and the last. */
  readonly fromSeq?: number
  readonly toSeq?: number
  /** When it was recorded, in epoch ms: the first and the last instant. */
  readonly fromAt?: number
  readonly toAt?: number
  /**
   * A part of the event, as JSON: `{ data: { output: { ok: false } } }`. Objects have at least these members, arrays exactly these
   * elements, null is null.
   */
  readonly match?: JsonObject
  /** Where the page before ended: only events with a greater sequence. */
  readonly after?: number
  /** Most events of a page; 1 or more, default 100. */
  readonly limit?: number
}

/** A filter that was checked. */
export interface CheckedFilter {
  /** Whether a type is asked for; null: any is. */
  readonly isType: ((type: string) => boolean) | null
  /** Names of nodes in the whole run, see `qualified`; null: any. */
  readonly nodes: ReadonlySet<string> | null
  readonly fromSeq: number
  readonly toSeq: number
  readonly fromAt: number
  readonly toAt: number
  readonly pattern: EventPattern | null
  readonly limit: number
}

const DEFAULT_LIMIT = 100

const OF = 'search'
const OPTIONS = ['type', 'node', 'fromSeq', 'toSeq', 'fromAt', 'toAt', 'match', 'after', 'limit']
const TYPE = 'a type of event, the beginning of types with a dot at its end, a text with stars, or a list of these'

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkFilter(filter: HistoryFilter): CheckedFilter {
  checkOptions(filter, OPTIONS, OF)
  const { type, node, match } = filter
  const after = sequence('after', filter.after, 0)
  const limit = sequence('limit', filter.limit, DEFAULT_LIMIT)
  if (limit === 0) throw invalidArgument('limit', 'a whole number, 1 or more', limit, { of: OF })
  return {
    isType: type === undefined ? null : typesOf(type),
    nodes: node === undefined ? null : nodesOf(node),
    fromSeq: Math.max(sequence('fromSeq', filter.fromSeq, 0), after + 1),
    toSeq: sequence('toSeq', filter.toSeq, Number.POSITIVE_INFINITY),
    fromAt: time('fromAt', filter.fromAt, Number.NEGATIVE_INFINITY),
    toAt: time('toAt', filter.toAt, Number.POSITIVE_INFINITY),
    pattern: match === undefined ? null : patternOf(match),
    limit,
  }
}

function typesOf(type: unknown): (type: string) => boolean {
  const tests = readArgument('type', () => listOf('type', type).map(typeTest), { of: OF })
  return (type) => tests.some((isType) => isType(type))
}

function typeTest(type: unknown): (type: string) => boolean {
  if (typeof type === 'string') {
    if (isTypePattern(type)) return type.includes('*') ? starTest(type) : (other) => other.startsWith(type)
    if (isEventType(type)) return (other) => other === type
  }
  throw invalidArgument('type', TYPE, type, { of: OF })
}

/** Whether a text is one with stars, each of which may be any text; linear in both, unlike a regular expression made of it. */
function starTest(stars: string): (text: string) => boolean {
  const [head, ...parts] = stars.split('*') as [string, ...string[]]
  const tail = parts.pop()!
  return (text) => {
    if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false
    let at = head.length
    for (const part of parts) {
      const found = text.indexOf(part, at)
      if (found < 0) return false
      at = found + part.length
    }
    return at <= text.length - tail.length
  }
}

function nodesOf(node: unknown): ReadonlySet<string> {
  const paths = readArgument('node', () => listOf('node', node), { of: OF }).map((path) => pathOf(path as NodePath, OF))
  return new Set(paths.map((path) => qualified(path.slice(0, -1), path.at(-1)!)))
}

function listOf(name: string, given: unknown): readonly unknown[] {
  if (!Array.isArray(given)) return [given]
  if (given.length === 0) throw invalidArgument(name, 'a list that is not empty', given, { of: OF })
  return [...given]
}

function sequence(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number
  throw invalidArgument(name, 'a whole number, 0 or more', value, { of: OF })
}

function time(name: string, value: unknown, otherwise: number): number {
  if (value === undefined) return otherwise
  if (typeof value === 'number' && !Number.isNaN(value)) return value
  throw invalidArgument(name, 'a time in epoch milliseconds', value, { of: OF })
}
