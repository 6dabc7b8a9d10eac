import { type Encoded, encodedFromText } from '../base/encoded.ts'
import { dictionary, type Dictionary, type JsonObject } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import { DEFAULT_CONFIG, DEFAULT_LIMITS, type RunConfig } from '../run/config.ts'
import type { RunParent } from '../run/event.ts'
import { untouchedNode } from '../run/run.ts'
import type { AccumulatorState, CacheEntry, NodeState, NodeStatus, RunState, RunStatus, SkipReason } from '../run/state.ts'
import type { AccumulatorOperation } from '../run/state-write.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { mapEntries, numberOf, plainJson } from './json-text.ts'
import type { ParsedDocument } from './parse-document.ts'
import type { NamedSpan, Span } from './scan.ts'
import { parseTime } from './time.ts'

/** Members of a document as the schema has checked them. */
interface DocumentTree {
  readonly run: {
    readonly id: string
    readonly status: RunStatus
    readonly pausing: boolean
    readonly parent: RunParent | null
    readonly head: { readonly seq: number; readonly at: string | null }
    readonly startedAt: string | null
    readonly endedAt: string | null
    readonly activeMs: number
    readonly error: object | null
    readonly failedNodeId: string | null
    readonly reason: string | null
    readonly seed: number
  }
  readonly workflow: object
  readonly nodes: object
  readonly completedNodes: readonly string[]
  readonly decisions: object
  readonly accumulators: object
  readonly counters: object
  readonly cache: object
  readonly signals: readonly { readonly seq: number; readonly at: string; readonly name: string }[]
  readonly usage: object
  readonly config?: object
}

interface NodeTree {
  readonly status: NodeStatus
  readonly attempt: number
  readonly failures: number
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly error?: object
  readonly dueAt?: string
  readonly continues?: boolean
  readonly fallback?: boolean
  readonly skipReason?: SkipReason
}

/** The definition a document carries, and the fingerprint beside it. */
export function definitionOf({ tree, compact, slots }: ParsedDocument): { readonly definition: object; readonly fingerprint: string } {
  const text = slots.workflow === null ? '' : cut(compact, slots.workflow)
  const { fingerprint, ...definition } = plainJson(tree['workflow'], text) as JsonObject & { readonly fingerprint: string }
  return { definition, fingerprint }
}

/**
 * The state a checked document describes. Texts of values are cut from the document's, so that writing it again gives
 * the same bytes.
 * @param results - texts of results by node id, references among them resolved
 */
export function readState(parsed: ParsedDocument, workflow: WorkflowDefinition, fingerprint: string, results: ReadonlyMap<string, string>): RunState {
  const tree = parsed.tree as unknown as DocumentTree
  const { run } = tree
  const nodes = new Map(mapEntries(tree.nodes) as [string, NodeTree][])
  return {
    runId: run.id,
    workflow,
    fingerprint,
    status: run.status,
    pausing: run.pausing,
    seq: run.head.seq,
    config: readConfig(tree.config),
    input: parsed.slots.input === null ? null : encodedAt(parsed, parsed.slots.input),
    seed: run.seed,
    parent: run.parent,
    startedAt: timeOf(run.startedAt),
    endedAt: timeOf(run.endedAt),
    activeMs: run.activeMs,
    activeSince: null,
    lastAt: timeOf(run.head.at) ?? 0,
    nodes: workflow.nodes.map(({ id }) => readNode(nodes.get(id), results.get(id))),
    completed: [...tree.completedNodes],
    decisions: entriesOf(mapEntries(tree.decisions), (taken) => taken === true),
    variables: encodedEntries(parsed, parsed.slots.variables),
    accumulators: readAccumulators(parsed, tree),
    counters: entriesOf(mapEntries(tree.counters), numberOf),
    cache: readCache(parsed, tree),
    contextVariables: encodedEntries(parsed, parsed.slots.contextVariables),
    contextConstants: encodedEntries(parsed, parsed.slots.contextConstants),
    signals: tree.signals.map(({ seq, at, name }, index) => ({ seq, at: timeOf(at) ?? 0, name, payload: encodedAt(parsed, parsed.slots.signals[index]!) })),
    usage: entriesOf(mapEntries(tree.usage), numberOf),
    stateBytes: 0,
    error: run.error === null ? null : errorOf(run.error),
    failedNodeId: run.failedNodeId,
    reason: run.reason,
  }
}

/** The text of a value in the document. */
export function cut(compact: string, { start, end }: Span): string {
  return compact.slice(start, end)
}

function readNode(tree: NodeTree | undefined, result: string | undefined): NodeState {
  const node = untouchedNode()
  if (tree === undefined) return node
  node.status = tree.status
  node.attempt = tree.attempt
  node.failures = tree.failures
  node.startedAt = timeOf(tree.startedAt)
  node.endedAt = timeOf(tree.endedAt)
  node.error = tree.error === undefined ? null : errorOf(tree.error)
  node.dueAt = tree.dueAt === undefined ? null : timeOf(tree.dueAt)
  node.continues = tree.continues ?? false
  node.fallback = tree.fallback ?? false
  node.skipReason = tree.skipReason ?? null
  if (result !== undefined) node.output = encodedFromText(result)
  return node
}

function readConfig(tree: object | undefined): RunConfig {
  const config = plainJson(tree ?? {}, JSON.stringify(tree ?? {})) as Partial<RunConfig>
  return Object.freeze({ ...DEFAULT_CONFIG, ...config, limits: Object.freeze({ ...DEFAULT_LIMITS, ...config.limits }) })
}

function readAccumulators(parsed: ParsedDocument, tree: DocumentTree): Dictionary<AccumulatorState> {
  const items = new Map(parsed.slots.accumulators.map((spans) => [spans.name, spans.items]))
  return entriesOf(mapEntries(tree.accumulators), (value, name) => {
    const { operation, value: present } = value as { readonly operation: AccumulatorOperation; readonly value?: unknown }
    return {
      operation,
      value: present === undefined ? null : typeof present === 'string' || present === null ? present : numberOf(present),
      items: operation === 'append' ? (items.get(name) ?? []).map((span) => encodedAt(parsed, span)) : [],
    }
  })
}

function readCache(parsed: ParsedDocument, tree: DocumentTree): Dictionary<CacheEntry> {
  const spans = new Map(parsed.slots.cache.map((span) => [span.name, span]))
  return entriesOf(mapEntries(tree.cache), (entry, name) => ({
    value: encodedAt(parsed, spans.get(name)!),
    expiresAt: timeOf((entry as { readonly expiresAt: string | null }).expiresAt),
  }))
}

function encodedEntries(parsed: ParsedDocument, spans: readonly NamedSpan[]): Dictionary<Encoded> {
  const entries = dictionary<Encoded>()
  for (const span of spans) entries[span.name] = encodedAt(parsed, span)
  return entries
}

function encodedAt({ compact }: ParsedDocument, span: Span): Encoded {
  return encodedFromText(cut(compact, span))
}

function entriesOf<T>(entries: readonly (readonly [string, unknown])[], read: (value: unknown, name: string) => T): Dictionary<T> {
  const all = dictionary<T>()
  for (const [name, value] of entries) all[name] = read(value, name)
  return all
}

function errorOf(tree: object): SerializedError {
  return plainJson(tree, JSON.stringify(tree)) as SerializedError
}

function timeOf(text: string | null): number | null {
  return text === null ? null : parseTime(text)
}
