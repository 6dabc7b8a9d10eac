import { expect, it } from 'vitest'
import { planOf } from '../../../bench/suite/plan.mjs'
import { measurePlan } from '../../../bench/suite/run.mjs'

const subject = (name: string, more: object = {}) => ({ name, kind: 'peer', ...more })
const plan = planOf(
  [
    {
      name: 'resume',
      cases: [{ name: '10 done' }],
      subjects: [
        subject('on a server', { needs: ['a server'], setting: 'its defaults' }),
        subject('in memory', { leftOut: { '10 done': 'has nothing to take up' } }),
      ],
      growth: [],
    },
  ],
  { isQuick: false, withPeers: true },
)

it('a subject that misses what it needs, or has nothing to show in a case, is a row with the reason and no process', async () => {
  const told: string[] = []
  // No folder of that name: whatever were started would fail instead.
  const { rows } = await measurePlan(
    'no such folder',
    plan,
    ({ name }) => (name === 'on a server' ? { missing: 'there is no server' } : {}),
    ({ title }) => told.push(title),
  )
  const about = { workload: 'resume', case: '10 done', kind: 'peer' }
  expect(rows).toEqual([
    { ...about, subject: 'on a server', setting: 'its defaults', leftOut: 'there is no server' },
    { ...about, subject: 'in memory', leftOut: 'has nothing to take up' },
  ])
  expect(told).toEqual(['resume: 10 done'])
})
