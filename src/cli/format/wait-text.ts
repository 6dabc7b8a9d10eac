import { roughDuration } from '../../base/duration.ts'
import type { Inspection, NodeInspection } from '../../run/inspection.ts'
import { timeText } from '../../run/time-text.ts'
import { nameText, printable } from './printable.ts'
import { hintCommand, type RunFiles } from './shell.ts'

/** A node that has not ended, of a run or one nested in it. */
export interface OpenNode extends NodeInspection {
  /** Ids of the nodes that lead to its run. */
  readonly path: readonly string[]
}

/** All nodes of a run, and of those nested in it, that have not ended; the depth is that of the definition, which has a limit. */
export function openNodes({ nodes }: Inspection, path: readonly string[] = []): readonly OpenNode[] {
  return nodes.flatMap((node) => [
    { ...node, path },
    ...(node.waitsFor.kind === 'nested' ? openNodes(node.waitsFor.run, [...path, node.nodeId]) : []),
  ])
}

/** The name of a node: its id, in a nested run after those of the nodes that lead to it. */
export function namesText(ids: readonly string[], length = 60): string {
  return ids.map((id) => nameText(id, length)).join(' › ')
}

/** What a run waits for from outside, a line for each wait, and how the first is answered. */
export function waitLines(inspection: Inspection, files: RunFiles): readonly string[] {
  const open = openNodes(inspection).filter(({ waitsFor }) => waitsFor.kind === 'signal')
  const lines = open.slice(0, MAX_LINES).map(({ path, nodeId, waitsFor }) => {
    const name = namesText([...path, nodeId])
    return waitsFor.kind === 'signal' ? `${name} waits for ${signalText(waitsFor, inspection.at)}` : name
  })
  if (open.length > MAX_LINES) lines.push(`and ${open.length - MAX_LINES} more; waystone inspect lists them all`)
  const [first] = open
  if (first?.waitsFor.kind === 'signal')
    lines.push(`signal with: ${printable(hintCommand('signal', files, first.waitsFor.name))}`)
  return lines
}

/** Most waits that are listed at the end of a run. */
const MAX_LINES = 10

type SignalWait = Extract<NodeInspection['waitsFor'], { readonly kind: 'signal' }>

/** A wait for a signal: `signal approve (wait w3), 2h left, until 2026-01-01T00:00:00Z`. */
export function signalText({ name, waitId, dueAt }: Pick<SignalWait, 'name' | 'waitId' | 'dueAt'>, at: number): string {
  const until = dueAt === null ? '' : `, ${untilText(dueAt, at)}`
  return `signal ${nameText(name, 60)} (wait ${printable(waitId)})${until}`
}

/** When something is due, the time that is left first, to the second: `2h5m left, until 2026-01-01T00:00:00Z`. */
export function untilText(dueAt: number, at: number): string {
  return `${dueAt > at ? `${roughDuration(dueAt - at)} left` : 'overdue'}, until ${timeText(dueAt).replace(/\.\d+Z$/, 'Z')}`
}
