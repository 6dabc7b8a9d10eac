import type { SerializedError } from '../base/serialized-error.ts'
import type { CompensationCause } from './compensation.ts'
import type { InterruptReason } from './event.ts'
import type { Fact } from './fact.ts'
import type { StateWrite } from './state-write.ts'

/**
 * Written in the place of the end of a run that has something to compensate for and was asked to. Nothing else runs from here on;
 * the end follows when all compensations are through.
 */
export type RunCompensating = Fact<
  'run.compensating',
  {
    readonly cause: CompensationCause
    readonly error: SerializedError
    readonly nodeId?: string
    readonly reason?: string
  }
>

/** Written before the compensation of a completed node is called. */
export type CompensationStarted = Fact<'compensation.started', { readonly nodeId: string; readonly attempt: number }>

/** Written when a compensation has returned; its writes are part of this fact. */
export type CompensationCompleted = Fact<
  'compensation.completed',
  { readonly nodeId: string; readonly attempt: number; readonly writes?: readonly StateWrite[] }
>

/** Written when an attempt at a compensation failed and the node's retry policy allows another. */
export type CompensationRetryScheduled = Fact<
  'compensation.retry-scheduled',
  {
    readonly nodeId: string
    readonly attempt: number
    readonly error: SerializedError
    readonly delayMs: number
    readonly dueAt: number
  }
>

/** Written when a compensation failed for good; the others go on. */
export type CompensationFailed = Fact<
  'compensation.failed',
  { readonly nodeId: string; readonly attempt: number; readonly error: SerializedError }
>

/** Written for a compensation that was in flight when it was cut off; it runs again. */
export type CompensationInterrupted = Fact<
  'compensation.interrupted',
  { readonly nodeId: string; readonly attempt: number; readonly reason: InterruptReason }
>

/** Every fact about compensations. */
export type CompensationEvent =
  | CompensationStarted
  | CompensationCompleted
  | CompensationRetryScheduled
  | CompensationFailed
  | CompensationInterrupted
