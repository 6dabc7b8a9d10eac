import { isWaystoneError } from '../base/errors.ts'
import type { NodeState } from '../run/state.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { MAX_NESTING } from '../workflow/rules/nested.ts'
import { ExpectedNames, type ListedNames, listedNames } from './expected-names.ts'
import { unescapeName } from './json-text.ts'
import { knownWorkflowAt } from './known-workflow.ts'
import type { SnapshotLimits } from './limits.ts'
import { type PartSpans, scanParts } from './scan-parts.ts'
import { TextScanner } from './scan-text.ts'
import { KEY_SIGNS, type NamedSpan, type Span, ValueScanner } from './scan-values.ts'
import { takesUsualNodes, USUAL_LENGTH, USUAL_MEMBERS, usualNodeAt } from './usual-node.ts'
import { isSpace, originalOffset, withoutWhiteSpace } from './white-space.ts'

const COMMA = 0x2c

/** Where in the compact text the user's values stand, in document order, and the parts that are cut out as text. */
export interface SlotSpans {
  input: Span | null
  readonly results: NamedSpan[]
  readonly variables: NamedSpan[]
  readonly contextVariables: NamedSpan[]
  readonly contextConstants: NamedSpan[]
  /** Of the values of cache entries. */
  readonly cache: NamedSpan[]
  readonly accumulators: { readonly name: string; readonly items: Span[] }[]
  /** Of what nodes have done on the way to their results. */
  readonly parts: PartSpans[]
  /** Of the payloads of signals. */
  readonly signals: Span[]
  readonly types: NamedSpan[]
  /** Of the runs that nodes are, in the order of the document. */
  readonly children: SlotSpans[]
  workflow: Span | null
  /** Nodes whose state is a usual one, in document order, without their outputs; the envelope has none of them. */
  readonly usualNodes: { readonly ids: string[]; readonly states: NodeState[] }
  /** From the key's quote to the value's end. */
  integrity: Span | null
}

/** What a first look at a text gives, before anything is built from it. */
export interface ScannedText {
  /** The text without white space outside strings. */
  readonly compact: string
  /**
   * The compact text without most values of users: those that are long are null, and maps that hold nothing but values are
   * empty. JSON as the whole is, and fits the schema when the whole does.
   */
  readonly envelope: string
  /** Maps of values in which the tag does not stand first, where alone it is one. */
  readonly misplacedTags: readonly string[]
  readonly slots: SlotSpans
  /** How many values stand in it. */
  readonly valueCount: number
  /** The definition of the workflow where it was checked before; the envelope then has no nodes and edges. */
  readonly definition: WorkflowDefinition | null
}

/**
 * Reads the text of a document once, without building anything: follows its grammar, holds it to the limits, refuses keys
 * that stand twice, and keys and numbers that no document has, and finds the user's values in it.
 * Iterative: no text can exhaust the stack.
 * @param text - well-formed
 * @param given - the definition the document is expected to have
 * @throws {SnapshotSyntaxError} SNAPSHOT_SYNTAX, SNAPSHOT_DUPLICATE_KEY, SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE,
 * with `details.offset` in characters
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT
 */
export function scanDocument(
  text: string,
  limits: SnapshotLimits,
  given: WorkflowDefinition | null = null,
): ScannedText {
  try {
    return new DocumentScanner(text, limits, given, (at) => at).document()
  } catch (error) {
    // The scanner knows no white space; that of a pretty text stops it within the first characters.
    const offset = isWaystoneError(error, 'SNAPSHOT_SYNTAX') ? Number(error.details['offset']) : text.length
    if (!isSpace(text.charCodeAt(offset))) throw error
  }
  return new DocumentScanner(withoutWhiteSpace(text), limits, given, (at) => originalOffset(text, at)).document()
}

/** Characters of the longest path of a run that is nested as deep as workflows can be. */
const MAX_CHILD_PATH = MAX_NESTING * '/children/999999'.length

function noSlots(): SlotSpans {
  return {
    input: null,
    results: [],
    variables: [],
    contextVariables: [],
    contextConstants: [],
    cache: [],
    accumulators: [],
    parts: [],
    signals: [],
    types: [],
    children: [],
    workflow: null,
    usualNodes: { ids: [], states: [] },
    integrity: null,
  }
}

class DocumentScanner {
  readonly #text: string
  readonly #scanner: TextScanner
  readonly #limits: SnapshotLimits
  readonly #slots = noSlots()
  readonly #given: WorkflowDefinition | null
  #definition: WorkflowDefinition | null = null
  #ids: ListedNames | undefined
  readonly #values: ValueScanner

  constructor(
    text: string,
    limits: SnapshotLimits,
    given: WorkflowDefinition | null,
    offsetOf: (at: number) => number,
  ) {
    this.#text = text
    this.#scanner = new TextScanner(text, limits, offsetOf)
    this.#values = new ValueScanner(text, this.#scanner, limits)
    this.#limits = limits
    this.#given = given
  }

