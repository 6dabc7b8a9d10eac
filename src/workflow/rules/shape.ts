import { kindOf } from '../../base/errors.ts'
import type { JsonObject, JsonValue } from '../../base/json.ts'
import { type Draft, isJsonObject } from '../draft.ts'
import type { Problem } from '../problem.ts'

/** Members have the kinds they need: ids, types and names are text, lists are lists (null and missing count as empty). */
export function shape(draft: Draft): readonly Problem[] {
  const problems: Problem[] = []
  text(problems, draft.root, '', 'id', 'required')
  text(problems, draft.root, '', 'version', 'optional')
  for (const name of ['nodes', 'edges'] as const) {
    const list = draft.root[name]
    if (list === undefined || list === null) continue
    if (!Array.isArray(list)) problems.push(wrongKind(`/${name}`, 'an array', list))
    else entryKinds(problems, name, list)
  }
  // Most nodes and edges have nothing but the texts they need; no path is put together for those.
  draft.nodes.forEach((node, index) => {
    if (node === null || (isText(node['id']) && isText(node['type']) && node['version'] === undefined)) return
    const path = `/nodes/${index}`
    text(problems, node, path, 'id', 'required')
    text(problems, node, path, 'type', 'required')
    text(problems, node, path, 'version', 'optional')
  })
  draft.edges.forEach((edge, index) => {
    if (edge === null || (isText(edge['source']) && isText(edge['target']) && isWithoutNames(edge))) return
    const path = `/edges/${index}`
    text(problems, edge, path, 'id', 'optional')
    text(problems, edge, path, 'source', 'required')
    text(problems, edge, path, 'target', 'required')
    if (edge['sourceHandle'] !== null) text(problems, edge, path, 'sourceHandle', 'optional')
  })
  return problems
}

function isWithoutNames(edge: JsonObject): boolean {
  return edge['id'] === undefined && edge['sourceHandle'] === undefined
}

function isText(value: JsonValue | undefined): boolean {
  return typeof value === 'string'
}

function entryKinds(problems: Problem[], name: string, list: readonly JsonValue[]): void {
  list.forEach((entry, index) => {
    if (!isJsonObject(entry)) problems.push(wrongKind(`/${name}/${index}`, 'an object', entry))
  })
}

function text(problems: Problem[], owner: JsonObject, path: string, name: string, need: 'required' | 'optional'): void {
  const value = owner[name]
  if (typeof value === 'string' || (value === undefined && need === 'optional')) return
  problems.push(wrongKind(`${path}/${name}`, 'a string', value))
}

function wrongKind(path: string, expected: string, value: JsonValue | undefined): Problem {
  const actual = value === undefined ? 'nothing' : kindOf(value)
  return {
    code: 'WORKFLOW_SHAPE',
    message: `expected ${expected}, got ${actual}`,
    path,
    details: { expected, actual },
  }
}
