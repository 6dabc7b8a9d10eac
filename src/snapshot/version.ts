import { quote, SnapshotVersionError } from '../base/errors.ts'
/** Name of the format, in every document. */
export const SNAPSHOT_FORMAT = 'waystone.snapshot'

/** Semantic version of the format this package writes; not the version of the package. */
export const SNAPSHOT_VERSION = '1.1.0'

/** A version as numbers. */
export type Version = readonly [major: number, minor: number, patch: number]

const VERSION = /^(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})\.(0|[1-9]\d{0,8})$/

/** A version as numbers; null when it is none. */
export function parseVersion(version: unknown): Version | null {
  const match = typeof version === 'string' ? VERSION.exec(version) : null
  return match === null ? null : [Number(match[1]), Number(match[2]), Number(match[3])]
}

/** Below 0 when a comes before b, 0 when they are the same. */
export function compareVersions(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}

/**
 * Whether a document of a version is read as it is (same major; a newer minor's unknown members are kept) or migrated first.
 * @throws {SnapshotVersionError} SNAPSHOT_BAD_VERSION, SNAPSHOT_TOO_NEW
 */
export function readabilityOf(version: unknown): 'current' | 'older' {
  const found = parseVersion(version)
  if (found === null) {
    throw new SnapshotVersionError(
      'SNAPSHOT_BAD_VERSION',
      `expected the document's version to be like ${SNAPSHOT_VERSION}, got ${quote(version)}`,
      {
        details: { supported: SNAPSHOT_VERSION },
      },
    )
  }
  const own = parseVersion(SNAPSHOT_VERSION)!
  if (found[0] > own[0]) {
    throw new SnapshotVersionError(
      'SNAPSHOT_TOO_NEW',
      `the document has version ${version}, and this reader supports versions up to ${own[0]}.x; update the package to read it`,
      { details: { found: String(version), supported: `<=${own[0]}.x` } },
    )
  }
  return found[0] < own[0] ? 'older' : 'current'
}
