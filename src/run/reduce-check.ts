import { RunError } from '../base/errors.ts'
import type { RunEvent } from './event.ts'

/** Holds a fact to the state it is applied to. @throws {RunError} HISTORY_DAMAGED */
export function require(event: RunEvent, holds: boolean): asserts holds {
  if (!holds) throw damaged(event, "it does not follow from the run's state")
}

export function damaged(event: RunEvent, why: string, cause?: unknown): RunError {
  const node = 'nodeId' in event.data ? ` of node ${JSON.stringify(event.data.nodeId)}` : ''
  return new RunError('HISTORY_DAMAGED', `event ${event.seq} (${event.type}${node}) can not be applied: ${why}`, {
    details: { seq: event.seq, type: event.type },
    ...(cause === undefined ? {} : { cause }),
  })
}
