import { pointer } from '../base/json-pointer.ts'
import { OrderedSet } from './ordered-set.ts'
import type { Run } from './run.ts'
import type { RunState, SignalState } from './state.ts'
import { begunAt, type SignalWait } from './wait.ts'

/** A wait with the signals that end it. */
export interface AnsweredWait {
  readonly index: number
  /** Their sequences, one or more. */
  readonly signals: readonly number[]
}

/** The nodes that wait for signals, by name: an index over the state, derived from it and never saved. */
export class SignalWaits {
  /** Of each name the nodes that wait for it, in the order in which they began to. */
  readonly #byName = new Map<string, Set<number>>()
  readonly #waits = new Map<number, SignalWait>()
  /** Nodes that may have what they wait for, by the sequences that began their waits. */
  readonly #unchecked = new Map<number, number>()
  readonly #next = new OrderedSet<number>((a, b) => a < b)

  /** How many nodes wait. */
  get size(): number {
    return this.#waits.size
  }

  /** Indexes of the nodes that wait, in definition order. */
  indexes(): number[] {
    return [...this.#waits.keys()].sort((a, b) => a - b)
  }

  add(index: number, wait: SignalWait): void {
    this.#waits.set(index, wait)
    const named = this.#byName.get(wait.name)
    if (named === undefined) this.#byName.set(wait.name, new Set([index]))
    else named.add(index)
    this.#check(index)
  }

  delete(index: number): void {
    const wait = this.#waits.get(index)
    if (wait === undefined) return
    this.#waits.delete(index)
    this.#next.delete(begunAt(wait))
    this.#unchecked.delete(begunAt(wait))
    const named = this.#byName.get(wait.name)!
    named.delete(index)
    if (named.size === 0) this.#byName.delete(wait.name)
    // There may be more of the signals it was answered by.
    else this.received(wait.name)
  }

  /** A signal of a name has come. @returns whether a node waits for it */
  received(name: string): boolean {
    // The others are asked when it is not for the first.
    for (const index of this.#byName.get(name) ?? []) {
      this.#check(index)
      return true
    }
    return false
  }

  /** Takes a wait that has what it waits for; undefined when there is none. Said once, until another signal of its name comes. */
  takeAnswered(state: RunState, path: readonly string[]): AnsweredWait | undefined {
    for (let begun = this.#next.take(); begun !== undefined; begun = this.#next.take()) {
      const index = this.#unchecked.get(begun)!
      this.#unchecked.delete(begun)
      const signals = signalsFor(state, path, index)
      if (signals.length > 0) return { index, signals: signals.map(({ seq }) => seq) }
      this.#checkOthers(state, index)
    }
    return undefined
  }

  /** Signals that are not for the first that waits for their name may be for others. */
  #checkOthers({ signals }: RunState, index: number): void {
    const { name } = this.#waits.get(index)!
    const named = this.#byName.get(name)!
    const [first] = named
    if (first !== index || named.size === 1 || !signals.some((signal) => signal.name === name)) return
    for (const other of named) if (other !== index) this.#check(other)
  }

  #check(index: number): void {
    const begun = begunAt(this.#waits.get(index)!)
    this.#unchecked.set(begun, index)
    this.#next.add(begun)
  }
}

/**
 * What a signal calls a node it fits: its id, or for a node of a nested run the JSON Pointer of the ids that lead to it.
 * An id that looks like a pointer is called by one too.
 */
export function qualified(path: readonly string[], nodeId: string): string {
  return path.length === 0 && !nodeId.startsWith('/') ? nodeId : pointer(...path, nodeId)
}

/** The node whose open wait for a signal has an id, in the run or one nested in it; null when there is none. */
export function waitingNode(root: Run, waitId: string): string | null {
  const runs = [root]
  for (const run of runs) {
    const index = run.state.nodes.findIndex(({ wait }) => wait?.kind === 'signal' && wait.id === waitId)
    if (index >= 0) return run.graph.ids[index]!
    runs.push(...run.frontier.nested.values())
  }
  return null
}

/** The signals a waiting node takes now, in the order they came. */
export function signalsFor(
  { nodes, workflow, signals }: RunState,
  path: readonly string[],
  index: number,
): readonly SignalState[] {
  const { name, id, take } = nodes[index]!.wait as SignalWait
  const nodeId = qualified(path, workflow.nodes[index]!.id)
  const isFor = (signal: SignalState) =>
    signal.name === name &&
    (signal.waitId === undefined || signal.waitId === id) &&
    (signal.fits === undefined || signal.fits.includes(nodeId))
  if (take === 'all') return signals.filter(isFor)
  const first = signals.find(isFor)
  return first === undefined ? [] : [first]
}

/** The nodes that wait for a time or a signal, in the order in which they began to: of two waits for one name the first is answered first. */
export function inOrderOfBegin({ nodes }: RunState, indexes: number[]): readonly number[] {
  return indexes.sort((a, b) => begunAt(nodes[a]!.wait!) - begunAt(nodes[b]!.wait!))
}
