import { describe, expect, it } from 'vitest'
import { GROWTHS, planOf } from '../../../bench/suite/plan.mjs'

const subject = (name: string, more: object = {}) => ({ name, kind: 'ours', ...more })
const growth = (name: string) => ({
  subject: name,
  title: `more for ${name}`,
  sizes: [1, 4, 16],
  parameters: (size: number) => ({ size }),
})
const workloads = [
  {
    name: 'first',
    cases: [{ name: 'small', quick: true }, { name: 'large', quick: true }, { name: 'huge' }],
    subjects: [
      subject('a'),
      subject('p', { kind: 'peer', quick: ['small'], only: ['small', 'large'] }),
      subject('slow', { quick: false }),
    ],
    growth: [growth('a')],
  },
  { name: 'second', cases: [{ name: 'only', quick: true }], subjects: [subject('b')], growth: [growth('b')] },
]

const planned = (options: { only?: string; isQuick?: boolean; withPeers?: boolean }) =>
  planOf(workloads, { isQuick: false, withPeers: false, ...options }).map(
    ({ title, subjects }) => `${title} = ${subjects.map(({ name }) => name).join(' ')}`,
  )

describe('the plan of the benchmarks', () => {
  it('has all cases and growths, and peers only when they are asked for', () => {
    expect(planned({})).toEqual([
      'first: small = a slow',
      'first: large = a slow',
      'first: huge = a slow',
      'first: growth of more for a = a',
      'second: only = b',
      'second: growth of more for b = b',
    ])
  })

  it('takes a peer to the cases it names', () => {
    expect(planned({ only: 'first', withPeers: true }).slice(0, 3)).toEqual([
      'first: small = a p slow',
      'first: large = a p slow',
      'first: huge = a slow',
    ])
  })

  it('leaves out of a quick run what is not quick, by case where a subject names its quick ones', () => {
    expect(planned({ isQuick: true, withPeers: true })).toEqual([
      'first: small = a p',
      'first: large = a',
      'second: only = b',
    ])
  })

  it.each([[false], [true]])('has the growths of every workload and nothing else under their own name', (isQuick) => {
    expect(planned({ only: GROWTHS, isQuick })).toEqual([
      'first: growth of more for a = a',
      'second: growth of more for b = b',
    ])
  })
})
