import { describe, expect, it } from 'vitest'
import { estimateRest } from '../../../src/cli/estimate.ts'
import { durationsOf } from '../../../src/cli/past-runs.ts'
import { noParts, untouchedItem } from '../../../src/run/parts.ts'
import type { RunState } from '../../../src/run/state.ts'
import { Core } from '../run/core.ts'

/** A past run whose nodes took so long; null: skipped, after an attempt that took long. */
function past(durations: Readonly<Record<string, number | null>>): RunState {
  const { state } = new Core(Object.keys(durations)).run
  Object.values(durations).forEach((took, index) => {
    const node = state.nodes[index]!
    if (took === null) Object.assign(node, { status: 'skipped', startedAt: 1_000, endedAt: 900_000 })
    else Object.assign(node, { status: 'completed', startedAt: 1_000, endedAt: 1_000 + took })
  })
  return state
}

const diamond = () => Core.started(['a', 'b', 'c', 'd'], ['a>b', 'a>c', 'b>d', 'c>d'])
const took = durationsOf([past({ a: 100, b: 200, c: 1_000, d: 50 })])

describe('durationsOf', () => {
  it('is the median of each node, by its id', () => {
    const { runs, medians } = durationsOf([past({ a: 1, b: 5 }), past({ a: 9 }), past({ a: 3, __proto__x: 2 })])
    expect(runs).toBe(3)
    expect([...medians]).toEqual([
      ['a', 3],
      ['b', 5],
      ['__proto__x', 2],
    ])
    expect(durationsOf([past({ a: 1 }), past({ a: 4 })]).medians.get('a')).toBe(2.5)
  })

  it('is nothing for a node that most runs skipped', () => {
    expect(durationsOf([past({ a: 500 }), past({ a: null }), past({ a: null })]).medians.get('a')).toBe(0)
  })
})

describe('estimateRest', () => {
  it('is unknown without past runs, and for a run that does not go on by itself', () => {
    const core = diamond()
    expect(estimateRest(core.run, durationsOf([]), core.at)).toBeNull()
    core.do({ type: 'run.request-pause', reason: 'lunch' })
    core.do({ type: 'run.cut-off' })
    core.settle()
    expect(estimateRest(core.run, took, core.at)).toBeNull()
  })

  it('is the longest way through what has not ended', () => {
    const core = diamond()
    expect(estimateRest(core.run, took, core.at)).toBe(1_150)
    core.at += 60
    expect(estimateRest(core.run, took, core.at)).toBe(1_090)
    core.complete('a')
    core.settle()
    expect(estimateRest(core.run, took, core.at)).toBe(1_050)
    core.at += 5_000
    expect(estimateRest(core.run, took, core.at)).toBe(50)
  })

  it('is the work that is left where there are few places', () => {
    const core = Core.started(['a', 'b', 'c'], [], { concurrency: 1 })
    expect(estimateRest(core.run, durationsOf([past({ a: 10, b: 10, c: 10 })]), core.at)).toBe(30)
  })

  it('counts a node nobody knows as nothing, and a wait for what is left of it', () => {
    const core = Core.started(['new'])
    expect(estimateRest(core.run, took, core.at)).toBe(0)
    core.do({
      type: 'node.wait',
      index: 0,
      attempt: 1,
      wait: { kind: 'timer', durationMs: 700, onLoad: 'deadline', dueAt: core.at + 700 },
    })
    expect(estimateRest(core.run, took, core.at + 200)).toBe(500)
    expect(estimateRest(core.run, took, core.at + 900)).toBe(0)
  })

  it('takes for items that are left as long as those that are through took', () => {
    const core = Core.started(['a'])
    const done = { ...untouchedItem(), status: 'completed' as const }
    const list = [done, done, untouchedItem(), untouchedItem(), untouchedItem()]
    Object.assign(core.node('a'), { status: 'waiting', parts: { ...noParts(), items: { keys: null, list } } })
    expect(estimateRest(core.run, took, core.at + 400)).toBe(600)
  })
})
