import type { Inspection } from '../../run/inspection.ts'
import type { NodeReasons } from '../../run/why.ts'
import { colored } from './color.ts'
import { nameText, printable } from './printable.ts'
import { tableText } from './table.ts'

/** Longest text of a cell, in characters. */
const MAX_CELL = 60

/**
 * An inspection for people: where the run stands, a line for each node that has not ended, nested runs indented, and for each
 * compensation of a run that compensates.
 */
export function inspectionText(inspection: Inspection, hasColor: boolean): string {
  const lines = [
    `run ${printable(inspection.runId)} ${colored(inspection.status, hasColor)}: ${printable(inspection.sentence)}`,
  ]
  addNodes(inspection, '  ')
  const { nodes: compensations = [] } = inspection.compensations ?? {}
  for (const { sentence } of compensations) lines.push(`  ${printable(sentence)}`)
  return `${lines.join('\n')}\n`

  /** The depth of its recursion is that of the definition, which has a limit. */
  function addNodes({ nodes }: Inspection, indent: string): void {
    for (const { sentence, waitsFor } of nodes) {
      lines.push(`${indent}${printable(sentence)}`)
      if (waitsFor.kind === 'nested') addNodes(waitsFor.run, `${indent}  `)
    }
  }
}

/** The reasons of a node for people: the answer, the edges that lead to it, its causes, and the way to what decided it. */
export function reasonsText({ sentence, trigger, edges, errors, chain }: NodeReasons, hasColor: boolean): string {
  const parts = [`${printable(sentence)}\n`]
  if (edges.length > 0) {
    const rows = edges.map(({ source, sourceStatus, state, reason }) => [
      nameText(source, MAX_CELL),
      colored(sourceStatus, hasColor),
      state,
      printable(reason),
    ])
    parts.push(`\ntrigger rule: ${trigger}\n${tableText(['upstream', 'status', 'edge', 'why'], rows)}`)
  }
  if (errors.length > 0) {
    const lines = errors.map(({ name, message, code }, index) => {
      const indent = '  '.repeat(Math.min(index, 10))
      return `${indent}${index === 0 ? '' : 'because '}${printable(code ?? name)}: ${printable(message)}`
    })
    parts.push(`\nlatest failure:\n${lines.join('\n')}\n`)
  }
  if (chain.length > 1) {
    const lines = chain.map(({ nodeId, reason }) => `${nameText(nodeId, MAX_CELL)} ${printable(reason)}`)
    parts.push(`\nwhat decided it:\n${lines.join('\n')}\n`)
  }
  return parts.join('')
}
