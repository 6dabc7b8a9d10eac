import type { RunEventType } from './event.ts'

/** Every type of fact a run can have; the compiler holds it complete. */
const eventTypes: Readonly<Record<RunEventType, true>> = Object.freeze({
  'run.started': true,
  'run.resumed': true,
  'run.pause-requested': true,
  'run.paused': true,
  'run.waiting': true,
  'run.quarantined': true,
  'run.canceled': true,
  'run.completed': true,
  'run.failed': true,
  'node.started': true,
  'node.completed': true,
  'node.retry-scheduled': true,
  'node.fell-back': true,
  'node.failed': true,
  'node.skipped': true,
  'node.interrupted': true,
  'node.reset': true,
  'node.set': true,
  'variable.edited': true,
  'usage.added': true,
  'signal.received': true,
  'token.issued': true,
  'node.waiting': true,
  'node.deferred': true,
  'node.visited': true,
  'node.checkpointed': true,
  'step.completed': true,
  'child.started': true,
  'items.listed': true,
  'item.started': true,
  'item.completed': true,
  'item.retry-scheduled': true,
  'item.failed': true,
  'item.interrupted': true,
  'run.compensating': true,
  'compensation.started': true,
  'compensation.completed': true,
  'compensation.retry-scheduled': true,
  'compensation.failed': true,
  'compensation.interrupted': true,
})

/** Whether there is a type of fact of that name. */
export function isEventType(type: unknown): type is RunEventType {
  return typeof type === 'string' && Object.hasOwn(eventTypes, type)
}
