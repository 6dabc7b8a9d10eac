import { describe, expect, it } from 'vitest'
import { compareCounts, readCounts } from '../../../scripts/counts.mjs'

describe('readCounts', () => {
  it('adds up the lines of one name, wherever they stand in the output', () => {
    const output =
      'stdout | test/a.test.ts > law\ncount round trip: 100\n\n noise count round trip: 7\ncount a b: 1\r\ncount round trip: 20\n'
    expect([...readCounts(output)]).toEqual([
      ['round trip', 120],
      ['a b', 1],
    ])
  })
})

describe('compareCounts', () => {
  it('passes counts at or above their floors', () => {
    expect(compareCounts(new Map([['law', 100]]), { law: 100 })).toEqual({ problems: [], notes: [] })
  })

  it('finds a law that was thinned out, and one that was never counted', () => {
    const { problems } = compareCounts(new Map([['thin', 99]]), { thin: 100, lost: 1, constructor: 1 })
    expect(problems).toEqual([
      '"thin" ran 99 cases; its floor in test/floors.json is 100',
      '"lost" was never counted; its floor in test/floors.json is 1',
      '"constructor" was never counted; its floor in test/floors.json is 1',
    ])
  })

  it('notes a count without a floor', () => {
    expect(compareCounts(new Map([['new', 5]]), {}).notes).toEqual([
      '"new" ran 5 cases and has no floor in test/floors.json',
    ])
  })
})
