import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { quote, SnapshotError, SnapshotIntegrityError, SnapshotVersionError, WaystoneError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import type { ClassCodec } from '../base/values/class-codec.ts'
import { createCodec, defaultCodec, type ValueCodec } from '../base/values/codec.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { PartsDocument, SnapshotDocument } from './document.ts'
import { orderedText } from './document-order.ts'
import { digestOfText } from './hash.ts'
import { inputText } from './input-text.ts'
import { mapEntries } from './json-text.ts'
import { checkValueCount, resolveLimits, type SnapshotLimits } from './limits.ts'
import { createMigrations, type Migration } from './migrations/chain.ts'
import { releasedMigrations } from './migrations/released.ts'
import { MAX_PROBLEMS, problemsError } from './problems.ts'
import { putTogether, runLevels } from './read-children.ts'
import { readSlots, readState, type SlotValues } from './read-state.ts'
import { readWorkflow } from './read-workflow.ts'
import { contradictions } from './rules.ts'
import { type ScannedText, type SlotSpans, scanDocument } from './scan.ts'
import { fitsSnapshotSchema } from './schema-fit.ts'
import { type DocumentProblem, schemaProblems } from './schema-problems.ts'
import { Snapshot } from './snapshot.ts'
import { parseTime } from './time.ts'
import { readabilityOf, SNAPSHOT_FORMAT } from './version.ts'

/** How a document is read. No check can be left out; only limits can be raised. */
export interface DeserializeOptions {
  /** Limits that differ from the defaults. */
  readonly limits?: Partial<SnapshotLimits>
  /** Codecs for classes of your own; default none. */
  readonly classes?: readonly ClassCodec[]
  /** A codec made with `createCodec`, instead of `classes`. */
  readonly codec?: ValueCodec
  /** Migrations of documents of older versions; default those of the released versions. */
  readonly migrations?: readonly Migration[]
}

const OPTIONS: readonly string[] = ['limits', 'classes', 'codec', 'migrations']

/** A document whose text has been looked through; `tree` is what its envelope holds, without the longer values of users. */
interface Parsed {
  readonly scanned: ScannedText
  readonly tree: JsonObject
}

/**
 * Reads a document and checks all of it; nothing is evaluated, imported or called.
 * Steps: size, decompression, UTF-8, limits, JSON, duplicate keys, format and version, schema, digest, migration,
 * members against each other, tags of values, the workflow itself. Each fails closed.
 *
 * @param input - text, bytes (gzip is detected) or the object parsed from the text
 * @throws {SnapshotError} SNAPSHOT_ARGUMENT; SNAPSHOT_LIMIT; SNAPSHOT_SYNTAX, SNAPSHOT_BAD_UTF8, SNAPSHOT_BAD_GZIP,
 * SNAPSHOT_DUPLICATE_KEY, SNAPSHOT_FORBIDDEN_KEY, SNAPSHOT_NON_FINITE; SNAPSHOT_WRONG_FORMAT, SNAPSHOT_BAD_VERSION,
 * SNAPSHOT_TOO_NEW, SNAPSHOT_NO_MIGRATION, SNAPSHOT_MIGRATION_FAILED; SNAPSHOT_SCHEMA, SNAPSHOT_INCONSISTENT with all
 * problems; SNAPSHOT_INTEGRITY; VALUE_… for a value that can't be decoded
 * @throws {DefinitionError} WORKFLOW_… when the workflow in the document is wrong
 * @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN
 * @example
 * const flow = workflow('hello', '1.0.0').node('a', () => 1).build()
 * const snapshot = deserialize(serialize(new DagExecutor(flow).saveSnapshot()))
 * snapshot.run.status // 'pending'
 */
export function deserialize(
  input: Snapshot | string | Uint8Array | ArrayBuffer | object,
  options: DeserializeOptions = {},
): Snapshot {
  return deserializeFor(null, input, options)
}

/**
 * {@link deserialize} for those who have the workflow already: where the document has the same definition, letter by letter,
 * it is not read and checked again.
 * @param given - a checked definition, or null
 */
export function deserializeFor(
  given: WorkflowDefinition | null,
  input: Snapshot | string | Uint8Array | ArrayBuffer | object,
  options: DeserializeOptions,
): Snapshot {
  checkOptions(options, OPTIONS, 'deserialize')
  const { codec } = options
  const isCodec = () => typeof (codec as Partial<ValueCodec> | null)?.check === 'function'
  if (codec !== undefined && !readArgument('codec', isCodec)) {
    throw invalidArgument('codec', 'what createCodec() gives', codec, { of: 'deserialize' })
  }
  const limits = resolveLimits(options.limits)
  try {
    const text = Snapshot.is(input) ? input.compactText() : inputText(input, limits)
    return read(parse(text, limits, given), limits, options)
  } catch (error) {
    if (error instanceof WaystoneError) throw error
    throw new SnapshotError(
      'INTERNAL_UNREACHABLE',
      'reading the document failed in a way that was not foreseen; please report it',
      {
        cause: error,
      },
    )
  }
}

function read(given: Parsed, limits: SnapshotLimits, options: DeserializeOptions): Snapshot {
  const readability = checkFormat(given.tree)
  let current = given
  if (readability === 'older') {
    checkIntegrity(given)
    current = migrated(given, limits, options)
  } else {
    checkSchema(given)
    current = withCheckedIntegrity(given, limits)
  }
  checkItemCounts(current, limits)
  const { tree, scanned } = current
  const document = tree as unknown as SnapshotDocument
  const { definition, fingerprint, fault } = readWorkflow(document, scanned)
  const problems: DocumentProblem[] = []
  // Where the definition is not sound, nothing can be said of the runs nested in it.
  const levels = runLevels(document, definition, scanned.slots, problems).slice(0, fault === null ? undefined : 1)
  for (const level of levels) problems.push(...contradictions(level))
  // A reference that leads nowhere is one more contradiction; a tag that can't be decoded comes after them.
  let undecodable: unknown = null
  let values: readonly SlotValues[] | null = null
  const codec = codecOf(options, limits)
  try {
    values = levels.map(({ path, slots }) => readSlots({ ...scanned, slots }, codec, problems, path))
  } catch (error) {
    undecodable = error
  }
  if (problems.length > 0) throw problemsError('SNAPSHOT_INCONSISTENT', problems)
  if (values === null) throw undecodable
  if (fault !== null) throw fault
  const states = levels.map(({ document, definition, nodes, places }, level) => {
    const own = level === 0 ? fingerprint : ''
    return readState({ document, definition, fingerprint: own, nodes, places, slots: values![level]! })
  })
  return new Snapshot({
    state: putTogether(levels, states),
    at: parseTime(document.snapshotTime)!,
    epoch: document.run.epoch,
    headDigest: document.run.head.digest,
    version: document.version,
    source: scanned.compact,
    codec,
  })
}

function parse(text: string, limits: SnapshotLimits, given: WorkflowDefinition | null = null): Parsed {
  const scanned = scanDocument(text, limits, given)
  const tree: unknown = JSON.parse(scanned.envelope)
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) throw wrongFormat(quote(tree))
  return { scanned, tree: tree as JsonObject }
}

