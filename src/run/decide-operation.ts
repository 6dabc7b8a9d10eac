import type { ErrorCode } from '../base/error-codes.ts'
import { limitOutput, problemOfEdit } from './decide-writes.ts'
import { type Decision, fact, nameOf, type Rejection, reject } from './decision.ts'
import { listed } from './listed.ts'
import type { Operation, Retry } from './operation.ts'
import { isChangeable, isOperable } from './reduce-operation.ts'
import { type Run, runAt, runsOf } from './run.ts'

/** What someone does to a run from outside, while it does not execute. */
export function decideOperation(root: Run, operation: Operation, at: number): Decision {
  const { note } = operation
  if (operation.type === 'operator.edit') return decideEdit(root, operation, at)
  const { path, nodeId } = operation
  const refusal = refuseChange(root, path, nodeId, operation.type === 'operator.skip' ? 'skipped' : 'given a result')
  if (refusal !== null) return refusal
  const run = runAt(root, path)!
  if (operation.type === 'operator.skip')
    return [fact(run, at, 'node.skipped', { nodeId, reason: 'operator', ...note })]
  const { decisions } = operation
  const { value: output, problem } = limitOutput(run.state.config, nodeId, operation.output)
  if (problem !== null) return reject(problem.code as ErrorCode, problem.message, problem.details)
  return [fact(run, at, 'node.set', { nodeId, output, ...(decisions === null ? {} : { decisions }), ...note })]
}

/** Why a node can not be changed from outside now; null when it can. `what` completes "can not be ...". */
export function refuseChange(root: Run, path: readonly string[], nodeId: string, what: string): Rejection | null {
  const refusal = refuseOperation(root, `its node ${JSON.stringify(nodeId)} can not be ${what}`)
  if (refusal !== null) return refusal
  const run = runAt(root, path)
  if (run === undefined || (run !== root && run.state.status !== 'running')) {
    const message = `run ${nameOf(root)} has no run under way in its node ${path.map((id) => JSON.stringify(id)).join(', ')}, so no node of it can be ${what}; retry or skip the node that is the run, or give its result`
    return reject('RUN_REJECTED', message, { path: [...path], nodeId })
  }
  const index = run.graph.indexOf.get(nodeId)
  if (index === undefined) return unknownNode(run, nodeId)
  const node = run.state.nodes[index]!
  if (isChangeable(node)) return null
  const { status } = node
  const message = `node ${JSON.stringify(nodeId)} of run ${nameOf(run)} is ${status} and can not be ${what}: what has ended stays as it is; start another run to have it otherwise`
  return reject('RUN_REJECTED', message, { nodeId, status })
}

/** Why nothing of a run can be changed from outside now; null when it can. `what` says what can not be. */
export function refuseOperation(run: Run, what: string): Rejection | null {
  const { state } = run
  const { status } = state
  if (isOperable(state)) return null
  const details = { status }
  if (status === 'pending')
    return reject('RUN_NOT_STARTED', `run ${nameOf(run)} has not started, so ${what}; start it first`, details)
  if (status === 'running') {
    const message = `run ${nameOf(run)} is running, so ${what}; pause it first, and resume it afterwards (resume it before, when the process that ran it is gone)`
    return reject('RUN_REJECTED', message, details)
  }
  if (state.compensating !== null && status !== 'failed' && status !== 'canceled') {
    const message = `run ${nameOf(run)} compensates for what it did, so ${what}; resume it to have that done`
    return reject('RUN_REJECTED', message, details)
  }
  return reject(
    'RUN_ENDED',
    `run ${nameOf(run)} is ${status} for good, so ${what}; start another run to go on otherwise`,
    details,
  )
}

/** Why a run has nothing of the kind to try again; null when it has. */
export function refuseRetry(run: Run, { nodes }: Retry): Rejection | null {
  const refusal = refuseOperation(run, 'nothing of it is tried again')
  if (refusal !== null) return refusal
  const { state, graph } = run
  if (nodes === null) {
    if (state.status === 'failed' || state.status === 'waiting' || retried(run).length > 0) return null
    return reject('RUN_REJECTED', `run ${nameOf(run)} is ${state.status} and has nothing to retry; resume it`)
  }
  for (const nodeId of nodes) {
    const index = graph.indexOf.get(nodeId)
    if (index === undefined) return unknownNode(run, nodeId)
    if (isRetried(run, index)) continue
    const { status } = state.nodes[index]!
    const candidates = retried(run).map((other) => graph.ids[other]!)
    const message = `node ${JSON.stringify(nodeId)} of run ${nameOf(run)} is ${status}; retry takes nodes that failed the run, and those that ask: ${listed(candidates)}`
    return reject('RUN_REJECTED', message, { nodeId, status })
  }
  return null
}

/** Whether a retry puts a node back: it failed the run, or was cut off and asks. */
export function isTried({ frontier }: Run, index: number): boolean {
  return frontier.failing.has(index) || frontier.left.has(index) || frontier.asking.has(index)
}

/** Whether a retry of a node puts anything back: the node, or one of the run it is. */
function isRetried(run: Run, index: number): boolean {
  const child = run.frontier.nested.get(index)
  return isTried(run, index) || (child !== undefined && runsOf(child).some(hasTried))
}

function hasTried({ frontier }: Run): boolean {
  return frontier.failing.size + frontier.left.size + frontier.asking.size > 0
}

function retried(run: Run): readonly number[] {
  return run.graph.ids.flatMap((_, index) => (isRetried(run, index) ? [index] : []))
}

function decideEdit(run: Run, operation: Extract<Operation, { readonly type: 'operator.edit' }>, at: number): Decision {
  const { name, value, note } = operation
  const refusal = refuseOperation(run, `its variable ${JSON.stringify(name)} can not be edited`)
  if (refusal !== null) return refusal
  const { variables } = run.state
  if (value === undefined) {
    if (variables[name] !== undefined) return [fact(run, at, 'variable.edited', { name, ...note })]
    const message = `run ${nameOf(run)} has no variable ${JSON.stringify(name)} to delete; it has: ${listed(Object.keys(variables))}`
    return reject('RUN_REJECTED', message, { name })
  }
  const problem = problemOfEdit(run.state, name, value)
  if (problem !== null) return reject(problem.code as ErrorCode, problem.message, problem.details)
  return [fact(run, at, 'variable.edited', { name, value, ...note })]
}

function unknownNode(run: Run, nodeId: string): Rejection {
  const message = `the workflow of run ${nameOf(run)} has no node ${JSON.stringify(nodeId)}; it has: ${listed(run.graph.ids)}`
  return reject('RUN_REJECTED', message, { nodeId })
}
