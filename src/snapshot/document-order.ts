import { isArrayIndex } from '../base/values/array-keys.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { edgeKeysOf } from './assemble.ts'
import { escapeName, plainJson } from './json-text.ts'

/** Gives the text of a value. */
type TextOf = (value: unknown) => string

const jsonText: TextOf = (value) => JSON.stringify(value)

/**
 * The text of a document that went through an object, with the engine's maps back in the order of the format.
 * Objects list names such as `"10"` first and by number, whatever order they were written in; only such maps are put right.
 * Values of users need nothing: they were objects before they were text.
 */
export function orderedText(document: Readonly<Record<string, unknown>>): string {
  // Definitions may stand in tag form, wholly or in part.
  let workflow: WorkflowDefinition | undefined
  return runText(document, () => {
    workflow ??= plainJson(document['workflow'], JSON.stringify(document['workflow'])) as WorkflowDefinition
    return workflow
  })
}

/** A run of its own or one nested in it, in the order of its workflow; nested as deep as the reader's limit for any document. */
function runText(run: Readonly<Record<string, unknown>>, workflow: () => WorkflowDefinition): string {
  const nodeIds = () => workflow().nodes.map(({ id }) => id)
  const members = Object.entries(run).map(([name, value]) => [
    name,
    name === 'children'
      ? childrenText(value, workflow)
      : memberText(name, value, nodeIds, () => edgeKeysOf(workflow())),
  ])
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
}

function childrenText(children: unknown, workflow: () => WorkflowDefinition): string {
  if (!Array.isArray(children) || children.length === 0) return JSON.stringify(children)
  const nested = new Map(workflow().nodes.map((node) => [node.id as unknown, node.nested?.workflow]))
  const texts = children.map((child: unknown) =>
    isObject(child) ? runText(child, () => nested.get(child['node'])!) : JSON.stringify(child),
  )
  return `[${texts.join(',')}]`
}

function memberText(
  name: string,
  value: unknown,
  nodeIds: () => readonly string[],
  edgeKeys: () => readonly string[],
): string {
  switch (name) {
    case 'nodes':
    case 'results':
    case 'compensations':
      return inOrder(value, nodeIds, jsonText)
    case 'parts':
      return inOrder(value, nodeIds, partsText)
    case 'decisions':
      return inOrder(value, edgeKeys, jsonText)
    case 'variables':
    case 'accumulators':
    case 'counters':
    case 'cache':
    case 'signalKeys':
    case 'types':
    case 'tokens':
    case 'usage':
      return sorted(value)
    case 'context':
      return object(value, { variables: sorted, constants: sorted })
    case 'config':
      return object(value, { limits: (limits) => object(limits, { maxUsage: sorted }) })
    default:
      return JSON.stringify(value)
  }
}

/** What a node has done on the way to its result. */
function partsText(parts: unknown): string {
  return object(parts, {
    steps: sorted,
    // Places are in their order in any object.
    items: (items) => object(items, { states: statesText }),
  })
}

function statesText(states: unknown): string {
  if (!isObject(states)) return JSON.stringify(states)
  const members = Object.entries(states).map(
    ([place, item]) => `${JSON.stringify(place)}:${object(item, { steps: sorted })}`,
  )
  return `{${members.join(',')}}`
}

/** A record some of whose members are maps. */
function object(value: unknown, texts: Readonly<Record<string, TextOf>>): string {
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(([name, member]) => {
    const text = Object.hasOwn(texts, name) ? texts[name]! : jsonText
    return `${JSON.stringify(name)}:${text(member)}`
  })
  return `{${members.join(',')}}`
}

/** A map that is sorted by name. */
function sorted(value: unknown): string {
  return inOrder(value, () => [], jsonText)
}

/** A map whose names are listed in an order, also in tag form, which has an order of its own. */
function inOrder(value: unknown, order: () => readonly string[], text: TextOf): string {
  if (!isObject(value)) return JSON.stringify(value)
  if (Object.hasOwn(value, '#type')) return object(value, { entries: (entries) => entriesText(entries, text) })
  const names = Object.keys(value)
  return `{${(names.some(isArrayIndex) ? namesInOrder(value, order) : names).map((name) => `${JSON.stringify(name)}:${text(value[name])}`).join(',')}}`
}

function entriesText(entries: unknown, text: TextOf): string {
  if (!Array.isArray(entries)) return JSON.stringify(entries)
  const texts = entries.map((entry: unknown) =>
    Array.isArray(entry) && entry.length === 2
      ? `[${JSON.stringify(entry[0])},${text(entry[1])}]`
      : JSON.stringify(entry),
  )
  return `[${texts.join(',')}]`
}

/** Those names first that are listed, in their order, the others sorted. */
function namesInOrder(value: object, order: () => readonly string[]): readonly string[] {
  const known = order()
    .map(escapeName)
    .filter((name) => Object.hasOwn(value, name))
  const listed = new Set(known)
  const rest = Object.keys(value)
    .filter((name) => !listed.has(name))
    .sort()
  return [...known, ...rest]
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
