import { quote } from '../../base/errors.ts'
import type { JsonObject, JsonValue } from '../../base/json.ts'
import { pointerSegments } from '../../base/json-pointer.ts'
import { type Draft, draftOf, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'
import type { Rule } from './rule.ts'

/** How deep workflows may be nested. */
export const MAX_NESTING = 16

/** The rule that a nested workflow is one by itself: it keeps all rules, its own nested workflows too, up to a depth. */
export function nestedBy(rules: () => readonly Rule[], depth = 1): Rule {
  return ({ nodes }: Draft) =>
    nodes.flatMap((node, index) => {
      const found = node?.['nested']
      if (found === undefined) return []
      const path = `/nodes/${index}/nested`
      if (!isJsonObject(found)) return [problem(path, 'nested must be an object like { workflow }', found)]
      const problems = ownProblems(node!, found, path)
      const { workflow } = found
      if (!isJsonObject(workflow)) {
        return [
          ...problems,
          problem(`${path}/workflow`, 'workflow must be an object like { id, version, nodes, edges }', workflow),
        ]
      }
      if (depth > MAX_NESTING) {
        return [
          ...problems,
          problem(path, `workflows are nested ${MAX_NESTING} deep at most; this one is deeper`, null),
        ]
      }
      const draft = draftOf(workflow)
      const inner = [...rules(), nestedBy(rules, depth + 1)].flatMap((rule) => rule(draft))
      return [...problems, ...inner.map((each) => ({ ...each, path: `${path}/workflow${each.path}` }))]
    })
}

function ownProblems(node: Readonly<Record<string, unknown>>, { input }: JsonObject, path: string): readonly Problem[] {
  const problems: Problem[] = []
  const isSelector =
    input === undefined ||
    (typeof input === 'string' && pointerSegments(input) !== null) ||
    (isJsonObject(input) && input['kind'] === 'function')
  if (!isSelector) problems.push(problem(`${path}/input`, "input must be a JSON Pointer like '/order' or ''", input))
  if (node['map'] !== undefined) problems.push(problem(path, 'a node has nested or map, not both; got both', null))
  return problems
}

function problem(path: string, expectation: string, found: JsonValue | undefined): Problem {
  const message = found === null ? expectation : `${expectation}, got ${found === undefined ? 'nothing' : quote(found)}`
  return { code: 'WORKFLOW_BAD_NESTED', message, path, details: { found: found ?? null } }
}
