import { blobOf, type Encoded, encodedFromText, isTruncated } from '../base/encoded.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import { escapeSegment } from '../base/json-pointer.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { isPlainText } from '../base/values/plain.ts'
import type { Compensating, CompensationState } from '../run/compensation.ts'
import { DEFAULT_CONFIG, DEFAULT_LIMITS, type RunConfig } from '../run/config.ts'
import { untouchedNode } from '../run/run.ts'
import type { AccumulatorState, CacheEntry, NodeState, RunState, TokenState } from '../run/state.ts'
import { stateBytesOf } from '../run/state-size.ts'
import type { WaitState } from '../run/wait.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type {
  AccumulatorDocument,
  CacheDocument,
  CompensationDocument,
  ConfigDocument,
  NodeDocument,
  PartsDocument,
  SnapshotDocument,
  TokenDocument,
} from './document.ts'
import { dictionaryOf, errorOf, mapEntries, numberOf } from './json-text.ts'
import { NOWHERE, type NodePlaces } from './node-places.ts'
import { type PartValues, partsOf, readPartValues } from './read-parts.ts'
import type { ScannedText } from './scan.ts'
import type { NamedSpan, Span } from './scan-values.ts'
import type { DocumentProblem } from './schema-problems.ts'
import { referencedSlot } from './slot-text.ts'
import { timeOf } from './time.ts'

const TRUNCATED = /^\{"#type":"truncated","sizeBytes":\d{1,15},"maxBytes":\d{1,15}\}$/

/** Whether the text of a result stands for one that was dropped, or is kept outside. */
function isStandIn(text: string): boolean {
  return TRUNCATED.test(text) || blobOf({ json: text }) !== null
}

/** Most digits of a number that every double keeps. */
const SAFE_DIGITS = 15

/** The whole number that a value is, written with few digits and nothing else; null for any other value. */
function fewDigits(text: string, start: number, end: number): number | null {
  if (end - start > SAFE_DIGITS) return null
  let number = 0
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - 0x30
    if (!(digit >= 0 && digit <= 9)) return null
    number = number * 10 + digit
  }
  return number
}

/** Whether the text of a value is more than a number or one of the three words. */
function isComposed(text: string): boolean {
  const first = text.charCodeAt(0)
  return first === 0x22 || first === 0x7b || first === 0x5b
}

/** The user's values of a document, cut from its text and checked; nothing is decoded. */
export interface SlotValues {
  readonly input: Encoded
  /** In document order. */
  readonly results: readonly Encoded[]
  readonly variables: ReadonlyMap<string, Encoded>
  readonly contextVariables: ReadonlyMap<string, Encoded>
  readonly contextConstants: ReadonlyMap<string, Encoded>
  readonly cache: ReadonlyMap<string, Encoded>
  readonly accumulators: ReadonlyMap<string, readonly Encoded[]>
  readonly parts: ReadonlyMap<string, PartValues>
  readonly signals: readonly Encoded[]
  readonly types: ReadonlyMap<string, Encoded>
}

/**
 * Cuts the values out of a document's text, resolves those that refer to a result, and checks every tag.
 * @param problems - takes references that lead nowhere
 * @throws {SnapshotDecodeError} for a tag that can't be decoded; {@link ValueCodec.check} names them
 */
