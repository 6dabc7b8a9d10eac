import { describe, expect, it } from 'vitest'
import { watchLines } from '../../../../src/cli/format/watch-text.ts'
import type { RunState } from '../../../../src/run/state.ts'
import { Core } from '../../run/core.ts'

const text = (state: RunState, columns: number, rows: number) =>
  watchLines({ state, at: state.lastAt + 65_000, restMs: null }, columns, rows).map((line) => line.text)

/** A run with ten nodes: four that have ended, three that wait for their retry, three that have not begun. */
function mixed(): RunState {
  const { state } = new Core(Array.from({ length: 10 }, (_, index) => `n${index}`)).run
  state.nodes.forEach((node, index) => {
    if (index < 4) Object.assign(node, { status: 'completed', startedAt: 0, endedAt: 5 })
    else if (index < 7) Object.assign(node, { status: 'retrying', attempt: 1, startedAt: 0, dueAt: state.lastAt })
  })
  return state
}

describe('watchLines', () => {
  it('names every node where there are lines enough', () => {
    expect(text(mixed(), 80, 13)).toHaveLength(13)
    expect(text(mixed(), 80, 13).join('\n')).not.toContain('…')
  })

  it('counts what has ended first, then what has not begun', () => {
    expect(text(mixed(), 80, 12).slice(3)).toEqual([
      expect.stringMatching(/^n4 {2}retrying .* overdue, until /),
      expect.stringMatching(/^n5 /),
      expect.stringMatching(/^n6 /),
      expect.stringMatching(/^n7 {2}pending$/),
      expect.stringMatching(/^n8 /),
      expect.stringMatching(/^n9 /),
      '… 4 that have ended',
    ])
    expect(text(mixed(), 80, 8).slice(-2)).toEqual(['… 4 that have ended', '… 3 pending'])
    expect(text(mixed(), 80, 8)).toHaveLength(8)
  })

  it('counts the rest when even those that are under way are too many, also those that take two lines', () => {
    expect(text(mixed(), 80, 7).slice(3)).toEqual([
      expect.stringMatching(/^n4 /),
      '… 2 more',
      '… 4 that have ended',
      '… 3 pending',
    ])
    expect(text(mixed(), 40, 9).slice(3)).toEqual([
      'n4  retrying  1m5s',
      expect.stringMatching(/^ {2}overdue, until /),
      '… 2 more',
      '… 4 that have ended',
      '… 3 pending',
    ])
    for (const columns of [40, 80]) {
      for (let rows = 7; rows < 20; rows += 1) expect(text(mixed(), columns, rows).length).toBeLessThanOrEqual(rows)
    }
  })

  it('says that a run undoes what it did, in the place of an estimate', () => {
    const state = mixed()
    Object.assign(state, { status: 'running', startedAt: state.lastAt, compensating: { cause: 'failure' } })
    state.compensations['n0'] = { status: 'running', attempt: 1, failures: 0, dueAt: null, error: null }
    expect(text(state, 80, 20)[1]).toBe('1m5s, undoing what it did')
    expect(text(state, 80, 20)[3]).toMatch(/^n0 .* compensation running$/)
    expect(text(state, 40, 40)[4]).toBe('  compensation running')
  })

  it('takes a run without nodes, and one that has not begun', () => {
    const { state } = new Core([]).run
    expect(text(state, 80, 20)).toEqual([
      expect.stringMatching(/^run r of .* pending$/),
      'not begun, no estimate',
      'no nodes',
    ])
  })
})
