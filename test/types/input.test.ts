import { describe, expectTypeOf, it } from 'vitest'
import type { Engine } from '../../src/engine/engine-interface.ts'
import { DagExecutor, type RunHandle, workflow } from '../../src/index.ts'
import { checkResume } from '../../src/testing/check-resume.ts'

interface Order {
  readonly customer: string
}
const needy = workflow('needy')
  .input<Order>()
  .node('a', (_, ctx) => ctx.input.customer)
  .build()
const free = workflow('free')
  .node('a', () => 1)
  .build()
const either = workflow('either')
  .input<Order | undefined>()
  .node('a', (_, ctx) => ctx.input?.customer ?? 'nobody')
  .build()

describe('the input of a run', () => {
  it('can not be left out of an executor when the workflow needs one', () => {
    const make = () => {
      // @ts-expect-error there is no input
      new DagExecutor(needy)
      // @ts-expect-error nor is there among the options
      new DagExecutor(needy, { concurrency: 1 })
      // @ts-expect-error it is another
      new DagExecutor(needy, { input: { customer: 7 } })
      new DagExecutor(free, { input: 'anything' })
      new DagExecutor(free)
      new DagExecutor(either)
      return new DagExecutor(needy, { input: { customer: 'ada' }, listeners: { '*': (event) => event.seq } })
    }
    expectTypeOf(make).returns.toExtend<DagExecutor<{ readonly a: string }, Order>>()
  })

  it('can not be left out of a start when the workflow needs one', () => {
    const make = (engine: Engine) => {
      // @ts-expect-error there is no input
      engine.start(needy)
      // @ts-expect-error it is another
      engine.start(needy, { customer: 7 }, { runId: 'r' })
      engine.start(free, undefined, { runId: 'r' })
      engine.start(either)
      engine.start('by its id', 7)
      return engine.start(needy, { customer: 'ada' }, { runId: 'r' })
    }
    expectTypeOf(make).returns.resolves.toExtend<RunHandle<{ readonly a: string }>>()
  })

  it('is not asked for of a workflow whose types nobody knows', () => {
    expectTypeOf(checkResume).toBeCallableWith(needy, {})
  })
})
