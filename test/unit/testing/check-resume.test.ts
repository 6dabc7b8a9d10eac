import { describe, expect, it } from 'vitest'
import { checkResume } from '../../../src/testing/check-resume.ts'
import { SimulatedClock } from '../../../src/testing/simulated-clock.ts'
import { workflow } from '../../../src/workflow/builder.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

describe('checkResume', () => {
  it('finds nothing in a workflow whose handlers depend on their inputs alone, and counts its cuts', async () => {
    const flow = workflow('good', '1.0.0')
      .node('a', (_, ctx) => {
        ctx.counters.add('n', 2)
        ctx.variables.set('at', new Date(5))
        return [1, 2]
      })
      .node('b', ['a'], ({ a }, ctx) => {
        ctx.accumulators.sum('sum', a.length)
        return a.length
      })
      .node('c', ['a'], () => 'c')
      .build()
    const { status, cuts, differences } = await checkResume(flow)
    expect(status).toBe('completed')
    expect(differences).toEqual([])
    // Before the first fact, then each: run started, 3 × started and completed, run completed.
    expect(cuts).toBe(9)
  })

  it('resumes a failing run to the same failure', async () => {
    const flow = workflow('failing', '1.0.0')
      .node('a', () => 1)
      .node('b', ['a'], () => {
        throw new Error('always')
      })
      .build()
    const { status, cuts, differences } = await checkResume(flow, { logger: silent })
    expect(status).toBe('failed')
    expect(differences).toEqual([])
    expect(cuts).toBeGreaterThan(4)
  })

  it('shows a handler that depends on how often it was called', async () => {
    let calls = 0
    const flow = workflow('bad', '1.0.0')
      .node('a', () => {
        calls += 1
        return calls
      })
      .build()
    const { differences } = await checkResume(flow)
    expect(differences[0]).toEqual({ seq: 0, what: 'results', path: '/a', expected: '1', got: '2' })
  })

  it('names the first place that differs, and what is there alone', async () => {
    let calls = 0
    const count = () => {
      calls += 1
      return calls
    }
    const flow = workflow('deep', '1.0.0')
      .node('a', () => ({ long: 'x'.repeat(10_000), list: [{ 'a/b': 0 }, { 'a/b': count() }] }))
      .build()
    const { differences } = await checkResume(flow, { maxCuts: 1 })
    expect(differences).toEqual([{ seq: 0, what: 'results', path: '/a/list/1/a~1b', expected: '1', got: '2' }])
    const shorter = workflow('shorter', '1.0.0')
      .node('a', () => (count() === 3 ? [1, 2] : [1]))
      .build()
    expect((await checkResume(shorter, { maxCuts: 1 })).differences).toEqual([
      { seq: 0, what: 'results', path: '/a/1', expected: '2', got: 'undefined' },
    ])
  })

  it('takes a node of a nested run for no other of the same id', async () => {
    const inner = workflow('inner', '1.0.0')
      .node('a', () => 1)
      .node('b', ['a'], ({ a }) => a + 1)
      .build()
    const flow = workflow('outer', '1.0.0')
      .node('a', () => 1)
      .workflow('run', ['a'], inner)
      .build()
    const { status, differences } = await checkResume(flow)
    expect({ status, differences }).toEqual({ status: 'completed', differences: [] })
  })

  it('cuts no more often than asked', async () => {
    const flow = workflow('short', '1.0.0')
      .node('a', () => 1)
      .build()
    expect((await checkResume(flow, { maxCuts: 2 })).cuts).toBe(2)
  })

  it('waits on a simulated clock for retries', async () => {
    const clock = new SimulatedClock()
    const flow = workflow('patient', '1.0.0')
      .node(
        'a',
        (_, ctx) => {
          if (ctx.attempt < 3) throw new Error('not yet')
          return ctx.attempt
        },
        { retry: { maximumAttempts: 3, initialIntervalMs: 3_600_000 } },
      )
      .build()
    const { differences } = await clock.drive(checkResume(flow, { clock, logger: silent }))
    // A cut in flight costs an attempt number: the node ends at attempt 4 where it was cut off once.
    expect(new Set(differences.map(({ what }) => what))).toEqual(new Set(['results']))
  })
})
