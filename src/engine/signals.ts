import { checkOptions, invalidArgument } from '../base/argument.ts'
import { type Encoded, encodedSize } from '../base/encoded.ts'
import { LimitError, quote, RunError } from '../base/errors.ts'
import type { JsonValue } from '../base/json.ts'
import type { ValueCodec } from '../base/values/codec.ts'
import { DEFAULT_VALUE_LIMITS } from '../base/values/limits.ts'
import type { SignalReceive } from '../run/command.ts'
import { type Run, runsOf } from '../run/run.ts'
import { isSettled } from '../run/settled.ts'
import { qualified } from '../run/signal-waits.ts'
import type { SignalWait } from '../run/wait.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import { type PayloadProblem, payloadView, schemaProblems } from './payload-schema.ts'

/** How a signal or an answer is sent. */
export interface SignalOptions {
  /** Of signals with the same key the run takes one, however often it is sent; default: each is a signal of its own. */
  readonly idempotencyKey?: string
}

/** Most characters of a name or key: names of a document are no longer. */
const MAX_NAME_LENGTH = DEFAULT_VALUE_LIMITS.maxKeyLength

type NodeProblem = PayloadProblem & { readonly nodeId: string }

/** A type and the data a node of it has: of the node itself, or of what stands in for it. */
type Variant = { readonly type: string; readonly data?: JsonValue }

/** The nodes of a workflow that may wait for a signal, by its name, where one of them has a schema. */
const waiters = new WeakMap<WorkflowDefinition, ReadonlyMap<string, readonly Waiter[]>>()

/** @throws {WaystoneError} ARGUMENT_INVALID, OPTION_UNKNOWN */
export function checkSignal(of: string, parameter: string, name: unknown, options: unknown): void {
  if (typeof name !== 'string') throw invalidArgument(parameter, 'a string', name, { of })
  if (name.length > MAX_NAME_LENGTH) {
    throw invalidArgument(parameter, `a string of at most ${MAX_NAME_LENGTH} characters`, name, { of })
  }
  checkOptions(options, ['idempotencyKey'], of)
  const { idempotencyKey: key } = options as SignalOptions
  if (key === undefined || (typeof key === 'string' && key !== '' && key.length <= MAX_NAME_LENGTH)) return
  throw invalidArgument('idempotencyKey', `a string of 1 to ${MAX_NAME_LENGTH} characters`, key, { of })
}

/** Whether the payload of a signal is held against a schema: some node that may still wait for the name has one. */
export function hasSchemas(run: Run, name: string): boolean {
  return openWaiters(run, name).some(isAsking)
}

/** Whether the payload of an answer is held against a schema. */
export function hasSchemaOf(run: Run, waitId: string): boolean {
  const wait = openWait(run, waitId)
  return wait !== null && isAsking(wait)
}

/**
 * A signal for whichever node waits for its name; which of them it fits is settled here, once.
 * @throws {RunError} SIGNAL_INVALID when it fits none of those that may wait for it
 * @throws {LimitError} LIMIT_RESULT_BYTES
 */
export function signalCommand(
  run: Run,
  codec: ValueCodec,
  name: string,
  payload: Encoded,
  options: SignalOptions,
): SignalReceive {
  const command = { type: 'signal.receive', name, payload, ...options } as const
  if (isKnown(run, options)) return command
  checkSize(run, payload)
  const open = openWaiters(run, name)
  if (!open.some(isAsking)) return command
  const view = payloadView(payload, codec)
  const problems: NodeProblem[] = []
  const fits: string[] = []
  for (const { nodeId, schema } of open) {
    const found = schemaProblems(schema, view)
    if (found.length === 0) fits.push(nodeId)
    problems.push(...found.map((problem) => ({ ...problem, nodeId })))
  }
  if (fits.length === 0) throw unfit(`the signal ${quote(name)}`, problems, { signal: name })
  return fits.length === open.length ? command : { ...command, fits }
}

/**
 * An answer for one wait, held against the schema of its node alone. A wait that is not open is refused when it is decided.
 * @throws {RunError} SIGNAL_INVALID
 * @throws {LimitError} LIMIT_RESULT_BYTES
 */
export function answerCommand(
  run: Run,
  codec: ValueCodec,
  waitId: string,
  payload: Encoded,
  options: SignalOptions,
): SignalReceive {
  const wait = openWait(run, waitId)
  const command = { type: 'signal.receive', name: wait?.name ?? '', payload, waitId, ...options } as const
  if (wait === null || isKnown(run, options)) return command
  checkSize(run, payload)
  const { nodeId, schema } = wait
  const problems = isAsking(wait) ? schemaProblems(schema, payloadView(payload, codec)) : []
  if (problems.length === 0) return command
  throw unfit(
    `the answer to the wait ${quote(waitId)}`,
    problems.map((problem) => ({ ...problem, nodeId })),
    { waitId },
  )
}

/** The open wait of an id, in a run or one nested in it; null when there is none. */
function openWait(root: Run, waitId: string) {
  for (const { path, graph, state } of runsOf(root)) {
    const index = state.nodes.findIndex(({ wait }) => wait?.kind === 'signal' && wait.id === waitId)
    if (index < 0) continue
    const { wait, fallback: isFallback } = state.nodes[index]!
    const { id, type, data, fallback } = graph.nodes[index]!
    const other = typeof fallback === 'string' ? graph.nodes[graph.indexOf.get(fallback)!]! : fallback
    const variant: Variant = isFallback ? other! : data === undefined ? { type } : { type, data }
    return { nodeId: qualified(path, id), name: (wait as SignalWait).name, schema: schemaOf(variant) }
  }
  return null
}

