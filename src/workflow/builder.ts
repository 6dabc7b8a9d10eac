import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { DefinitionError, quote } from '../base/errors.ts'
import type {
  MapSettings,
  NodeHandler,
  NodeReference,
  NodeType,
  RepeatSettings,
  UpstreamEdge,
  WorkflowBuilder,
} from './builder-types.ts'
import type { CompensationDefinition, EdgeDefinition, FallbackDefinition, NodeDefinition } from './definition.ts'
import { buildGraph } from './graph.ts'
import type { EdgePredicate, Handler } from './handler.ts'
import { DEFAULT_WORKFLOW_VERSION } from './parse.ts'
import { type Problem, problemsError } from './problem.ts'
import { checkDefinition } from './validate.ts'
import { type AnyWorkflow, isWorkflow, type NodeFunctions, type Workflow } from './workflow.ts'

/** One call of `.node`, and the call before it; builders that begin alike share their beginning. */
interface Step {
  readonly before: Step | null
  readonly id: string
  readonly upstreams: readonly (string | UpstreamEdge<string, unknown>)[]
  readonly run: Handler | NodeReference<unknown, unknown>
  readonly options: StepOptions
  /** Of a map node. */
  readonly map: Settings | null
  /** Of a node that is a run of another workflow. */
  readonly nested: { readonly workflow: AnyWorkflow; readonly input: unknown } | null
}

interface StepOptions extends Omit<NodeDefinition, 'id' | 'type' | 'fallback' | 'map' | 'repeat' | 'compensation'> {
  readonly fallback?: Handler | FallbackDefinition
  readonly compensation?: Handler | CompensationDefinition
  readonly repeat?: RepeatSettings
}

type Settings = MapSettings<Readonly<Record<string, unknown>>, unknown, 'fail' | 'skip' | 'settle'>

/** Members of a node's options, in the order in which they stand in the definition. */
const optionNames: readonly string[] = [
  'data',
  'version',
  'trigger',
  'retry',
  'timeoutMs',
  'onError',
  'fallback',
  'onInterrupted',
  'repeat',
  'reuse',
  'compensation',
]

/** Members of a map node's options, and of its settings. */
const mapOptionNames: readonly string[] = [
  'data',
  'version',
  'retry',
  'timeoutMs',
  'onError',
  'onInterrupted',
  'reuse',
  'compensation',
]
const nestedOptionNames: readonly string[] = ['version', 'trigger', 'retry', 'onError', 'repeat', 'compensation']
const mapNames: readonly string[] = ['items', 'key', 'concurrency', 'onItemError', 'maximumFailures']

/** The class of the errors of a builder. */
const error = DefinitionError

const edgeNames: readonly string[] = ['source', 'sourceHandle', 'when', 'condition']

/**
 * Begins a workflow in code. A node's type is its id, unless it is given one by a node type.
 * @param id - the workflow's id; any string
 * @param version - semantic version, default `'1.0.0'`
 * @example
 * workflow('report', '1.0.0')
 *   .node('orders', () => [3, 4])
 *   .node('total', ['orders'], ({ orders }) => orders.reduce((sum, order) => sum + order, 0))
 *   .build()
 */
export function workflow(
  id: string,
  version: string = DEFAULT_WORKFLOW_VERSION,
): WorkflowBuilder<Record<never, never>> {
  return builder(id, version, null) as WorkflowBuilder<Record<never, never>>
}

/**
 * A node type with its handler, for several nodes of one workflow or of many.
 * @param type - its name; must not have another handler in the same workflow
 * @throws {DefinitionError} ARGUMENT_INVALID
 * @example
 * const double = nodeType('double', ({ a }: { readonly a: number }) => a * 2)
 * const flow = workflow('doubled').node('a', () => 21).node('b', ['a'], double).build()
 * const { output } = await new DagExecutor(flow).execute()
 * output // 42
 */
export function nodeType<
  Inputs = Record<string, unknown>,
  Returned = unknown,
  Input = unknown,
  Services extends object = Record<string, unknown>,
>(type: string, handler: NodeHandler<Inputs, Returned, Input, Services>): NodeType<Inputs, Returned, Input, Services> {
  if (typeof type !== 'string') throw invalidArgument('type', 'a string', type, { of: 'nodeType', error })
  if (typeof handler !== 'function') {
    throw invalidArgument('handler', 'a function', handler, { of: `nodeType ${quote(type)}`, error })
  }
  return Object.freeze({ type, handler })
}

