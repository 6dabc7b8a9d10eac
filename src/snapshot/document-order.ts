import { isArrayIndex } from '../base/values/array-keys.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { edgeKeysOf } from './assemble.ts'
import { escapeName, plainJson } from './json-text.ts'

/**
 * The text of a document that went through an object, with the engine's maps back in the order of the format.
 * Objects list names such as `"10"` first and by number, whatever order they were written in; only such maps are put right.
 * Values of users need nothing: they were objects before they were text.
 */
export function orderedText(document: Readonly<Record<string, unknown>>): string {
  // Definitions may stand in tag form, wholly or in part.
  const workflow = () => plainJson(document['workflow'], JSON.stringify(document['workflow'])) as WorkflowDefinition
  const nodeIds = () => workflow().nodes.map(({ id }) => id)
  const members = Object.entries(document).map(([name, value]) => [
    name,
    memberText(name, value, nodeIds, () => edgeKeysOf(workflow())),
  ])
  return `{${members.map(([name, text]) => `${JSON.stringify(name)}:${text}`).join(',')}}`
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
      return ordered(value, nodeIds)
    case 'decisions':
      return ordered(value, edgeKeys)
    case 'variables':
    case 'accumulators':
    case 'counters':
    case 'cache':
    case 'usage':
      return ordered(value)
    case 'context':
      return object(value, ['variables', 'constants'], ordered)
    case 'config':
      return object(value, ['limits'], (limits) => object(limits, ['maxUsage'], ordered))
    default:
      return JSON.stringify(value)
  }
}

/** A record some of whose members are maps. */
function object(value: unknown, names: readonly string[], text: (member: unknown) => string): string {
  if (!isObject(value)) return JSON.stringify(value)
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${names.includes(name) ? text(member) : JSON.stringify(member)}`,
  )
  return `{${members.join(',')}}`
}

/** A map whose names are listed in an order, or else sorted. */
function ordered(value: unknown, order?: () => readonly string[]): string {
  if (!isObject(value) || !Object.keys(value).some(isArrayIndex)) return JSON.stringify(value)
  const known =
    order === undefined
      ? []
      : order()
          .map(escapeName)
          .filter((name) => Object.hasOwn(value, name))
  const listed = new Set(known)
  const rest = Object.keys(value)
    .filter((name) => !listed.has(name))
    .sort()
  return `{${[...known, ...rest].map((name) => `${JSON.stringify(name)}:${JSON.stringify(value[name])}`).join(',')}}`
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
