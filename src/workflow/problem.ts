import type { ErrorCode } from '../base/error-codes.ts'
import { DefinitionError } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'

/**
 * One thing that is wrong with a workflow; validation reports all of them at once.
 *
 * Shape: `{ code: 'WORKFLOW_UNKNOWN_NODE', message: '…', path: '/edges/3/target', details: { nodeId: 'b' } }`
 */
export interface Problem {
  readonly code: ErrorCode
  readonly message: string
  /** JSON Pointer into the definition; `''` is the whole of it. */
  readonly path: string
  /** JSON data for programs. */
  readonly details: JsonObject
}

/** How many problems the message of an error lists; `details.problems` has them all. */
const LISTED_PROBLEMS = 10

/**
 * The one error for the problems of a workflow: with that problem's code when there is exactly one, else WORKFLOW_INVALID.
 * @param problems - one or more
 * @returns an error whose `details.problems` lists every problem
 */
export function problemsError(problems: readonly Problem[]): DefinitionError {
  const listed = problems.map(({ code, message, path, details }) => ({ code, message, path, details }))
  const [only] = listed
  if (only !== undefined && listed.length === 1) {
    return new DefinitionError(only.code, `${only.message} (at ${place(only.path)})`, {
      details: { ...only.details, path: only.path, problems: listed },
    })
  }
  const lines = listed
    .slice(0, LISTED_PROBLEMS)
    .map(({ code, message, path }) => `\n- ${code} at ${place(path)}: ${message}`)
  const rest = listed.length - lines.length
  const more = rest > 0 ? `\n- and ${rest} more in details.problems` : ''
  return new DefinitionError(
    'WORKFLOW_INVALID',
    `the workflow has ${listed.length} problems:${lines.join('')}${more}`,
    {
      details: { problems: listed },
    },
  )
}

function place(path: string): string {
  const shown = path.length > 200 ? `${path.slice(0, 197)}...` : path
  return shown === '' ? 'the top' : shown
}
