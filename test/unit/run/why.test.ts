import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import { whyNode } from '../../../src/run/why.ts'
import { Core } from './core.ts'

const why = (core: Core, ...path: string[]) => {
  const reasons = whyNode(core.run.graph, core.run.state, path, { at: core.at })
  if (reasons === null) throw new Error(`no node ${path.join('/')}`)
  return reasons
}

describe('why', () => {
  it('a node ran: the edges that were taken, by which decision', () => {
    const core = Core.started(
      ['a', 'b', 'c'],
      [
        { source: 'a', target: 'c', sourceHandle: 'large' },
        { id: 'e', source: 'b', target: 'c', condition: { path: '/x', operator: 'gt', value: 3 } },
      ],
    )
    const [large] = core.run.graph.edgeKeys
    core.complete('a', 1, { decisions: Object.assign(dictionary<boolean>(), { [large!]: true }) })
    core.complete('b', 1, { decisions: Object.assign(dictionary<boolean>(), { e: false }) })
    core.settle()
    core.complete('c')
    expect(why(core, 'c')).toMatchObject({
      status: 'completed',
      sentence: 'node "c" completed in attempt 1; the edges from "a" were taken',
      trigger: 'all',
      waitsFor: null,
      chain: [],
      edges: [
        { source: 'a', state: 'taken', decision: true, reason: 'its source decided for it (the handle "large")' },
        {
          edge: 'e',
          source: 'b',
          state: 'untaken',
          decision: false,
          reason: 'its source decided against it ("/x" gt 3)',
        },
      ],
    })
    expect(why(core, 'a').sentence).toContain('no edge leads to it, so it started with the run')
  })

  it('a node was skipped: up to the decision, the failure or the person it goes back to', () => {
    const core = Core.started(
      ['a', 'b', 'c', { id: 'f', onError: 'continue' }, 'g', 'h'],
      [{ source: 'a', target: 'b', sourceHandle: 'yes' }, 'b>c', 'f>g', 'g>h'],
    )
    core.complete('a', 1, { decisions: Object.assign(dictionary<boolean>(), { [core.run.graph.edgeKeys[0]!]: false }) })
    core.fail('f', true, { name: 'E', message: 'outer', cause: { name: 'I', message: 'inner' } })
    core.settle()
    expect(why(core, 'c').chain).toEqual([
      { nodeId: 'c', status: 'skipped', reason: 'was skipped: no edge to it was taken' },
      { nodeId: 'b', status: 'skipped', reason: 'was skipped: no edge to it was taken' },
      { nodeId: 'a', status: 'completed', reason: 'completed, and its edge was not taken' },
    ])
    expect(why(core, 'h').sentence).toBe('node "h" was skipped: an upstream failed; "f" failed in attempt 1: outer')
    expect(why(core, 'f')).toMatchObject({
      sentence: 'node "f" failed in attempt 1, and the run goes on without it: outer, because inner',
      errors: [
        { name: 'E', message: 'outer' },
        { name: 'I', message: 'inner' },
      ],
    })
    expect(why(core, 'h').edges).toMatchObject([{ source: 'g', state: 'failed' }])
  })

  it('a node was skipped or completed by someone', () => {
    const core = Core.started(['a', 'b', 'c'], ['a>b'])
    core.do({ type: 'run.request-pause', reason: 'lunch' })
    core.do({ type: 'run.cut-off' })
    core.settle()
    core.do({ type: 'operator.skip', path: [], nodeId: 'a', note: {} })
    core.do({ type: 'operator.set', path: [], nodeId: 'c', output: 1, decisions: null, note: {} })
    expect(why(core, 'a').sentence).toBe('node "a" was skipped: someone skipped it')
    expect(why(core, 'c').sentence).toBe('node "c" completed, since someone set its result')
    core.resume()
    expect(why(core, 'b').sentence).toBe(
      'node "b" was skipped: no edge to it was taken; "a" was skipped: someone skipped it',
    )
  })

  it('a node waits: the way to what keeps it waiting, a failure before all else', () => {
    const core = Core.started(['a', 'b', 'c', 'd'], ['a>c', 'b>c', 'c>d'])
    expect(why(core, 'd').chain.map(({ nodeId }) => nodeId)).toEqual(['d', 'c', 'a'])
    expect(why(core, 'd').sentence).toContain('; "a" runs since')
    core.fail('b')
    expect(why(core, 'd').chain.map(({ nodeId }) => nodeId)).toEqual(['d', 'c', 'b'])
    expect(why(core, 'd').sentence).toContain('"b" has failed: retry it, skip it or give its result')
  })
})
