import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import { Core, definitionOf, type EdgeSpec, type NodeSpec } from './core.ts'

/** Goes on with another workflow. */
function change(core: Core, nodes: readonly NodeSpec[], edges: readonly EdgeSpec[] = []): readonly string[] {
  core.do({ type: 'run.resume', workflow: { definition: definitionOf(nodes, edges), fingerprint: 'g' } })
  const done = core.settle()
  core.check()
  return done
}

describe('a run put onto a changed workflow', () => {
  it('keeps what has completed, drops what is gone, runs what is new, whatever the order of the nodes', () => {
    const core = Core.started(['a', 'b', 'c'], ['a>b', 'b>c'])
    core.complete('a', 1)
    core.settle()
    expect(change(core, ['d', 'c', 'a'], ['a>c', 'a>d'])).toEqual(['node.start d', 'node.start c'])
    expect(core.run.state).toMatchObject({ completed: ['a'], fingerprint: 'g' })
    expect(core.node('a').output).toBe(1)
    expect(core.node('c').attempt).toBe(1)
  })

  it('forgets the completion of a node that is gone', () => {
    const core = Core.started(['a', 'b'])
    core.complete('a')
    core.complete('b')
    expect(change(core, ['b'])).toEqual(['run.complete'])
    expect(core.run.state.completed).toEqual(['b'])
  })

  it('looks again at a node that was skipped', () => {
    const core = Core.started(['a', 'b'], [{ source: 'a', target: 'b', sourceHandle: 'x' }])
    core.complete('a', 1, { decisions: Object.assign(dictionary<boolean>(), { 'a->b:x': false }) })
    core.do({ type: 'node.skip', index: 1 })
    expect(change(core, ['a', 'b'], ['a>b'])).toEqual(['node.start b'])
  })

  it('keeps the decisions of edges that stay, and asks none again', () => {
    const edges: EdgeSpec[] = [
      { source: 'a', target: 'b', sourceHandle: 'x' },
      { source: 'a', target: 'c', sourceHandle: 'x' },
    ]
    const core = Core.started(['a', 'b', 'c', 'z'], edges)
    const decisions = Object.assign(dictionary<boolean>(), { 'a->b:x': true, 'a->c:x': true })
    core.complete('a', 1, { decisions })
    expect(change(core, ['a', 'b', 'z'], edges.slice(0, 1))).toEqual(['node.start b', 'node.start z'])
    expect({ ...core.run.state.decisions }).toEqual({ 'a->b:x': true })
  })

  it('cuts off what runs and stays, and forgets what runs and goes', () => {
    const core = Core.started(['a', 'b'])
    expect(change(core, ['b'])).toEqual(['node.start b'])
    expect(core.run.frontier.running).toBe(1)
    expect(core.node('b').attempt).toBe(2)
  })

  it('of a run that failed, tries the failed nodes again that stay; one that goes fails nothing any more', () => {
    const failed = () => {
      const core = Core.started(['a', 'b'], ['a>b'])
      core.fail('a')
      core.settle()
      return core
    }
    expect(change(failed(), ['a', 'b'], ['a>b'])).toEqual(['node.start a'])
    expect(change(failed(), ['b'])).toEqual(['node.start b'])
  })

  it('keeps a retry waiting for its time', () => {
    const retry = { maximumAttempts: 2, initialIntervalMs: 100, jitter: 0 }
    const core = Core.started([{ id: 'a', retry }])
    core.fail('a')
    expect(change(core, ['b', { id: 'a', retry }])).toEqual(['node.start b'])
    core.at += 100
    expect(core.settle()).toEqual(['node.start a'])
  })

  it('onto nothing at all, has completed', () => {
    expect(change(Core.started(['a']), [])).toEqual(['run.complete'])
  })

  it('a node that became a stand-in is skipped, one that had only been one runs', () => {
    const core = Core.started([{ id: 'a', fallback: 'spare' }, 'spare', 'other'])
    core.complete('a')
    expect([...change(core, ['a', 'spare', { id: 'more', fallback: 'other' }, 'other'])].sort()).toEqual([
      'node.start more',
      'node.start other',
      'node.start spare',
    ])
    // What is in flight stays what it was; a stand-in that had not started is skipped.
    core.complete('other')
    const fresh = Core.started(['a', 'b'], ['a>b'])
    expect(change(fresh, ['a', 'b', { id: 'c', fallback: 'b' }])).toEqual([
      'node.skip b',
      'node.start a',
      'node.start c',
    ])
  })
})
