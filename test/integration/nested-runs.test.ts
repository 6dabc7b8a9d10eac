import { describe, expect, it } from 'vitest'
import { DagExecutor } from '../../src/engine/dag-executor.ts'
import type { ExecutorOptions } from '../../src/engine/options.ts'
import { sleep } from '../../src/nodes/builtin/sleep.ts'
import { waitForSignal } from '../../src/nodes/builtin/wait-for-signal.ts'
import { workflow } from '../../src/workflow/builder.ts'
import type { AnyWorkflow, Workflow } from '../../src/workflow/workflow.ts'
import { ManualClock } from '../helpers/manual-clock.ts'
import { guardRejections } from '../helpers/run-control.ts'

guardRejections()

const START = 1_700_000_000_000

function executorOf(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const clock = new ManualClock(START)
  return { clock, executor: new DagExecutor(flow as Workflow, { clock, runId: 'r', ...options }) }
}

/** Runs a workflow to where it settles. */
async function settled(flow: AnyWorkflow, options: ExecutorOptions = {}) {
  const { clock, executor } = executorOf(flow, options)
  const types: string[] = []
  executor.on('*', ({ type, path = [], data }) => {
    types.push([type, ...path, ...('nodeId' in data ? [data.nodeId] : [])].join(' '))
  })
  const result = await clock.drive(executor.execute())
  return { clock, executor, result, types }
}

describe('what waits in a nested run', () => {
  it('goes on at each of several times, in a root that waits for nothing else', async () => {
    const inner = workflow('inner')
      .node('early', sleep({ durationMs: 10 }))
      .node('late', sleep({ durationMs: 20 }))
      .node('latest', ['early'], sleep({ durationMs: 500 }))
      .node('end', ['early', 'late', 'latest'], (_, ctx) => ctx.now())
      .build()
    const flow = workflow('outer').workflow('run', [], inner).build()
    const { result } = await settled(flow)
    expect([result.status, result.output]).toEqual(['completed', START + 510])
  })

  it('goes on two levels down, beside timers of the root that are earlier and later', async () => {
    const leaf = workflow('leaf')
      .node('nap', sleep({ durationMs: 30 }))
      .node('again', ['nap'], sleep({ durationMs: 30 }))
      .build()
    const middle = workflow('middle')
      .node('nap', sleep({ durationMs: 45 }))
      .workflow('leaf', [], leaf)
      .build()
    const flow = workflow('outer')
      .workflow('middle', [], middle)
      .node('short', sleep({ durationMs: 5 }))
      .node('long', sleep({ durationMs: 1_000 }))
      .build()
    const { result, types } = await settled(flow)
    expect(result.status).toBe('completed')
    expect(types.filter((type) => type.startsWith('node.completed'))).toEqual([
      'node.completed short',
      'node.completed middle leaf nap',
      'node.completed middle nap',
      'node.completed middle leaf again',
      'node.completed middle leaf',
      'node.completed middle',
      'node.completed long',
    ])
  })
})

describe('an input of null', () => {
  it('is null for a run, and for a nested one', async () => {
    const inner = workflow('inner')
      .node('a', (_, ctx) => ctx.input === null)
      .build()
    const flow = workflow('outer')
      .workflow('run', [], inner, { input: () => null })
      .build()
    expect((await settled(flow)).result.output).toBe(true)
    expect((await settled(inner, { input: null })).result.output).toBe(true)
  })
})

describe('signals', () => {
  it('are taken by one visit of a repeated wait each', async () => {
    const flow = workflow('chat')
      .node('line', waitForSignal<string>({ name: 'line' }), {
        repeat: { until: { operator: 'eq', value: 'bye' }, maximumVisits: 10 },
      })
      .build()
    const { executor, clock } = executorOf(flow)
    const running = executor.execute()
    for (const line of ['hello', 'still there', 'bye']) void executor.signal('line', line)
    const { status, output } = await clock.drive(running)
    expect([status, output]).toEqual(['completed', 'bye'])
    expect(executor.saveSnapshot().document.signals ?? []).toEqual([])
  })

  it('of one name, sent by nodes whose ids and names run together, are told apart', async () => {
    const flow = workflow('apart')
      .node('a', async (_, ctx) => ctx.sendSignal('b/c', 1))
      .node('a/b', async (_, ctx) => ctx.sendSignal('c', 2))
      .node('first', waitForSignal({ name: 'b/c' }))
      .node('second', waitForSignal({ name: 'c' }))
      .build()
    expect((await settled(flow)).result.results).toMatchObject({ first: 1, second: 2 })
  })
})
