import type { Encoded } from '../base/encoded.ts'
import { escapeSegment } from '../base/json-pointer.ts'
import { type ItemState, type ItemsState, type NodeParts, type Progress, untouchedItem } from '../run/parts.ts'
import type { ItemDocument, ItemsDocument, PartsDocument } from './document.ts'
import { dictionaryOf, errorOf } from './json-text.ts'
import type { PartSpans, ProgressSpans } from './scan-parts.ts'
import type { Span } from './scan-values.ts'
import { timeOf } from './time.ts'

/** The values an attempt has left to the next one. */
export interface ProgressValues {
  readonly steps: ReadonlyMap<string, Encoded>
  readonly checkpoint: Encoded | undefined
}

/** The values of what a node has done on the way to its result. */
export interface PartValues extends ProgressValues {
  readonly previous: Encoded | undefined
  /** Of items that have completed, in item order. */
  readonly results: readonly Encoded[]
  /** By the text of their place. */
  readonly items: ReadonlyMap<string, ProgressValues>
}

/** Cuts a value out of a text; what stands for a result that is not there is allowed for results alone. */
type ReadValue = (span: Span, path: string, isResult?: boolean) => Encoded

/** Cuts the values of a node's parts out of the text. */
export function readPartValues(spans: PartSpans, read: ReadValue): PartValues {
  const path = `/parts/${escapeSegment(spans.nodeId)}`
  return {
    ...readProgress(spans, read, path),
    // What the latest visit gave is a result like any other, so it may have been dropped or kept outside.
    previous: spans.previous === null ? undefined : read(spans.previous, `${path}/previous`, true),
    results: spans.results.map((span, place) => read(span, `${path}/items/results/${place}`)),
    items: new Map(
      [...spans.items].map(([place, item]) => [place, readProgress(item, read, `${path}/items/states/${place}`)]),
    ),
  }
}

function readProgress({ steps, checkpoint }: ProgressSpans, read: ReadValue, path: string): ProgressValues {
  return {
    steps: new Map(steps.map((span) => [span.name, read(span, `${path}/steps/${escapeSegment(span.name)}`)])),
    checkpoint: checkpoint === null ? undefined : read(checkpoint, `${path}/checkpoint`),
  }
}

/** The parts of a node, from a checked document; null when it has none. */
export function partsOf(document: PartsDocument | undefined, values: PartValues | undefined): NodeParts | null {
  if (document === undefined || values === undefined) return null
  const { visits = 0, items } = document
  const { previous } = values
  const progress = progressOf(values)
  if (progress === null && visits === 0 && previous === undefined && items === undefined) return null
  return {
    steps: progress?.steps ?? dictionaryOf<Encoded>([]),
    checkpoint: progress?.checkpoint,
    visits,
    previous,
    items: items === undefined ? null : itemsOf(items, values),
    child: null,
  }
}

function progressOf({ steps, checkpoint }: ProgressValues): Progress | null {
  return steps.size === 0 && checkpoint === undefined ? null : { steps: dictionaryOf(steps), checkpoint }
}

function itemsOf({ count, keys, states }: ItemsDocument, { results, items }: PartValues): ItemsState {
  const list: ItemState[] = []
  let taken = 0
  for (let place = 0; place < count; place += 1) {
    const state = states[place]
    const isCompleted = state === undefined ? taken < results.length : state.status === 'completed'
    const output = isCompleted ? results[taken++] : undefined
    const item = state === undefined ? untouchedItem() : itemOf(state, items.get(String(place)))
    item.output = output
    if (state === undefined && isCompleted) {
      item.status = 'completed'
      item.attempt = 1
    }
    list.push(item)
  }
  return { keys: keys ?? null, list }
}

function itemOf({ status, attempt, failures, error, dueAt }: ItemDocument, values?: ProgressValues): ItemState {
  return {
    status,
    attempt,
    failures,
    output: undefined,
    error: error === undefined ? null : errorOf(error),
    dueAt: timeOf(dueAt ?? null),
    progress: values === undefined ? null : progressOf(values),
  }
}
