import { describe, expect, it } from 'vitest'
import { dictionary } from '../../../src/base/json.ts'
import type { EdgeDefinition, TriggerRule } from '../../../src/workflow/definition.ts'
import { Core, type NodeSpec } from './core.ts'

/** What can become of an upstream, as its downstream sees it. */
const outcomes = ['taken', 'untaken', 'skipped', 'skipped after a failure', 'failed, continuing', 'failed'] as const
type Outcome = (typeof outcomes)[number]
const rules: readonly TriggerRule[] = ['all', 'any', 'allDone', 'noneFailed']

interface Verdict {
  readonly status: 'running' | 'skipped' | 'pending'
  readonly reason: 'untaken' | 'upstream-failed' | null
}

/** The rules as the concepts page words them, told from the outcomes in the order they come in. */
function expected(rule: TriggerRule, ended: readonly Outcome[]): Verdict {
  const fatal = ended.indexOf('failed')
  const firstTaken = ended.indexOf('taken')
  const started: Verdict = { status: 'running', reason: null }
  if (rule === 'any' && firstTaken >= 0 && (fatal < 0 || firstTaken < fatal)) return started
  if (fatal >= 0) return { status: 'pending', reason: null }
  const isFailed = ended.includes('skipped after a failure') || ended.includes('failed, continuing')
  const skipped: Verdict = { status: 'skipped', reason: isFailed ? 'upstream-failed' : 'untaken' }
  switch (rule) {
    case 'any':
      return skipped
    case 'allDone':
      return started
    case 'noneFailed':
      return isFailed ? skipped : started
    case 'all':
      return firstTaken >= 0 && !isFailed ? started : skipped
  }
}

/** A node `t` below upstreams of the given outcomes, which come to their ends in the given order. */
function play(rule: TriggerRule, upstreams: readonly Outcome[], order: readonly number[]): Core {
  const nodes: NodeSpec[] = []
  const edges: EdgeDefinition[] = []
  upstreams.forEach((outcome, index) => {
    const isSkipped = outcome.startsWith('skipped')
    if (isSkipped) {
      nodes.push({ id: `gate${index}`, onError: 'continue' })
      edges.push({ source: `gate${index}`, target: `u${index}`, sourceHandle: 'open' })
    }
    nodes.push({ id: `u${index}`, onError: outcome === 'failed' ? 'fail' : 'continue' })
    edges.push({ id: `e${index}`, source: `u${index}`, target: 't', sourceHandle: 'go' })
  })
  // The downstream comes first in the definition, so that nothing rests on the order of nodes.
  const core = Core.started([{ id: 't', trigger: rule }, ...nodes], edges)
  for (const index of order) {
    const outcome = upstreams[index]!
    const decided = dictionary<boolean>()
    if (outcome === 'skipped') {
      decided[`gate${index}->u${index}:open`] = false
      core.complete(`gate${index}`, null, { decisions: decided })
    } else if (outcome === 'skipped after a failure') core.fail(`gate${index}`)
    else if (outcome.startsWith('failed')) core.fail(`u${index}`)
    else {
      decided[`e${index}`] = outcome === 'taken'
      core.complete(`u${index}`, null, { decisions: decided })
    }
    core.settle()
    if (core.run.state.status !== 'running') break
  }
  return core
}

describe('trigger rules', () => {
  it.each(rules)('%s: every outcome of one to three upstreams, in every order', (rule) => {
    let cases = 0
    for (const count of [1, 2, 3]) {
      for (const order of permutations(count)) {
        for (let code = 0; code < outcomes.length ** count; code += 1) {
          const upstreams = order.map(
            (index) => outcomes[Math.floor(code / outcomes.length ** index) % outcomes.length]!,
          )
          const core = play(rule, upstreams, order)
          const { status, skipReason } = core.node('t')
          const ended = order.map((index) => upstreams[index]!)
          const { reason, ...verdict } = expected(rule, ended)
          expect({ ended, status, skipReason }).toEqual({ ended, ...verdict, skipReason: reason })
          // Held against the fold where it is cheap: always, and for a part of the many.
          if (count < 3 || code % 11 === 0) core.check()
          cases += 1
        }
      }
    }
    expect(cases).toBe(6 + 2 * 36 + 6 * 216)
  })

  it.each(rules)('%s: a node without upstreams starts at once', (rule) => {
    expect(Core.started([{ id: 't', trigger: rule }]).statuses()).toEqual({ t: 'running' })
  })

  it('any: one of several edges from one source is enough, and it starts once', () => {
    const edges = ['x', 'y', 'z'].map((sourceHandle) => ({ source: 'u', target: 't', sourceHandle }))
    const core = Core.started(['u', { id: 't', trigger: 'any' }], edges)
    const decisions = Object.assign(dictionary<boolean>(), { 'u->t:x': false, 'u->t:y': true, 'u->t:z': true })
    core.complete('u', null, { decisions })
    expect(core.settle()).toEqual(['node.start t'])
    core.complete('t')
    expect(core.settle()).toEqual(['run.complete'])
    core.check()
  })

  it('all: an unconditional edge beside an untaken one from the same source is enough', () => {
    const core = Core.started(['u', 't'], ['u>t', { source: 'u', target: 't', sourceHandle: 'x' }])
    core.complete('u', null, { decisions: Object.assign(dictionary<boolean>(), { 'u->t:x': false }) })
    expect(core.settle()).toEqual(['node.start t'])
  })

  it('a skip goes on through any number of nodes, without recursion', () => {
    const length = 20_000
    const nodes = Array.from({ length }, (_, index) => `n${index}`)
    const edges = nodes.slice(2).map((id, index) => `n${index + 1}>${id}`)
    const core = Core.started(nodes, [{ source: 'n0', target: 'n1', sourceHandle: 'x' }, ...edges])
    core.complete('n0', null, { decisions: Object.assign(dictionary<boolean>(), { 'n0->n1:x': false }) })
    expect(core.settle().at(-1)).toBe('run.complete')
    expect(new Set(Object.values(core.statuses()))).toEqual(new Set(['completed', 'skipped']))
  })

  it('a node that only stands in is skipped, with that reason', () => {
    const core = Core.started(['spare', { id: 'a', fallback: 'spare' }])
    expect(core.node('spare')).toMatchObject({ status: 'skipped', skipReason: 'stand-in' })
  })
})

function permutations(count: number): readonly (readonly number[])[] {
  if (count === 1) return [[0]]
  return permutations(count - 1).flatMap((rest) =>
    Array.from({ length: count }, (_, at) => [...rest.slice(0, at), count - 1, ...rest.slice(at)]),
  )
}
