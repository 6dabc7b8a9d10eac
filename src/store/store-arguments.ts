import { readArgument } from '../base/argument.ts'
import { kindOf, quote, StoreError } from '../base/errors.ts'
import type { RunEvent } from '../run/event.ts'
import { FactBatch } from '../run/fact-batch.ts'
import type { RunStatus } from '../run/state.ts'
import type {
  AppendExpectation,
  Checkpoint,
  Claim,
  ClaimRequest,
  EventBatch,
  ListQuery,
  ReadRange,
  StoreDriver,
  StoredEvent,
} from './driver.ts'

/** What compact JSON text never has: raw control characters. A log of lines relies on it. */
const CONTROL = /[\u0000-\u001f]/

/** Which events to walk; every bound is inclusive. */
export interface EventWalk {
  /** First sequence; default 1. */
  readonly fromSeq?: number
  /** Last sequence; default null: to the head. */
  readonly toSeq?: number | null
  /** Only events at or after this time, epoch ms; default null. */
  readonly fromAt?: number | null
  /** Only events at or before this time, epoch ms; default null. */
  readonly toAt?: number | null
  /** Most events held at once; default 1,000. */
  readonly pageLimit?: number
}

const STATUSES: Readonly<Record<RunStatus, true>> = {
  pending: true,
  running: true,
  waiting: true,
  paused: true,
  quarantined: true,
  completed: true,
  failed: true,
  canceled: true,
}

/** A run id is any text but the empty one. @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkRunId(runId: unknown): asserts runId is string {
  if (typeof runId !== 'string' || runId === '') refuse('runId', 'a non-empty string', runId)
}

/** @throws {StoreError} STORE_BAD_ARGUMENT unless the value is a safe integer of at least `min` */
export function checkInteger(value: unknown, name: string, min: number): asserts value is number {
  if (!Number.isSafeInteger(value) || (value as number) < min) refuse(name, `an integer of ${min} or more`, value)
}

/** @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkExpectation(expectation: AppendExpectation): void {
  checkObject(expectation, 'expectation')
  checkInteger(expectation.expectedSeq, 'expectation.expectedSeq', 0)
  checkInteger(expectation.epoch, 'expectation.epoch', 1)
}

/**
 * Events follow each other and the head the writer expects, and the summary is of their end.
 * @param hasTexts - whether facts are put into words here, as they are where they survive; else their texts are not looked at
 * @throws {StoreError} STORE_BAD_ARGUMENT
 */
export function checkBatch(runId: string, expectation: AppendExpectation, batch: EventBatch, hasTexts: boolean): void {
  checkObject(batch, 'batch')
  const facts = hasTexts ? null : FactBatch.factsOf(batch)
  const seq = facts === null ? checkEvents(batch.events, expectation) : checkFacts(facts, expectation)
  const { summary } = batch
  checkObject(summary, 'batch.summary')
  if (summary.runId !== runId) refuse('batch.summary.runId', quote(runId), summary.runId)
  if (summary.seq !== seq) refuse('batch.summary.seq', `${seq}, the sequence of the last event`, summary.seq)
  checkString(summary.workflowId, 'batch.summary.workflowId')
  checkString(summary.workflowVersion, 'batch.summary.workflowVersion')
  checkStatus(summary.status, 'batch.summary.status')
  checkTime(summary.createdAt, 'batch.summary.createdAt')
  checkTime(summary.updatedAt, 'batch.summary.updatedAt')
}

/** @returns the sequence of the last */
function checkEvents(events: readonly StoredEvent[], expectation: AppendExpectation): number {
  if (!Array.isArray(events) || events.length === 0) refuse('batch.events', 'an array with at least one event', events)
  let seq = expectation.expectedSeq
  for (let index = 0; index < events.length; index++) {
    const event: StoredEvent | undefined = events[index]
    const name = `batch.events[${index}]`
    checkObject(event, name)
    seq += 1
    if (event.seq !== seq) refuse(`${name}.seq`, `${seq}, since sequences have no gaps`, event.seq)
    checkTime(event.at, `${name}.at`)
    if (typeof event.type !== 'string' || event.type === '') refuse(`${name}.type`, 'a non-empty string', event.type)
    if (event.nodeId !== null && typeof event.nodeId !== 'string') {
      refuse(`${name}.nodeId`, 'a string or null', event.nodeId)
    }
    if (typeof event.text !== 'string' || event.text === '' || CONTROL.test(event.text) || !event.text.isWellFormed()) {
      refuse(`${name}.text`, 'well-formed compact JSON text without control characters', event.text)
    }
  }
  return seq
}

/** Facts of a run need be asked no more than what comes from outside of it: their order, and the clock. @returns the sequence of the last */
function checkFacts(facts: readonly RunEvent[], { expectedSeq }: AppendExpectation): number {
  if (facts.length === 0) refuse('batch.events', 'an array with at least one event', facts)
  let seq = expectedSeq
  for (const fact of facts) {
    seq += 1
    if (fact.seq !== seq) refuse('batch.events[].seq', `${seq}, since sequences have no gaps`, fact.seq)
    checkTime(fact.at, 'batch.events[].at')
  }
  return seq
}