export function readSlots(
  { compact, slots }: Pick<ScannedText, 'compact' | 'slots'>,
  codec: ValueCodec,
  problems: DocumentProblem[],
  base = '',
): SlotValues {
  const results: Encoded[] = []
  /** Results so far by name; made for the first reference, since most documents have none. */
  let byName: Map<string, Encoded> | undefined
  let named = 0

  function resultBefore(nodeId: string): Encoded | undefined {
    byName ??= new Map()
    for (; named < results.length; named += 1) byName.set(slots.results[named]!.name, results[named]!)
    return byName.get(nodeId)
  }

  /** @param name - of the value in the map at the place; null when the place is that of the value */
  function read({ start, end }: Span, place: string, name: string | null, isResult = false): Encoded {
    const number = fewDigits(compact, start, end)
    if (number !== null) return number
    const text = compact.slice(start, end)
    // Only texts, lists and objects can hold a tag or a marker of one.
    if (!isComposed(text)) return encodedFromText(text)
    const path = () => `${base}${place}${name === null ? '' : `/${escapeSegment(name)}`}`
    const nodeId = referencedSlot(text)
    if (nodeId !== null) {
      const result = resultBefore(nodeId)
      if (result !== undefined && !isTruncated(result)) return result
      problems.push({
        path: path(),
        message: `it refers to the result of ${JSON.stringify(nodeId)}, which does not stand before it`,
      })
      return null
    }
    if (!isPlainText(text) && text !== '{"#type":"undefined"}' && !(isResult && isStandIn(text))) {
      codec.check(JSON.parse(text), path())
    }
    return encodedFromText(text)
  }

  function readAll(spans: readonly NamedSpan[], path: string): Map<string, Encoded> {
    return new Map(spans.map((span) => [span.name, read(span, path, span.name)]))
  }

  const readPart = (span: Span, path: string, isResult = false) => read(span, path, null, isResult)

  const input = read(slots.input!, '/run/input', null)
  for (const span of slots.results) results.push(read(span, '/results', span.name, true))
  return {
    input,
    results,
    variables: readAll(slots.variables, '/variables'),
    contextVariables: readAll(slots.contextVariables, '/context/variables'),
    contextConstants: readAll(slots.contextConstants, '/context/constants'),
    cache: readAll(slots.cache, '/cache'),
    accumulators: new Map(
      slots.accumulators.map(({ name, items }) => [
        name,
        items.map((item, index) => read(item, `/accumulators/${escapeSegment(name)}/items/${index}`, null)),
      ]),
    ),
    parts: new Map(slots.parts.map((spans) => [spans.nodeId, readPartValues(spans, readPart)])),
    types: readAll(slots.types, '/types'),
    signals: slots.signals.map((span, index) => read(span, `/signals/${index}/payload`, null)),
  }
}

/** A document that was checked, in the parts a state is made of. */
export interface CheckedDocument {
  readonly document: SnapshotDocument
  readonly definition: WorkflowDefinition
  readonly fingerprint: string
  /** Its nodes by id, but for the usual ones, whose states only lack their outputs. */
  readonly nodes: ReadonlyMap<string, NodeDocument>
  readonly places: NodePlaces
  readonly slots: SlotValues
}

/** The state a checked document holds. */
export function readState(checked: CheckedDocument): RunState {
  const { document, definition, fingerprint, slots } = checked
  const { run } = document
  const state: RunState = {
    runId: run.id,
    workflow: definition,
    fingerprint,
    status: run.status,
    pausing: run.pausing,
    seq: run.head.seq,
    config: configOf(document.config),
    input: slots.input,
    seed: run.seed,
    parent:
      run.parent === null
        ? null
        : Object.freeze({ runId: run.parent.runId, seq: run.parent.seq, kind: run.parent.kind }),
    startedAt: timeOf(run.startedAt),
    endedAt: timeOf(run.endedAt),
    activeMs: run.activeMs,
    activeSince: null,
    lastAt: timeOf(run.head.at) ?? 0,
    nodes: nodesOf(checked),
    completed: [...document.completedNodes],
    decisions: dictionaryOf(mapEntries(document.decisions) as [string, boolean][]),
    variables: dictionaryOf(slots.variables),
    accumulators: accumulatorsOf(document, slots),
    counters: numbersOf(document.counters),
    cache: cacheOf(document, slots),
    contextVariables: dictionaryOf(slots.contextVariables),
    contextConstants: dictionaryOf(slots.contextConstants),
    signals: document.signals.map(({ seq, at, name, waitId, fits }, index) => ({
      seq,
      at: timeOf(at) ?? 0,
      name,
      payload: slots.signals[index]!,
      ...(waitId === undefined ? {} : { waitId }),
      ...(fits === undefined ? {} : { fits }),
    })),
    types: dictionaryOf(slots.types),
    signalKeys: dictionaryOf(mapEntries(document.signalKeys ?? {}) as [string, number][]),
    tokens: tokensOf(document),
    usage: numbersOf(document.usage),
    compensating: run.compensating === undefined ? null : compensatingOf(run.compensating),
    compensations: compensationsOf(document),
    fruitlessResumes: run.fruitlessResumes ?? 0,
    stateBytes: 0,
    error: run.error === null ? null : errorOf(run.error),
    failedNodeId: run.failedNodeId,
    reason: run.reason,
  }
  state.stateBytes = stateBytesOf(state)
  return state
}

