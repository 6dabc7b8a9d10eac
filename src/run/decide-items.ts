import { codedError } from '../base/serialized-error.ts'
import { backoffMs } from './backoff.ts'
import type { ItemComplete, ItemFail, ItemsComplete, RunCommand } from './command.ts'
import {
  decideFail,
  executionsSpent,
  isCurrent,
  isItemCurrent,
  isOpen,
  LAST_INSTANT,
  lateReport,
  misfit,
} from './decide-node.ts'
import { limitOutput, limitPart, problemOfWrites } from './decide-writes.ts'
import { type Decision, fact, notRunning } from './decision.ts'
import { gatherItems } from './gather.ts'
import { itemAt, itemName } from './items.ts'
import type { Run } from './run.ts'

/** What items of different nodes draw their jitter by is told apart by this much. */
const ITEM_SALT = 0x1f1f1f1f

/** A map node knows its items. */
export function decideList(
  run: Run,
  command: Extract<RunCommand, { readonly type: 'items.list' }>,
  at: number,
): Decision {
  const { index, attempt, count, keys } = command
  if (!isCurrent(run, index, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const max = run.state.config.limits.maxNodes
  if (max !== null && count > max) {
    const message = `node ${JSON.stringify(nodeId)} maps ${count} items and limits.maxNodes is ${max}`
    const error = codedError('LIMIT_NODES', message, { nodeId, limit: 'maxNodes', max, actual: count })
    return decideFail(run, { type: 'node.fail', index, attempt, error, retryable: false }, at)
  }
  return [fact(run, at, 'items.listed', { nodeId, attempt, count, keys })]
}

/** An attempt at an item begins, unless the run may start no more. */
export function decideItemStart(
  run: Run,
  { index, item }: { readonly index: number; readonly item: number },
  at: number,
): Decision {
  const { state, graph, frontier } = run
  const target = itemAt(run, index, item)
  if (target === undefined || state.status !== 'running' || run.root.state.pausing || frontier.failing.size > 0) {
    return notRunning(run, `asked to start item ${item} of node ${index} now`)
  }
  if (target.status !== 'pending' && target.status !== 'retrying' && target.status !== 'interrupted') {
    return misfit(run, index, `item ${itemName(run, index, item)} is ${target.status} and can not start`)
  }
  const nodeId = graph.ids[index]!
  const error = executionsSpent(run, nodeId)
  if (error !== null) {
    const { attempt } = state.nodes[index]!
    return [fact(run, at, 'node.failed', { nodeId, attempt, error, onError: 'fail' })]
  }
  return [fact(run, at, 'item.started', { nodeId, item, attempt: target.attempt + 1 })]
}

/** A handler returned for an item: its result and its writes become one fact, or fail the item together. */
export function decideItemComplete(run: Run, command: ItemComplete, at: number): Decision {
  const { index, item, attempt, output, writes, reused } = command
  if (!isItemCurrent(run, index, item, attempt)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const { problem } = limitPart(run.state.config, nodeId, output)
  const error = problem ?? (writes === null ? null : problemOfWrites(run.state, nodeId, writes))
  if (error !== null)
    return decideItemFail(run, { type: 'item.fail', index, item, attempt, error, retryable: false }, at)
  return [
    fact(run, at, 'item.completed', {
      nodeId,
      item,
      attempt,
      ...(reused === undefined ? {} : { reused }),
      output,
      ...(writes === null ? {} : { writes }),
    }),
  ]
}

/** An attempt at an item failed: another follows, or none. */
export function decideItemFail(run: Run, command: ItemFail, at: number): Decision {
  const { index, item, attempt, error, retryable } = command
  if (!isItemCurrent(run, index, item, attempt)) return lateReport(run, index, attempt)
  const { state, graph } = run
  const nodeId = graph.ids[index]!
  const { retry } = graph.nodes[index]!
  const failures = itemAt(run, index, item)!.failures + 1
  if (retryable && retry !== undefined && failures < retry.maximumAttempts) {
    const delayMs = backoffMs(retry, failures, state.seed, index + Math.imul(item + 1, ITEM_SALT))
    const dueAt = Math.min(LAST_INSTANT, at + delayMs)
    return [fact(run, at, 'item.retry-scheduled', { nodeId, item, attempt, error, delayMs, dueAt })]
  }
  return [fact(run, at, 'item.failed', { nodeId, item, attempt, error })]
}

/** All items are through, and their node with them. */
export function decideItemsComplete(
  run: Run,
  { index, attempt, output, decisions }: ItemsComplete,
  at: number,
): Decision {
  const { state, graph, frontier } = run
  if (!isOpen(run, index, attempt) || frontier.maps.get(index)?.isThrough !== true)
    return lateReport(run, index, attempt)
  const nodeId = graph.ids[index]!
  const gathered = output ?? gatherItems(graph.nodes[index]!.map!, state.nodes[index]!.parts!.items!)
  const { value, problem } = limitOutput(state.config, nodeId, gathered)
  if (problem !== null)
    return decideFail(run, { type: 'node.fail', index, attempt, error: problem, retryable: false }, at)
  return [
    fact(run, at, 'node.completed', {
      nodeId,
      attempt,
      ...(output === null && value === gathered ? {} : { output: value }),
      ...(decisions === null ? {} : { decisions }),
    }),
  ]
}

/** More items failed than the node takes. */
export function decideItemsFail(
  run: Run,
  { index, attempt }: { readonly index: number; readonly attempt: number },
  at: number,
): Decision {
  if (!isOpen(run, index, attempt) || !run.frontier.maps.has(index)) return lateReport(run, index, attempt)
  const nodeId = run.graph.ids[index]!
  const { list } = run.state.nodes[index]!.parts!.items!
  const first = list.findIndex(({ status }) => status === 'failed')
  const failed = list.reduce((count, { status }) => count + (status === 'failed' ? 1 : 0), 0)
  const cause = list[first]?.error ?? undefined
  const more = failed > 1 ? ` and ${failed - 1} more` : ''
  const message = `${failed} of ${list.length} items of node ${JSON.stringify(nodeId)} failed: item ${itemName(run, index, first)}${more}: ${cause?.message ?? 'no reason is recorded'}`
  const error = codedError('NODE_ITEMS_FAILED', message, { nodeId, failed, item: first }, cause)
  return decideFail(run, { type: 'node.fail', index, attempt, error, retryable: false }, at)
}
