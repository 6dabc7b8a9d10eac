import { escapeSegment } from '../base/json-pointer.ts'
import type { TextScanner } from './scan-text.ts'
import type { NamedSpan, Span, ValueScanner } from './scan-values.ts'

/** Where the values stand that an attempt has left to the next one. */
export interface ProgressSpans {
  readonly steps: NamedSpan[]
  checkpoint: Span | null
}

/** Where the values stand of what a node has done on the way to its result. */
export interface PartSpans extends ProgressSpans {
  readonly nodeId: string
  previous: Span | null
  /** Of items that have completed, in item order. */
  readonly results: Span[]
  /** Of items with a state of their own that has values, by the text of their place. */
  readonly items: Map<string, ProgressSpans>
}

/** Passes over the parts of nodes, a map by node, and finds the values in them. */
export function scanParts(scanner: TextScanner, values: ValueScanner, found: PartSpans[], base: string): void {
  values.eachNamed((nodeId) => {
    const path = `${base}/parts/${escapeSegment(nodeId)}`
    const spans: PartSpans = { nodeId, steps: [], checkpoint: null, previous: null, results: [], items: new Map() }
    found.push(spans)
    scanner.object((member) => {
      if (member === 'previous') spans.previous = values.slot('')
      else if (member === 'items') scanItems(scanner, values, spans, `${path}/items`)
      else scanProgress(scanner, values, member, spans, path)
    })
  }, `${base}/parts`)
}

function scanItems(scanner: TextScanner, values: ValueScanner, { results, items }: PartSpans, path: string): void {
  scanner.object((member) => {
    if (member === 'results') return values.list(results)
    if (member !== 'states') return scanner.value()
    scanner.object((place) => {
      const spans: ProgressSpans = { steps: [], checkpoint: null }
      const before = values.count
      scanner.object((inner) => scanProgress(scanner, values, inner, spans, `${path}/states/${escapeSegment(place)}`))
      if (values.count > before) items.set(place, spans)
    })
  })
}

function scanProgress(
  scanner: TextScanner,
  values: ValueScanner,
  member: string,
  spans: ProgressSpans,
  path: string,
): void {
  if (member === 'steps') values.values(`${path}/steps`, spans.steps)
  else if (member === 'checkpoint') spans.checkpoint = values.slot('')
  else scanner.value()
}
