import { roughDuration } from '../../base/duration.ts'
import { encodedText } from '../../base/encoded.ts'
import type { ItemsState } from '../../run/parts.ts'
import type { NodeState, NodeStatus, RunState } from '../../run/state.ts'
import type { Workflow } from '../../workflow/workflow.ts'
import { colored } from './color.ts'
import { nodeDetail } from './node-detail.ts'
import { nodeRows } from './node-rows.ts'
import { nameText, printable, shorten } from './printable.ts'
import { tableText } from './table.ts'
import { jsonLine } from './value-text.ts'
import { namesText } from './wait-text.ts'

/** Longest text of a cell, in characters. */
const MAX_CELL = 60

/** How many nodes stand in each status: `3 completed, 1 skipped`. */
export function countsText(state: RunState): string {
  const counts = new Map<NodeStatus, number>()
  for (const { status } of state.nodes) counts.set(status, (counts.get(status) ?? 0) + 1)
  return [...counts].map(([status, count]) => `${count} ${status}`).join(', ') || 'no nodes'
}

/** A run for people: what it is, and a row for each node. */
export function runText(state: RunState, hasColor: boolean): string {
  const { runId, workflow, status, seq, startedAt, lastAt, reason, error } = state
  const lines = [
    `run       ${printable(runId)}`,
    `workflow  ${nameText(workflow.id, 200)} ${shorten(workflow.version, 60)}`,
    `status    ${colored(status, hasColor)}${reason === null ? '' : ` (${shorten(reason, 200)})`}`,
    `nodes     ${countsText(state)}`,
    `facts     ${seq}`,
    ...(startedAt === null ? [] : [`started   ${new Date(startedAt).toISOString()}`]),
    ...(seq === 0 ? [] : [`last fact ${new Date(lastAt).toISOString()}`]),
    ...(error === null ? [] : [`error     ${shorten(`${error.code ?? error.name}: ${error.message}`, 400)}`]),
  ]
  const rows = nodeRows(state, true).map(({ ids, node, definition, compensation }) => [
    namesText(ids, MAX_CELL),
    shorten(definition.type, MAX_CELL),
    colored(node.status, hasColor),
    node.attempt === 0 ? '' : String(node.attempt),
    tookText(node),
    nodeDetail(node, definition, null, compensation),
  ])
  return `${lines.join('\n')}\n\n${tableText(['node', 'type', 'status', 'attempt', 'took', 'remark'], rows)}`
}

/** A run as one JSON document; outputs and the input are JSON with the codec's tags. */
export function runJson(state: RunState): string {
  const { runId, workflow, status, seq, startedAt, endedAt, activeMs, error, failedNodeId, reason, completed } = state
  const members = {
    runId,
    workflow: { id: workflow.id, version: workflow.version },
    status,
    seq,
    startedAt: isoOf(startedAt),
    endedAt: isoOf(endedAt),
    activeMs,
    error,
    failedNodeId,
    reason,
    completedNodes: completed,
  }
  return jsonLine(members, { input: encodedText(state.input), nodes: nodesJson(state) })
}

/** The depth of its recursion is that of the definition, which has a limit. */
function nodesJson({ nodes, workflow, compensations }: RunState): string {
  const lines = nodes.map((node, index) => {
    const { id, type, repeat } = workflow.nodes[index]!
    const { status, attempt, startedAt, endedAt, dueAt, skipReason, error, output, operator, wait, parts } = node
    const times = { startedAt: isoOf(startedAt), endedAt: isoOf(endedAt), dueAt: isoOf(dueAt) }
    const members = {
      ...{ id, type, status, attempt, ...times, skipReason, error },
      ...(compensations[id] === undefined ? {} : { compensation: compensations[id] }),
      ...(operator === null ? {} : { operator }),
      ...(wait === null ? {} : { wait }),
      ...(repeat === undefined || parts === null ? {} : { visits: parts.visits }),
      ...(parts?.items == null ? {} : { items: itemCounts(parts.items) }),
    }
    return jsonLine(members, {
      ...(parts?.child ? { run: childJson(parts.child) } : {}),
      ...(status === 'completed' && output !== undefined ? { output: encodedText(output) } : {}),
    }).trimEnd()
  })
  return `[${lines.join(',')}]`
}

function childJson(state: RunState): string {
  const { workflow, status, error, failedNodeId } = state
  const members = { workflow: { id: workflow.id, version: workflow.version }, status, error, failedNodeId }
  return jsonLine(members, { nodes: nodesJson(state) }).trimEnd()
}

/** How many items there are, and how many have each status. */
function itemCounts({ list }: ItemsState): object {
  const counts = { total: list.length, pending: 0, running: 0, retrying: 0, completed: 0, failed: 0, interrupted: 0 }
  for (const { status } of list) counts[status] += 1
  return counts
}

/** A workflow for people: what it is, and a row for each node. */
export function workflowText({ definition, graph }: Workflow): string {
  const upstreams = graph.nodes.map((): string[] => [])
  graph.edges.forEach((_, index) => {
    upstreams[graph.edgeTarget[index]!]!.push(graph.ids[graph.edgeSource[index]!]!)
  })
  const rows = graph.nodes.map(({ id, type }, index) => [
    nameText(id, MAX_CELL),
    shorten(type, MAX_CELL),
    shorten([...new Set(upstreams[index])].map((upstream) => nameText(upstream, MAX_CELL)).join(', '), MAX_CELL),
  ])
  const head = [
    `workflow  ${nameText(definition.id, 200)} ${shorten(definition.version, 60)}`,
    `nodes     ${graph.nodes.length}`,
    `edges     ${graph.edges.length}`,
  ]
  return `${head.join('\n')}\n\n${tableText(['node', 'type', 'upstreams'], rows)}`
}

/** Milliseconds, as far as they are easily read. */
function tookText({ startedAt, endedAt }: NodeState): string {
  if (startedAt === null || endedAt === null) return ''
  const took = endedAt - startedAt
  return took < 10_000 ? `${took} ms` : roughDuration(took)
}

function isoOf(at: number | null): string | null {
  return at === null ? null : new Date(at).toISOString()
}
