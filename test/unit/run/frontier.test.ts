import { describe, expect, it } from 'vitest'
import { nextDueAt } from '../../../src/run/plan.ts'
import { Core } from './core.ts'

describe('retries and time', () => {
  const retry = { maximumAttempts: 3, initialIntervalMs: 100, jitter: 0 }

  it('a node that was due, but has not started when the clock jumps back, starts when it is due again', () => {
    const core = Core.started(
      [
        { id: 'a', retry },
        { id: 'b', retry },
      ],
      [],
      { concurrency: 2 },
    )
    core.fail('a')
    core.fail('b')
    core.run.state.config = { ...core.run.state.config, concurrency: 1 }
    core.at += 100
    expect(core.settle()).toEqual(['node.start a'])
    core.at -= 50
    core.complete('a')
    expect(core.settle()).toEqual([])
    expect(nextDueAt(core.run)).toBe(core.at + 50)
    core.at += 50
    expect(core.settle()).toEqual(['node.start b'])
    core.complete('b')
    expect(core.settle()).toEqual(['run.complete'])
  })

  it('the next time is that of the earliest node still waiting, and of none while the run pauses or fails', () => {
    const core = Core.started([{ id: 'a', retry }, { id: 'b', retry: { ...retry, initialIntervalMs: 10 } }, 'c'], [], {
      concurrency: 3,
    })
    expect(nextDueAt(core.run)).toBeNull()
    core.fail('a')
    core.fail('b')
    expect(nextDueAt(core.run)).toBe(core.at + 10)
    core.do({ type: 'run.request-pause', reason: 'x' })
    expect(nextDueAt(core.run)).toBeNull()
    core.resume()
    core.at += 10
    expect(core.settle()).toEqual(['node.start b'])
    expect(nextDueAt(core.run)).toBe(core.at + 90)
    core.fail('c')
    expect(nextDueAt(core.run)).toBeNull()
  })

  it('no time is waited for while as many nodes run as may', () => {
    const core = Core.started([{ id: 'a', retry }, 'b', 'c'], [], { concurrency: 1 })
    core.fail('a')
    expect(core.settle()).toEqual(['node.start b'])
    core.at += 100
    expect([core.settle(), nextDueAt(core.run)]).toEqual([[], null])
    core.complete('b')
    expect(core.settle()).toEqual(['node.start a'])
  })

  it('at once is due at once', () => {
    const core = Core.started([{ id: 'a', retry: { maximumAttempts: 1_000, initialIntervalMs: 0 } }])
    for (let attempt = 1; attempt < 1_000; attempt += 1) {
      core.fail('a')
      expect(core.settle()).toEqual(['node.start a'])
    }
    expect(core.fail('a')[0]).toMatchObject({ type: 'node.failed', data: { attempt: 1_000 } })
    core.check()
  })
})

describe('order', () => {
  it('ready nodes start in definition order, whatever the order they became ready in', () => {
    const core = Core.started(['z', 'c', 'b', 'a', 'y'], ['z>c', 'y>b', 'y>a'], { concurrency: 2 })
    core.complete('y')
    expect(core.settle()).toEqual(['node.start b'])
    core.complete('z')
    expect(core.settle()).toEqual(['node.start c'])
    core.complete('c')
    expect(core.settle()).toEqual(['node.start a'])
  })
})
