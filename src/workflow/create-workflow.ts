import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { DefinitionError, quote } from '../base/errors.ts'
import { isCodeCondition } from './condition.ts'
import { buildGraph, type Graph } from './graph.ts'
import type { EdgePredicate, Handler } from './handler.ts'
import { parseDefinition } from './parse.ts'
import { type Problem, problemsError } from './problem.ts'
import { type AnyWorkflow, isWorkflow, type NodeFunctions, type Workflow } from './workflow.ts'

/** What code adds to a definition. */
export interface WorkflowCode {
  /** Handlers by node type; types of no node are allowed. */
  readonly handlers?: ReadonlyMap<string, Handler> | Readonly<Record<string, Handler>>
  /** Functions of edges whose condition is `{ kind: 'function' }`, by edge key: its id, else `source->target`. */
  readonly predicates?: ReadonlyMap<string, EdgePredicate> | Readonly<Record<string, EdgePredicate>>
  /** Functions of nodes whose `map` or `repeat` says `{ kind: 'function' }`, by node id. */
  readonly functions?: ReadonlyMap<string, NodeFunctions> | Readonly<Record<string, NodeFunctions>>
  /** Workflows of nodes that are runs, with their code, by node id; default: their types come from this one's registry. */
  readonly nested?: ReadonlyMap<string, AnyWorkflow> | Readonly<Record<string, AnyWorkflow>>
}

/**
 * A workflow from a definition made by a program, e.g. in a loop; without the builder's types, with all of its checks.
 * @param definition - a definition, or its JSON text; copied
 * @param code - handlers and edge functions; copied
 * @throws {DefinitionError} like `parseWorkflow`; also WORKFLOW_BAD_CONDITION for an edge function that is missing or
 * belongs to no edge that asks for one, OPTION_UNKNOWN, and ARGUMENT_INVALID for a handler or edge function that is none
 * @example
 * const nodes = Array.from({ length: 1_000 }, (_, index) => ({ id: `n${index}`, type: 'step' }))
 * createWorkflow({ id: 'wide', version: '1.0.0', nodes, edges: [] }, { handlers: { step: () => 1 } })
 */
export function createWorkflow(definition: string | object, code: WorkflowCode = {}): Workflow {
  checkOptions(code, ['handlers', 'predicates', 'functions', 'nested'], 'createWorkflow', { error: DefinitionError })
  const { handlers, predicates } = code
  const parsed = parseDefinition(definition)
  const graph = buildGraph(parsed)
  const workflow: Workflow = Object.freeze({
    definition: parsed,
    graph,
    handlers: functions(handlers, 'handlers'),
    predicates: functions(predicates, 'predicates'),
    functions: nodeFunctions(code.functions),
    nested: nestedWorkflows(code.nested),
  })
  const problems = [
    ...lackingProblems(workflow),
    ...missingProblems(graph, workflow.predicates),
    ...strayProblems(graph, workflow.predicates),
  ]
  if (problems.length > 0) throw problemsError(problems)
  return workflow
}

/** Keys of the edges whose condition is a function in code that the workflow does not have, in definition order. */
export function missingPredicates(graph: Graph, predicates: Workflow['predicates']): readonly string[] {
  const missing: string[] = []
  // Asked before every run: the index says of most workflows that they have no condition, and of most edges of the others.
  if (!graph.isConditional.includes(1)) return missing
  for (let index = 0; index < graph.edges.length; index += 1) {
    if (graph.isConditional[index] === 0 || !asksCode(graph, index)) continue
    const key = graph.edgeKeys[index]!
    if (!predicates.has(key)) missing.push(key)
  }
  return missing
}

/** Ids of the nodes whose `map` or `repeat` has a function in code that the workflow does not have, in definition order. */
export function missingFunctions({ graph, functions }: Pick<Workflow, 'graph' | 'functions'>): readonly string[] {
  const missing: string[] = []
  for (const index of graph.composites) {
    const { id, map, repeat, nested } = graph.nodes[index]!
    const given = functions?.get(id)
    const asked = { items: map?.items, key: map?.key, until: repeat?.until, input: nested?.input } as const
    const isMissing = (['items', 'key', 'until', 'input'] as const).some(
      (name) => isCode(asked[name]) && given?.[name] === undefined,
    )
    if (isMissing) missing.push(id)
  }
  return missing
}

