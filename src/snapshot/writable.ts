import type { SerializedError } from '../base/serialized-error.ts'
import type { RunState } from '../run/state.ts'
import { DEFAULT_SNAPSHOT_LIMITS, DOCUMENT_LEVELS, maxOwnKeys, type SnapshotLimits } from './limits.ts'
import { scanDocument } from './scan.ts'

/** Members and elements a node has in a document at most, besides its definition and its error. */
const NODE_PARTS = 8

/** Characters a member or an element takes at least. */
const MIN_PART_LENGTH = 2

/**
 * Holds a document to the limits of its reader before it is written.
 *
 * Values were held to theirs when they entered the run, names and the definition too. What is left is how many there are
 * of them, and what the engine writes of its own; that is looked through only where it may be too much at all, since
 * counting costs a tenth of what writing does.
 * @param isTakenHere - whether the text was made here; what was read may have been read with higher limits
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT
 */
export function checkReadable(compact: string, state: RunState, limits: SnapshotLimits, isTakenHere: boolean): void {
  if (!isTakenHere || hasLowerLimits(limits) || mayBeOver(compact, state, limits)) {
    scanDocument(compact, limits)
  }
}

/** How many values a document has, as its reader counts them, with cache entries that have expired meanwhile. */
function valuesOf(state: RunState): number {
  let values = 1 + state.completed.length + state.signals.length
  for (const map of [state.variables, state.contextVariables, state.contextConstants, state.cache]) {
    values += Object.keys(map).length
  }
  for (const name of Object.keys(state.accumulators)) values += state.accumulators[name]!.items.length
  return values
}

/** Whether a reader takes less of a value, name or definition than what entered the run was held to. */
function hasLowerLimits(limits: SnapshotLimits): boolean {
  const { maxBytes: _, maxCompressedBytes: __, maxSlots: ___, ...ofValues } = DEFAULT_SNAPSHOT_LIMITS
  return Object.entries(ofValues).some(([name, limit]) => limits[name as keyof SnapshotLimits] < limit)
}

/** Whether what the engine writes around values and definition may be over a limit; errs on the side of a closer look. */
function mayBeOver(compact: string, state: RunState, limits: SnapshotLimits): boolean {
  const { maxMembers, maxElements, maxDepth, maxSlots, maxStringLength } = limits
  if (valuesOf(state) > maxSlots) return true
  // An error's details may be deep as soon as they have that many brackets.
  const deep = 2 * (maxDepth - DOCUMENT_LEVELS)
  let parts = state.nodes.length * NODE_PARTS
  for (const { error } of state.nodes) {
    if (error === null) continue
    const length = lengthOf(error)
    if (length >= deep) return true
    parts += length / MIN_PART_LENGTH
  }
  if (state.error !== null && lengthOf(state.error) >= deep) return true
  for (const map of [
    state.decisions,
    state.variables,
    state.accumulators,
    state.counters,
    state.cache,
    state.contextVariables,
    state.contextConstants,
    state.usage,
    state.config.limits.maxUsage,
  ]) {
    const names = Object.keys(map).length
    if (names > maxOwnKeys(limits)) return true
    parts += names * NODE_PARTS
  }
  parts += state.signals.length * NODE_PARTS
  // Reasons, messages and texts that grew piece by piece are no values with a limit of their own.
  return parts >= Math.min(maxMembers, maxElements) || compact.length > maxStringLength
}

/** Characters of an error's text. */
function lengthOf(error: SerializedError): number {
  return JSON.stringify(error).length
}
