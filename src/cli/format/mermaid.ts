import type { CompensationState } from '../../run/compensation.ts'
import { graphOf } from '../../run/run.ts'
import type { NodeState, NodeStatus, RunState } from '../../run/state.ts'
import { isCodeCondition } from '../../workflow/condition.ts'
import type { EdgeDefinition, NodeDefinition } from '../../workflow/definition.ts'
import type { Graph } from '../../workflow/graph.ts'
import { counted } from './counted.ts'
import { nodeDetail } from './node-detail.ts'
import { shorten } from './printable.ts'

/** Longest text of one line of a label, in characters. */
const MAX_LABEL = 120

const styles: Readonly<Record<NodeStatus, string>> = {
  pending: 'fill:#f6f8fa,stroke:#8c959f,color:#24292f',
  running: 'fill:#ddf4ff,stroke:#0969da,color:#0a3069',
  retrying: 'fill:#fff8c5,stroke:#bf8700,color:#3b2300',
  waiting: 'fill:#fff8c5,stroke:#bf8700,color:#3b2300',
  completed: 'fill:#dafbe1,stroke:#1a7f37,color:#003d16',
  failed: 'fill:#ffebe9,stroke:#cf222e,color:#4c0014',
  skipped: 'fill:#ffffff,stroke:#d0d7de,color:#6e7781',
  canceled: 'fill:#fbefff,stroke:#8250df,color:#271052',
  interrupted: 'fill:#fff1e5,stroke:#bc4c00,color:#471700',
}

/**
 * A workflow as a Mermaid flowchart; with a run, its nodes carry their status and colour, taken edges are thick and edges
 * not taken dotted. A node that is a run is a subgraph with the nodes of that run. Ids of the workflow only ever stand in quoted,
 * escaped labels; the chart's own names are `n0`, `n1`, …, those in the subgraph `n1` are `n1_0`, `n1_1`, ….
 *
 * Shape: `flowchart TD\n  n0["orders"]\n  n1["total"]\n  n0 --> n1\n`
 */
export function mermaidText(graph: Graph, state: RunState | null = null): string {
  const chart: Chart = { lines: ['flowchart TD'], byStatus: new Map() }
  addGraph(chart, graph, state, 'n', '  ')
  for (const [status, names] of chart.byStatus) {
    chart.lines.push(`  classDef ${status} ${styles[status]}`, `  class ${names.join(',')} ${status}`)
  }
  return `${chart.lines.join('\n')}\n`
}

/** A chart while it is made. */
interface Chart {
  readonly lines: string[]
  /** Names of its nodes. */
  readonly byStatus: Map<NodeStatus, string[]>
}

/** The depth of its recursion is that of the definition, which has a limit. */
function addGraph(chart: Chart, graph: Graph, state: RunState | null, prefix: string, indent: string): void {
  const { lines, byStatus } = chart
  graph.nodes.forEach((definition, index) => {
    const name = `${prefix}${index}`
    const node = state?.nodes[index] ?? null
    if (node !== null) named(byStatus, node.status).push(name)
    const { nested } = definition
    const label = nodeLabel(definition, node, state?.compensations[definition.id] ?? null)
    if (nested === undefined) {
      lines.push(`${indent}${name}["${label}"]`)
      return
    }
    lines.push(`${indent}subgraph ${name}["${label}"]`)
    addGraph(chart, graphOf(nested.workflow), node?.parts?.child ?? null, `${name}_`, `${indent}  `)
    lines.push(`${indent}end`)
  })
  graph.edges.forEach((edge, index) => {
    const label = edgeLabel(edge)
    const arrow = `${arrowOf(graph, index, state)}${label === '' ? '' : `|"${label}"|`}`
    lines.push(`${indent}${prefix}${graph.edgeSource[index]} ${arrow} ${prefix}${graph.edgeTarget[index]}`)
  })
  graph.nodes.forEach(({ fallback }, index) => {
    const standIn = typeof fallback === 'string' ? graph.indexOf.get(fallback) : undefined
    if (standIn !== undefined) lines.push(`${indent}${prefix}${index} -.->|"fallback"| ${prefix}${standIn}`)
  })
}

/**
 * Text inside a quoted Mermaid label. Everything that Mermaid, its Markdown or HTML could read as more than text stands as
 * an entity of Mermaid's own (`#quot;`, `#35;`).
 */
export function mermaidLabel(text: string): string {
  const shown = text.trim() === text && text !== '' ? shorten(text, MAX_LABEL) : `"${shorten(text, MAX_LABEL)}"`
  // Letters, digits and a few marks are left readable; the ligature fl is how Mermaid marks its own entities inside.
  return shown.replace(/((?<=[\p{L}\p{N}])[._-](?=[\p{L}\p{N}]))|[\s\S]/gu, (char, inside: string | undefined) => {
    if (inside !== undefined) return char
    if (char === '"') return '#quot;'
    return /^[\p{L}\p{N} ,/()]$/u.test(char) && char !== '\ufb02' ? char : `#${char.codePointAt(0)};`
  })
}

function nodeLabel(definition: NodeDefinition, node: NodeState | null, compensation: CompensationState | null): string {
  const { id, type, nested } = definition
  const lines = [mermaidLabel(id)]
  if (nested !== undefined) lines.push(mermaidLabel(`${nested.workflow.id} ${nested.workflow.version}`))
  else if (type !== id) lines.push(mermaidLabel(type))
  if (node !== null) lines.push(node.status)
  const detail = node === null ? shapeText(definition) : stateText(definition, node, compensation)
  if (detail !== '') lines.push(mermaidLabel(detail))
  return lines.join('<br/>')
}

/** What a node of a workflow is besides its type. */
function shapeText({ map, repeat }: NodeDefinition): string {
  if (repeat !== undefined) return `at most ${counted(repeat.maximumVisits, 'visit')}`
  return map === undefined ? '' : 'for each item'
}

/** What a node waits for, how many of its items are through, its visit, and where its compensation stands. */
function stateText(definition: NodeDefinition, node: NodeState, compensation: CompensationState | null): string {
  const { status, parts } = node
  if (compensation !== null) return nodeDetail(node, definition, null, compensation)
  if (parts?.child || (status !== 'waiting' && status !== 'running' && status !== 'retrying')) return ''
  return nodeDetail(node, definition, null)
}

function edgeLabel({ sourceHandle, condition }: EdgeDefinition): string {
  const parts: string[] = []
  if (typeof sourceHandle === 'string') parts.push(mermaidLabel(sourceHandle))
  if (condition !== undefined) {
    if (isCodeCondition(condition)) parts.push('function')
    else {
      const { path = '', operator, value } = condition
      const words = [path, operator, ...(value === undefined ? [] : [JSON.stringify(value)])]
      parts.push(mermaidLabel(words.filter((word) => word !== '').join(' ')))
    }
  }
  return parts.join('<br/>')
}

/** `==>` taken, `-.->` not taken, `-->` not decided yet. */
function arrowOf(graph: Graph, index: number, state: RunState | null): string {
  const source = state?.nodes[graph.edgeSource[index]!]
  if (state === null || source === undefined) return '-->'
  switch (source.status) {
    case 'completed': {
      const isTaken = graph.isConditional[index] === 0 || state.decisions[graph.edgeKeys[index]!] === true
      return isTaken ? '==>' : '-.->'
    }
    case 'failed':
    case 'skipped':
    case 'canceled':
      return '-.->'
    default:
      return '-->'
  }
}

function named(byStatus: Chart['byStatus'], status: NodeStatus): string[] {
  const names = byStatus.get(status) ?? []
  byStatus.set(status, names)
  return names
}
