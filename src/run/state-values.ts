import type { Encoded } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunConfig } from './config.ts'
import { shownValue } from './shown-value.ts'
import type { NodeState, RunState } from './state.ts'

/**
 * What a state that no longer changes says, for whoever looks at it: everything is the reader's own, and values are
 * decoded anew at every access, so a change of what was read changes nothing here.
 */
export class StateValues {
  readonly #state: RunState
  readonly #codec: ValueCodec

  /** @param state - nobody changes it any more */
  constructor(state: RunState, codec: ValueCodec) {
    this.#state = state
    this.#codec = codec
  }

  /** Ids of completed nodes in completion order. */
  get completedNodes(): readonly string[] {
    return [...this.#state.completed]
  }

  /**
   * Results of completed nodes by id, in definition order; dropped ones are {@link TruncatedResult}s, those kept outside
   * the run {@link KeptOutside}.
   */
  get results(): Readonly<Dictionary<unknown>> {
    const { nodes, workflow } = this.#state
    const results = dictionary<unknown>()
    nodes.forEach(({ status, output }, index) => {
      if (status === 'completed' && output !== undefined) results[workflow.nodes[index]!.id] = this.#shown(output)
    })
    return results
  }

  /** The run's input. */
  get input(): unknown {
    return this.#shown(this.#state.input)
  }

  get variables(): Readonly<Dictionary<unknown>> {
    return this.#shownAll(this.#state.variables)
  }

  get counters(): Readonly<Dictionary<number>> {
    return Object.assign(dictionary<number>(), this.#state.counters)
  }

  /** Values of the accumulators; an array for `append`. */
  get accumulators(): Readonly<Dictionary<unknown>> {
    return mapped(this.#state.accumulators, ({ operation, value, items }) =>
      operation === 'append' ? items.map((item) => this.#shown(item)) : value,
    )
  }

  get context(): {
    readonly variables: Readonly<Dictionary<unknown>>
    readonly constants: Readonly<Dictionary<unknown>>
  } {
    const { contextVariables, contextConstants } = this.#state
    return { variables: this.#shownAll(contextVariables), constants: this.#shownAll(contextConstants) }
  }

  /** Whether conditional edges were taken, by edge key. */
  get decisions(): Readonly<Dictionary<boolean>> {
    return Object.assign(dictionary<boolean>(), this.#state.decisions)
  }

  /** `nodeExecutions` and every metered resource. */
  get usage(): Readonly<Dictionary<number>> {
    return Object.assign(dictionary<number>(), this.#state.usage)
  }

  get config(): RunConfig {
    return structuredClone(this.#state.config)
  }

  #shown(value: Encoded): unknown {
    return shownValue(value, this.#codec)
  }

  #shownAll(map: Dictionary<Encoded>): Dictionary<unknown> {
    return mapped(map, (value) => this.#shown(value))
  }
}

/**
 * The state of the node a path leads to.
 * @returns undefined when the run it would be in has not begun; null when the workflow has no such node
 */
export function nodeAt(root: RunState, path: readonly unknown[]): NodeState | undefined | null {
  let workflow: RunState['workflow'] | undefined = root.workflow
  let state: RunState | null = root
  let node: NodeState | undefined | null = null
  for (const step of path) {
    const index: number = workflow === undefined ? -1 : workflow.nodes.findIndex(({ id }) => id === step)
    if (index < 0) return null
    workflow = workflow!.nodes[index]!.nested?.workflow
    node = state?.nodes[index]
    state = node?.parts?.child ?? null
  }
  return node
}

/** A dictionary with other values, by name in code unit order. */
export function mapped<T, U>(map: Dictionary<T>, value: (entry: T) => U): Dictionary<U> {
  const entries = dictionary<U>()
  for (const key of Object.keys(map).sort()) entries[key] = value(map[key]!)
  return entries
}
