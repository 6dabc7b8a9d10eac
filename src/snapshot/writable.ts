import type { SerializedError } from '../base/serialized-error.ts'
import type { NodeParts, Progress } from '../run/parts.ts'
import type { RunState } from '../run/state.ts'
import { checkValueCount, DEFAULT_SNAPSHOT_LIMITS, DOCUMENT_LEVELS, maxOwnKeys, type SnapshotLimits } from './limits.ts'
import { scanDocument } from './scan.ts'

/** Members and elements a node has in a document at most, besides its definition, its error, its wait and what it has done. */
const NODE_PARTS = 9

/** Those of a deadline, beside what is due and among the timers. */
const DEADLINE_PARTS = 7

/** Those of a wait; and of an item with a state of its own. */
const WAIT_PARTS = 8

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
    const { valueCount } = scanDocument(compact, limits)
    checkValueCount(valueCount + itemsWithoutValue(state), limits)
  }
}

/** How many items of map nodes have no result yet. */
function itemsWithoutValue(state: RunState): number {
  let items = 0
  for (const { nodes } of statesIn(state)) {
    for (const { parts } of nodes) {
      if (parts?.items) for (const { status } of parts.items.list) if (status !== 'completed') items += 1
    }
  }
  return items
}

/** The states of a run and of all nested in it. */
function statesIn(state: RunState): readonly RunState[] {
  const states = [state]
  for (const { nodes } of states) for (const { parts } of nodes) if (parts?.child) states.push(parts.child)
  return states
}

/** How many values a document has, as its reader counts them, with cache entries that have expired meanwhile. */
function valuesOf(state: RunState): number {
  let values = 1 + state.completed.length + state.signals.length
  for (const map of [state.variables, state.contextVariables, state.contextConstants, state.types, state.cache]) {
    values += Object.keys(map).length
  }
  for (const name of Object.keys(state.accumulators)) values += state.accumulators[name]!.items.length
  for (const { parts } of state.nodes) if (parts !== null) values += valuesOfParts(parts)
  return values
}

/** Every item counts as a value, also before it has one. */
function valuesOfParts({ items, previous, ...progress }: NodeParts): number {
  let values = valuesOfProgress(progress) + (previous === undefined ? 0 : 1)
  if (items === null) return values
  values += items.list.length
  for (const item of items.list) if (item.progress !== null) values += valuesOfProgress(item.progress)
  return values
}

function valuesOfProgress({ steps, checkpoint }: Progress): number {
  return Object.keys(steps).length + (checkpoint === undefined ? 0 : 1)
}

/** Whether a reader takes less of a value, name or definition than what entered the run was held to. */
function hasLowerLimits(limits: SnapshotLimits): boolean {
  const { maxBytes: _, maxCompressedBytes: __, maxSlots: ___, ...ofValues } = DEFAULT_SNAPSHOT_LIMITS
  return Object.entries(ofValues).some(([name, limit]) => limits[name as keyof SnapshotLimits] < limit)
}

/** Whether what the engine writes around values and definition may be over a limit; errs on the side of a closer look. */
function mayBeOver(compact: string, root: RunState, limits: SnapshotLimits): boolean {
  const { maxMembers, maxElements, maxDepth, maxSlots, maxStringLength } = limits
  const states = statesIn(root)
  if (states.length > 1 && states.reduce((values, state) => values + valuesOf(state), 0) > maxSlots) return true
  if (valuesOf(root) > maxSlots) return true
  let parts = 0
  for (const state of states) parts += partsOfState(state, limits)
  // A nested run stands some levels deeper than the one it is part of.
  if (states.length > 1 && maxDepth < DEFAULT_SNAPSHOT_LIMITS.maxDepth) return true
  // Reasons, messages and texts that grew piece by piece are no values with a limit of their own.
  return parts >= Math.min(maxMembers, maxElements) || compact.length > maxStringLength
}

/** Members and elements of what the engine writes of a run; infinitely many where there may be too many of one kind. */
function partsOfState(state: RunState, limits: SnapshotLimits): number {
  const { maxDepth } = limits
  // An error's details may be deep as soon as they have that many brackets.
  const deep = 2 * (maxDepth - DOCUMENT_LEVELS)
  let parts = state.nodes.length * NODE_PARTS
  for (const { error, dueAt, wait, parts: own } of state.nodes) {
    if (dueAt !== null) parts += DEADLINE_PARTS
    if (wait !== null) parts += WAIT_PARTS
    if (own !== null) parts += partsOf(own, deep)
    if (error !== null) parts += partsOfError(error, deep)
  }
  if (state.error !== null) parts += partsOfError(state.error, deep)
  if (state.compensating !== null) parts += partsOfError(state.compensating.error, deep)
  for (const nodeId of Object.keys(state.compensations)) {
    const { error } = state.compensations[nodeId]!
    if (error !== null) parts += partsOfError(error, deep)
  }
  for (const map of [
    state.decisions,
    state.variables,
    state.accumulators,
    state.counters,
    state.cache,
    state.contextVariables,
    state.contextConstants,
    state.signalKeys,
    state.types,
    state.tokens,
    state.usage,
    state.compensations,
    state.config.limits.maxUsage,
  ]) {
    const names = Object.keys(map).length
    if (names > maxOwnKeys(limits)) return Number.POSITIVE_INFINITY
    parts += names * NODE_PARTS
  }
  for (const { fits = [] } of state.signals) parts += NODE_PARTS + fits.length
  return parts
}

/** Members and elements of what a node has done; infinitely many for an error that may be deep. */
function partsOf({ steps, items }: NodeParts, deep: number): number {
  let parts = NODE_PARTS + Object.keys(steps).length
  if (items === null) return parts
  for (const { status, attempt, error, dueAt, progress } of items.list) {
    parts += 2
    if (status === 'completed' && attempt === 1 && error === null) continue
    parts += WAIT_PARTS
    if (dueAt !== null) parts += DEADLINE_PARTS
    if (progress !== null) parts += NODE_PARTS + Object.keys(progress.steps).length
    if (error !== null) parts += partsOfError(error, deep)
  }
  return parts
}

/** Members and elements of an error at most; infinitely many for one that may be deep. */
function partsOfError(error: SerializedError, deep: number): number {
  const { length } = JSON.stringify(error)
  return length >= deep ? Number.POSITIVE_INFINITY : length / MIN_PART_LENGTH
}
