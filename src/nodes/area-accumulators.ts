import { invalidArgument } from '../base/argument.ts'
import { NodeError, quote } from '../base/errors.ts'
import type { AccumulatorOperation } from '../run/state-write.ts'
import type { AccumulatorsContext } from '../workflow/handler.ts'
import { finite } from './area-counters.ts'
import type { AttemptContext } from './context.ts'

/** `ctx.accumulators`. */
export function accumulatorsArea(ctx: AttemptContext): AccumulatorsContext {
  const number = (op: AccumulatorOperation) => (name: string, value: number) => {
    ctx.assertOpen()
    ctx.transaction.accumulate(op, ctx.key('accumulator', name), finite(ctx, name, value), ctx.nodeId)
  }
  return Object.freeze({
    get: (name: string) => {
      const value = ctx.transaction.accumulated(ctx.key('accumulator', name), ctx.nodeId)
      if (value === undefined) return undefined
      return Array.isArray(value) ? value.map((item) => ctx.decode(item)) : ctx.decode(value as string | number | null)
    },
    sum: number('sum'),
    product: number('product'),
    min: number('min'),
    max: number('max'),
    count: (name: string, by = 1) => number('count')(name, by),
    concat: (name: string, value: string) => {
      ctx.assertOpen()
      if (typeof value !== 'string' || !value.isWellFormed()) {
        throw invalidArgument('value', 'well-formed text', value, {
          of: `accumulators.concat of node ${quote(ctx.nodeId)}`,
          details: { nodeId: ctx.nodeId },
          error: NodeError,
        })
      }
      ctx.transaction.accumulate('concat', ctx.key('accumulator', name), value, ctx.nodeId)
    },
    append: (name: string, value: unknown) => {
      ctx.assertOpen()
      ctx.transaction.accumulate('append', ctx.key('accumulator', name), ctx.encode(value), ctx.nodeId)
    },
  })
}
