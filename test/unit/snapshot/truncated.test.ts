import { describe, expect, it } from 'vitest'
import { truncatedMarker } from '../../../src/base/encoded.ts'
import { truncatedInputs } from '../../../src/snapshot/truncated.ts'
import { buildGraph } from '../../../src/workflow/graph.ts'
import { sampleState } from './sample.ts'

/** The sample run with a result dropped, changed further. */
function found(dropped: number, change: (state: ReturnType<typeof sampleState>) => void = () => undefined) {
  const state = sampleState()
  state.nodes[dropped]!.output = truncatedMarker(10, 1)
  change(state)
  return truncatedInputs(buildGraph(state.workflow), state)
}

describe('a dropped result', () => {
  it('is missed by nodes that are left to run, over edges that were taken', () => {
    expect(found(3)).toEqual([{ nodeId: 'yes', upstream: 'branch' }])
    expect(found(3, (state) => Object.assign(state.decisions, { '7': true }))).toEqual([
      { nodeId: 'yes', upstream: 'branch' },
    ])
    expect(found(3, (state) => Object.assign(state.decisions, { 'e-yes': false }))).toEqual([])
    expect(found(3, (state) => Object.assign(state.nodes[4]!, { status: 'failed', continues: false }))).toHaveLength(1)
  })

  it('is missed by nobody where all that needs it has ended, or the run has', () => {
    expect(found(2)).toEqual([])
    expect(found(3, (state) => Object.assign(state.nodes[4]!, { status: 'failed', continues: true }))).toEqual([])
    expect(found(3, (state) => Object.assign(state, { status: 'canceled' }))).toEqual([])
    expect(found(3, (state) => Object.assign(state, { status: 'completed' }))).toEqual([])
  })
})
