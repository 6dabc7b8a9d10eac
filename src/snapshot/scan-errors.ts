import { quote, SnapshotSyntaxError } from '../base/errors.ts'

/** The error for a key that no document has. */
export function forbiddenKey(offset: number): SnapshotSyntaxError {
  return new SnapshotSyntaxError(
    'SNAPSHOT_FORBIDDEN_KEY',
    `the document has the key __proto__ at offset ${offset}; no snapshot contains it, so this is not one Waystone wrote`,
    { details: { offset } },
  )
}

/** The error for a number that is no JSON number of ours. */
export function outOfRange(token: string, offset: number): SnapshotSyntaxError {
  return new SnapshotSyntaxError(
    'SNAPSHOT_NON_FINITE',
    `the number ${quote(token)} at offset ${offset} is out of the range of a double, or is -0; such numbers have a tag`,
    { details: { offset } },
  )
}

/** The error for a key that stands twice in one object. */
export function duplicateKey(key: string, offset: number): SnapshotSyntaxError {
  return new SnapshotSyntaxError(
    'SNAPSHOT_DUPLICATE_KEY',
    `an object of the document has the key ${quote(key)} twice, again at offset ${offset}, so two readers could take it for two different documents`,
    { details: { offset } },
  )
}