/** The whole of a document, values included, for the few ways that need it. */
function wholeTree({ scanned }: Parsed): JsonObject {
  return JSON.parse(scanned.compact) as JsonObject
}

function checkFormat(tree: JsonObject): 'current' | 'older' {
  const format = Object.hasOwn(tree, 'format') ? tree['format'] : undefined
  if (format !== SNAPSHOT_FORMAT) throw wrongFormat(format === undefined ? 'none' : quote(format))
  return readabilityOf(Object.hasOwn(tree, 'version') ? tree['version'] : undefined)
}

function wrongFormat(found: string): SnapshotVersionError {
  return new SnapshotVersionError(
    'SNAPSHOT_WRONG_FORMAT',
    `the document's format: expected "${SNAPSHOT_FORMAT}", got ${found}; this is not a snapshot of Waystone`,
    { details: { found, supported: SNAPSHOT_FORMAT } },
  )
}

function checkSchema({ tree, scanned: { misplacedTags } }: Parsed): void {
  if (!fitsSnapshotSchema(tree)) {
    const problems = schemaProblems(tree, MAX_PROBLEMS)
    throw problemsError('SNAPSHOT_SCHEMA', problems.length > 0 ? problems : [{ path: '', message: 'it does not fit' }])
  }
  if (misplacedTags.length === 0) return
  const problems = misplacedTags.map((path) => ({
    path,
    message: 'the tag "#type" is the first member where it stands',
  }))
  throw problemsError('SNAPSHOT_SCHEMA', problems)
}

