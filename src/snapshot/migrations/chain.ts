import { invalidArgument } from '../../base/argument.ts'
import { quote, SnapshotVersionError, type WaystoneError } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json.ts'
import { compareVersions, parseVersion, SNAPSHOT_VERSION, type Version } from '../version.ts'

/** One step from a released version of the format to the next. */
export interface Migration {
  readonly from: string
  readonly to: string
  /**
   * The document of version `to`, from one of version `from`, which is frozen. Pure: the same document gives the same outcome.
   * Sets `version`; `integrity` is made anew afterwards.
   */
  readonly migrate: (document: JsonObject) => JsonObject
}

/** A checked chain of migrations; made by {@link createMigrations}. */
export interface Migrations {
  /** Versions that can be migrated, oldest first. */
  readonly versions: readonly string[]
  /**
   * The document in the first version that is read as it is.
   * @throws {SnapshotVersionError} SNAPSHOT_NO_MIGRATION when no chain begins at the document's version,
   * SNAPSHOT_MIGRATION_FAILED when a step throws or gives something else than a document of its version
   */
  migrate(document: JsonObject): JsonObject
}

/**
 * A chain of migrations, checked when it is made: every step leads to a newer version, no two begin at the same one,
 * and every chain ends at a version that is read as it is: one of the current major, up to the current version.
 * @throws {WaystoneError} ARGUMENT_INVALID naming the step that is wrong
 */
export function createMigrations(steps: readonly Migration[]): Migrations {
  if (!Array.isArray(steps)) throw invalid('an array of { from, to, migrate }', steps)
  const byVersion = new Map<string, Migration>()
  for (const step of steps as readonly Migration[]) {
    const from = parseVersion(step?.from)
    const to = parseVersion(step?.to)
    if (from === null || to === null || typeof step.migrate !== 'function') {
      throw invalid('steps with `from` and `to`, both semantic versions, and a function `migrate`', step)
    }
    if (compareVersions(from, to) >= 0) {
      throw invalid(
        'steps that lead to a newer version, so that no chain goes in circles',
        `${step.from} to ${step.to}`,
      )
    }
    if (byVersion.has(step.from)) throw invalid('one step from each version', `two from ${step.from}`)
    byVersion.set(step.from, Object.freeze({ ...step }))
  }
  for (const { from, to } of byVersion.values()) {
    if (!isCurrent(parseVersion(to)!) && !byVersion.has(to)) {
      throw invalid(
        `a chain without a gap, up to the current version ${SNAPSHOT_VERSION}`,
        `${from} to ${to}, where no step begins`,
      )
    }
  }
  const versions = [...byVersion.keys()].sort((a, b) => compareVersions(parseVersion(a)!, parseVersion(b)!))
  return Object.freeze({
    versions: Object.freeze(versions),
    migrate: (document: JsonObject) => migrateThrough(byVersion, document),
  })
}

/** Whether documents of a version are read as they are. */
function isCurrent(version: Version): boolean {
  const own = parseVersion(SNAPSHOT_VERSION)!
  return version[0] === own[0] && compareVersions(version, own) <= 0
}

function migrateThrough(byVersion: ReadonlyMap<string, Migration>, document: JsonObject): JsonObject {
  const found = document['version'] as string
  let current = document
  // Every step leads to a newer version and a version begins one step at most, so this ends.
  while (!isCurrent(parseVersion(current['version'])!)) {
    const step = byVersion.get(current['version'] as string)
    if (step === undefined) {
      const known = [...byVersion.keys()]
      throw new SnapshotVersionError(
        'SNAPSHOT_NO_MIGRATION',
        `no chain of migrations leads from version ${found} to ${SNAPSHOT_VERSION}; ${known.length === 0 ? 'there are none' : `there are some from ${known.join(', ')}`}`,
        { details: { found, supported: SNAPSHOT_VERSION } },
      )
    }
    current = applied(step, current)
  }
  return current
}

function applied(step: Migration, document: JsonObject): JsonObject {
  let outcome: unknown
  let text: string | undefined
  try {
    outcome = step.migrate(deepFreeze(document))
    text = JSON.stringify(outcome)
  } catch (cause) {
    throw failed(step, 'it threw', cause)
  }
  if (typeof outcome !== 'object' || outcome === null || Array.isArray(outcome) || text === undefined) {
    throw failed(step, `it gave ${quote(outcome)}, not a document`)
  }
  // A copy, so that the step keeps no hand on what is read.
  const copy = JSON.parse(text) as JsonObject
  if (copy['version'] !== step.to) throw failed(step, `it gave a document of version ${quote(copy['version'])}`)
  return copy
}

/** Frozen all the way, without recursion. */
function deepFreeze(document: JsonObject): JsonObject {
  const open: object[] = [document]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    Object.freeze(next)
    for (const member of Object.values(next)) if (typeof member === 'object' && member !== null) open.push(member)
  }
  return document
}

function failed(step: Migration, why: string, cause?: unknown): SnapshotVersionError {
  return new SnapshotVersionError(
    'SNAPSHOT_MIGRATION_FAILED',
    `the migration from ${step.from} to ${step.to} failed: ${why}`,
    {
      details: { from: step.from, to: step.to },
      cause,
    },
  )
}

function invalid(expected: string, got: unknown): WaystoneError {
  return invalidArgument('migrations', expected, got)
}
