import { quote } from '../../base/errors.ts'
import type { JsonValue } from '../../base/json.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'
import { conditionProblems } from './condition.ts'
import { isCount } from './map.ts'

/** A `repeat` says what ends it, and how often it is visited at most. */
export function repeat({ nodes }: Draft): readonly Problem[] {
  return nodes.flatMap((node, index) => {
    const found = node?.['repeat']
    return found === undefined ? [] : problemsOf(found, `/nodes/${index}/repeat`)
  })
}

function problemsOf(found: JsonValue, path: string): readonly Problem[] {
  if (!isJsonObject(found)) return [problem(path, 'repeat must be an object with until and maximumVisits', found)]
  const { until, maximumVisits, onLimit } = found
  const problems: Problem[] = []
  if (until === undefined) problems.push(problem(`${path}/until`, 'until must be the test that ends it', undefined))
  else if (!isJsonObject(until) || until['kind'] !== 'function')
    problems.push(...conditionProblems(until, `${path}/until`))
  if (maximumVisits === undefined || !isCount(maximumVisits)) {
    problems.push(problem(`${path}/maximumVisits`, 'maximumVisits must be a whole number, 1 or more', maximumVisits))
  }
  if (onLimit !== undefined && onLimit !== 'fail' && onLimit !== 'complete') {
    problems.push(problem(`${path}/onLimit`, 'onLimit must be fail or complete', onLimit))
  }
  return problems
}

function problem(path: string, expectation: string, found: JsonValue | undefined): Problem {
  const got = found === undefined ? 'nothing' : quote(found)
  return { code: 'WORKFLOW_BAD_REPEAT', message: `${expectation}, got ${got}`, path, details: { found: found ?? null } }
}