/** The whole range, with defaults. @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkReadRange(range: Partial<ReadRange>, defaultLimit: number): ReadRange {
  checkObject(range, 'range')
  const { fromSeq = 1, toSeq = null, limit = defaultLimit } = range
  checkInteger(fromSeq, 'range.fromSeq', 1)
  if (toSeq !== null) checkInteger(toSeq, 'range.toSeq', 0)
  checkInteger(limit, 'range.limit', 1)
  return { fromSeq, toSeq, limit }
}

/** The whole query, with defaults. @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkListQuery(query: Partial<ListQuery>, defaultLimit: number): ListQuery {
  checkObject(query, 'query')
  const { statuses = null, workflowId = null, limit = defaultLimit, cursor = null } = query
  if (statuses !== null) {
    if (!Array.isArray(statuses)) refuse('query.statuses', 'an array of run statuses or null', statuses)
    for (const status of statuses) checkStatus(status, 'query.statuses[]')
  }
  if (workflowId !== null) checkString(workflowId, 'query.workflowId')
  checkInteger(limit, 'query.limit', 1)
  if (cursor !== null) checkString(cursor, 'query.cursor')
  return { statuses, workflowId, limit, cursor }
}

/** @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkClaimRequest(request: ClaimRequest): void {
  checkObject(request, 'request')
  if (typeof request.owner !== 'string' || request.owner === '') {
    refuse('request.owner', 'a non-empty string', request.owner)
  }
  if (!Number.isFinite(request.leaseMs) || request.leaseMs <= 0) {
    refuse('request.leaseMs', 'a number of milliseconds above 0', request.leaseMs)
  }
  checkTime(request.now, 'request.now')
}

/** @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkClaim(claim: Claim): void {
  checkObject(claim, 'claim')
  checkRunId(claim.runId)
  checkString(claim.owner, 'claim.owner')
  checkInteger(claim.epoch, 'claim.epoch', 1)
}

/** @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkCheckpoint(checkpoint: Checkpoint): void {
  checkObject(checkpoint, 'checkpoint')
  checkInteger(checkpoint.seq, 'checkpoint.seq', 0)
  checkTime(checkpoint.at, 'checkpoint.at')
  if (!ArrayBuffer.isView(checkpoint.bytes) || checkpoint.bytes.BYTES_PER_ELEMENT !== 1) {
    refuse('checkpoint.bytes', 'a Uint8Array', checkpoint.bytes)
  }
}

/** @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkSequences(seqs: unknown): void {
  if (!Array.isArray(seqs)) refuse('seqs', 'an array of sequences', seqs)
  for (const seq of seqs) checkInteger(seq, 'seqs[]', 0)
}

/** The whole walk, with defaults. @throws {StoreError} STORE_BAD_ARGUMENT */
export function checkWalk(walk: EventWalk, defaultLimit: number): Required<EventWalk> {
  checkObject(walk, 'walk')
  const { fromSeq = 1, toSeq = null, fromAt = null, toAt = null, pageLimit = defaultLimit } = walk
  checkInteger(fromSeq, 'walk.fromSeq', 1)
  if (toSeq !== null) checkInteger(toSeq, 'walk.toSeq', 0)
  if (fromAt !== null) checkTime(fromAt, 'walk.fromAt')
  if (toAt !== null) checkTime(toAt, 'walk.toAt')
  checkInteger(pageLimit, 'walk.pageLimit', 1)
  return { fromSeq, toSeq, fromAt, toAt, pageLimit }
}

/** @throws {StoreError} STORE_BAD_ARGUMENT unless the value has a driver's name, what it supports, and its first methods */
export function checkDriver(driver: unknown): void {
  checkObject(driver, 'driver')
  const { append, open, supports } = driver as Partial<StoreDriver>
  if (typeof append !== 'function' || typeof open !== 'function') refuse('driver', 'a store driver', driver)
  checkObject(supports, 'driver.supports')
}

function checkObject(value: unknown, name: string): asserts value is object {
  if (typeof value !== 'object' || value === null) refuse(name, 'an object', value)
}

function checkString(value: unknown, name: string): asserts value is string {
  if (typeof value !== 'string') refuse(name, 'a string', value)
}

function checkTime(value: unknown, name: string): asserts value is number {
  if (!Number.isFinite(value)) refuse(name, 'a time in epoch milliseconds', value)
}

function checkStatus(value: unknown, name: string): asserts value is RunStatus {
  if (typeof value !== 'string' || !Object.hasOwn(STATUSES, value)) {
    refuse(name, `one of ${Object.keys(STATUSES).join(', ')}`, value)
  }
}

function refuse(name: string, expected: string, actual: unknown): never {
  const shown = typeof actual === 'object' ? kindOf(actual) : quote(actual)
  throw new StoreError('STORE_BAD_ARGUMENT', `${name} must be ${expected}, not ${shown}`, {
    details: { argument: name, expected, got: shown },
  })
}

/**
 * Does what reads an argument; what an accessor or a Proxy of the caller throws meanwhile is an error of the argument.
 * @throws {StoreError} STORE_BAD_ARGUMENT
 */
export function readStoreArgument<T>(name: string, read: () => T): T {
  return readArgument(name, read, { error: StoreError, code: 'STORE_BAD_ARGUMENT', details: { argument: name } })
}
