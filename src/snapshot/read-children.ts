import { noParts } from '../run/parts.ts'
import type { RunState } from '../run/state.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { isJsonObject } from '../workflow/draft.ts'
import type { ChildDocument, NodeDocument, SnapshotDocument } from './document.ts'
import { mapEntries } from './json-text.ts'
import { type NodePlaces, nodePlaces } from './node-places.ts'
import type { SlotSpans } from './scan.ts'
import type { DocumentProblem } from './schema-problems.ts'

/** One run of a document, the root or one nested in it. */
export interface RunLevel {
  /** JSON Pointer of the run; empty for the root. */
  readonly path: string
  /** The members of a nested run stand in it as if it were a run of its own, with what it shares with the root. */
  readonly document: SnapshotDocument
  readonly definition: WorkflowDefinition
  readonly slots: SlotSpans
  /** Its nodes by id, but for the usual ones. */
  readonly nodes: ReadonlyMap<string, NodeDocument>
  readonly places: NodePlaces
  /** The run one of whose nodes it is, and the id of that node; null for the root. */
  readonly host: { readonly level: RunLevel; readonly nodeId: string } | null
  /** Ids of its nodes that are runs. */
  readonly hosts: Set<string>
}

/**
 * The runs of a document, each before those nested in it; a nested run whose node is none that could be one is a problem, and
 * is left out with all in it.
 */
export function runLevels(
  document: SnapshotDocument,
  definition: WorkflowDefinition,
  slots: SlotSpans,
  problems: DocumentProblem[],
): readonly RunLevel[] {
  const root = levelOf('', document, definition, slots, null)
  const levels = [root]
  for (const level of levels) {
    level.document.children?.forEach((child, place) => {
      const path = `${level.path}/children/${place}`
      const nested = nestedOf(level, child.node)
      const own = level.slots.children[place]
      if (nested === null || own === undefined) {
        problems.push({
          path: `${path}/node`,
          message: `the workflow has no node ${JSON.stringify(child.node)} that is a run`,
        })
      } else if (level.hosts.has(child.node)) {
        problems.push({ path: `${path}/node`, message: `the node ${JSON.stringify(child.node)} is two runs` })
      } else {
        level.hosts.add(child.node)
        levels.push(levelOf(path, asDocument(child, document), nested, own, { level, nodeId: child.node }))
      }
    })
  }
  return levels
}

/** Puts the states of nested runs under the nodes that they are; `states` stand in the order of the levels. */
export function putTogether(levels: readonly RunLevel[], states: readonly RunState[]): RunState {
  const stateOf = new Map(levels.map((level, place) => [level, states[place]!]))
  for (const [level, state] of stateOf) {
    if (level.host === null) continue
    const { level: parent, nodeId } = level.host
    const node = stateOf.get(parent)!.nodes[parent.places.indexOf.get(nodeId)!]!
    node.parts ??= noParts()
    node.parts.child = state
  }
  return states[0]!
}

function levelOf(
  path: string,
  document: SnapshotDocument,
  definition: WorkflowDefinition,
  slots: SlotSpans,
  host: RunLevel['host'],
): RunLevel {
  const nodes = new Map(mapEntries(document.nodes) as [string, NodeDocument][])
  return { path, document, definition, slots, nodes, places: nodePlaces(definition, slots), host, hosts: new Set() }
}

/** The workflow a node is a run of; the definition may not be checked yet. */
function nestedOf({ definition, places: { indexOf } }: RunLevel, nodeId: string): WorkflowDefinition | null {
  const index = indexOf.get(nodeId)
  const workflow: unknown = index === undefined ? undefined : definition.nodes[index]?.nested?.workflow
  if (!isJsonObject(workflow as never)) return null
  const { nodes, edges } = workflow as Partial<WorkflowDefinition>
  const isList = (list: unknown) => Array.isArray(list) && list.every((entry) => isJsonObject(entry))
  return isList(nodes) && isList(edges) ? (workflow as WorkflowDefinition) : null
}

function asDocument(child: ChildDocument, root: SnapshotDocument): SnapshotDocument {
  const { node: _, run, ...members } = child
  const { begunBy, ...own } = run
  const { id, head, epoch } = root.run
  return {
    ...root,
    ...members,
    run: {
      ...own,
      id,
      head,
      epoch,
      pausing: false,
      parent: { runId: id, seq: begunBy, kind: 'child' },
      activeMs: 0,
      reason: null,
    },
    parts: members.parts ?? {},
    compensations: members.compensations ?? {},
    children: members.children ?? [],
    signals: [],
    signalKeys: {},
    types: {},
  }
}
