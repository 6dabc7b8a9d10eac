import { quote } from '../../base/errors.ts'
import type { JsonObject, JsonValue } from '../../base/json.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

/**
 * A `compensation` is a node type. In a nested run that is repeated there is none: of the visits before the last nothing is
 * kept that could be undone.
 */
export function compensation({ nodes }: Draft): readonly Problem[] {
  const problems: Problem[] = []
  nodes.forEach((node, index) => {
    if (node === null) return
    const report = (message: string, path: string, found: JsonValue) =>
      problems.push({ code: 'WORKFLOW_BAD_COMPENSATION', message, path: `/nodes/${index}/${path}`, details: { found } })
    const found = node['compensation']
    if (found !== undefined && !(isJsonObject(found) && typeof found['type'] === 'string'))
      report(`a compensation must be an object like { type: 'name', data }, got ${quote(found)}`, 'compensation', found)
    if (node['repeat'] === undefined || node['nested'] === undefined) return
    const inside = compensatedInside(node)
    if (inside !== null)
      report(`a repeated run can have no compensations inside, but its node ${quote(inside)} has one`, 'repeat', inside)
  })
  return problems
}

/** The id of a node with a compensation in the workflow a node is a run of, however deep; null when there is none. */
function compensatedInside(node: JsonObject): string | null {
  const left: JsonValue[] = [node]
  for (let at = left.pop(); at !== undefined; at = left.pop()) {
    const nested = isJsonObject(at) ? at['nested'] : undefined
    const workflow = isJsonObject(nested) ? nested['workflow'] : undefined
    const inner = isJsonObject(workflow) ? workflow['nodes'] : undefined
    if (!Array.isArray(inner)) continue
    for (const each of inner as readonly JsonValue[]) {
      if (!isJsonObject(each)) continue
      if (each['compensation'] !== undefined) return String(each['id'])
      left.push(each)
    }
  }
  return null
}
