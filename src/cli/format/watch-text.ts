import { roughDuration } from '../../base/duration.ts'
import type { NodeStatus, RunState, RunStatus } from '../../run/state.ts'
import type { DrawnLine } from '../io.ts'
import { lineWidth, padLine } from './fit-line.ts'
import { nodeDetail } from './node-detail.ts'
import { type NodeRow, nodeRows } from './node-rows.ts'
import { nameText } from './printable.ts'
import { countsText } from './run-text.ts'

/** Below this width, in columns, what there is to say of a node stands on a line of its own. */
const NARROW = 60
const GAP = '  '

/** What a picture of a run is made of. */
export interface WatchedRun {
  readonly state: RunState
  /** Now, in epoch ms. */
  readonly at: number
  /** What is left by the measure of past runs, in milliseconds; null: nobody knows. */
  readonly restMs: number | null
}

/**
 * A run as a tree of its nodes, nested runs indented: name, status, time, and what there is to say.
 * @param columns - width of the terminal; names take at most two fifths of it
 * @param rows - most lines; nodes that have ended, then those that have not begun, are counted instead of named to keep to it
 */
export function watchLines({ state, at, restMs }: WatchedRun, columns: number, rows: number): readonly DrawnLine[] {
  const head = headLines(state, at, restMs)
  const isNarrow = columns < NARROW
  const all = nodeRows(state, false)
  /** Whether what there is to say of a node has a line of its own. */
  const detailOf = ({ node, definition, compensation }: NodeRow) => nodeDetail(node, definition, at, compensation)
  const isApart = (row: NodeRow) =>
    isNarrow && (!isOver(row.node.status) || row.compensation !== null) && detailOf(row) !== ''
  const shown = chosen(all, Math.max(1, rows - head.length), (row) => (isApart(row) ? 2 : 1))
  const widest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, lineWidth(text)), 0)
  const nameColumns = Math.min(widest(shown.rows.map(nameOf)), Math.max(8, Math.floor(columns * 0.4)))
  const statusColumns = widest(shown.rows.map(({ node }) => node.status))
  const tookColumns = widest(shown.rows.map((row) => tookText(row, at)))
  const lines = shown.rows.flatMap((row): DrawnLine[] => {
    const { node, ids } = row
    const name = padLine(nameOf(row), nameColumns)
    const detail = detailOf(row)
    const cells = [name, padLine(node.status, statusColumns), padLine(tookText(row, at), tookColumns)]
    const status = { word: node.status, offset: name.length + GAP.length }
    if (!isNarrow) return [{ text: [...cells, detail].join(GAP).trimEnd(), status }]
    const line = { text: cells.join(GAP).trimEnd(), status }
    return isApart(row) ? [line, { text: `${'  '.repeat(ids.length)}${detail}`, status: null }] : [line]
  })
  return [...head, ...lines, ...shown.notes.map((text) => ({ text, status: null }))]
}

function headLines(state: RunState, at: number, restMs: number | null): readonly DrawnLine[] {
  const { runId, workflow, status, startedAt, endedAt } = state
  const head = `run ${nameText(runId, 60)} of ${nameText(workflow.id, 60)} ${nameText(workflow.version, 20)} `
  const took = startedAt === null ? 'not begun' : `${roughDuration((endedAt ?? at) - startedAt)}`
  const isUndone = state.compensating !== null
  const left = isUndone
    ? 'undoing what it did'
    : restMs === null
      ? 'no estimate'
      : `about ${roughDuration(restMs)} left`
  return [
    { text: `${head}${status}`, status: { word: status, offset: head.length } },
    { text: isOver(status) || status === 'failed' ? took : `${took}, ${left}`, status: null },
    { text: countsText(state), status: null },
  ]
}

/** Whether there is nothing more to say of a node, or to come of a run. */
function isOver(status: NodeStatus | RunStatus): boolean {
  return status === 'completed' || status === 'skipped' || status === 'canceled'
}

/** The rows that fit, those left out as counts: first what has ended goes, then what has not begun, then the end. */
function chosen(
  all: readonly NodeRow[],
  most: number,
  linesOf: (row: NodeRow) => number,
): { readonly rows: readonly NodeRow[]; readonly notes: readonly string[] } {
  const sum = (rows: readonly NodeRow[]) => rows.reduce((lines, row) => lines + linesOf(row), 0)
  const notes: string[] = []
  let rows = all
  for (const [statuses, words] of [
    [['completed', 'skipped', 'canceled'], 'that have ended'],
    [['pending'], 'pending'],
  ] as const) {
    if (sum(rows) + notes.length <= most) break
    const isLeftOut = ({ node }: NodeRow) => (statuses as readonly string[]).includes(node.status)
    const left = rows.filter(isLeftOut).length
    if (left === 0) continue
    notes.push(`… ${left} ${words}`)
    rows = rows.filter((row) => !isLeftOut(row))
  }
  if (sum(rows) + notes.length <= most) return { rows, notes }
  let places = most - notes.length - 1
  const fitting: NodeRow[] = []
  for (const row of rows) {
    places -= linesOf(row)
    if (places < 0) break
    fitting.push(row)
  }
  return { rows: fitting, notes: [`… ${rows.length - fitting.length} more`, ...notes] }
}

/** The name of a node, as far in as its run is nested. */
function nameOf({ ids }: NodeRow): string {
  return `${'  '.repeat(ids.length - 1)}${nameText(ids.at(-1)!, 60)}`
}

function tookText({ node: { status, startedAt, endedAt } }: NodeRow, at: number): string {
  if (startedAt === null || status === 'skipped' || status === 'pending') return ''
  const isOpen = status === 'running' || status === 'waiting' || status === 'retrying'
  if (!isOpen && endedAt === null) return ''
  return roughDuration((isOpen ? at : endedAt!) - startedAt)
}
