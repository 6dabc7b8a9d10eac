import type { NodeState } from '../run/state.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { knownLinks } from '../workflow/links.ts'
import type { SlotSpans } from './scan.ts'

/** The place of what stands nowhere. */
export const NOWHERE = -1

/**
 * What the maps of a run have of each node, by the place of the node in the workflow: an id of a large document is looked up
 * once, and not at all while ids come in the order of the workflow.
 */
export interface NodePlaces {
  readonly ids: readonly string[]
  readonly indexOf: ReadonlyMap<string, number>
  /** States of usual nodes, by node. */
  readonly usual: readonly (NodeState | undefined)[]
  /** Where the result of a node stands among the results, by node. */
  readonly resultOf: Int32Array
  /** Names of results that are no nodes. */
  readonly strangers: ReadonlySet<string>
  /** Names of results that stand twice, which only the tag form allows. */
  readonly twice: readonly string[]
  /** Ids of usual nodes that the workflow does not have. */
  readonly usualStrangers: readonly string[]
}

/** @param workflow - may not be checked yet */
export function nodePlaces(
  workflow: Pick<WorkflowDefinition, 'nodes' | 'edges'>,
  { usualNodes, results }: Pick<SlotSpans, 'usualNodes' | 'results'>,
): NodePlaces {
  const links = knownLinks(workflow)
  const ids = links?.ids ?? workflow.nodes.map(({ id }) => id)
  const indexOf = links?.indexOf ?? new Map(ids.map((id, index) => [id, index]))
  const usual = new Array<NodeState | undefined>(ids.length).fill(undefined)
  const resultOf = new Int32Array(ids.length).fill(NOWHERE)
  const strangers = new Set<string>()
  const twice: string[] = []
  const usualStrangers: string[] = []
  let near = 0
  for (let place = 0; place < results.length; place += 1) {
    const { name } = results[place]!
    const index = ids[near] === name ? near : (indexOf.get(name) ?? NOWHERE)
    if (index === NOWHERE ? strangers.has(name) : resultOf[index] !== NOWHERE) twice.push(name)
    else if (index === NOWHERE) strangers.add(name)
    else resultOf[index] = place
    near = index + 1
  }
  near = 0
  for (let place = 0; place < usualNodes.ids.length; place += 1) {
    const id = usualNodes.ids[place]!
    const index = ids[near] === id ? near : (indexOf.get(id) ?? NOWHERE)
    if (index === NOWHERE) usualStrangers.push(id)
    else usual[index] = usualNodes.states[place]
    near = index + 1
  }
  return { ids, indexOf, usual, resultOf, strangers, twice, usualStrangers }
}
