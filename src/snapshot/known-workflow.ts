import type { WorkflowDefinition } from '../workflow/definition.ts'
import { definitionTextOf } from './assemble.ts'
import { DEFAULT_SNAPSHOT_LIMITS, type SnapshotLimits } from './limits.ts'

/** A definition found in a document, letter by letter as it would be written. */
export interface KnownWorkflow {
  readonly definition: WorkflowDefinition
  /** Where its text ends. */
  readonly end: number
  /** The text with empty lists of nodes and edges, which the schema still has to look at. */
  readonly outline: string
}

/** How many definitions are kept in mind. */
const MAX_RECENT = 8

/** Definitions that were checked in this process, the last first; none is kept alive by this. */
let recent: readonly WeakRef<WorkflowDefinition>[] = []

/** Keeps in mind a definition that was checked: a document that has the same text needs no second check of it. */
export function rememberDefinition(definition: WorkflowDefinition): void {
  if (recent[0]?.deref() === definition || !isFrozen(definition)) return
  const others = recent.filter((ref) => ref.deref() !== undefined && ref.deref() !== definition)
  recent = [new WeakRef(definition), ...others.slice(0, MAX_RECENT - 1)]
}

/**
 * The definition whose text stands at a place of a compact document, if it is one that was checked before.
 * Text that is equal to what we would write is JSON without a key twice, within the limits, and fits the schema; so neither
 * grammar nor rules have to be gone through again. Readers with lower limits do so nevertheless.
 * @param given - looked at first: the definition of the workflow the document is loaded with
 */
export function knownWorkflowAt(
  text: string,
  at: number,
  given: WorkflowDefinition | null,
  limits: SnapshotLimits,
): KnownWorkflow | null {
  if (hasLowerLimits(limits)) return null
  if (given !== null && isFrozen(given)) {
    const known = matched(given, text, at)
    if (known !== null) return known
  }
  for (const ref of recent) {
    const definition = ref.deref()
    if (definition === undefined || definition === given) continue
    const known = matched(definition, text, at)
    if (known !== null) return known
  }
  return null
}

function matched(definition: WorkflowDefinition, text: string, at: number): KnownWorkflow | null {
  // The beginning tells most others apart before the whole text of a definition is made.
  if (!text.startsWith(`{"id":${JSON.stringify(definition.id)},"version":`, at)) return null
  const { head, tail } = definitionTextOf(definition)
  if (!text.startsWith(head, at)) return null
  const start = at + head.length
  const fingerprint = FINGERPRINT.exec(text.slice(start, start + MAX_FINGERPRINT))?.[0]
  if (fingerprint === undefined) return null
  let end = start + fingerprint.length
  for (const piece of tail) {
    if (!text.startsWith(piece, end)) return null
    end += piece.length
  }
  return {
    definition,
    end,
    outline: `${head}${fingerprint},"nodes":[],"edges":[]}`,
  }
}

/** A fingerprint as we write it; others are left to the schema. */
const FINGERPRINT = /^"[0-9a-f]{64}"/
const MAX_FINGERPRINT = 66

/** What may be changed by others can't be relied on. */
function isFrozen(definition: WorkflowDefinition): boolean {
  return Object.isFrozen(definition) && Object.isFrozen(definition.nodes) && Object.isFrozen(definition.edges)
}

function hasLowerLimits(limits: SnapshotLimits): boolean {
  return (['maxDepth', 'maxMembers', 'maxElements', 'maxKeyLength', 'maxStringLength'] as const).some(
    (name) => limits[name] < DEFAULT_SNAPSHOT_LIMITS[name],
  )
}
