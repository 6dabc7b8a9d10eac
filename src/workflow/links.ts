import type { EdgeDefinition, NodeDefinition } from './definition.ts'

/** Where the nodes of a definition stand, and which of them its edges join. */
export interface Links {
  readonly ids: readonly string[]
  readonly indexOf: ReadonlyMap<string, number>
  /** The index of the node each edge leaves and enters. */
  readonly edgeSource: Int32Array
  readonly edgeTarget: Int32Array
}

interface Parts {
  readonly nodes: readonly NodeDefinition[]
  readonly edges: readonly EdgeDefinition[]
}

/** Links of definitions that were checked, by the list of their nodes; kept as long as that. */
const checked = new WeakMap<readonly NodeDefinition[], { readonly edges: Parts['edges']; readonly links: Links }>()

/** Keeps the links that the rules have found, so that no index over the same definition has to look up every id once more. */
export function rememberLinks({ nodes, edges }: Parts, links: Links): void {
  if (Object.isFrozen(nodes) && Object.isFrozen(edges)) checked.set(nodes, { edges, links })
}

/** Links of a definition that was checked in this process; undefined for any other. */
export function knownLinks({ nodes, edges }: Parts): Links | undefined {
  const known = checked.get(nodes)
  return known?.edges === edges ? known.links : undefined
}
