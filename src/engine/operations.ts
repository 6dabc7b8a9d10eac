import { checkOptions, invalidArgument, readArgument } from '../base/argument.ts'
import { quote, WaystoneError } from '../base/errors.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import { refuseChange, refuseOperation, refuseRetry } from '../run/decide-operation.ts'
import type { Rejection } from '../run/decision.ts'
import type { OperationNote } from '../run/event.ts'
import { type NodePath, pathOf } from '../run/node-path.ts'
import type { Operation, Retry } from '../run/operation.ts'
import { type Run, runAt } from '../run/run.ts'
import { type Code, decideEdges, outcomeOf } from './attempt.ts'
import { isOversized, putBlob } from './blobs.ts'
import type { World } from './options.ts'
import { errorOf } from './report.ts'

/** Who asked for an operation on a run, and why; both are recorded with it. */
export type OperationOptions = OperationNote

/** Which failures are tried again, and who asked for it and why. */
export interface RetryOptions extends OperationNote {
  /** Ids of failed nodes, and of nodes that ask; the failures of others stay as they are. Default: all. */
  readonly nodes?: readonly string[]
}

const NOTE: readonly string[] = ['by', 'why']

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function noteOf(options: OperationOptions, of: string, others: readonly string[] = []): OperationNote {
  checkOptions(options, [...others, ...NOTE], of)
  const { by, why } = options
  for (const [name, value] of [
    ['by', by],
    ['why', why],
  ] as const) {
    if (value !== undefined && typeof value !== 'string') throw invalidArgument(name, 'a string', value, { of })
  }
  return { ...(by === undefined ? {} : { by }), ...(why === undefined ? {} : { why }) }
}

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function retryOf(options: RetryOptions, of: string): Retry {
  const note = noteOf(options, of, ['nodes'])
  const { nodes } = options
  if (nodes === undefined) return { nodes: null, note }
  const expected = 'an array of one or more node ids'
  return readArgument(
    'nodes',
    () => {
      if (!Array.isArray(nodes) || nodes.length === 0) throw invalidArgument('nodes', expected, nodes, { of })
      for (const nodeId of nodes)
        if (typeof nodeId !== 'string') throw invalidArgument('nodes', expected, nodeId, { of })
      return { nodes: [...nodes], note }
    },
    { of },
  )
}

/** @throws {RunError} RUN_REJECTED, RUN_ENDED, RUN_NOT_STARTED when a run has nothing of the kind to try again */
export function checkRetry(run: Run, retry: Retry): void {
  throwIf(refuseRetry(run, retry))
}

/** What skips a node. @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function skipOf(node: NodePath, options: OperationOptions): Operation {
  const of = 'skipNode'
  const ids = pathOf(node, of)
  return { type: 'operator.skip', path: ids.slice(0, -1), nodeId: ids.at(-1)!, note: noteOf(options, of) }
}

/** What a run and its code are for those who change it. */
export interface Operated {
  readonly run: Run
  readonly code: Code
  readonly world: Pick<World, 'codec' | 'blobs' | 'clock'>
}

/**
 * What gives a node its result. An oversized one is kept outside before it is a fact, as one of a handler is, and the edges
 * that leave the node are decided as if its handler had returned the value.
 * @throws {RunError} RUN_REJECTED, RUN_ENDED, RUN_NOT_STARTED
 * @throws {NodeError} NODE_CONDITION_FAILED; what the codec throws for a value it can't keep
 */
export async function resultOperation(
  { run: root, code: rootCode, world: { codec, blobs } }: Operated,
  node: NodePath,
  value: unknown,
  options: OperationOptions,
): Promise<Operation> {
  const of = 'setResult'
  const ids = pathOf(node, of)
  const path = ids.slice(0, -1)
  const nodeId = ids.at(-1)!
  const note = noteOf(options, of)
  throwIf(refuseChange(root, path, nodeId, 'given a result'))
  const run = runAt(root, path)!
  const code = path.reduce((outer, id) => outer.nested(id), rootCode)
  const { output, handles } = outcomeOf(value)
  const encoded = codec.encode(output, { nodeId })
  const index = run.graph.indexOf.get(nodeId)!
  const decisions = decideEdges(code, run, index, output, handles)
  const { oversizedResults, limits } = run.state.config
  const isOutside = blobs !== null && oversizedResults === 'reference' && isOversized(encoded, limits.maxResultBytes)
  return {
    type: 'operator.set',
    path,
    nodeId,
    output: isOutside ? await putBlob(blobs, encoded) : encoded,
    decisions,
    note,
  }
}

/** What sets a variable. @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN, STATE_BAD_KEY; what the codec throws */
export function settingOf(
  { run, world }: Operated,
  name: string,
  value: unknown,
  options: OperationOptions,
): Operation {
  const of = 'setVariable'
  checkName(name, of)
  const note = noteOf(options, of)
  throwIf(refuseOperation(run, `its variable ${quote(name)} can not be edited`))
  return { type: 'operator.edit', name, value: world.codec.encode(value), note }
}

/** What deletes a variable. @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN, STATE_BAD_KEY */
export function deletionOf(name: string, options: OperationOptions): Operation {
  const of = 'deleteVariable'
  checkName(name, of)
  return { type: 'operator.edit', name, value: undefined, note: noteOf(options, of) }
}

function checkText(parameter: string, value: unknown, of: string): void {
  if (typeof value !== 'string') throw invalidArgument(parameter, 'a string', value, { of })
}

/** A name is a key of the document a run is saved as. */
function checkName(name: unknown, of: string): asserts name is string {
  checkText('name', name, of)
  const { maxKeyLength } = DEFAULT_VALUE_LIMITS
  const { length } = name as string
  if (length <= maxKeyLength) return
  throw new WaystoneError(
    'STATE_BAD_KEY',
    `${of} expects a name of at most ${maxKeyLength} characters, got one of ${length} that begins with ${quote(name)}`,
  )
}

function throwIf(refusal: Rejection | null): void {
  if (refusal !== null) throw errorOf(refusal)
}
