import { invalidArgument } from '../base/argument.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import type { RunEvent } from '../run/event.ts'
import { explain } from '../run/explain.ts'
import { inspectRun } from '../run/inspect.ts'
import type { Inspection } from '../run/inspection.ts'
import { NODE_PATH, type NodePath, pathOf } from '../run/node-path.ts'
import type { Run } from '../run/run.ts'
import { shownValue } from '../run/shown-value.ts'
import type { NodeState, RunState, RunStatus } from '../run/state.ts'
import { mapped, nodeAt, StateValues } from '../run/state-values.ts'
import type { NodeReasons } from '../run/why.ts'
import { copyJson } from '../workflow/copy-json.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'

/** One node at a moment; times are epoch ms. */
export interface MomentNode extends Readonly<Omit<NodeState, 'output' | 'parts'>> {
  readonly id: string
  readonly type: string
}

/** A cache entry at a moment; `expiresAt` is epoch ms, null: it never expires. */
export interface MomentCacheEntry {
  readonly value: unknown
  readonly expiresAt: number | null
}

/** What a moment is made of. */
export interface MomentParts {
  /** Nobody else holds it. */
  readonly run: Run
  readonly at: number
  readonly event: RunEvent | null
  readonly codec: ValueCodec
}

/** What a snapshot is made of. */
export interface MomentState {
  /** Not to be changed. */
  readonly state: RunState
  readonly codec: ValueCodec
}

let stateOf: (moment: Moment) => MomentState

/**
 * A run as it stood after one of its events. Immutable; shares nothing that can change with the history or another moment.
 * Values of users are decoded anew at every access.
 */
export class Moment extends StateValues {
  readonly runId: string
  /** Sequence of its event; that before the first is the run before it had begun, or before its history begins. */
  readonly seq: number
  /** When its event was recorded, in epoch ms; before the first that of the first, or when the history began. */
  readonly at: number
  /** The event after which the run stood so; null before the first. */
  readonly event: RunEvent | null
  /** Where the run stood: its recorded status then. */
  readonly status: RunStatus
  /** It was folded again, and is not the run itself. */
  readonly replayed = true
  readonly #run: Run
  readonly #codec: ValueCodec

  static {
    stateOf = (moment) => ({ state: moment.#run.state, codec: moment.#codec })
  }

  /** Made by a history. */
  constructor({ run, at, event, codec }: MomentParts) {
    const { state } = run
    super(state, codec)
    this.#run = run
    this.#codec = codec
    this.runId = state.runId
    this.seq = state.seq
    this.at = at
    this.event = event
    this.status = state.status
    Object.freeze(this)
  }

  /** What the run executed then, as JSON; frozen. */
  get workflow(): WorkflowDefinition {
    return copyJson(this.#run.state.workflow).value as unknown as WorkflowDefinition
  }

  /** All nodes by id, in definition order. */
  get nodes(): Readonly<Dictionary<MomentNode>> {
    const { state, graph } = this.#run
    const nodes = dictionary<MomentNode>()
    state.nodes.forEach(({ output: _, parts: __, ...node }, index) => {
      const { id, type } = graph.nodes[index]!
      nodes[id] = { ...structuredClone(node), id, type }
    })
    return nodes
  }

  /**
   * The result of one node.
   * @param node - its id; of a nested run the ids that lead to it
   * @returns undefined also when the node has not completed, or its run has not begun
   * @throws {WaystoneError} ARGUMENT_INVALID when the workflow has no such node
   */
  result(node: NodePath): unknown {
    const found = nodeAt(this.#run.state, pathOf(node, 'result'))
    if (found === null) throw invalidArgument('node', NODE_PATH, node, { of: 'result' })
    return found?.status === 'completed' && found.output !== undefined
      ? shownValue(found.output, this.#codec)
      : undefined
  }

  /** Cache entries that were alive. */
  get cache(): Readonly<Dictionary<MomentCacheEntry>> {
    const entries = mapped(this.#run.state.cache, ({ value, expiresAt }) => ({
      value: shownValue(value, this.#codec),
      expiresAt,
    }))
    for (const [key, { expiresAt }] of Object.entries(entries)) {
      if (expiresAt !== null && expiresAt <= this.at) delete entries[key]
    }
    return entries
  }

  /** Why the run had failed, or was canceled or paused, in words for programs; null when it had not. */
  get error(): RunState['error'] {
    return structuredClone(this.#run.state.error)
  }

  /** Where the run stood, and what each node that had not ended waited for; see `inspect`. */
  inspect(): Inspection {
    return inspectRun(this.#run.graph, this.#run.state, { at: this.at })
  }

  /**
   * Why a node had run, was skipped, had failed or waited; see `why`.
   * @throws {WaystoneError} ARGUMENT_INVALID, also for a node the workflow does not have
   */
  why(node: NodePath): NodeReasons {
    return explain(this.#run.graph, this.#run.state, node, { at: this.at })
  }
}

/** What a moment holds, for whoever makes something else of it. */
export function momentState(moment: Moment): MomentState {
  return stateOf(moment)
}
