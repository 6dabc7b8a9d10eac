import { quote } from '../../base/errors.ts'
import type { JsonValue } from '../../base/json.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

interface Range {
  readonly expected: string
  readonly holds: (value: number) => boolean
}

const ranges: readonly (readonly [name: string, range: Range])[] = [
  [
    'maximumAttempts',
    { expected: 'a whole number, 1 or more', holds: (value) => Number.isSafeInteger(value) && value >= 1 },
  ],
  ['initialIntervalMs', { expected: 'a number of milliseconds, 0 or more', holds: (value) => value >= 0 }],
  ['backoffCoefficient', { expected: 'a number, 1 or more', holds: (value) => value >= 1 }],
  ['maximumIntervalMs', { expected: 'a number of milliseconds, 0 or more', holds: (value) => value >= 0 }],
  ['jitter', { expected: 'a number from 0 to 1', holds: (value) => value >= 0 && value <= 1 }],
]

/** Every member of a retry policy is in its range, and `maximumAttempts` is there. */
export function retryPolicy({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    const retry = node?.['retry']
    if (retry === undefined) return
    const path = `/nodes/${index}/retry`
    if (!isJsonObject(retry)) {
      problems.push(problem(path, 'a retry policy must be an object like { maximumAttempts: 3 }', retry))
      return
    }
    for (const [name, range] of ranges) {
      const value = retry[name]
      if (value === undefined && name !== 'maximumAttempts') continue
      if (typeof value === 'number' && range.holds(value)) continue
      problems.push(problem(`${path}/${name}`, `${name} must be ${range.expected}`, value))
    }
  })
  return problems
}

function problem(path: string, expectation: string, found: JsonValue | undefined): Problem {
  return {
    code: 'WORKFLOW_BAD_RETRY',
    message: `${expectation}, got ${found === undefined ? 'nothing' : quote(found)}`,
    path,
    details: { found: found ?? null },
  }
}
