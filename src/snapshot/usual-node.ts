import { untouchedNode } from '../run/run.ts'
import type { NodeState } from '../run/state.ts'
import type { SnapshotLimits } from './limits.ts'
import { USUAL_TIME_LENGTH, usualTimeAt } from './time.ts'

const BEGIN = '{"status":"completed","attempt":1,"failures":0,"startedAt":"'
const MIDDLE = '","endedAt":"'
const END = '"}'

/** Characters of the state of a usual node. */
export const USUAL_LENGTH = BEGIN.length + USUAL_TIME_LENGTH + MIDDLE.length + USUAL_TIME_LENGTH + END.length

/** Members it has. */
export const USUAL_MEMBERS = 5

/**
 * The state of a node that completed at its first attempt, if it stands at a place as we write it; null for any other.
 * Most nodes of a large document are such, and comparing their text costs a tenth of taking them apart.
 * @returns the state without its output
 */
export function usualNodeAt(text: string, at: number): NodeState | null {
  if (!text.startsWith(BEGIN, at)) return null
  const start = at + BEGIN.length
  const end = start + USUAL_TIME_LENGTH + MIDDLE.length
  if (!text.startsWith(MIDDLE, start + USUAL_TIME_LENGTH) || !text.startsWith(END, end + USUAL_TIME_LENGTH)) return null
  const startedAt = usualTimeAt(text, start)
  const endedAt = usualTimeAt(text, end)
  if (startedAt === null || endedAt === null) return null
  const node = untouchedNode()
  node.status = 'completed'
  node.attempt = 1
  node.startedAt = startedAt
  node.endedAt = endedAt
  return node
}

/** Whether a reader takes usual nodes at all; those with lower limits look at each part. */
export function takesUsualNodes({ maxKeyLength, maxStringLength }: SnapshotLimits): boolean {
  return maxKeyLength >= 'startedAt'.length && maxStringLength >= USUAL_TIME_LENGTH
}