function nodesOf({ document, definition, nodes, places: { usual, resultOf }, slots }: CheckedDocument): NodeState[] {
  const parts = new Map(mapEntries(document.parts ?? {}) as [string, PartsDocument][])
  return definition.nodes.map(({ id }, index) => {
    const place = resultOf[index]!
    const output = place === NOWHERE ? undefined : slots.results[place]
    const read = usual[index]
    if (read !== undefined) {
      read.output = output
      return read
    }
    const state = nodes.get(id)
    if (state === undefined) return untouchedNode()
    return {
      status: state.status,
      attempt: state.attempt,
      failures: state.failures,
      startedAt: timeOf(state.startedAt),
      endedAt: timeOf(state.endedAt),
      output,
      error: state.error === undefined ? null : errorOf(state.error),
      dueAt: timeOf(state.dueAt ?? null),
      continues: state.continues ?? false,
      fallback: state.fallback ?? false,
      skipReason: state.skipReason ?? null,
      operator: state.operator ?? null,
      wait: state.wait === undefined ? null : waitOf(state.wait),
      parts: partsOf(parts.get(id), slots.parts.get(id)),
    }
  })
}

/** A wait without members of newer versions, which are left to the document. */
function waitOf(wait: WaitState): WaitState {
  const { id, onLoad } = wait
  if (wait.kind === 'timer') return { kind: 'timer', id, durationMs: wait.durationMs, onLoad }
  const { name, durationMs, onTimeout, take } = wait
  return { kind: 'signal', id, name, durationMs, onLoad, onTimeout, take }
}

function compensatingOf({ cause, error, nodeId, reason }: Compensating): Compensating {
  return Object.freeze({ cause, error: errorOf(error), nodeId, reason })
}

function compensationsOf({ compensations = {} }: SnapshotDocument): Dictionary<CompensationState> {
  return dictionaryOf(
    (mapEntries(compensations) as [string, CompensationDocument][]).map(
      ([nodeId, { status, attempt, failures, error, dueAt }]) => [
        nodeId,
        {
          status,
          attempt,
          failures,
          error: error === undefined ? null : errorOf(error),
          dueAt: timeOf(dueAt ?? null),
        },
      ],
    ),
  )
}

function accumulatorsOf(document: SnapshotDocument, slots: SlotValues): Dictionary<AccumulatorState> {
  const accumulators = dictionary<AccumulatorState>()
  for (const [name, value] of mapEntries(document.accumulators) as [string, AccumulatorDocument][]) {
    accumulators[name] =
      value.operation === 'append'
        ? { operation: 'append', value: null, items: [...(slots.accumulators.get(name) ?? [])] }
        : { operation: value.operation, value: numberOrText(value.value), items: [] }
  }
  return accumulators
}

function numberOrText(value: unknown): number | string | null {
  return typeof value === 'object' && value !== null ? -0 : (value as number | string | null)
}

function cacheOf(document: SnapshotDocument, slots: SlotValues): Dictionary<CacheEntry> {
  const cache = dictionary<CacheEntry>()
  for (const [key, { expiresAt }] of mapEntries(document.cache) as [string, CacheDocument][]) {
    cache[key] = { value: slots.cache.get(key)!, expiresAt: timeOf(expiresAt) }
  }
  return cache
}

/** A configuration with its defaults filled in; members of newer versions are left to the document. */
function configOf(config: ConfigDocument = {}): RunConfig {
  const given = config.limits ?? {}
  const limits = { ...DEFAULT_LIMITS }
  for (const name of Object.keys(DEFAULT_LIMITS) as (keyof typeof limits)[]) {
    if (Object.hasOwn(given, name)) Object.assign(limits, { [name]: given[name] })
  }
  return Object.freeze({
    concurrency: config.concurrency ?? DEFAULT_CONFIG.concurrency,
    limits: Object.freeze({ ...limits, maxUsage: Object.freeze(numbersOf(limits.maxUsage)) }),
    oversizedResults: config.oversizedResults ?? DEFAULT_CONFIG.oversizedResults,
    ...(config.compensateOn === undefined ? {} : { compensateOn: Object.freeze([...config.compensateOn]) }),
  })
}

function tokensOf({ tokens = {} }: SnapshotDocument): Dictionary<TokenState> {
  const entries = mapEntries(tokens) as [string, TokenDocument][]
  return dictionaryOf(
    entries.map(([digest, { waitId, expiresAt }]) => [digest, { waitId, expiresAt: timeOf(expiresAt) }]),
  )
}

function numbersOf(tree: object): Dictionary<number> {
  return dictionaryOf(mapEntries(tree).map(([name, value]) => [name, numberOf(value)]))
}
