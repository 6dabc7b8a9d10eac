/** Name of the format, in every document. */
export const SNAPSHOT_FORMAT = 'waystone.snapshot'

/** Semantic version of the format this package writes; not the version of the package. */
export const SNAPSHOT_VERSION = '1.0.0'
