import { pointer } from '../base/json-pointer.ts'
import type { JsonObject } from '../base/json.ts'
import type { RunState } from '../run/state.ts'
import { buildGraph } from '../workflow/graph.ts'
import { mapEntries } from './json-text.ts'
import { problemsError } from './problems.ts'
import type { DocumentProblem } from './schema-problems.ts'
import { parseTime } from './time.ts'

/**
 * Holds the members of a document against each other; all contradictions at once.
 * @throws {SnapshotSchemaError} SNAPSHOT_INCONSISTENT with `details.problems`, each with a JSON Pointer
 */
export function checkConsistency(tree: JsonObject, state: RunState, results: ReadonlyMap<string, string>): void {
  const problems: DocumentProblem[] = []
  const report = (path: string, message: string) => problems.push({ path, message })
  const graph = buildGraph(state.workflow)
  const completed = new Set<string>()
  state.completed.forEach((id, index) => {
    const path = pointer('completedNodes', String(index))
    const node = state.nodes[graph.indexOf.get(id) ?? -1]
    if (node === undefined) report(path, `names the node ${text(id)}, which the workflow does not have`)
    else if (completed.has(id)) report(path, `names the node ${text(id)} a second time`)
    else if (node.status !== 'completed') report(path, `names the node ${text(id)}, whose status is ${node.status}`)
    else if (!results.has(id)) report(path, `names the node ${text(id)}, which has no result`)
    completed.add(id)
  })
  for (const id of results.keys()) {
    if (!completed.has(id)) report(pointer('results', id), `is the result of ${text(id)}, which is not among the completed nodes`)
  }
  for (const [id] of mapEntries(tree['nodes'] as object)) {
    if (!graph.indexOf.has(id)) report(pointer('nodes', id), `is the state of ${text(id)}, which the workflow does not have`)
  }
  for (const key of Object.keys(state.decisions)) {
    const edge = graph.edgeIndexOf.get(key)
    if (edge === undefined || graph.isConditional[edge] === 0) report(pointer('decisions', key), `decides ${text(key)}, which is no conditional edge of the workflow`)
  }
  state.nodes.forEach((node, index) => {
    const id = graph.ids[index]!
    const at = (why: string) => report(pointer('nodes', id), `is the state of ${text(id)}, which ${why}`)
    if (node.status === 'completed' && !completed.has(id)) at('is completed and not among the completed nodes')
    if (node.status === 'retrying' && node.dueAt === null) at('is retrying and has no dueAt')
    if (node.status === 'skipped' && node.skipReason === null) at('is skipped and has no skipReason')
    if (node.fallback && state.workflow.nodes[index]!.fallback === undefined) at('uses a fallback and has none')
    if (node.status === 'completed' && graph.decides[index] === 1) {
      for (let out = graph.outStart[index]!; out < graph.outStart[index + 1]!; out += 1) {
        const edge = graph.outEdges[out]!
        if (graph.isConditional[edge] === 1 && state.decisions[graph.edgeKeys[edge]!] === undefined) {
          at(`is completed, and nothing is decided for its edge ${text(graph.edgeKeys[edge]!)}`)
        }
      }
    }
    if (state.status === 'completed' && !['completed', 'skipped', 'failed'].includes(node.status)) at(`is ${node.status}, and the run is completed`)
  })
  if (state.status === 'pending' && state.seq !== 0) report('/run/head/seq', 'is not 0, and the run is pending')
  if (state.status !== 'pending' && state.seq === 0) report('/run/head/seq', `is 0, and the run is ${state.status}`)
  if (state.failedNodeId !== null && !graph.indexOf.has(state.failedNodeId)) report('/run/failedNodeId', 'is no node of the workflow')
  for (const name of Object.keys(state.accumulators)) {
    const { operation, value } = state.accumulators[name]!
    const fits = operation === 'append' ? value === null : operation === 'concat' ? typeof value === 'string' : typeof value === 'number' || (value === null && (operation === 'min' || operation === 'max'))
    if (!fits) report(pointer('accumulators', name), `has a value that does not fit its operation ${operation}`)
  }
  checkTimes(tree, report)
  if (problems.length > 0) throw problemsError('SNAPSHOT_INCONSISTENT', problems)
}

/** Every time of the document must be one the calendar has. */
function checkTimes(tree: JsonObject, report: (path: string, message: string) => void): void {
  const check = (path: string, value: unknown) => {
    if (typeof value === 'string' && parseTime(value) === null) report(path, `is no time the calendar has: ${text(value)}`)
  }
  check('/snapshotTime', tree['snapshotTime'])
  const run = tree['run'] as { readonly head: JsonObject } & JsonObject
  for (const member of ['startedAt', 'endedAt']) check(`/run/${member}`, run[member])
  check('/run/head/at', run.head['at'])
  for (const [id, node] of mapEntries(tree['nodes'] as object)) {
    for (const member of ['startedAt', 'endedAt', 'dueAt']) check(pointer('nodes', id, member), (node as JsonObject)[member])
  }
  for (const [key, entry] of mapEntries(tree['cache'] as object)) check(pointer('cache', key, 'expiresAt'), (entry as JsonObject)['expiresAt'])
  ;(tree['signals'] as readonly JsonObject[]).forEach((signal, index) => {
    check(pointer('signals', String(index), 'at'), signal['at'])
  })
}

function text(name: string): string {
  return JSON.stringify(name.length > 60 ? `${name.slice(0, 57)}...` : name)
}
