import { dictionary } from '../base/json.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { buildGraph } from '../workflow/graph.ts'
import { Frontier } from './frontier.ts'
import { openNested, type Run, untouchedNode } from './run.ts'

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
    const { map, nested } = graph.nodes[graph.indexOf.get(id)!]!
    const { parts } = node
    if (parts !== null && map === undefined) parts.items = null
    if (parts !== null && nested === undefined) parts.child = null
    // A node that mapped or was a run, and does so no more: it begins anew.
    const isLost = node.status === 'waiting' && node.wait === null && parts!.items === null && parts!.child === null
    return isLost ? { ...untouchedNode(), attempt: node.attempt, startedAt: node.startedAt } : node
  })
  state.completed = state.completed.filter((id) => graph.indexOf.has(id))
  const decisions = dictionary<boolean>()
  for (const [index, isConditional] of graph.isConditional.entries()) {
    if (isConditional === 0) continue
    const key = graph.edgeKeys[index]!
    if (state.decisions[key] !== undefined) decisions[key] = state.decisions[key]
  }
  state.decisions = decisions
  state.workflow = definition
  state.fingerprint = fingerprint
  run.graph = graph
  run.frontier.running = 0
  run.frontier = new Frontier(graph, state, run.activity)
  openNested(run)
  for (const [index, child] of run.frontier.nested) {
    const { workflow } = graph.nodes[index]!.nested!
    if (child.state.workflow !== workflow) rebase(child, workflow, '')
  }
}
