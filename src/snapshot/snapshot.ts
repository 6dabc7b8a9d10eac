import { invalidArgument, readArgument } from '../base/argument.ts'
import type { Encoded } from '../base/encoded.ts'
import { quote, SnapshotError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import { defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import { copyState } from '../run/copy-state.ts'
import { shownValue } from '../run/shown-value.ts'
import type { NodeState, RunState } from '../run/state.ts'
import { mapped, nodeAt, StateValues } from '../run/state-values.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { activeMsAt, documentText, isAlive, type SnapshotMoment } from './assemble.ts'
import type { RunDocument, SnapshotDocument, TimerDocument } from './document.ts'
import type { SnapshotLimits } from './limits.ts'
import { type SnapshotPart, type SnapshotSignal, shownParts, shownSignal } from './shown.ts'
import { isoTime, isoTimeOrNull, remainingMs } from './time.ts'
import { timersOf } from './timers.ts'
import { SNAPSHOT_FORMAT, SNAPSHOT_VERSION } from './version.ts'
import { checkReadable } from './writable.ts'

/** One node in a snapshot; times are ISO 8601. */
export interface SnapshotNode
  extends Readonly<Omit<NodeState, 'output' | 'parts' | 'startedAt' | 'endedAt' | 'dueAt'>> {
  readonly id: string
  readonly type: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly dueAt: string | null
}

/** One live cache entry in a snapshot. */
export interface SnapshotCacheEntry {
  readonly value: unknown
  readonly expiresAt: string | null
  readonly remainingTtlMs: number | null
}

/** What a snapshot is made of; made by `takeSnapshot` and `deserialize` alone. */
export interface SnapshotParts extends SnapshotMoment {
  /** The snapshot's own: nobody else holds it. */
  readonly state: RunState
  /** The version the document was read with. */
  readonly version: string
  /** The compact text the snapshot was read from; null for one that was taken here. */
  readonly source: string | null
  readonly codec: ValueCodec
}

/**
 * A whole run at one moment. Immutable; shares nothing that can change with the run it was taken of.
 * Values of users are decoded anew at every access, so a change of what was read changes nothing here.
 * `JSON.stringify(snapshot)` gives its document; `serialize` the same with checks, layout and compression.
 */
export class Snapshot extends StateValues {
  readonly format = SNAPSHOT_FORMAT
  /** Version of the format of the document. */
  readonly version: string
  /** When it was taken, ISO 8601 UTC with milliseconds. */
  readonly snapshotTime: string
  readonly run: Readonly<Omit<RunDocument, 'input' | 'seed' | 'pausing' | 'fruitlessResumes' | 'compensating'>>
  readonly workflow: WorkflowDefinition
  readonly #parts: SnapshotParts
  #text: string | null

  /** Made by `takeSnapshot` and `deserialize`. */
  constructor(parts: SnapshotParts) {
    const { state, at } = parts
    super(state, parts.codec)
    this.#parts = parts
    this.#text = parts.source
    this.version = parts.version
    this.snapshotTime = isoTime(at)
    this.workflow = state.workflow
    this.run = Object.freeze({
      id: state.runId,
      status: state.status,
      parent: state.parent === null ? null : Object.freeze({ ...state.parent }),
      head: Object.freeze({
        seq: state.seq,
        at: isoTimeOrNull(state.seq === 0 ? null : state.lastAt),
        digest: parts.headDigest,
      }),
      epoch: parts.epoch,
      startedAt: isoTimeOrNull(state.startedAt),
      endedAt: isoTimeOrNull(state.endedAt),
      activeMs: activeMsAt(state, at),
      error: state.error === null ? null : structuredClone(state.error),
      failedNodeId: state.failedNodeId,
      reason: state.reason,
    })
    Object.freeze(this)
  }

  /** Whether a value is a snapshot of this copy of the package. */
  static is(value: unknown): value is Snapshot {
    return typeof value === 'object' && value !== null && #parts in value
  }

  /** All nodes by id, in definition order. */
  get nodes(): Readonly<Dictionary<SnapshotNode>> {
    const nodes = dictionary<SnapshotNode>()
    this.#parts.state.nodes.forEach(({ output: _, parts: __, ...node }, index) => {
      const { id, type } = this.workflow.nodes[index]!
      nodes[id] = {
        ...structuredClone(node),
        id,
        type,
        startedAt: isoTimeOrNull(node.startedAt),
        endedAt: isoTimeOrNull(node.endedAt),
        dueAt: isoTimeOrNull(node.dueAt),
      }
    })
    return nodes
  }

  /**
   * The result of one node.
   * @param nodeId - its id; for a node of a nested run the ids that lead to it: `['billing', 'charge']`
   * @returns undefined also when the node has not completed, or its run has not begun
   * @throws {SnapshotError} SNAPSHOT_ARGUMENT when the workflow has no such node
   */
  result(nodeId: string | readonly string[]): unknown {
    const path: readonly unknown[] = readArgument('nodeId', () => (Array.isArray(nodeId) ? [...nodeId] : [nodeId]), {
      of: 'result',
      error: SnapshotError,
      code: 'SNAPSHOT_ARGUMENT',
    })
    const node = nodeAt(this.#parts.state, path)
    if (node === null) throw noNode(path)
    if (node === undefined) return undefined
    return node.status === 'completed' && node.output !== undefined ? this.#decode(node.output) : undefined
  }

  /** Cache entries that were alive when the snapshot was taken. */
  get cache(): Readonly<Dictionary<SnapshotCacheEntry>> {
    const { state, at } = this.#parts
    const entries = mapped(state.cache, ({ value, expiresAt }) => ({
      value: this.#decode(value),
      expiresAt: isoTimeOrNull(expiresAt),
      remainingTtlMs: expiresAt === null ? null : remainingMs(at, expiresAt),
    }))
    for (const key of Object.keys(entries)) if (!isAlive(state.cache[key]!.expiresAt, at)) delete entries[key]
    return entries
  }

  /** The times the run waits for, with deadline and remaining time. */
  get timers(): readonly TimerDocument[] {
    return timersOf(this.#parts.state, this.#parts.at)
  }

  /** Signals that have come and that no node has taken yet, in the order they came. */
  get signals(): readonly SnapshotSignal[] {
    return this.#parts.state.signals.map((signal) => shownSignal(signal, (value) => this.#decode(value)))
  }

  /** What nodes without a result have done on the way to one, by id, in definition order: steps, visits, items. */
  get parts(): Readonly<Dictionary<SnapshotPart>> {
    const parts = dictionary<SnapshotPart>()
    this.#parts.state.nodes.forEach((node, index) => {
      if (node.parts === null) return
      parts[this.workflow.nodes[index]!.id] = shownParts(node.parts, (value) => this.#decode(value))
    })
    return parts
  }

  /** SHA-256 over the content: the digest in the document's `integrity`. */
  get digest(): string {
    return this.document.integrity.digest
  }

  /** The document as parsed JSON, a copy of the caller's own. */
  get document(): SnapshotDocument {
    return JSON.parse(this.compactText()) as SnapshotDocument
  }

  toJSON(): SnapshotDocument {
    return this.document
  }

  /** The compact text of the document; made at the first use, and for a snapshot that was read the text it was read from. */
  compactText(): string {
    this.#text ??= documentText(this.#parts.state, this.#parts)
    return this.#text
  }

  /**
   * Holds the document to the limits of those who will read it; used by `serialize`.
   * @throws {SnapshotLimitError} SNAPSHOT_LIMIT
   */
  checkReadable(limits: SnapshotLimits): void {
    const { state, source } = this.#parts
    const wrong = readArgument('limits', () => Object.entries(limits).find(([, max]) => typeof max !== 'number'))
    if (wrong !== undefined) throw invalidArgument(`limits.${wrong[0]}`, 'a number', wrong[1])
    checkReadable(this.compactText(), state, limits, source === null)
  }

  /** What decodes its values; used by `serialize` to read back what it wrote. */
  get codec(): ValueCodec {
    return this.#parts.codec
  }

  /** A state of the caller's own, with the epoch ms at which it was this; used by `restoreState`. */
  copyOfState(): { readonly state: RunState; readonly takenAt: number } {
    return { state: copyState(this.#parts.state), takenAt: this.#parts.at }
  }

  /** The state that is the snapshot's own, for whoever made it and shows it to nobody; used by `restoreState`. */
  stateItself(): { readonly state: RunState; readonly takenAt: number } {
    return { state: this.#parts.state, takenAt: this.#parts.at }
  }

  #decode(encoded: Encoded): unknown {
    return shownValue(encoded, this.#parts.codec)
  }
}

/** How a snapshot is taken. */
export interface TakeOptions {
  /** Epoch of the claim under which the run is written; default 0. */
  readonly epoch?: number
  /** Digest of the history up to the head, where one is kept; default null. */
  readonly headDigest?: string | null
  /** Decodes values for those who look at the snapshot; default the codec without classes. */
  readonly codec?: ValueCodec
}

/**
 * A snapshot of a run's state, at once and at any moment: it copies what can change and walks no value.
 * @param at - now, in epoch ms
 */
export function takeSnapshot(state: RunState, at: number, options: TakeOptions = {}): Snapshot {
  return new Snapshot({
    state: copyState(state),
    at,
    epoch: options.epoch ?? 0,
    headDigest: options.headDigest ?? null,
    version: SNAPSHOT_VERSION,
    source: null,
    codec: options.codec ?? defaultCodec,
  })
}

function noNode(path: readonly unknown[]): SnapshotError {
  const nodeId = path.length === 1 ? quote(path[0]) : `at [${path.map(quote).join(', ')}]`
  return new SnapshotError('SNAPSHOT_ARGUMENT', `the snapshot's workflow has no node ${nodeId}`, {
    details: { nodeId: path.map((step) => (typeof step === 'string' ? step : quote(step))).join('/') },
  })
}
