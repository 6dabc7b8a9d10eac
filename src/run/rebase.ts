import { dictionary } from '../base/json.ts'
import type { NodeDefinition, WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph } from '../workflow/graph.ts'
import { Frontier } from './frontier.ts'
import { openCompensations, openNested, type Run, runsOf, untouchedNode } from './run.ts'
import type { NodeState } from './state.ts'

/**
 * Puts a run onto a changed workflow, in place: nodes keep their states and edges their decisions by name, what the new
 * workflow has not is dropped, what it has more is pending. A node that was skipped is looked at again, since new edges
 * may lead to it; one that someone skipped stays so.
 */
export function rebase(run: Run, definition: WorkflowDefinition, fingerprint: string): void {
  const { state, graph: before } = run
  const graph = buildGraph(definition)
  state.nodes = graph.ids.map((id) => {
    const index = before.indexOf.get(id)
    const node = index === undefined ? undefined : state.nodes[index]
    if (node === undefined || (node.status === 'skipped' && node.skipReason !== 'operator')) return untouchedNode()
    return keptNode(node, graph.nodes[graph.indexOf.get(id)!]!)
  })
  state.completed = state.completed.filter((id) => graph.indexOf.has(id))
  const decisions = dictionary<boolean>()
  for (const [index, isConditional] of graph.isConditional.entries()) {
    if (isConditional === 0) continue
    const key = graph.edgeKeys[index]!
    if (state.decisions[key] !== undefined) decisions[key] = state.decisions[key]
  }
  state.decisions = decisions
  for (const id of Object.keys(state.compensations)) if (!graph.indexOf.has(id)) delete state.compensations[id]
  state.workflow = definition
  state.fingerprint = fingerprint
  run.graph = graph
  // Those nested in it are made anew, and count anew.
  for (const each of runsOf(run)) each.frontier.running = 0
  run.frontier = new Frontier(graph, state, run.activity)
  openNested(run)
  openCompensations(run)
  for (const [index, child] of run.frontier.nested) {
    const { workflow } = graph.nodes[index]!.nested!
    if (child.state.workflow !== workflow) rebase(child, workflow, '')
  }
}

/** What stays of a node: what it did as a map node or a run is dropped when it is so no more, and it begins anew. */
function keptNode(node: NodeState, { map, nested }: NodeDefinition): NodeState {
  const { parts } = node
  const isLost = (parts?.items != null && map === undefined) || (parts?.child != null && nested === undefined)
  if (!isLost) return node
  const { status, attempt, startedAt } = node
  if (status === 'completed') return { ...node, parts: null }
  if (status === 'waiting') return { ...untouchedNode(), attempt, startedAt }
  return {
    ...node,
    parts: {
      ...parts!,
      items: map === undefined ? null : parts!.items,
      child: nested === undefined ? null : parts!.child,
    },
  }
}
