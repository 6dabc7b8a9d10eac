import type { NodeStatus, RunState } from '../../run/state.ts'
import { isCodeCondition } from '../../workflow/condition.ts'
import type { EdgeDefinition, NodeDefinition } from '../../workflow/definition.ts'
import type { Graph } from '../../workflow/graph.ts'
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
 * not taken dotted. Ids of the workflow only ever stand in quoted, escaped labels; the chart's own names are `n0`, `n1`, ….
 *
 * Shape: `flowchart TD\n  n0["orders"]\n  n1["total"]\n  n0 --> n1\n`
 */
export function mermaidText(graph: Graph, state: RunState | null = null): string {
  const lines = ['flowchart TD']
  graph.nodes.forEach((node, index) => {
    lines.push(`  n${index}["${nodeLabel(node, state?.nodes[index]?.status ?? null)}"]`)
  })
  graph.edges.forEach((edge, index) => {
    const label = edgeLabel(edge)
    const arrow = arrowOf(graph, index, state)
    lines.push(
      `  n${graph.edgeSource[index]} ${arrow}${label === '' ? '' : `|"${label}"|`} n${graph.edgeTarget[index]}`,
    )
  })
  graph.nodes.forEach(({ fallback }, index) => {
    const standIn = typeof fallback === 'string' ? graph.indexOf.get(fallback) : undefined
    if (standIn !== undefined) lines.push(`  n${index} -.->|"fallback"| n${standIn}`)
  })
  if (state !== null) lines.push(...classLines(state))
  return `${lines.join('\n')}\n`
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

function nodeLabel({ id, type }: NodeDefinition, status: NodeStatus | null): string {
  const lines = [mermaidLabel(id)]
  if (type !== id) lines.push(mermaidLabel(type))
  if (status !== null) lines.push(status)
  return lines.join('<br/>')
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

function classLines(state: RunState): readonly string[] {
  const byStatus = new Map<NodeStatus, string[]>()
  state.nodes.forEach(({ status }, index) => {
    const names = byStatus.get(status) ?? []
    names.push(`n${index}`)
    byStatus.set(status, names)
  })
  return [...byStatus].flatMap(([status, names]) => [
    `  classDef ${status} ${styles[status]}`,
    `  class ${names.join(',')} ${status}`,
  ])
}
