import { describe, expect, it } from 'vitest'
import { plainText, sectionsOf } from '../../../bench/suite/tables.mjs'

const workloads = [{ name: 'resume', title: 'Resume', note: 'How long it takes.' }]
const measured = {
  workload: 'resume',
  case: '10 done',
  subject: 'one',
  kind: 'peer',
  metric: 'ms',
  limit: null,
  count: 3,
  median: 2,
  q1: 1.5,
  q3: 2.5,
  peakMiB: 50,
}

describe('the tables of the benchmarks', () => {
  it('say how often completed steps were run again, also when none was', () => {
    const rows = [
      { ...measured, facts: { ranAgain: 0 } },
      { ...measured, subject: 'two', setting: 'its defaults', facts: { ranAgain: 12 } },
    ]
    const text = plainText(sectionsOf({ workloads, rows, growths: [] }))
    expect(text).toMatch(/one .* ran again: 0$/m)
    expect(text).toMatch(/two .* its defaults; ran again: 12$/m)
  })

  it('keep what was left out or failed as a row with its reason', () => {
    const about = { workload: 'resume', case: '10 done', kind: 'peer' }
    const rows = [
      { ...about, subject: 'three', leftOut: 'needs a server' },
      { ...about, subject: 'four', error: 'Error: no' },
    ]
    const text = plainText(sectionsOf({ workloads, rows, growths: [] }))
    expect(text).toMatch(/three +left out +needs a server$/m)
    expect(text).toMatch(/four +failed +Error: no$/m)
  })

  it.each([
    [1.1, null, '1.10', 'holds'],
    [1.11, null, '1.11', 'missed'],
    [1.11, 0.9, '1.11', 'missed'],
    [1.19, 1.33, '1.19, limit 1.33', 'holds'],
    [1.34, 1.33, '1.34, limit 1.33', 'missed'],
    [1, 1.33, '1.00', 'holds'],
  ])(
    'hold the exponent %d of a growth against its aim, and %s of the limit: %s %s',
    (exponent, limit, found, verdict) => {
      const growthOf = (title: string, of: number) => ({
        workload: 'history',
        title,
        points: [{ size: 1, ms: 1 }],
        exponent: of,
      })
      const growths = [
        growthOf('replay', exponent),
        ...(limit === null ? [] : [growthOf('JSON.parse of the texts', limit)]),
      ]
      const [aims] = sectionsOf({ workloads, rows: [], growths })
      const row = aims?.tables[0]?.rows.find(([what]) => what === 'growth exponent, events folded')
      expect(row).toEqual(['growth exponent, events folded', 'at most 1.10, or that of the limit', found, verdict])
    },
  )
})
