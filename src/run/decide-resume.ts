import { codedError } from '../base/serialized-error.ts'
import type { NodeDefinition } from '../workflow/definition.ts'
import type { RunCommand } from './command.ts'
import { LAST_INSTANT } from './decide-node.ts'
import { type Decision, fact, nameOf, reject } from './decision.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { itemName, runningItems } from './items.ts'
import { isEnded } from './reduce.ts'
import type { Run } from './run.ts'
import type { NodeState } from './state.ts'

/**
 * What follows when a run goes on: nodes in flight were cut off by a crash; those cut off, now or before, whose
 * `onInterrupted` is `fail` fail; failed nodes, and nodes that ask, are put back when the run had come to an end for them.
 */
export function decideResume(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'run.resume' }>,
  at: number,
): Decision {
  const { state, graph, frontier } = run
  const { config, workflow } = command
  const { status } = state
  if (status === 'pending') return reject('RUN_NOT_STARTED', `run ${nameOf(run)} has not started`)
  if (isEnded(state)) return reject('RUN_ENDED', `run ${nameOf(run)} is ${status}; there is nothing to resume`)
  const { cause, timers } = command
  const reason = cause ?? (status === 'paused' ? 'paused' : isAnswered(status) ? 'failed' : 'loaded')
  const events: RunEvent[] = [
    fact(run, at, 'run.resumed', {
      reason,
      ...(config === undefined ? {} : { config }),
      ...(workflow === undefined ? {} : { workflow: workflow.definition, fingerprint: workflow.fingerprint }),
    }),
  ]
  // With another workflow, what becomes of a node is said by its new definition; null: the node is gone.
  const renewed = workflow && new Map(workflow.definition.nodes.map((node) => [node.id, node]))
  for (let index = 0; index < graph.nodes.length; index += 1) {
    const node = state.nodes[index]!
    const nodeId = graph.ids[index]!
    const definition: NodeDefinition | undefined = renewed === undefined ? graph.nodes[index] : renewed.get(nodeId)
    if (definition === undefined) continue
    const { attempt } = node
    if (node.status === 'running') {
      events.push(fact(run, at, 'node.interrupted', { nodeId, attempt, reason: 'crash' }, events.length))
    }
    const isCutOff = node.status === 'running' || node.status === 'interrupted'
    if (isCutOff && definition.onInterrupted === 'fail') {
      const onError = definition.onError ?? 'fail'
      events.push(
        fact(run, at, 'node.failed', { nodeId, attempt, error: cutOff(nodeId, attempt), onError }, events.length),
      )
    } else if (reason === 'failed' && (frontier.failing.has(index) || frontier.asking.has(index))) {
      events.push(fact(run, at, 'node.reset', { nodeId }, events.length))
    }
    if (timers !== undefined) {
      for (const deferral of deferrals(node, nodeId, timers, at))
        events.push(fact(run, at, 'node.deferred', deferral, events.length))
    }
  }
  for (const { index, nodeId, item, attempt } of runningItems(run)) {
    if (renewed !== undefined && !renewed.has(nodeId)) continue
    events.push(fact(run, at, 'item.interrupted', { nodeId, item, attempt, reason: 'crash' }, events.length))
    const definition = renewed?.get(nodeId) ?? graph.nodes[index]!
    if (definition.onInterrupted === 'fail') {
      const error = cutOff(nodeId, attempt, itemName(run, index, item))
      events.push(fact(run, at, 'item.failed', { nodeId, item, attempt, error }, events.length))
    }
  }
  return events
}

type Deferral = RunEventOf<'node.deferred'>['data']

/** The timers of a node that do not go on to the instant they had. */
function deferrals(
  node: NodeState,
  nodeId: string,
  { onLoad, ranUntil }: NonNullable<Extract<RunCommand, { readonly type: 'run.resume' }>['timers']>,
  at: number,
): readonly Deferral[] {
  const policy = onLoad ?? node.wait?.onLoad ?? 'deadline'
  if (policy === 'deadline') return []
  const left = (dueAt: number) => Math.min(LAST_INSTANT, at + Math.max(0, dueAt - ranUntil))
  if (node.wait !== null) {
    if (node.dueAt === null) return []
    const { durationMs } = node.wait
    return [{ nodeId, dueAt: policy === 'restart' ? Math.min(LAST_INSTANT, at + (durationMs ?? 0)) : left(node.dueAt) }]
  }
  if (node.status === 'retrying' && node.dueAt !== null) return [{ nodeId, dueAt: left(node.dueAt) }]
  const items = node.status === 'waiting' ? (node.parts?.items?.list ?? []) : []
  return items.flatMap(({ status, dueAt }, item) =>
    status === 'retrying' && dueAt !== null ? [{ nodeId, item, dueAt: left(dueAt) }] : [],
  )
}

/** Whether resuming a run of this status is a decision about its failed and asking nodes: they are tried again. */
export function isAnswered(status: Run['state']['status']): boolean {
  return status === 'failed' || status === 'waiting'
}

function cutOff(nodeId: string, attempt: number, item?: string) {
  const what = item === undefined ? '' : ` at item ${item}`
  const message = `attempt ${attempt}${what} of node ${JSON.stringify(nodeId)} was cut off, and its onInterrupted is "fail"; see what the attempt did outside, then resume the run once more to run the node again`
  return codedError('NODE_INTERRUPTED', message, { nodeId, attempt })
}
