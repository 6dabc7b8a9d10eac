import { describe, expect, it } from 'vitest'
import { stateWeight } from '../../../src/history/state-weight.ts'
import { Timeline } from '../../../src/history/timeline.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { fold, runOf } from '../../../src/run/fold.ts'
import { Core } from '../run/core.ts'
import { finished } from './recorded.ts'

/** A timeline that counts what it reads. */
function counted({ events, run: { graph } }: Core, leastDistance: number, isFirstRead = true) {
  const [first] = events
  if (first?.type !== 'run.started') throw new Error('not started')
  let read = 0
  const timeline = new Timeline(
    runOf(graph, first),
    isFirstRead ? first : null,
    (seq) => {
      read += 1
      return events[seq - 1]!
    },
    leastDistance,
  )
  const reads = (seq: number) => {
    const before = read
    const { state } = timeline.runAt(seq)
    return { state, folded: read - before }
  }
  return { timeline, reads }
}

/** A run of so many nodes, one after the other, and two facts of each. */
function chain(size: number): Core {
  const ids = Array.from({ length: size }, (_, index) => `n${index}`)
  return finished(
    ids,
    ids.slice(1).map((id, index) => `n${index}>${id}`),
  )
}

describe('a timeline', () => {
  it('gives the fold of the facts up to each, asked in any order', () => {
    const core = chain(20)
    const { graph } = core.run
    const { reads } = counted(core, 5)
    const all = core.events.map(({ seq }) => seq)
    for (const seq of [...all, ...all.toReversed(), ...all.map((seq) => 1 + ((seq * 17) % all.length))]) {
      expect(reads(seq).state).toEqual(fold(graph, core.events.slice(0, seq)).state)
    }
  })

  it('has before the first fact the run as it was before it began', () => {
    const core = chain(2)
    const { reads } = counted(core, 5)
    const { state, folded } = reads(0)
    expect([folded, state.status, state.seq, state.input, state.config]).toEqual([
      0,
      'pending',
      0,
      core.run.state.input,
      core.run.state.config,
    ])
  })

  it('folds fewer facts than keyframes are apart, once it has been there', () => {
    const core = chain(100)
    const { reads, timeline } = counted(core, 16)
    const distance = Math.max(16, Math.ceil(stateWeight(core.run.state) / 8))
    expect(reads(core.events.length).folded).toBe(core.events.length - 1)
    for (const { seq } of core.events) expect(reads(seq).folded).toBeLessThan(distance)
    expect(timeline.frames).toBeGreaterThan(core.events.length / distance)
  })

  it('makes keyframes no further than it was asked', () => {
    const core = chain(100)
    const { reads, timeline } = counted(core, 10)
    expect(timeline.frames).toBe(2)
    reads(45)
    const frames = timeline.frames
    for (let seq = 0; seq <= 45; seq += 1) reads(seq)
    expect(timeline.frames).toBe(frames)
    expect(frames).toBeLessThanOrEqual(2 + 45 / 10)
  })

  it('keeps states that weigh no more than eight times the facts, and one state more', () => {
    const core = chain(400)
    const { reads, timeline } = counted(core, 1)
    reads(core.events.length)
    expect((timeline.frames - 2) * (stateWeight(core.run.state) / 2)).toBeLessThan(8 * core.events.length)
  })

  it('reads the fact that begins the run once, or not at all when it was read already', () => {
    const core = chain(3)
    const unread = counted(core, 100, false)
    expect([unread.reads(1).folded, unread.reads(1).folded, unread.reads(2).folded]).toEqual([1, 0, 1])
    expect(counted(core, 100).reads(1).folded).toBe(0)
  })

  it('goes on from a run that was under way', () => {
    const core = chain(30)
    const { graph } = core.run
    const events: RunEvent[] = [...core.events]
    const timeline = new Timeline(fold(graph, events.slice(0, 20)), null, (seq) => events[seq - 1]!, 4)
    for (let seq = 20; seq <= events.length; seq += 1) {
      expect(timeline.runAt(seq).state).toEqual(fold(graph, events.slice(0, seq)).state)
    }
  })

  it('gives a run of the caller’s own', () => {
    const core = chain(10)
    const { reads } = counted(core, 4)
    const { state } = reads(12)
    const before = structuredClone(state)
    for (const node of state.nodes) Object.assign(node, { status: 'failed', output: 'spoiled' })
    state.completed.length = 0
    expect(reads(12).state).toEqual({ ...before, ...reads(12).state })
    expect(structuredClone(reads(12).state)).toEqual(before)
    expect(structuredClone(reads(14).state)).toEqual(
      structuredClone(fold(core.run.graph, core.events.slice(0, 14)).state),
    )
  })
})

describe('the weight of a state', () => {
  it('grows by one with each thing that is copied, values not looked into', () => {
    const core = Core.started(['a', { id: 'm', map: { items: '/a' } } as never], ['a>m'])
    const { state } = core.run
    const before = stateWeight(state)
    state.variables['v'] = { json: `"${'x'.repeat(1000)}"` }
    state.counters['constructor'] = 1
    state.signals.push({ seq: 1, at: 1, name: 's', payload: null })
    state.completed.push('a')
    expect(stateWeight(state)).toBe(before + 4)
  })
})
