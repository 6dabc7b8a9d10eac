import { SnapshotSchemaError } from '../base/errors.ts'
import type { DocumentProblem } from './schema-problems.ts'

/** Most problems that one error lists. */
export const MAX_PROBLEMS = 100

/** How many of them its message names. */
const NAMED_PROBLEMS = 5

/** The error for everything that is wrong with a document, each with its place. */
export function problemsError(
  code: 'SNAPSHOT_SCHEMA' | 'SNAPSHOT_INCONSISTENT',
  problems: readonly DocumentProblem[],
): SnapshotSchemaError {
  const listed = problems.slice(0, MAX_PROBLEMS).map(({ path, message }) => ({ path, message: short(message) }))
  const named = listed
    .slice(0, NAMED_PROBLEMS)
    .map(({ path, message }) => `${path === '' ? 'the document' : short(path)}: ${message}`)
  const more = problems.length > named.length ? `; and ${problems.length - named.length} more in details.problems` : ''
  const what = code === 'SNAPSHOT_SCHEMA' ? 'does not match the schema' : 'contradicts itself'
  return new SnapshotSchemaError(code, `the document ${what}: ${named.join('; ')}${more}`, {
    details: { path: listed[0]?.path ?? '', problems: listed },
  })
}

function short(text: string): string {
  return text.length > 300 ? `${text.slice(0, 297)}...` : text
}
