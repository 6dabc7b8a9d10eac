import type { Encoded } from '../base/encoded.ts'
import { NodeError, quote } from '../base/errors.ts'
import { serializeError } from '../base/serialized-error.ts'
import type { NodeComplete, NodeFail, NodeVisit } from '../run/command.ts'
import type { Run } from '../run/run.ts'
import type { StateWrite } from '../run/state-write.ts'
import { evaluateCondition, isCodeCondition } from '../workflow/condition.ts'
import { type Code, decideEdges } from './attempt.ts'

/** What an attempt came to, before its node is said to have completed. */
export interface Outcome {
  readonly index: number
  readonly attempt: number
  readonly encoded: Encoded
  /** The same, for those who look into it; called at most once. */
  readonly output: () => unknown
  readonly handles: readonly string[] | null
  readonly writes: readonly StateWrite[] | null
  /** Sequences of the signals it took. */
  readonly signals?: readonly number[]
  /** The key of the result, when it comes from another run. */
  readonly reused?: string
}

/**
 * What an outcome is for its node: its end with the edges it takes, or of a repeated node the way to the next visit.
 * @throws {NodeError} NODE_CONDITION_FAILED, NODE_VISITS_SPENT
 */
export function conclude(code: Code, run: Run, outcome: Outcome): NodeComplete | NodeVisit {
  const { index, attempt, encoded, handles, writes, signals, reused } = outcome
  const definition = run.graph.nodes[index]!
  const node = run.state.nodes[index]!
  const asks = run.graph.decides[index] === 1
  const { repeat } = definition
  const output = asks || repeat !== undefined ? outcome.output() : undefined
  if (repeat !== undefined && !node.fallback && !isLast(code, definition.id, repeat.until, output)) {
    const visit = (node.parts?.visits ?? 0) + 1
    if (visit < repeat.maximumVisits) {
      return {
        type: 'node.visit',
        index,
        attempt,
        output: encoded,
        writes,
        ...(signals === undefined ? {} : { signals }),
      }
    }
    if (repeat.onLimit !== 'complete') throw visitsSpent(definition.id, repeat.maximumVisits)
  }
  const decisions = asks ? decideEdges(code, run, index, output, handles) : null
  const completion: NodeComplete = { type: 'node.complete', index, attempt, output: encoded, decisions, writes }
  if (signals === undefined && reused === undefined) return completion
  return { ...completion, ...(signals === undefined ? {} : { signals }), ...(reused === undefined ? {} : { reused }) }
}

/** Whether the end of an attempt is the end of its node and decides nothing: true of most nodes, for which nothing is to be asked. */
export function isPlain({ graph }: Run, index: number): boolean {
  return graph.decides[index] === 0 && graph.nodes[index]!.repeat === undefined
}

/** The end of a wait whose time is up and that says it fails then. */
export function waitTimedOut(run: Run, index: number, attempt: number): Omit<NodeFail, 'type'> {
  const nodeId = run.graph.ids[index]!
  const { wait } = run.state.nodes[index]!
  const name = wait?.kind === 'signal' ? wait.name : ''
  const error = new NodeError(
    'NODE_WAIT_TIMEOUT',
    `node ${quote(nodeId)} waited for the signal ${quote(name)} for ${wait?.durationMs ?? 0} ms, and none came`,
    {
      details: { nodeId, signal: name },
    },
  )
  return { index, attempt, error: serializeError(error), retryable: false }
}

function isLast(
  code: Code,
  nodeId: string,
  until: NonNullable<Run['graph']['nodes'][number]['repeat']>['until'],
  output: unknown,
): boolean {
  if (!isCodeCondition(until)) return evaluateCondition(until, output)
  let holds: unknown
  try {
    holds = code.functions(nodeId)!.until!(output)
  } catch (cause) {
    throw new NodeError('NODE_CONDITION_FAILED', `the test that ends the repeated node ${quote(nodeId)} threw`, {
      details: { nodeId },
      cause,
    })
  }
  if (typeof holds === 'boolean') return holds
  throw new NodeError(
    'NODE_CONDITION_FAILED',
    `the test that ends the repeated node ${quote(nodeId)} must give true or false, got ${quote(holds)}`,
    { details: { nodeId } },
  )
}

function visitsSpent(nodeId: string, max: number): NodeError {
  return new NodeError(
    'NODE_VISITS_SPENT',
    `node ${quote(nodeId)} was visited ${max} times (repeat.maximumVisits), and its repeat.until never held`,
    {
      details: { nodeId, limit: 'maximumVisits', max },
    },
  )
}
