import { kindOf } from '../base/errors.ts'
import type { JsonObject } from '../base/json.ts'
import { copyJson } from './copy-json.ts'
import type { WorkflowDefinition } from './definition.ts'
import { type Draft, draftOf, isJsonObject } from './draft.ts'
import { type Links, rememberLinks } from './links.ts'
import type { Problem } from './problem.ts'
import { choice } from './rules/choice.ts'
import { compensation } from './rules/compensation.ts'
import { condition } from './rules/condition.ts'
import { cycle } from './rules/cycle.ts'
import { duplicateEdge } from './rules/duplicate-edge.ts'
import { duplicateNode } from './rules/duplicate-node.ts'
import { fallback } from './rules/fallback.ts'
import { map } from './rules/map.ts'
import { nameLength } from './rules/name-length.ts'
import { nestedBy } from './rules/nested.ts'
import { repeat } from './rules/repeat.ts'
import { retryPolicy } from './rules/retry-policy.ts'
import { reuse } from './rules/reuse.ts'
import type { Rule } from './rules/rule.ts'
import { selfEdge } from './rules/self-edge.ts'
import { shape } from './rules/shape.ts'
import { signalSchema } from './rules/signal-schema.ts'
import { timeout } from './rules/timeout.ts'
import { unknownNode } from './rules/unknown-node.ts'
import { version } from './rules/version.ts'

/** All rules, in the order in which their problems are listed. */
const rules: readonly Rule[] = [
  shape,
  version,
  duplicateNode,
  duplicateEdge,
  unknownNode,
  selfEdge,
  cycle,
  choice,
  timeout,
  retryPolicy,
  condition,
  map,
  repeat,
  fallback,
  signalSchema,
  reuse,
  compensation,
  nameLength,
]

const nested = nestedBy(() => rules)

/** A frozen copy of what was given, with all that is wrong with it. */
export interface CheckedDefinition {
  /** The copy; null when what was given is no object. */
  readonly root: JsonObject | null
  readonly problems: readonly Problem[]
}

/** Copies and checks a definition in one go; the copy can be used when there are no problems. */
export function checkDefinition(json: unknown): CheckedDefinition {
  const { value, problems } = copyJson(json)
  if (!isJsonObject(value)) {
    const found: Problem = {
      code: 'WORKFLOW_SHAPE',
      message: `a workflow must be an object like { id, version, nodes, edges }, got ${kindOf(json)}`,
      path: '',
      details: { actual: kindOf(json) },
    }
    return { root: null, problems: problems.length > 0 && value === null ? problems : [found] }
  }
  const draft = draftOf(value)
  const found = outside(
    problems,
    [...rules, nested].flatMap((rule) => rule(draft)),
  )
  if (problems.length === 0 && found.length === 0) remember(value, draft)
  return { root: value, problems: [...problems, ...found] }
}

/**
 * Every problem a definition has, all at once; empty when there is none.
 * @param json - a parsed workflow, or anything else; never makes this throw, and is not changed
 * @example
 * const problems = validateDefinition({ id: 'a', nodes: [{ id: 'x', type: 'text' }], edges: [{ source: 'x', target: 'y' }] })
 * problems.map(({ code, path }) => `${code} ${path}`) // ['WORKFLOW_UNKNOWN_NODE /edges/0/target']
 */
export function validateDefinition(json: unknown): readonly Problem[] {
  return checkDefinition(json).problems
}

/** What the rules looked up of a definition in which nothing is wrong serves the index over it. */
function remember(root: JsonObject, draft: Draft): void {
  if (!Array.isArray(root['nodes']) || !Array.isArray(root['edges'])) return
  const { ids, indexOf, edgeSource, edgeTarget } = draft as Links
  rememberLinks(root as unknown as WorkflowDefinition, { ids, indexOf, edgeSource, edgeTarget })
}

/** Leaves out what rules say of places that could not even be copied. */
function outside(known: readonly Problem[], found: readonly Problem[]): readonly Problem[] {
  if (known.length === 0) return found
  const paths = new Set(known.map(({ path }) => path))
  return found.filter(({ path }) => !paths.has(path))
}
