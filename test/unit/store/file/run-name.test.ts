import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { runIdOf, runName } from '../../../../src/store/file/run-name.ts'
import { runs } from '../../../helpers/property.ts'

describe('the folder name of a run', () => {
  it.each([
    ['order-42', 'run-order-42'],
    ['Order', 'run-%4frder'],
    ['../x', 'run-%2e%2e%2fx'],
    ['ä', 'run-%e4'],
    ['\u{1f9ed}', 'run-%ud83e%udded'],
  ])('of %j is %j', (runId, name) => {
    expect(runName(runId)).toBe(name)
    expect(runIdOf(name)).toBe(runId)
  })

  it('leads back to the id, or is a hash, and is never a path', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 200 }), (runId) => {
        const name = runName(runId)
        expect(name).toMatch(/^(run-[a-z0-9_%-]+|hash-[0-9a-f]{64})$/)
        expect(name.length).toBeLessThanOrEqual(128)
        expect(runIdOf(name)).toBe(name.startsWith('hash-') ? null : runId)
      }),
      runs('run folder names', 500),
    )
  })

  it.each(['claims', 'run-A', 'run-%41b%', 'hash-12', 'deleted-1', 'run-%61'])('%j is no run', (name) => {
    expect(runIdOf(name)).toBeUndefined()
  })
})
