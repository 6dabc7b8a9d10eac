import type { Encoded } from '../base/encoded.ts'
import type { Dictionary } from '../base/json.ts'
import type { OperationNote } from './event.ts'

/** What someone does to a run that does not execute; `path`: ids of the nodes that lead to the nested run the node is of. */
export type Operation =
  | {
      readonly type: 'operator.skip'
      readonly path: readonly string[]
      readonly nodeId: string
      readonly note: OperationNote
    }
  | {
      readonly type: 'operator.set'
      readonly path: readonly string[]
      readonly nodeId: string
      readonly output: Encoded
      readonly decisions: Dictionary<boolean> | null
      readonly note: OperationNote
    }
  /** Without a value: the variable is deleted. */
  | {
      readonly type: 'operator.edit'
      readonly name: string
      readonly value: Encoded | undefined
      readonly note: OperationNote
    }

/** Which failed nodes, and nodes that ask, are tried again. */
export interface Retry {
  /** Ids; null: all. */
  readonly nodes: readonly string[] | null
  readonly note: OperationNote
}