/** The builder without its types: what is in them can't be seen at run time. */
function builder(id: string, version: string, last: Step | null): object {
  const self: object = Object.freeze({
    input: () => self,
    services: () => self,
    node: (nodeId: string, ...rest: readonly unknown[]) => builder(id, version, step(last, nodeId, rest)),
    workflow: (nodeId: string, ...rest: readonly unknown[]) => builder(id, version, nestedStep(last, nodeId, rest)),
    map: (nodeId: string, ...rest: readonly unknown[]) => builder(id, version, mapStep(last, nodeId, rest)),
    build: () => build(id, version, last),
  })
  return self
}

function step(before: Step | null, id: string, rest: readonly unknown[]): Step {
  const of = `node ${quote(id)}`
  return readArgument('the arguments', () => readStep(before, id, rest), { of, error })
}

function mapStep(before: Step | null, id: string, rest: readonly unknown[]): Step {
  const of = `node ${quote(id)}`
  return readArgument(
    'the arguments',
    () => {
      const [upstreams, settings, run, options = {}] = rest
      checkOptions(settings, mapNames, `map of ${of}`, { error })
      if (!Array.isArray(upstreams))
        throw invalidArgument('upstreams', 'an array of node ids', upstreams, { of, error })
      const read = readStep(before, id, [upstreams, run, options], mapOptionNames)
      return { ...read, map: settings as Settings }
    },
    { of, error },
  )
}

function nestedStep(before: Step | null, id: string, rest: readonly unknown[]): Step {
  const of = `node ${quote(id)}`
  return readArgument(
    'the arguments',
    () => {
      const [upstreams, inner, given = {}] = rest
      if (!Array.isArray(upstreams))
        throw invalidArgument('upstreams', 'an array of node ids', upstreams, { of, error })
      if (!isWorkflow(inner)) throw invalidArgument('workflow', 'a workflow', inner, { of, error })
      checkOptions(given, [...nestedOptionNames, 'input'], of, { error })
      const { input, ...options } = given as { readonly input?: unknown }
      const read = readStep(before, id, [upstreams, { type: 'workflow' }, options], nestedOptionNames)
      return { ...read, nested: { workflow: inner, input } }
    },
    { of, error },
  )
}

function readStep(
  before: Step | null,
  id: string,
  rest: readonly unknown[],
  names: readonly string[] = optionNames,
): Step {
  const [upstreams, run, options = {}] = Array.isArray(rest[0]) ? rest : [[], ...rest]
  const at = `node ${quote(id)}`
  const isType = () => typeof (run as { readonly type?: unknown } | null | undefined)?.type === 'string'
  if (typeof run !== 'function' && !readArgument('handler', isType, { of: at, error })) {
    throw invalidArgument('handler', 'a function, a node type or { type, data }', run, {
      of: at,
      advice: 'upstreams come as an array before it',
      error,
    })
  }
  checkOptions(options, names, at, { error })
  for (const upstream of upstreams as readonly unknown[]) {
    if (typeof upstream !== 'string') checkOptions(upstream, edgeNames, `an upstream of ${at}`, { error })
  }
  return {
    before,
    id,
    upstreams: upstreams as Step['upstreams'],
    run: run as Step['run'],
    options: options as StepOptions,
    map: null,
    nested: null,
  }
}

/** What the steps come to, before it is checked. */
interface Parts {
  readonly nodes: object[]
  readonly edges: object[]
  readonly handlers: Map<string, Handler>
  /** Edge functions by edge index. */
  readonly predicates: Map<number, EdgePredicate>
  /** Functions of map and repeated nodes by node id. */
  readonly functions: Map<string, NodeFunctions>
  /** Workflows of nodes that are runs, by node id. */
  readonly nested: Map<string, AnyWorkflow>
  readonly problems: Problem[]
}