/** A signal with a key that came already is no signal any more. */
function isKnown({ state }: Run, { idempotencyKey }: SignalOptions): boolean {
  return idempotencyKey !== undefined && state.signalKeys[idempotencyKey] !== undefined
}

/** A node of a workflow, or of one nested in it, that may wait for a signal. */
interface Waiter {
  /** Ids of the nodes that lead to its run. */
  readonly path: readonly string[]
  readonly nodeId: string
  /** What it runs as first, and what stands in for it. */
  readonly own: Variant
  readonly other: Variant | null
}

/** Those of a run that wait for a name now, or may do so yet, each with the schema it has then; none where none has a schema. */
function openWaiters(run: Run, name: string): readonly { readonly nodeId: string; readonly schema: unknown }[] {
  const definition = run.state.workflow
  let byName = waiters.get(definition)
  if (byName === undefined) {
    byName = waitersOf(definition)
    waiters.set(definition, byName)
  }
  return (byName.get(name) ?? []).flatMap((waiter) => {
    const variants = openVariants(run, waiter).filter((variant) => nameOf(variant) === name)
    return variants.length === 0
      ? []
      : [{ nodeId: qualified(waiter.path, waiter.nodeId), schema: schemaOf(variants[0]!) }]
  })
}

/** What a node may run as from now on, first what it runs as first; nothing once it has ended. */
function openVariants(root: Run, { path, nodeId, own, other }: Waiter): readonly Variant[] {
  let run = root
  for (const [depth, id] of [...path, nodeId].entries()) {
    const index = run.graph.indexOf.get(id)!
    const node = run.state.nodes[index]!
    if (isSettled(node)) return []
    if (depth === path.length) return other === null ? [own] : node.fallback ? [other] : [own, other]
    const nested = run.frontier.nested.get(index)
    if (nested === undefined) break
    run = nested
  }
  return other === null ? [own] : [own, other]
}

function waitersOf(root: WorkflowDefinition): ReadonlyMap<string, readonly Waiter[]> {
  const byName = new Map<string, Waiter[]>()
  const open = [{ path: [] as readonly string[], definition: root }]
  for (const { path, definition } of open) {
    const standIns = new Set(definition.nodes.map(({ fallback }) => fallback))
    for (const { id: nodeId, type, data, fallback, nested } of definition.nodes) {
      if (nested !== undefined) open.push({ path: [...path, nodeId], definition: nested.workflow })
      // What only stands in waits under the name of the node it stands in for.
      if (standIns.has(nodeId)) continue
      const own: Variant = data === undefined ? { type } : { type, data }
      const other =
        typeof fallback === 'string' ? definition.nodes.find(({ id }) => id === fallback)! : (fallback ?? null)
      const waiter = { path, nodeId, own, other }
      for (const name of new Set([nameOf(own), other && nameOf(other)])) {
        if (name === null) continue
        const named = byName.get(name)
        if (named === undefined) byName.set(name, [waiter])
        else named.push(waiter)
      }
    }
  }
  // A signal that nobody holds against a schema costs nothing, however many may wait for it.
  for (const [name, named] of byName) if (!named.some(hasSchema)) byName.delete(name)
  return byName
}

function nameOf({ type, data }: Variant): string | null {
  if (type !== 'waitForSignal' || typeof data !== 'object' || data === null) return null
  const { name } = data as { readonly name?: unknown }
  return typeof name === 'string' ? name : null
}

function hasSchema({ own, other }: Waiter): boolean {
  return [own, other].some((variant) => variant !== null && isAsking({ schema: schemaOf(variant) }))
}

function schemaOf({ data }: Variant): unknown {
  return (data as { readonly schema?: unknown } | undefined)?.schema
}

function isAsking({ schema }: { readonly schema: unknown }): boolean {
  return schema !== undefined && schema !== true
}

function checkSize({ state }: Run, payload: Encoded): void {
  const max = state.config.limits.maxResultBytes
  const actual = encodedSize(payload)
  if (max === null || actual <= max) return
  const message = `a payload of ${actual} bytes is more than limits.maxResultBytes (${max}) takes; send a reference to it instead`
  throw new LimitError('LIMIT_RESULT_BYTES', message, { details: { limit: 'maxResultBytes', max, actual } })
}

function unfit(
  what: string,
  problems: readonly NodeProblem[],
  details: { readonly signal: string } | { readonly waitId: string },
): RunError {
  const { nodeId, path, message } = problems[0]!
  const more = problems.length > 1 ? ` (and ${problems.length - 1} more in details.problems)` : ''
  const where = path === '' ? '' : ` at ${path.slice(0, 100)}`
  return new RunError(
    'SIGNAL_INVALID',
    `${what} does not fit the schema of node ${quote(nodeId)}${where}: ${message}${more}; nothing was recorded`,
    { details: { ...details, problems: problems.slice(0, 100).map((problem) => ({ ...problem })) } },
  )
}
