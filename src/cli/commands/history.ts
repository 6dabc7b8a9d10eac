import { quote, UsageError } from '../../base/errors.ts'
import { pointerSegments } from '../../base/json-pointer.ts'
import { readHistory } from '../../engine/history.ts'
import { type HistoryFilter, isTypePattern, type TypePattern } from '../../history/filter.ts'
import type { History } from '../../history/history.ts'
import type { RunEventType } from '../../run/event.ts'
import { isEventType } from '../../run/event-types.ts'
import type { NodePath } from '../../run/node-path.ts'
import { timeText } from '../../run/time-text.ts'
import { eventMembers } from '../execute.ts'
import { factText } from '../format/fact-text.ts'
import { inspectionText } from '../format/inspection-text.ts'
import { shorten } from '../format/printable.ts'
import { tableText } from '../format/table.ts'
import type { HistoryOptions } from '../invocation.ts'
import type { Io } from '../io.ts'
import { lookingCodec, withStoreOf } from '../subject.ts'
import type { ArgsOf, CommandContext } from './command.ts'

/** `history <run>`: the events of a run, or with `--at` where it stood after one of them. */
export async function history(args: ArgsOf<'history'>, { io }: CommandContext): Promise<number> {
  const { runId, at } = args
  if (at !== null && Object.values(args.filter).some((value) => value !== null)) {
    throw new UsageError('USAGE', 'history --at looks at the whole run after an event; leave out what chooses events')
  }
  const read = await withStoreOf(runId, args.store, (store) => readHistory(store, runId, { codec: lookingCodec }))
  if (at === null) list(read, args.filter, io)
  else look(read, at, io)
  return 0
}

function list(history: History, options: HistoryOptions, io: Io): void {
  const { events, after } = history.search(filterOf(options))
  if (io.isJson) {
    io.json(`${JSON.stringify({ runId: history.runId, events: events.map(eventMembers), after })}\n`)
    return
  }
  if (events.length === 0) io.out('no such events\n')
  else {
    const rows = events.map((event) => [
      String(event.seq),
      timeText(event.at),
      shorten(event.type, 40),
      factText(event) ?? '',
    ])
    io.out(tableText(['seq', 'time', 'type', 'what'], rows))
  }
  if (after !== null) io.err(`note: there are more; --after ${after} lists them\n`)
}

function look(history: History, seq: number, io: Io): void {
  const inspection = history.at(seq).inspect()
  if (io.isJson) io.json(`${JSON.stringify({ seq, ...inspection })}\n`)
  else io.out(inspectionText(inspection, io.hasOutColor))
}

function filterOf({ types, nodes, from, to, after, limit }: HistoryOptions): HistoryFilter {
  return {
    ...(types === null ? {} : { type: types.map(typeOf) }),
    ...(nodes === null ? {} : { node: nodes.map(nodePath) }),
    ...(from === null ? {} : { fromAt: from }),
    ...(to === null ? {} : { toAt: to }),
    ...(after === null ? {} : { after }),
    ...(limit === null ? {} : { limit }),
  }
}

/** A type, or several by a pattern, as it stands on the command line. @throws {UsageError} USAGE */
function typeOf(type: string): RunEventType | TypePattern {
  if (isTypePattern(type) || isEventType(type)) return type
  throw new UsageError('USAGE', `there is no type of event ${quote(type)}; --type node.* has all of nodes, say`)
}

/** A node as it is named on the command line: its id, or a JSON Pointer of the ids that lead to it. */
function nodePath(name: string): NodePath {
  return name.startsWith('/') ? (pointerSegments(name) ?? name) : name
}
