import { quote } from '../../base/errors.ts'
import type { JsonValue } from '../../base/json.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

/**
 * A `reuse` is true, false or `{ maxAgeMs }`. A node that is a run, is visited again or undoes what it did has none: its
 * result is not all that it does.
 */
export function reuse({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    const found = node?.['reuse']
    if (found === undefined || found === false) return
    const report = (message: string) =>
      problems.push({ code: 'WORKFLOW_BAD_REUSE', message, path: `/nodes/${index}/reuse`, details: { found } })
    if (!isReuse(found)) {
      report(`reuse must be true, false or { maxAgeMs } in milliseconds, 0 or more, got ${quote(found)}`)
      return
    }
    for (const other of ['nested', 'repeat', 'compensation']) {
      if (node?.[other] !== undefined) report(`a node has reuse or ${other}, not both; got both`)
    }
  })
  return problems
}

function isReuse(found: JsonValue): boolean {
  if (found === true) return true
  if (!isJsonObject(found)) return false
  const { maxAgeMs } = found
  return maxAgeMs === undefined || (typeof maxAgeMs === 'number' && maxAgeMs >= 0)
}