function build(id: string, version: string, last: Step | null): Workflow {
  const steps: Step[] = []
  for (let current = last; current !== null; current = current.before) steps.push(current)
  const parts: Parts = {
    nodes: [],
    edges: [],
    handlers: new Map(),
    predicates: new Map(),
    functions: new Map(),
    nested: new Map(),
    problems: [],
  }
  for (const current of steps.reverse()) addStep(parts, current)
  const { root, problems } = checkDefinition({ id, version, nodes: parts.nodes, edges: parts.edges })
  const all = [...problems, ...parts.problems]
  if (root === null || all.length > 0) throw problemsError(all)
  const definition = root as unknown as Workflow['definition']
  const graph = buildGraph(definition)
  const predicates = new Map(
    [...parts.predicates].map(([edge, predicate]) => [graph.edgeKeys[edge]!, predicate] as const),
  )
  return Object.freeze({
    definition,
    graph,
    handlers: parts.handlers,
    predicates,
    functions: parts.functions,
    nested: parts.nested,
  })
}

function addStep(parts: Parts, { id, upstreams, run, options, map, nested }: Step): void {
  const type = typeof run === 'function' ? id : run.type
  const handler = typeof run === 'function' ? run : run.handler
  const path = `/nodes/${parts.nodes.length}`
  const node: Record<string, unknown> = { id, type }
  const settings: Readonly<Record<string, unknown>> =
    typeof run !== 'function' && run.data !== undefined ? { data: run.data, ...options } : { ...options }
  for (const name of optionNames) if (settings[name] !== undefined) node[name] = settings[name]
  addFunctions(parts, node, map, nested)
  if (handler !== undefined) addHandler(parts, type, handler, `${path}/type`)
  for (const name of ['fallback', 'compensation'] as const) {
    const own = options[name]
    if (typeof own !== 'function') continue
    const ownType = `${id}#${name}`
    node[name] = { type: ownType }
    addHandler(parts, ownType, own, `${path}/${name}/type`)
  }
  parts.nodes.push(node)
  for (const upstream of upstreams) addEdge(parts, upstream, id)
}

/** Puts the mark of code in the definition where a function was given, and keeps the function. */
function addFunctions(parts: Parts, node: Record<string, unknown>, map: Settings | null, nested: Step['nested']): void {
  const functions: Record<string, unknown> = {}
  const marked = (name: keyof NodeFunctions, given: unknown): unknown => {
    if (typeof given !== 'function') return given
    functions[name] = given
    return { kind: 'function' }
  }
  if (map !== null) {
    const settings: Record<string, unknown> = {}
    for (const name of mapNames) {
      const given = (map as Readonly<Record<string, unknown>>)[name]
      if (given !== undefined) settings[name] = name === 'items' || name === 'key' ? marked(name, given) : given
    }
    node['map'] = settings
  }
  if (nested !== null) {
    const { input, workflow } = nested
    node['nested'] = {
      workflow: workflow.definition,
      ...(input === undefined ? {} : { input: marked('input', input) }),
    }
    parts.nested.set(node['id'] as string, workflow)
  }
  const repeat = node['repeat'] as RepeatSettings | undefined
  if (typeof repeat?.until === 'function') node['repeat'] = { ...repeat, until: marked('until', repeat.until) }
  if (Object.keys(functions).length > 0) parts.functions.set(node['id'] as string, Object.freeze(functions))
}

function addEdge(parts: Parts, upstream: Step['upstreams'][number], target: string): void {
  if (typeof upstream === 'string') {
    parts.edges.push({ source: upstream, target })
    return
  }
  const { source, sourceHandle, when, condition } = upstream
  const index = parts.edges.length
  if (when !== undefined && (condition !== undefined || typeof when !== 'function')) {
    const message =
      condition === undefined ? `when must be a function, got ${quote(when)}` : 'give when or condition, not both'
    parts.problems.push({ code: 'WORKFLOW_BAD_CONDITION', message, path: `/edges/${index}/condition`, details: {} })
  }
  const edge: Partial<EdgeDefinition> = {
    source,
    target,
    ...(sourceHandle === undefined ? {} : { sourceHandle }),
    ...(condition === undefined ? {} : { condition }),
    ...(when === undefined ? {} : { condition: { kind: 'function' } }),
  }
  if (when !== undefined) parts.predicates.set(index, when)
  parts.edges.push(edge)
}

function addHandler(parts: Parts, type: string, handler: Handler, path: string): void {
  const known = parts.handlers.get(type)
  if (known === undefined) {
    parts.handlers.set(type, handler)
  } else if (known !== handler) {
    parts.problems.push({
      code: 'NODE_TYPE_DUPLICATE',
      message: `the node type ${quote(type)} has another handler in this workflow already; a code node's type is its id`,
      path,
      details: { type },
    })
  }
}
