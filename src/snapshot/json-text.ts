import { SnapshotDecodeError } from '../base/errors.ts'
import { type Dictionary, dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'

/** A name that would read as the marker of a tag, and so gets one more `#`. */
const ESCAPED_NAME = /^#+type$/

/** Deepest level written or read on the slow path; plain text is held to the reader's own limit. */
const MAX_DEPTH = 600

/**
 * Compact text of JSON that the engine owns (definitions, errors, configuration), so that no reader meets a key
 * `__proto__` or takes a name for a tag. Nearly always this is JSON.stringify.
 */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(value)
  return isPlainText(text) ? text : taggedText(JSON.parse(text), 0)
}

/** Whether a text of ours has no name that needs a tag or an escape. */
function isPlainText(text: string): boolean {
  return !text.includes('__proto__') && !text.includes('#type"')
}

/**
 * Compact text of a map from names chosen by users.
 * A map with the name `__proto__`, or one that is no well-formed text, stands as a list of entries under the Object tag.
 */
export function mapText(entries: readonly (readonly [name: string, text: string])[]): string {
  // Added up, not joined: the text is copied once, when the whole document is, and not once more for every map.
  let text = ''
  for (const [name, value] of entries) {
    if (name === '__proto__' || !name.isWellFormed()) return taggedMapText(entries)
    text += text === '' ? `${JSON.stringify(escapeName(name))}:` : `,${JSON.stringify(escapeName(name))}:`
    text += value
  }
  return `{${text}}`
}

/** The text of a dictionary as a map, sorted by name. */
export function sortedMapText<T>(map: Readonly<Dictionary<T>>, text: (value: T) => string): string {
  return mapText(
    Object.keys(map)
      .sort()
      .map((name) => [name, text(map[name]!)]),
  )
}

function taggedMapText(entries: readonly (readonly [name: string, text: string])[]): string {
  return `{"#type":"Object","entries":[${entries.map(([name, text]) => `[${nameText(name)},${text}]`).join(',')}]}`
}

/** Entries of a map as {@link mapText} writes it, from a parsed document; names unescaped. */
export function mapEntries(tree: object): [name: string, value: unknown][] {
  if (Object.hasOwn(tree, '#type')) {
    return (tree as TaggedMap).entries.map(([name, value]) => [
      typeof name === 'string' ? name : utf16Text(name.utf16),
      value,
    ])
  }
  const entries: [string, unknown][] = []
  for (const name of Object.keys(tree)) {
    entries.push([unescapeName(name), (tree as Readonly<Record<string, unknown>>)[name]])
  }
  return entries
}

/** A map in tag form, as the schema has checked it. */
export interface TaggedMap {
  readonly '#type': 'Object'
  readonly entries: readonly (readonly [name: string | Utf16Text, value: unknown])[]
}

/** A name that is no well-formed text. */
export interface Utf16Text {
  readonly '#type': 'string'
  readonly utf16: string
}

/**
 * The JSON that {@link jsonText} wrote, from a parsed document.
 * @throws {SnapshotDecodeError} VALUE_BAD_TAG for a tag that can't stand in plain JSON
 */
export function plainJson(tree: unknown, text: string): unknown {
  // `\u` escapes of printable characters may spell a marker too.
  return text.includes('#type"') || /\\u00[2-7]/.test(text) ? untagged(tree, 0) : tree
}

/** An error, from a parsed document. */
export function errorOf(tree: SerializedError): SerializedError {
  return plainJson(tree, JSON.stringify(tree)) as SerializedError
}

/** A dictionary of entries, such as those of a map. */
export function dictionaryOf<T>(entries: Iterable<readonly [string, T]>): Dictionary<T> {
  const map = dictionary<T>()
  for (const [name, value] of entries) map[name] = value
  return map
}

/** A number as a document has it; -0, which JSON readers lose, has its tag. */
export function numberText(value: number): string {
  return Object.is(value, -0) ? '{"#type":"number","value":"-0"}' : JSON.stringify(value)
}

/** The number {@link numberText} wrote. */
export function numberOf(tree: unknown): number {
  return typeof tree === 'number' ? tree : -0
}

/** A name with its escape, as it stands in a document. */
export function escapeName(name: string): string {
  return name.charCodeAt(0) === 0x23 && ESCAPED_NAME.test(name) ? `#${name}` : name
}

/** The name an escaped one stands for. */
export function unescapeName(name: string): string {
  return name.charCodeAt(0) === 0x23 && name.length > 5 && ESCAPED_NAME.test(name) ? name.slice(1) : name
}

/** The text a run of UTF-16 code units in hexadecimal stands for. */
export function utf16Text(hex: string): string {
  let text = ''
  for (let at = 0; at < hex.length; at += 4) text += String.fromCharCode(Number.parseInt(hex.slice(at, at + 4), 16))
  return text
}

function nameText(name: string): string {
  if (name.isWellFormed()) return JSON.stringify(name)
  let hex = ''
  for (let at = 0; at < name.length; at += 1) hex += name.charCodeAt(at).toString(16).padStart(4, '0')
  return `{"#type":"string","utf16":"${hex}"}`
}

function taggedText(value: unknown, depth: number): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (depth > MAX_DEPTH) throw badTag(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(value)) return `[${value.map((element) => taggedText(element, depth + 1)).join(',')}]`
  return mapText(Object.entries(value).map(([name, member]) => [name, taggedText(member, depth + 1)] as const))
}

function untagged(tree: unknown, depth: number): unknown {
  if (typeof tree !== 'object' || tree === null) return tree
  if (depth > MAX_DEPTH) throw badTag(`it is nested deeper than ${MAX_DEPTH} levels`)
  if (Array.isArray(tree)) return tree.map((element) => untagged(element, depth + 1))
  if (Object.hasOwn(tree, '#type') && !isTaggedMap(tree)) throw badTag('it has a tag, where plain JSON is expected')
  const object = {}
  for (const [name, value] of mapEntries(tree)) {
    // Defined, not assigned: assigning to `__proto__` would set the prototype.
    Object.defineProperty(object, name, {
      value: untagged(value, depth + 1),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  return object
}

function isTaggedMap(tree: object): boolean {
  const { '#type': type, entries } = tree as Partial<TaggedMap>
  return (
    type === 'Object' &&
    Object.keys(tree).length === 2 &&
    Array.isArray(entries) &&
    entries.every((entry) => Array.isArray(entry) && entry.length === 2 && isName(entry[0]))
  )
}

function isName(name: unknown): boolean {
  if (typeof name === 'string') return true
  if (typeof name !== 'object' || name === null) return false
  const { '#type': type, utf16 } = name as Partial<Utf16Text>
  return (
    type === 'string' && typeof utf16 === 'string' && /^(?:[0-9a-f]{4})+$/.test(utf16) && Object.keys(name).length === 2
  )
}

function badTag(why: string): SnapshotDecodeError {
  return new SnapshotDecodeError(
    'VALUE_BAD_TAG',
    `a definition, error or configuration in the document can not be read: ${why}`,
  )
}
