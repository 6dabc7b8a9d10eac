import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { SerializedError } from '../base/serialized-error.ts'
import type { WorkflowDefinition } from '../workflow/definition.ts'
import type { RunConfig } from './config.ts'
import type { StateWrite } from './state-write.ts'

/** What the world asks of a run or reports to it, and what the plan says is due. Times come with the command, never from a clock. */
export type RunCommand =
  | { readonly type: 'run.start'; readonly seed: number }
  | {
      readonly type: 'run.resume'
      readonly config?: RunConfig
      readonly workflow?: { readonly definition: WorkflowDefinition; readonly fingerprint: string }
    }
  | { readonly type: 'run.request-pause'; readonly reason: string }
  | { readonly type: 'run.pause' }
  | { readonly type: 'run.cut-off' }
  | { readonly type: 'run.wait' }
  | { readonly type: 'run.cancel'; readonly reason: string }
  | { readonly type: 'run.time-out' }
  | { readonly type: 'run.complete' }
  | { readonly type: 'run.fail' }
  | { readonly type: 'node.start'; readonly index: number }
  | { readonly type: 'node.skip'; readonly index: number }
  | NodeComplete
  | NodeFail
  | {
      readonly type: 'usage.add'
      readonly index: number
      readonly attempt: number
      readonly resource: string
      readonly amount: number
    }
  | { readonly type: 'signal.receive'; readonly name: string; readonly payload: Encoded }

/** A handler returned. */
export interface NodeComplete {
  readonly type: 'node.complete'
  readonly index: number
  readonly attempt: number
  readonly output: Encoded
  readonly writes: readonly StateWrite[] | null
  readonly decisions: Dictionary<boolean> | null
}

/** An attempt failed; `retryable` false when another attempt can't help. */
export interface NodeFail {
  readonly type: 'node.fail'
  readonly index: number
  readonly attempt: number
  readonly error: SerializedError
  readonly retryable: boolean
}
