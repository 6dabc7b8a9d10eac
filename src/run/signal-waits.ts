import { pointer } from '../base/json-pointer.ts'
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
  readonly #byName = new Map<string, Set<number>>()
  readonly #names = new Map<number, string>()
  /** Waits that may have what they wait for, in the order in which they are looked at. */
  readonly #unchecked = new Set<number>()

  /** How many nodes wait. */
  get size(): number {
    return this.#names.size
  }

  /** Indexes of the nodes that wait, in definition order. */
  indexes(): number[] {
    return [...this.#names.keys()].sort((a, b) => a - b)
  }

  add(index: number, name: string): void {
    this.#names.set(index, name)
    this.#unchecked.add(index)
    const named = this.#byName.get(name)
    if (named === undefined) this.#byName.set(name, new Set([index]))
    else named.add(index)
  }

  delete(index: number): void {
    const name = this.#names.get(index)
    if (name === undefined) return
    this.#names.delete(index)
    this.#unchecked.delete(index)
    const named = this.#byName.get(name)!
    named.delete(index)
    if (named.size === 0) this.#byName.delete(name)
  }

  /** A signal of a name has come. */
  received(name: string): void {
    for (const index of this.#byName.get(name) ?? []) this.#unchecked.add(index)
  }

  /** Takes a wait that has what it waits for; undefined when there is none. Said once, until another signal of its name comes. */
  takeAnswered(state: RunState, path: readonly string[]): AnsweredWait | undefined {
    for (const index of this.#unchecked) {
      this.#unchecked.delete(index)
      const signals = signalsFor(state, path, index)
      if (signals.length > 0) return { index, signals: signals.map(({ seq }) => seq) }
    }
    return undefined
  }
}

/**
 * What a signal calls a node it fits: its id, or for a node of a nested run the JSON Pointer of the ids that lead to it.
 * An id that looks like a pointer is called by one too.
 */
export function qualified(path: readonly string[], nodeId: string): string {
  return path.length === 0 && !nodeId.startsWith('/') ? nodeId : pointer(...path, nodeId)
}

/** The signals a waiting node takes now, in the order they came. */
export function signalsFor(state: RunState, path: readonly string[], index: number): readonly SignalState[] {
  const { name, id, take } = state.nodes[index]!.wait as SignalWait
  const nodeId = qualified(path, state.workflow.nodes[index]!.id)
  const fitting = state.signals.filter(
    (signal) =>
      signal.name === name &&
      (signal.waitId === undefined || signal.waitId === id) &&
      (signal.fits === undefined || signal.fits.includes(nodeId)),
  )
  return take === 'first' ? fitting.slice(0, 1) : fitting
}

/** The nodes that wait for a time or a signal, in the order in which they began to: of two waits for one name the first is answered first. */
export function inOrderOfBegin({ nodes }: RunState, indexes: number[]): readonly number[] {
  return indexes.sort((a, b) => begunAt(nodes[a]!.wait!) - begunAt(nodes[b]!.wait!))
}
