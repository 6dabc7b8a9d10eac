import type { Encoded } from '../base/encoded.ts'

/** Operations of an accumulator; all but `concat` and `append` commute. */
export type AccumulatorOperation = 'sum' | 'product' | 'min' | 'max' | 'count' | 'concat' | 'append'

/**
 * One write a node made to the run's state, part of the fact of its completion.
 *
 * Shape: `{ area: 'counter', op: 'add', key: 'rows', value: 3 }`
 */
export type StateWrite =
  | { readonly area: 'variable'; readonly op: 'set'; readonly key: string; readonly value: Encoded }
  | { readonly area: 'variable'; readonly op: 'delete'; readonly key: string }
  | { readonly area: 'accumulator'; readonly op: AccumulatorOperation; readonly key: string; readonly value: Encoded }
  | { readonly area: 'counter'; readonly op: 'add'; readonly key: string; readonly value: number }
  | {
      readonly area: 'cache'
      readonly op: 'set'
      readonly key: string
      readonly value: Encoded
      readonly expiresAt: number | null
    }
  | { readonly area: 'cache'; readonly op: 'delete'; readonly key: string }
  | { readonly area: 'contextVariable'; readonly op: 'set'; readonly key: string; readonly value: Encoded }
  | { readonly area: 'contextVariable'; readonly op: 'delete'; readonly key: string }
  | { readonly area: 'contextConstant'; readonly op: 'set'; readonly key: string; readonly value: Encoded }
  /** The state that a node type keeps of its own; `key` is the type. */
  | { readonly area: 'type'; readonly op: 'set'; readonly key: string; readonly value: Encoded }