/** Items count as values before they have any: each takes its room once the document is read. */
function checkItemCounts({ tree, scanned: { valueCount, slots } }: Parsed, limits: SnapshotLimits): void {
  let values = valueCount
  const open: [Pick<SnapshotDocument, 'parts' | 'children'>, SlotSpans][] = [
    [tree as unknown as SnapshotDocument, slots],
  ]
  for (const [document, { parts, children }] of open) {
    for (const { results } of parts) values -= results.length
    for (const [, { items }] of mapEntries(document.parts ?? {}) as [string, PartsDocument][])
      values += items?.count ?? 0
    document.children?.forEach((child, place) => {
      if (children[place] !== undefined) open.push([child, children[place]])
    })
  }
  checkValueCount(values, limits)
}

/** The document once its digest fits; one that went through an object is put back in order first. */
function withCheckedIntegrity(parsed: Parsed, limits: SnapshotLimits): Parsed {
  const fault = integrityFault(parsed)
  if (fault === null) return parsed
  let ordered: string
  try {
    ordered = orderedText(wholeTree(parsed))
  } catch {
    throw fault
  }
  if (ordered === parsed.scanned.compact) throw fault
  const again = parse(ordered, limits)
  if (integrityFault(again) !== null) throw fault
  return again
}

function checkIntegrity(parsed: Parsed): void {
  const fault = integrityFault(parsed)
  if (fault !== null) throw fault
}

function integrityFault({ scanned, tree }: Parsed): SnapshotIntegrityError | null {
  const integrity = Object.hasOwn(tree, 'integrity') ? (tree['integrity'] as JsonObject) : undefined
  const expected = typeof integrity === 'object' && integrity !== null ? integrity['digest'] : undefined
  const actual = digestOfText(...withoutIntegrity(scanned))
  if (expected === actual) return null
  return new SnapshotIntegrityError(
    'SNAPSHOT_INTEGRITY',
    `the content of the document is not what its digest says: it was changed or damaged after it was written; take another copy`,
    { details: { expected: typeof expected === 'string' ? expected.slice(0, 100) : null, actual } },
  )
}

/** The compact text but for the member `integrity` and the comma beside it, in two pieces. */
function withoutIntegrity({ compact, slots: { integrity } }: ScannedText): readonly string[] {
  if (integrity === null) return [compact]
  const { start, end } = integrity
  if (compact.charAt(start - 1) === ',') return [compact.slice(0, start - 1), compact.slice(end)]
  return [compact.slice(0, start), compact.slice(compact.charAt(end) === ',' ? end + 1 : end)]
}

function migrated(parsed: Parsed, limits: SnapshotLimits, options: DeserializeOptions): Parsed {
  const migrations = options.migrations === undefined ? releasedMigrations : createMigrations(options.migrations)
  const { integrity: _, ...content } = migrations.migrate(wholeTree(parsed))
  const body = orderedText({ ...content, integrity: undefined }).replace(/,"integrity":undefined\}$/, '')
  const digest = digestOfText(body, '}')
  const outcome = parse(`${body},"integrity":{"algorithm":"sha256","digest":"${digest}"}}`, limits)
  checkSchema(outcome)
  return outcome
}

function codecOf({ codec, classes, limits: given }: DeserializeOptions, limits: SnapshotLimits): ValueCodec {
  if (codec !== undefined) return codec
  if (classes === undefined && given === undefined) return defaultCodec
  const { maxBytes: _, maxCompressedBytes: __, maxSlots: ___, ...ofValues } = limits
  return createCodec({ limits: ofValues, ...(classes === undefined ? {} : { classes }) })
}
