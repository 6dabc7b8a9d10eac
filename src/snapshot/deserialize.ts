import { isTruncated } from '../base/encoded.ts'
import { isWaystoneError, quote, SnapshotDecodeError, SnapshotError, SnapshotSchemaError, WaystoneError } from '../base/errors.ts'
import type { JsonObject, JsonValue } from '../base/json.ts'
import { pointer } from '../base/json-pointer.ts'
import { defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { parseDefinition } from '../workflow/parse.ts'
import { checkConsistency } from './consistency.ts'
import { jsonText, mapEntries } from './json-text.ts'
import { resolveLimits, type SnapshotLimits } from './limits.ts'
import { type Migrations, ownMigrations } from './migrations/migrations.ts'
import { parseDocument, type ParsedDocument } from './parse-document.ts'
import { cut, definitionOf, readState } from './read-state.ts'
import { documentTextOf } from './read-text.ts'
import { Snapshot } from './snapshot.ts'
import { parseTime } from './time.ts'
import type { UnknownMember } from './unknown-member.ts'

/** How a document is read. */
export interface DeserializeOptions {
  /** Limits that differ from the defaults; no other check can be turned off. */
  readonly limits?: Partial<SnapshotLimits>
  /** The codec values are read with; give one with your classes registered. */
  readonly codec?: ValueCodec
  /** Steps from older versions; default the package's own. */
  readonly migrations?: Migrations
}

const known = new Set(
  'format version snapshotTime run workflow nodes results completedNodes decisions variables accumulators counters cache context timers signals usage config children integrity'.split(' '),
)

/**
 * Reads a snapshot from its text, its bytes (plain or gzip) or the object of its document, and checks all of it before
 * anything of it is used: limits, syntax, version, schema, digest, consistency, every tagged value, the graph.
 * Evaluates, imports and calls nothing.
 *
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT
 * @throws {SnapshotLimitError} SNAPSHOT_LIMIT, VALUE_LIMIT
 * @throws {SnapshotSyntaxError} SNAPSHOT_SYNTAX, SNAPSHOT_BAD_UTF8, SNAPSHOT_BAD_GZIP, SNAPSHOT_DUPLICATE_KEY, SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE
 * @throws {SnapshotVersionError} SNAPSHOT_WRONG_FORMAT, SNAPSHOT_BAD_VERSION, SNAPSHOT_TOO_NEW, SNAPSHOT_NO_MIGRATION, SNAPSHOT_MIGRATION_FAILED
 * @throws {SnapshotSchemaError} SNAPSHOT_SCHEMA, SNAPSHOT_INCONSISTENT
 * @throws {SnapshotIntegrityError} SNAPSHOT_INTEGRITY
 * @throws {SnapshotDecodeError} VALUE_UNKNOWN_TAG, VALUE_BAD_TAG, VALUE_BAD_REF, VALUE_UNKNOWN_CLASS
 */
export function deserialize(input: string | Uint8Array | ArrayBuffer | object, options: DeserializeOptions = {}): Snapshot {
  checkOptions(options)
  const limits = resolveLimits(options.limits)
  const codec = options.codec ?? defaultCodec
  try {
    return read(documentTextOf(input, limits), limits, codec, options.migrations ?? ownMigrations)
  } catch (error) {
    // A stranger's document may exhaust the stack or the memory of a step; it is refused like any other.
    if (isWaystoneError(error)) throw error
    throw new SnapshotError('SNAPSHOT_SYNTAX', 'the document can not be read', { cause: error })
  }
}

function read(text: string, limits: SnapshotLimits, codec: ValueCodec, migrations: Migrations): Snapshot {
  const parsed = parseDocument(text, limits, migrations)
  const { definition, fingerprint } = definitionOf(parsed)
  const workflow = checkGraph(definition)
  const results = readResults(parsed)
  const state = readState(parsed, workflow, fingerprint, results)
  checkConsistency(parsed.tree, state, results)
  checkValues(parsed.tree, codec)
  const unknown = Object.keys(parsed.tree)
    .filter((name) => !known.has(name))
    .map((name): UnknownMember => [name, jsonText(parsed.tree[name])])
  return new Snapshot(state, parseTime(parsed.tree['snapshotTime'] as string)!, unknown, codec)
}

/** The definition, frozen. @throws {SnapshotSchemaError} SNAPSHOT_INCONSISTENT with all problems of the graph */
function checkGraph(definition: object): WorkflowDefinition {
  try {
    return parseDefinition(definition)
  } catch (cause) {
    if (!isWaystoneError(cause)) throw cause
    throw new SnapshotSchemaError('SNAPSHOT_INCONSISTENT', `the workflow of the document can not be used: ${cause.message}`, { details: { ...cause.details, path: '/workflow' }, cause })
  }
}

/** Texts of results by node id; a reference gives the text of the result it refers to, which must stand before it. */
function readResults({ tree, compact, slots }: ParsedDocument): ReadonlyMap<string, string> {
  const trees = new Map(mapEntries(tree['results'] as object))
  const texts = new Map<string, string>()
  for (const span of slots.results) {
    const value = trees.get(span.name)
    if (!isSlot(value)) {
      texts.set(span.name, cut(compact, span))
      continue
    }
    const referred = texts.get(value.id)
    if (referred === undefined || Object.keys(value).length !== 2 || isSlot(trees.get(value.id))) {
      throw new SnapshotDecodeError('VALUE_BAD_REF', `the result of ${quote(span.name)} refers to that of ${quote(value.id)}, which does not stand before it`, {
        details: { path: pointer('results', span.name) },
      })
    }
    texts.set(span.name, referred)
  }
  return texts
}

function isSlot(value: unknown): value is { readonly '#type': 'slot'; readonly id: string } {
  return typeof value === 'object' && value !== null && (value as JsonObject)['#type'] === 'slot' && typeof (value as JsonObject)['id'] === 'string'
}

/** Checks that every value of the document can be decoded, within the limits. */
function checkValues(tree: JsonObject, codec: ValueCodec): void {
  const check = (value: unknown, path: string) => {
    if (typeof value === 'object' && value !== null) codec.check(value as JsonValue, path)
  }
  const map = (member: unknown, ...path: readonly string[]) => {
    for (const [name, value] of mapEntries(member as object)) check(value, pointer(...path, name))
  }
  for (const [id, value] of mapEntries(tree['results'] as object)) {
    if (isSlot(value) || (typeof value === 'object' && value !== null && isMarker(value))) continue
    check(value, pointer('results', id))
  }
  map(tree['variables'], 'variables')
  const { variables, constants } = tree['context'] as { readonly variables: object; readonly constants: object }
  map(variables, 'context', 'variables')
  map(constants, 'context', 'constants')
  for (const [name, entry] of mapEntries(tree['cache'] as object)) check((entry as JsonObject)['value'], pointer('cache', name, 'value'))
  for (const [name, accumulator] of mapEntries(tree['accumulators'] as object)) {
    const { items = [] } = accumulator as { readonly items?: readonly unknown[] }
    items.forEach((item, index) => {
      check(item, pointer('accumulators', name, 'items', String(index)))
    })
  }
  ;(tree['signals'] as readonly JsonObject[]).forEach((signal, index) => {
    check(signal['payload'], pointer('signals', String(index), 'payload'))
  })
  check((tree['run'] as JsonObject)['input'], '/run/input')
}

/** Whether a value is the marker of a result that was dropped for its size. */
function isMarker(value: object): boolean {
  const { sizeBytes, maxBytes } = value as { readonly sizeBytes?: unknown; readonly maxBytes?: unknown }
  return isTruncated({ json: JSON.stringify(value) }) && Object.keys(value).length === 3 && Number.isSafeInteger(sizeBytes) && Number.isSafeInteger(maxBytes)
}

function checkOptions(options: unknown): void {
  const names = ['limits', 'codec', 'migrations']
  if (typeof options !== 'object' || options === null) {
    throw new WaystoneError('ARGUMENT_INVALID', `deserialize expects options to be an object, got ${quote(options)}`)
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name))
  if (unknown !== undefined) throw new WaystoneError('OPTION_UNKNOWN', `deserialize has no option ${quote(unknown)}; it has ${names.join(', ')}`)
}