/** Whether something is the mark of a function in code. */
function isCode(given: unknown): boolean {
  return typeof given === 'object' && given !== null && Object.hasOwn(given, 'kind')
}

function asksCode({ edges }: Graph, index: number): boolean {
  const condition = edges[index]?.condition
  return condition !== undefined && isCodeCondition(condition)
}

function missingProblems(graph: Graph, predicates: Workflow['predicates']): readonly Problem[] {
  return missingPredicates(graph, predicates).map((edge) => ({
    code: 'WORKFLOW_BAD_CONDITION',
    message: `the edge ${quote(edge)} has a condition in code; give its function in predicates under that key`,
    path: `/edges/${graph.edgeIndexOf.get(edge)}/condition`,
    details: { edge },
  }))
}

function strayProblems(graph: Graph, predicates: Workflow['predicates']): readonly Problem[] {
  const stray = [...predicates.keys()].filter((key) => !asksCode(graph, graph.edgeIndexOf.get(key) ?? -1))
  return stray.map((edge) => ({
    code: 'WORKFLOW_BAD_CONDITION',
    message: `predicates has a function for ${quote(edge)}, but no edge of that key has the condition { kind: 'function' }`,
    path: '/edges',
    details: { edge },
  }))
}

function lackingProblems(workflow: Workflow): readonly Problem[] {
  return missingFunctions(workflow).map((nodeId) => ({
    code: 'WORKFLOW_BAD_CONDITION',
    message: `the node ${quote(nodeId)} maps or repeats by a function in code; give it in functions under that id`,
    path: `/nodes/${workflow.graph.indexOf.get(nodeId)}`,
    details: { nodeId },
  }))
}

function nodeFunctions(given: WorkflowCode['functions']): ReadonlyMap<string, NodeFunctions> {
  const error = DefinitionError
  const copy = readArgument(
    'functions',
    () => {
      if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
        throw invalidArgument('functions', 'a map or an object of functions by node id', given, { error })
      }
      const entries = given instanceof Map ? [...given] : Object.entries(given ?? {})
      return entries.map(([nodeId, node]) => [nodeId, Object.freeze({ ...(node as NodeFunctions) })] as const)
    },
    { error },
  )
  for (const [nodeId, node] of copy) {
    checkOptions(node, ['items', 'key', 'until', 'input'], `functions of node ${quote(nodeId)}`, { error })
    for (const [name, value] of Object.entries(node)) {
      if (typeof value === 'function') continue
      throw invalidArgument(`functions.${name}`, 'a function', value, { of: `node ${quote(nodeId)}`, error })
    }
  }
  return new Map(copy)
}

function nestedWorkflows(given: WorkflowCode['nested']): ReadonlyMap<string, AnyWorkflow> {
  const error = DefinitionError
  return readArgument(
    'nested',
    () => {
      if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
        throw invalidArgument('nested', 'a map or an object of workflows by node id', given, { error })
      }
      const copy = new Map<string, AnyWorkflow>(given instanceof Map ? given : Object.entries(given ?? {}))
      for (const [nodeId, inner] of copy) {
        if (!isWorkflow(inner)) throw invalidArgument('nested', `a workflow under ${quote(nodeId)}`, inner, { error })
      }
      return copy
    },
    { error },
  )
}

/** A map of its own from a map or an object's own members, each checked to be a function. */
function functions<T>(
  given: ReadonlyMap<string, T> | Readonly<Record<string, T>> | undefined,
  name: string,
): ReadonlyMap<string, T> {
  const error = DefinitionError
  const entries = () => {
    if (given !== undefined && (typeof given !== 'object' || given === null || Array.isArray(given))) {
      throw invalidArgument(name, 'a map or an object of functions', given, { error })
    }
    return new Map<string, T>(given instanceof Map ? given : Object.entries(given ?? {}))
  }
  const copy = readArgument(name, entries, { error })
  for (const [key, value] of copy) {
    if (typeof value === 'function') continue
    throw invalidArgument(name, `a function under ${quote(key)}`, value, { error, details: { key: String(key) } })
  }
  return copy
}
