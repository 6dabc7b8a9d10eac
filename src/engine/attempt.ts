import { blobOf, isTruncated } from '../base/encoded.ts'
import { NodeError, quote, SnapshotError } from '../base/errors.ts'
import { type Dictionary, dictionary, type JsonValue } from '../base/json.ts'
import { AttemptContext, type ContextHost } from '../nodes/context.ts'
import type { Run } from '../run/run.ts'
import type { FallbackDefinition } from '../workflow/definition.ts'
import type { EdgePredicate, Handler } from '../workflow/handler.ts'
import { isRouted } from '../workflow/routed.ts'
import type { NodeFunctions } from '../workflow/workflow.ts'
import type { BlobTexts } from './blobs.ts'
import { edgeTaken } from './edge-decision.ts'
import type { StatefulTypes } from './stateful-types.ts'
import { emptyInputs, setValue } from './values-by-node.ts'

/** Where an attempt finds what the workflow's document does not carry. */
export interface Code {
  handler(type: string): Handler | undefined
  predicate(edgeKey: string): EdgePredicate | undefined
  /** What is in code of a map or repeated node. */
  functions(nodeId: string): NodeFunctions | undefined
  /** The code of the workflow a node is a run of. */
  nested(nodeId: string): Code
  /** Its types that keep a state of their own; null: none does. */
  readonly stateful: StatefulTypes | null
}

/** Makes the context of the attempt a node has just begun. */
export function contextOf(host: ContextHost, run: Run, index: number, item: number | null = null): AttemptContext {
  const node = run.state.nodes[index]!
  const definition = run.graph.nodes[index]!
  const standIn = node.fallback ? standInOf(run, definition.fallback!) : definition
  const { attempt } = item === null ? node : node.parts!.items!.list[item]!
  const failure = node.fallback ? node.error : null
  return new AttemptContext(host, index, definition.id, attempt, standIn.data, failure, item)
}

/** The type that runs a node now: its own, or its fallback's. */
export function typeOf(run: Run, index: number): string {
  const definition = run.graph.nodes[index]!
  return (run.state.nodes[index]!.fallback ? standInOf(run, definition.fallback!) : definition).type
}

/** The handler that runs a node now: its own, or its fallback's. @throws {NodeError} NODE_TYPE_MISSING */
export function handlerOf(code: Code, run: Run, index: number): Handler {
  const definition = run.graph.nodes[index]!
  const type = typeOf(run, index)
  const handler = code.handler(type)
  if (handler === undefined) {
    throw new NodeError(
      'NODE_TYPE_MISSING',
      `node ${quote(definition.id)} has the type ${quote(type)}, which no handler is registered for`,
      {
        details: { nodeId: definition.id, types: [type] },
      },
    )
  }
  return handler
}

/**
 * The inputs of a node: the outputs of the upstreams it was reached from, by node id, in edge order; fresh copies, so
 * that a handler gets equal inputs whether they were made here or restored, and can't change the past through them.
 * @param texts - the values that are kept outside, all that `blobsNeeded` names
 * @returns null when there are such values and no texts were given
 */
export function inputsOf(
  host: ContextHost,
  run: Run,
  index: number,
  texts: BlobTexts | null,
): Record<string, unknown> | null {
  const { inStart, inEdges, edgeSource, isConditional, ids } = run.graph
  const inputs = emptyInputs(run.graph, index)
  for (let at = inStart[index]!; at < inStart[index + 1]!; at += 1) {
    const edge = inEdges[at]!
    const source = edgeSource[edge]!
    const { status, output } = run.state.nodes[source]!
    if (status !== 'completed' || output === undefined) continue
    if (isConditional[edge] === 1 && run.state.decisions[run.graph.edgeKeys[edge]!] !== true) continue
    const id = ids[source]!
    let value: unknown = output
    if (typeof output === 'object' && output !== null) {
      if (isTruncated(output)) throw truncated(ids[index]!, id)
      const blob = blobOf(output)
      if (blob !== null && texts === null) return null
      value = host.codec.decode(blob === null ? output : { json: texts!.get(blob.digest)! })
    }
    setValue(inputs, id, value)
  }
  return inputs
}

/**
 * Decides the conditional edges that leave a node, once, from what its handler returned; null when it has none.
 * @throws {NodeError} NODE_CONDITION_FAILED when a condition in code throws or gives no boolean
 */
export function decideEdges(
  code: Code,
  run: Run,
  index: number,
  output: unknown,
  handles: readonly string[] | null,
): Dictionary<boolean> | null {
  const { graph } = run
  if (graph.decides[index] === 0) return null
  const decisions = dictionary<boolean>()
  for (let at = graph.outStart[index]!; at < graph.outStart[index + 1]!; at += 1) {
    const edge = graph.outEdges[at]!
    if (graph.isConditional[edge] === 0) continue
    const key = graph.edgeKeys[edge]!
    decisions[key] = edgeTaken(graph.edges[edge]!, code.predicate(key), handles, output)
  }
  return decisions
}

/** A handler's return value apart: the output, and the handles it chose, if it did. */
export function outcomeOf(returned: unknown): { readonly output: unknown; readonly handles: readonly string[] | null } {
  return isRouted(returned)
    ? { output: returned.output, handles: returned.handles }
    : { output: returned, handles: null }
}

function standInOf(run: Run, fallback: FallbackDefinition): { readonly type: string; readonly data?: JsonValue } {
  return typeof fallback === 'string' ? run.graph.nodes[run.graph.indexOf.get(fallback)!]! : fallback
}

/** Why a node can not run: a result it needs was dropped. */
export function truncated(nodeId: string, upstream: string): SnapshotError {
  return new SnapshotError(
    'SNAPSHOT_TRUNCATED',
    `node ${quote(nodeId)} needs the result of ${quote(upstream)}, which was over limits.maxResultBytes and dropped; run ${quote(upstream)} again with a higher limit`,
    { details: { nodeId, upstream } },
  )
}
