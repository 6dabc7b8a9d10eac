import type { Graph } from '../workflow/graph.ts'

/** From that many nodes on, hidden classes that serve one node each cost more than they save, as long as it is run but once. */
const MANY_NODES = 3_000

/** How many times all nodes of a graph have had inputs when it is one that is run again and again. */
const RUN_AGAIN = 2

/** How many nodes have their inputs made by one constructor. */
const NODES_EACH = 16

/** What the inputs of the nodes of a graph are made by. */
interface Makers {
  /** How many of them were hash tables. */
  tables: number
  /** By place; undefined where nobody asked for one yet. */
  readonly constructors: ((new () => Record<string, unknown>) | undefined)[]
}

const makersOf = new WeakMap<Graph, Makers>()

/**
 * An empty plain object for the inputs of a node; how it is made is for the host, and nobody can tell.
 *
 * Nearly every node with several upstreams has others than the rest, and a hidden class of its own for them. The host finds
 * the next class of an object in a list at the class before, so that with one empty class for all nodes it is searched for
 * among thousands, and past 1,536 made anew each time: a third of the time of the `engine` benchmark's layered DAG of 2,500,
 * a sixth of a chain's. Each constructor has an empty class of its own. It serves a few nodes, and all whose only upstream is one
 * of these, since the inputs of those are alike.
 *
 * In a large graph the first run would be slowed by making the classes (a quarter more of 100,000 nodes). There it gets objects
 * made without a prototype, which are hash tables from the start and stay such when they get their prototype.
 */
export function emptyInputs(graph: Graph, index: number): Record<string, unknown> {
  const { ids, inStart, inEdges, edgeSource } = graph
  const first = inStart[index]!
  const count = inStart[index + 1]! - first
  if (count === 0) return {}
  let makers = makersOf.get(graph)
  if (makers === undefined) {
    const places = Math.ceil(ids.length / NODES_EACH)
    makers = { tables: 0, constructors: Array.from({ length: places }, () => undefined) }
    makersOf.set(graph, makers)
  }
  if (count > 1 && ids.length >= MANY_NODES && makers.tables < RUN_AGAIN * ids.length) {
    makers.tables += 1
    return Object.setPrototypeOf(Object.create(null), Object.prototype)
  }
  const place = Math.floor((count === 1 ? edgeSource[inEdges[first]!]! : index) / NODES_EACH)
  const constructor = makers.constructors[place] ?? newConstructor()
  makers.constructors[place] = constructor
  return new constructor()
}

/** What makes objects like `{}`, but of a hidden class of their own. */
function newConstructor(): new () => Record<string, unknown> {
  function Inputs() {}
  Inputs.prototype = Object.prototype
  return Inputs as unknown as new () => Record<string, unknown>
}

/** Sets the value of a node; one named `__proto__` is a member like any other. */
export function setValue(values: Record<string, unknown>, nodeId: string, value: unknown): void {
  // An assignment to __proto__ would set the prototype; to any other name it is several times faster than a definition.
  if (nodeId === '__proto__')
    Object.defineProperty(values, nodeId, { value, enumerable: true, writable: true, configurable: true })
  else values[nodeId] = value
}
