import { invalidArgument, readArgument } from '../base/argument.ts'
import { type BlobReference, blobOf, type Encoded, isTruncated } from '../base/encoded.ts'
import { quote, SnapshotError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import { defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import type { RunConfig } from '../run/config.ts'
import type { NodeState, RunState } from '../run/state.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { activeMsAt, documentText, isAlive, type SnapshotMoment } from './assemble.ts'
import { copyState } from './copy-state.ts'
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

/** What stands for a result that was over its limit and dropped when its node completed. */
export interface TruncatedResult {
  readonly truncated: true
  readonly sizeBytes: number
  readonly maxBytes: number
}

/** What stands for a result that is kept outside the run. */
export interface KeptOutside extends BlobReference {
  readonly keptOutside: true
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
export class Snapshot {
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

  /** Ids of completed nodes in completion order. */
  get completedNodes(): readonly string[] {
    return [...this.#parts.state.completed]
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
   * Results of completed nodes by id, in definition order; dropped ones are {@link TruncatedResult}s, those kept outside
   * the run {@link KeptOutside}.
   */
  get results(): Readonly<Dictionary<unknown>> {
    const results = dictionary<unknown>()
    this.#parts.state.nodes.forEach(({ status, output }, index) => {
      if (status === 'completed' && output !== undefined) results[this.workflow.nodes[index]!.id] = this.#decode(output)
    })
    return results
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
    let workflow: WorkflowDefinition | undefined = this.workflow
    let state: RunState | null = this.#parts.state
    let node: NodeState | undefined
    for (const step of path) {
      const index: number = workflow === undefined ? -1 : workflow.nodes.findIndex(({ id }) => id === step)
      if (index < 0) throw noNode(path)
      workflow = workflow!.nodes[index]!.nested?.workflow
      node = state?.nodes[index]
      state = node?.parts?.child ?? null
    }
    if (path.length === 0) throw noNode(path)
    if (node === undefined) return undefined
    return node.status === 'completed' && node.output !== undefined ? this.#decode(node.output) : undefined
  }

  /** The run's input. */
  get input(): unknown {
    return this.#decode(this.#parts.state.input)
  }

  get variables(): Readonly<Dictionary<unknown>> {
    return this.#decoded(this.#parts.state.variables)
  }

  get counters(): Readonly<Dictionary<number>> {
    return Object.assign(dictionary<number>(), this.#parts.state.counters)
  }

  /** Values of the accumulators; an array for `append`. */
  get accumulators(): Readonly<Dictionary<unknown>> {
    return mapped(this.#parts.state.accumulators, ({ operation, value, items }) =>
      operation === 'append' ? items.map((item) => this.#decode(item)) : value,
    )
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

  get context(): {
    readonly variables: Readonly<Dictionary<unknown>>
    readonly constants: Readonly<Dictionary<unknown>>
  } {
    const { contextVariables, contextConstants } = this.#parts.state
    return { variables: this.#decoded(contextVariables), constants: this.#decoded(contextConstants) }
  }

  /** Whether conditional edges were taken, by edge key. */
  get decisions(): Readonly<Dictionary<boolean>> {
    return Object.assign(dictionary<boolean>(), this.#parts.state.decisions)
  }

  /** `nodeExecutions` and every metered resource. */
  get usage(): Readonly<Dictionary<number>> {
    return Object.assign(dictionary<number>(), this.#parts.state.usage)
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

  get config(): RunConfig {
    return structuredClone(this.#parts.state.config)
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
    const blob = blobOf(encoded)
    if (blob !== null) return { keptOutside: true, ...blob } satisfies KeptOutside
    if (!isTruncated(encoded)) return this.#parts.codec.decode(encoded)
    const { sizeBytes, maxBytes } = JSON.parse((encoded as { readonly json: string }).json) as TruncatedResult
    return { truncated: true, sizeBytes, maxBytes } satisfies TruncatedResult
  }

  #decoded(map: Dictionary<Encoded>): Dictionary<unknown> {
    return mapped(map, (value) => this.#decode(value))
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

function mapped<T, U>(map: Dictionary<T>, value: (entry: T) => U): Dictionary<U> {
  const entries = dictionary<U>()
  for (const key of Object.keys(map).sort()) entries[key] = value(map[key]!)
  return entries
}

function noNode(path: readonly unknown[]): SnapshotError {
  const nodeId = path.length === 1 ? quote(path[0]) : `at [${path.map(quote).join(', ')}]`
  return new SnapshotError('SNAPSHOT_ARGUMENT', `the snapshot's workflow has no node ${nodeId}`, {
    details: { nodeId: path.map((step) => (typeof step === 'string' ? step : quote(step))).join('/') },
  })
}
