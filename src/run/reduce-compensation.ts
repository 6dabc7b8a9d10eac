import type { CompensationEvent } from './compensation-event.ts'
import { type CompensationStep, isAt, stateOf } from './compensation-queue.ts'
import type { RunEvent } from './event.ts'
import { damaged, require } from './reduce-check.ts'
import { applyWrite } from './reduce-writes.ts'
import type { Run } from './run.ts'

/** Whether a fact is about the compensation of a node. */
export function isCompensationEvent(event: RunEvent): event is CompensationEvent {
  return event.type.startsWith('compensation.')
}

/** Applies one fact about the compensation of a node, in place; it has to be about the one whose turn it is. */
export function reduceCompensation(run: Run, event: CompensationEvent): void {
  const { state, compensations, frontier } = run
  require(event, state.status === 'running' && state.compensating !== null)
  const step = compensations?.next
  const { path = [], data } = event
  if (step === undefined || !isAt(step, path, data.nodeId))
    throw damaged(event, `it is not the turn of node ${JSON.stringify(data.nodeId)} to be compensated for`)
  if (event.type === 'compensation.started') {
    start(run, step, event)
    return
  }
  const compensation = stateOf(step)
  require(event, compensation?.status === 'running' && compensation.attempt === data.attempt)
  frontier.running -= 1
  switch (event.type) {
    case 'compensation.completed':
      compensation!.status = 'completed'
      state.fruitlessResumes = 0
      if (event.data.writes !== undefined) for (const write of event.data.writes) applyWrite(step.state, write)
      return
    case 'compensation.retry-scheduled':
      compensation!.status = 'retrying'
      compensation!.failures += 1
      compensation!.error = event.data.error
      compensation!.dueAt = event.data.dueAt
      return
    case 'compensation.failed':
      compensation!.status = 'failed'
      compensation!.failures += 1
      compensation!.error = event.data.error
      state.fruitlessResumes = 0
      return
    case 'compensation.interrupted':
      compensation!.status = 'interrupted'
  }
}

function start(
  run: Run,
  step: CompensationStep,
  event: Extract<CompensationEvent, { type: 'compensation.started' }>,
): void {
  const { attempt } = event.data
  const before = stateOf(step)
  require(event, before?.status !== 'running' && attempt === (before?.attempt ?? 0) + 1)
  step.state.compensations[step.definition.id] = {
    status: 'running',
    attempt,
    failures: before?.failures ?? 0,
    dueAt: null,
    error: before?.error ?? null,
  }
  run.frontier.running += 1
}