  document(): ScannedText {
    this.#scanner.object((name, keyStart) => {
      if (name === 'workflow') this.#workflow()
      else if (name === 'nodes') this.#nodes(this.#slots, this.#expectedIds())
      else if (name === 'results') this.#values.values('/results', this.#slots.results, this.#expectedIds())
      else this.#section(name, this.#slots, '')
      if (name === 'integrity') this.#slots.integrity = { start: keyStart, end: this.#scanner.place }
    })
    this.#scanner.end()
    return {
      compact: this.#text,
      envelope: this.#values.envelope(),
      misplacedTags: this.#values.misplacedTags,
      slots: this.#slots,
      valueCount: this.#values.count,
      definition: this.#definition,
    }
  }

  /** A member of a run, the root or one nested in it; `path` is that of the run. */
  #section(name: string, slots: SlotSpans, path: string): void {
    switch (name) {
      case 'nodes':
        return this.#nodes(slots, null)
      case 'results':
        return this.#values.values(`${path}/results`, slots.results)
      case 'children':
        return this.#children(slots, path)
      case 'variables':
        return this.#values.values(`${path}/variables`, slots.variables)
      case 'cache':
        this.#values.eachNamed((key) => {
          this.#scanner.object((member) => {
            if (member === 'value') slots.cache.push(this.#values.slot(key))
            else this.#scanner.value()
          })
        }, `${path}/cache`)
        return
      case 'accumulators':
        this.#values.eachNamed((key) => {
          const items: Span[] = []
          this.#scanner.object((member) => {
            if (member === 'items') this.#scanner.array(() => items.push(this.#values.slot('')))
            else this.#scanner.value()
          })
          slots.accumulators.push({ name: key, items })
        }, `${path}/accumulators`)
        return
      case 'context':
        return this.#scanner.object((member) => {
          if (member === 'variables') this.#values.values(`${path}/context/variables`, slots.contextVariables)
          else if (member === 'constants') this.#values.values(`${path}/context/constants`, slots.contextConstants)
          else this.#scanner.value()
        })
      case 'parts':
        return scanParts(this.#scanner, this.#values, slots.parts, path)
      case 'types':
        return this.#values.values(`${path}/types`, slots.types)
      case 'signals':
        return this.#scanner.array(() =>
          this.#scanner.object((member) => {
            if (member === 'payload') slots.signals.push(this.#values.slot(''))
            else this.#scanner.value()
          }),
        )
      case 'run':
        return this.#scanner.object((member) => {
          if (member === 'input') slots.input = this.#values.slot('')
          else this.#scanner.value()
        })
      default:
        return this.#scanner.value()
    }
  }

  /** The runs that nodes are; what is nested deeper than workflows can be is no run. */
  #children(slots: SlotSpans, path: string): void {
    if (path.length > MAX_CHILD_PATH) return this.#scanner.value()
    this.#scanner.array((place) => {
      const child = noSlots()
      slots.children.push(child)
      this.#scanner.object((name) => this.#section(name, child, `${path}/children/${place}`))
    })
  }

  #workflow(): void {
    const start = this.#scanner.place
    const known = knownWorkflowAt(this.#text, start, this.#given, this.#limits)
    if (known === null) {
      this.#scanner.valueApart()
      this.#slots.workflow = { start, end: this.#scanner.place }
      return
    }
    this.#scanner.skipTo(known.end)
    this.#slots.workflow = { start, end: known.end }
    this.#definition = known.definition
    this.#values.cut(start, known.end, known.outline)
  }

  /** Ids of the workflow, where it is known: maps by node have them in this order. */
  #expectedIds(): ExpectedNames | null {
    if (this.#definition === null) return null
    this.#ids ??= listedNames(this.#definition.nodes.map(({ id }) => id))
    return new ExpectedNames(this.#ids)
  }

  /** The states of nodes: usual ones are read at once, and left out of the envelope where they stand in a plain object. */
  #nodes({ usualNodes }: SlotSpans, expected: ExpectedNames | null): void {
    const start = this.#scanner.place
    const others: string[] = []
    const isPlain = !this.#text.startsWith('{"#type"', start) && takesUsualNodes(this.#limits)
    if (!isPlain) return this.#scanner.value()
    this.#scanner.object((name, keyStart) => {
      const at = this.#scanner.place
      const node = usualNodeAt(this.#text, at)
      if (node !== null) {
        this.#scanner.skipTo(at + USUAL_LENGTH, USUAL_MEMBERS)
        usualNodes.ids.push(unescapeName(name))
        usualNodes.states.push(node)
        if (expected !== null) this.#moreUsualNodes(usualNodes, expected)
        return
      }
      this.#scanner.value()
      others.push(this.#text.slice(keyStart, this.#scanner.place))
    }, expected)
    if (usualNodes.ids.length > 0) this.#values.cut(start, this.#scanner.place, `{${others.join(',')}}`)
  }
  /** The usual nodes that follow one, for as long as they come as expected; see {@link ValueScanner.values}. */
  #moreUsualNodes({ ids, states }: SlotSpans['usualNodes'], expected: ExpectedNames): void {
    const text = this.#text
    let at = this.#scanner.place
    while (text.charCodeAt(at) === COMMA) {
      const name = expected.peek(text, at + 1)
      if (name === null) return
      const start = at + 1 + name.length + KEY_SIGNS
      const node = usualNodeAt(text, start)
      if (node === null) return
      expected.accept()
      at = start + USUAL_LENGTH
      this.#scanner.skipMember(at, USUAL_MEMBERS)
      ids.push(name)
      states.push(node)
    }
  }
}
