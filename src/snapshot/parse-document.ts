import { quote, SnapshotIntegrityError, SnapshotSchemaError, SnapshotSyntaxError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import { digestOfText } from './hash.ts'
import type { SnapshotLimits } from './limits.ts'
import type { Migrations } from './migrations/chain.ts'
import { MAX_PROBLEMS, problemsError } from './problems.ts'
import { type ScannedText, scanDocument, type Span } from './scan.ts'
import { schemaProblems } from './schema-problems.ts'
import { validateSnapshot } from './validators.generated.js'
import { checkVersion } from './version.ts'

/** A document whose text, version, schema and digest were checked. */
export interface ParsedDocument extends ScannedText {
  readonly tree: JsonObject
  /** Whether the text is that of a migration, not the one that was given. */
  readonly isMigrated: boolean
}

/**
 * Parses the text of a document and checks it, in the order the format settles; nothing of it is used yet.
 * @throws {SnapshotError} of every kind
 */
export function parseDocument(text: string, limits: SnapshotLimits, migrations: Migrations): ParsedDocument {
  const parsed = parseText(text, limits)
  if (checkVersion(parsed.tree) === 'read') {
    checkSchema(parsed.tree)
    checkDigest(parsed)
    return parsed
  }
  checkDigest(parsed)
  const { integrity, ...rest } = migrations.migrate(parsed.tree)
  // The migrated text has no digest of its own; a zero digest takes its place in the schema.
  const migrated = JSON.stringify({ ...rest, integrity: integrity ?? { algorithm: 'sha256', digest: '0'.repeat(64) } })
  const again = parseText(migrated, limits)
  checkSchema(again.tree)
  return { ...again, isMigrated: true }
}

function parseText(text: string, limits: SnapshotLimits): ParsedDocument {
  const scanned = scanDocument(text, limits)
  let tree: unknown
  try {
    tree = JSON.parse(scanned.compact)
  } catch (cause) {
    throw new SnapshotSyntaxError('SNAPSHOT_SYNTAX', `the document is not JSON: ${quote(cause instanceof Error ? cause.message : cause)}`, { cause })
  }
  const members = countMembers(tree)
  if (members !== scanned.members) {
    throw new SnapshotSyntaxError('SNAPSHOT_DUPLICATE_KEY', `an object of the document has the same key twice (${scanned.members} members are written, ${members} remain); no writer of ours does that`)
  }
  return { ...scanned, tree: tree as JsonObject, isMigrated: false }
}

/** Members of all objects of a tree. Iterative, since depth follows data. */
function countMembers(tree: unknown): number {
  let count = 0
  const open: object[] = typeof tree === 'object' && tree !== null ? [tree] : []
  for (let value = open.pop(); value !== undefined; value = open.pop()) {
    if (Array.isArray(value)) {
      for (const element of value) if (typeof element === 'object' && element !== null) open.push(element)
      continue
    }
    for (const key of Object.keys(value)) {
      count += 1
      const member = (value as Record<string, unknown>)[key]
      if (typeof member === 'object' && member !== null) open.push(member)
    }
  }
  return count
}

/** All violations are collected once the compiled validator, which stops at the first, has said no. */
function checkSchema(tree: unknown): void {
  if (!validateSnapshot(tree)) throw problemsError('SNAPSHOT_SCHEMA', schemaProblems(tree, MAX_PROBLEMS))
}

function checkDigest({ compact, slots, tree }: ParsedDocument): void {
  const { integrity } = tree as { readonly integrity?: { readonly digest?: unknown } }
  const span = slots.integrity
  if (span === null || typeof integrity?.digest !== 'string') {
    throw new SnapshotSchemaError('SNAPSHOT_SCHEMA', 'the document has no integrity digest; every snapshot has one', { details: { path: '/integrity' } })
  }
  const actual = digestOfText(...without(compact, span))
  if (actual === integrity.digest) return
  throw new SnapshotIntegrityError('SNAPSHOT_INTEGRITY', `the content of the document is not what its digest says (expected ${quote(integrity.digest)}, it is ${actual}); it was changed or damaged after it was written`, {
    details: { expected: integrity.digest.slice(0, 100), actual },
  })
}

/** The compact text without a member, and without the comma that parts it from the others. */
function without(compact: string, { start, end }: Span): readonly string[] {
  if (compact[start - 1] === ',') return [compact.slice(0, start - 1), compact.slice(end)]
  return [compact.slice(0, start), compact.slice(compact[end] === ',' ? end + 1 : end)]
}
