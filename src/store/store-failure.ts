import { quote, StoreError } from '../base/errors.ts'

/** Epoch ms of the last instant a date can be. */
const LAST_INSTANT = 8.64e15

/** Another writer was first. */
export function conflict(runId: string, expectedSeq: number, actualSeq: number): StoreError {
  return new StoreError(
    'STORE_CONFLICT',
    `run ${quote(runId)} was expected at sequence ${expectedSeq}, but its head is ${actualSeq}; read the events after ${Math.min(expectedSeq, actualSeq)} and decide again`,
    { details: { runId, expectedSeq, actualSeq } },
  )
}

/** The claim an operation was made under is no longer, or never was, this store's. */
export function fenced(runId: string, epoch: number, why: string): StoreError {
  return new StoreError(
    'STORE_FENCED',
    `the claim of run ${quote(runId)} with epoch ${epoch} is lost: ${why}; stop working on the run, or claim it again`,
    { details: { runId, epoch } },
  )
}

/** Somebody else is writing the run. */
export function held(runId: string, owner: string, expiresAt: number, epoch: number): StoreError {
  const until = new Date(Math.max(0, Math.min(expiresAt, LAST_INSTANT)) || 0).toISOString()
  return new StoreError(
    'STORE_HELD',
    `run ${quote(runId)} is held by ${quote(owner)} until ${until}; try again when it let go or its lease is over`,
    { details: { runId, owner, expiresAt, epoch } },
  )
}

/** A record in the middle of a log that can not be trusted. */
export function damaged(runId: string, offset: number, what: string): StoreError {
  return new StoreError(
    'STORE_DAMAGED',
    `the log of run ${quote(runId)} is damaged at byte ${offset}: ${what}; events before it can be read, restore the rest from a copy`,
    { details: { runId, offset } },
  )
}
