import { quote, SnapshotVersionError, WaystoneError } from '../../base/errors.ts'
import type { JsonObject } from '../../base/json.ts'
import { SNAPSHOT_VERSION } from '../format.ts'
import { compareVersions } from '../version.ts'

/** One step from an older version of the format to a newer one: a pure function of a parsed document. */
export interface Migration {
  readonly from: string
  readonly to: string
  readonly migrate: (document: JsonObject) => JsonObject
}

/** A checked chain of steps. */
export interface Migrations {
  /** A document of an older version, brought to the present one. @throws {SnapshotVersionError} SNAPSHOT_NO_MIGRATION, SNAPSHOT_MIGRATION_FAILED */
  migrate(document: JsonObject): JsonObject
}

/**
 * Checks a chain of migrations: every step leads forward, no two begin at the same version, and each leads on to the
 * present version.
 * @throws {WaystoneError} ARGUMENT_INVALID
 */
export function createMigrations(steps: readonly Migration[]): Migrations {
  const byVersion = new Map<string, Migration>()
  for (const step of steps) {
    if (byVersion.has(step.from)) throw invalid(`two steps begin at version ${step.from}`)
    if (compareVersions(step.from, step.to) >= 0) throw invalid(`the step from ${step.from} to ${step.to} does not lead forward`)
    byVersion.set(step.from, step)
  }
  for (const { to } of steps) {
    if (to !== SNAPSHOT_VERSION && !byVersion.has(to)) throw invalid(`there is a gap: no step leads on from version ${to}`)
  }
  return { migrate: (document) => migrate(document, byVersion) }
}

/** The steps of this package: there is no older version yet. */
export const ownMigrations: Migrations = /* @__PURE__ */ createMigrations([])

function migrate(document: JsonObject, steps: ReadonlyMap<string, Migration>): JsonObject {
  let current = document
  while (current['version'] !== SNAPSHOT_VERSION) {
    const version = String(current['version'])
    const step = steps.get(version)
    if (step === undefined) {
      throw new SnapshotVersionError('SNAPSHOT_NO_MIGRATION', `the document has version ${version}, and no migration leads from it to ${SNAPSHOT_VERSION}; read it with an older package and save it again`, {
        details: { found: version, supported: SNAPSHOT_VERSION },
      })
    }
    current = run(step, current)
  }
  return current
}

function run(step: Migration, document: JsonObject): JsonObject {
  let migrated: JsonObject
  try {
    migrated = step.migrate(document)
  } catch (cause) {
    throw failed(step, 'it threw', cause)
  }
  if (typeof migrated !== 'object' || migrated === null || migrated['version'] !== step.to) {
    throw failed(step, `it gave a document of version ${quote((migrated as JsonObject | undefined)?.['version'])}`)
  }
  return migrated
}

function failed({ from, to }: Migration, why: string, cause?: unknown): SnapshotVersionError {
  return new SnapshotVersionError('SNAPSHOT_MIGRATION_FAILED', `the migration from version ${from} to ${to} failed: ${why}`, { details: { from, to }, cause })
}

function invalid(why: string): WaystoneError {
  return new WaystoneError('ARGUMENT_INVALID', `the migrations do not form a chain to ${SNAPSHOT_VERSION}: ${why}`)
}
