import { codedError } from '../base/serialized-error.ts'
import type { NodeDefinition, WorkflowDefinition } from '../workflow/definition.ts'
import type { RunCommand } from './command.ts'
import { compensationInterruptions } from './decide-compensation.ts'
import { LAST_INSTANT } from './decide-node.ts'
import { isTried, refuseRetry } from './decide-operation.ts'
import { type Decision, fact, nameOf, reject } from './decision.ts'
import type { RunEvent, RunEventOf } from './event.ts'
import { itemName } from './items.ts'
import { isEnded } from './reduce.ts'
import type { Run } from './run.ts'
import type { NodeState, RunStatus } from './state.ts'

/**
 * What follows when a run goes on: nodes in flight were cut off by a crash; those cut off, now or before, whose
 * `onInterrupted` is `fail` fail; failed nodes, and nodes that ask, are put back when the run had come to an end for them.
 */
export function decideResume(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'run.resume' }>,
  at: number,
): Decision {
  const { state } = run
  const { config, workflow, retry } = command
  const { status } = state
  if (status === 'pending') return reject('RUN_NOT_STARTED', `run ${nameOf(run)} has not started`)
  if (isEnded(state)) return reject('RUN_ENDED', `run ${nameOf(run)} is ${status}; there is nothing to resume`)
  const refusal = retry === undefined ? null : refuseRetry(run, retry)
  if (refusal !== null) return refusal
  const chosen = retry === undefined || retry.nodes === null ? null : new Set(retry.nodes)
  const { cause, timers } = command
  const reason = retry === undefined ? (cause ?? reasonOf(status)) : 'failed'
  const max = (config ?? state.config).limits.maxFruitlessResumes
  if (reason === 'loaded' && max !== null && state.fruitlessResumes >= max) {
    return [fact(run, at, 'run.quarantined', { resumes: state.fruitlessResumes })]
  }
  const events: RunEvent[] = [
    fact(run, at, 'run.resumed', {
      reason,
      ...(config === undefined ? {} : { config }),
      ...(workflow === undefined ? {} : { workflow: workflow.definition, fingerprint: workflow.fingerprint }),
      ...retry?.note,
    }),
  ]
  if (state.compensating !== null) return [...events, ...compensationInterruptions(run, at, 'crash', events.length)]
  const going: Going = { reason, timers, chosen, at }
  // With another workflow, what becomes of a node is said by its new definition.
  for (const { run: each, definition } of goingOn(run, workflow?.definition ?? run.state.workflow)) {
    resumeNodes(each, definition, going, events)
  }
  return events
}

interface Going {
  readonly reason: RunEventOf<'run.resumed'>['data']['reason']
  readonly timers: Extract<RunCommand, { readonly type: 'run.resume' }>['timers']
  /** Ids of the nodes of the root that are tried again; null: all. */
  readonly chosen: ReadonlySet<string> | null
  readonly at: number
}

/** A run and those nested in it, each with the definition it goes on by; those that have none any more are left out. */
function goingOn(
  run: Run,
  definition: WorkflowDefinition,
): { readonly run: Run; readonly definition: WorkflowDefinition }[] {
  const going = [{ run, definition }]
  for (const { run, definition } of going) {
    const nested = run.frontier.nested
    if (nested.size === 0) continue
    const nodes = new Map(definition.nodes.map((node) => [node.id, node]))
    for (const [index, child] of nested) {
      const inner = nodes.get(run.graph.ids[index]!)?.nested?.workflow
      if (inner !== undefined) going.push({ run: child, definition: inner })
    }
  }
  return going
}

function resumeNodes(
  run: Run,
  by: WorkflowDefinition,
  { reason, timers, chosen, at }: Going,
  events: RunEvent[],
): void {
  const { state, graph } = run
  const renewed = by === state.workflow ? undefined : new Map(by.nodes.map((node) => [node.id, node]))
  for (let index = 0; index < graph.nodes.length; index += 1) {
    const node = state.nodes[index]!
    // Of nodes that are through, which are most of a large run, nothing goes on.
    if (node.status === 'completed') continue
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
    } else if (reason === 'failed' && isTried(run, index) && (chosen === null || chosen.has(run.path[0] ?? nodeId))) {
      events.push(fact(run, at, 'node.reset', { nodeId }, events.length))
    }
    // Of a node that maps no more nothing goes on: see `rebase`.
    if (node.parts?.items && node.status === 'waiting') {
      if (definition.map === undefined) continue
      resumeItems(run, index, definition, at, events)
    }
    if (timers !== undefined) {
      for (const deferral of deferrals(node, nodeId, timers, at))
        events.push(fact(run, at, 'node.deferred', deferral, events.length))
    }
  }
}

/** Items in flight were cut off; those cut off, now or before, fail where their node says so. */
function resumeItems(run: Run, index: number, { onInterrupted }: NodeDefinition, at: number, events: RunEvent[]): void {
  const nodeId = run.graph.ids[index]!
  run.state.nodes[index]!.parts!.items!.list.forEach(({ status, attempt }, item) => {
    if (status === 'running') {
      events.push(fact(run, at, 'item.interrupted', { nodeId, item, attempt, reason: 'crash' }, events.length))
    }
    if (onInterrupted === 'fail' && (status === 'running' || status === 'interrupted')) {
      const error = cutOff(nodeId, attempt, itemName(run, index, item))
      events.push(fact(run, at, 'item.failed', { nodeId, item, attempt, error }, events.length))
    }
  })
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

function reasonOf(status: RunStatus): RunEventOf<'run.resumed'>['data']['reason'] {
  if (status === 'paused') return 'paused'
  if (status === 'quarantined') return 'released'
  return isAnswered(status) ? 'failed' : 'loaded'
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
