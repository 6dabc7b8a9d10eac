import type { Graph } from '../workflow/graph.ts'

/** From that many nodes on, hidden classes that serve one node each cost more than they save. */
const MANY_NODES = 3_000

/**
 * An empty plain object for the inputs of a node.
 *
 * In a large graph nearly every node with several upstreams has others than the rest, and the host would make hidden classes
 * for each: that took half the time of the `engine` benchmark's layered DAG of 10,000. An object made without a
 * prototype is a hash table from the start, and stays one when it gets its prototype. In a small graph a later run finds
 * the classes of the one before, and nodes with one upstream mostly share it; there a literal is faster.
 */
export function emptyInputs({ ids, inStart }: Graph, index: number): Record<string, unknown> {
  const isOneOfMany = ids.length >= MANY_NODES && inStart[index + 1]! - inStart[index]! > 1
  return isOneOfMany ? Object.setPrototypeOf(Object.create(null), Object.prototype) : {}
}

/** Sets the value of a node; one named `__proto__` is a member like any other. */
export function setValue(values: Record<string, unknown>, nodeId: string, value: unknown): void {
  // An assignment to __proto__ would set the prototype; to any other name it is several times faster than a definition.
  if (nodeId === '__proto__')
    Object.defineProperty(values, nodeId, { value, enumerable: true, writable: true, configurable: true })
  else values[nodeId] = value
}
