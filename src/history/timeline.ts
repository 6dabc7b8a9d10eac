import { copyState } from '../run/copy-state.ts'
import type { RunEvent } from '../run/event.ts'
import { reduce } from '../run/reduce.ts'
import { createRun, type Run } from '../run/run.ts'
import type { RunState } from '../run/state.ts'
import type { Graph } from '../workflow/graph.ts'
import { shareNodes } from './share-nodes.ts'
import { stateWeight } from './state-weight.ts'

/** Fewest facts between two keyframes: folding so many takes no longer than anything else that is done for an answer. */
const LEAST_DISTANCE = 256

/** Of a large state a keyframe stands after as many facts as this part of its weight. */
const WEIGHT_PART = 1 / 8

/** A state that is kept, to fold on from. */
interface Keyframe {
  readonly graph: Graph
  /** Nobody else holds it, and nothing changes it. */
  readonly state: RunState
  /** How many facts after it the next one stands. */
  readonly distance: number
}

/**
 * The states of a run after each of its facts: a fold from the keyframe before it.
 *
 * Keyframes are made when an answer is first folded past where they stand. The larger the state, the further they are
 * apart, so that all of them together weigh at most eight times the number of facts, and one state more: memory is
 * linear in the history, and an answer costs the copy of a state and the fold of fewer facts than the distance.
 */
export class Timeline {
  readonly #frames: Keyframe[] = []
  readonly #read: (seq: number) => RunEvent
  readonly #leastDistance: number

  /**
   * @param base - the run before the first fact; it is the timeline's own from then on
   * @param first - the first fact, when it was read already: it may have a whole workflow in it, and is read only once
   * @param read - the fact of a sequence
   * @param leastDistance - fewest facts between two keyframes
   */
  constructor(
    base: Run,
    first: RunEvent | null,
    read: (seq: number) => RunEvent,
    leastDistance: number = LEAST_DISTANCE,
  ) {
    this.#read = read
    this.#leastDistance = leastDistance
    if (base.state.seq === 0) this.#keep(base, 1)
    else this.#keep(base)
    if (first === null) return
    reduce(base, first)
    this.#keep(base)
  }

  /** How many keyframes there are. */
  get frames(): number {
    return this.#frames.length
  }

  /**
   * The run after the fact of a sequence, the caller's own.
   * @param seq - not before the base, nor after the last fact there is
   * @throws {RunError} HISTORY_DAMAGED
   */
  runAt(seq: number): Run {
    let frame = this.#frameFor(seq)
    const run = createRun(frame.graph, copyState(frame.state))
    for (let next = frame.state.seq + 1; next <= seq; next += 1) {
      reduce(run, this.#read(next))
      if (next < frame.state.seq + frame.distance) continue
      frame = this.#keep(run)
    }
    return run
  }

  /** The last keyframe that is not after a fact. */
  #frameFor(seq: number): Keyframe {
    let low = 1
    let high = this.#frames.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#frames[middle]!.state.seq <= seq) low = middle + 1
      else high = middle
    }
    return this.#frames[low - 1]!
  }

  #keep({ graph, state }: Run, distance = this.#distanceFor(state)): Keyframe {
    const frame = { graph, state: copyState(state), distance }
    const before = this.#frames.at(-1)
    if (before !== undefined) shareNodes(frame.state.nodes, before.state.nodes)
    this.#frames.push(frame)
    return frame
  }

  #distanceFor(state: RunState): number {
    return Math.max(this.#leastDistance, Math.ceil(stateWeight(state) * WEIGHT_PART))
  }
}
