import { describe, expect, it } from 'vitest'
import { inspectionText } from '../../src/cli/format/inspection-text.ts'
import { mermaidText } from '../../src/cli/format/mermaid.ts'
import { DagExecutor, inspect, loadSnapshot, resumePlan, serialize, why, workflow } from '../../src/index.ts'
import { restoreState } from '../../src/snapshot/restore.ts'
import { deferred, guardRejections, tick } from '../helpers/run-control.ts'

guardRejections()

/** A charge, a parcel that is a run, and a car, which fails; what the charge's compensation does is the caller's. */
function trip(refund: () => unknown) {
  const parcel = workflow('parcel')
    .node('label', () => 'label 1', { compensation: () => undefined })
    .node('handed over', ['label'], () => 'gone')
    .build()
  return workflow('trip')
    .node('charge', () => 12, { compensation: refund })
    .workflow('parcel', ['charge'], parcel)
    .node('car', ['parcel'], (): string => {
      throw new Error('no car is left')
    })
    .node('note', ['car'], () => 1)
    .build()
}

const shownOf = (executor: Parameters<typeof inspect>[0]) => {
  const { sentence, hold, isStuck, nodes, compensations } = inspect(executor)
  return {
    sentence,
    hold,
    isStuck,
    nodes: nodes.map((node) => node.sentence),
    compensations: compensations?.nodes.map((node) => [...(node.path ?? []), node.nodeId, node.sentence].join(' | ')),
  }
}

describe('a run that compensates', () => {
  it('says how far it is, and asks nobody for a retry', async () => {
    const gate = deferred()
    const flow = trip(() => gate.promise)
    const executor = new DagExecutor(flow, { runId: 'r', compensateOn: ['failure'] })
    const result = executor.execute()
    await tick()
    expect(shownOf(executor)).toEqual({
      sentence:
        'the run compensates for what it did, since node "car" failed: no car is left; 1 of 2 compensations are through, "charge" runs',
      hold: 'compensating',
      isStuck: false,
      nodes: [
        'node "car" failed in attempt 1: no car is left',
        'node "note" will not run: the run compensates for what it did',
      ],
      compensations: [
        'parcel | label | the compensation of node "label" completed in attempt 1',
        'charge | the compensation of node "charge" runs in attempt 1',
      ],
    })
    expect(why(executor, 'charge').sentence).toContain('; its compensation runs in attempt 1')
    expect(why(executor, ['parcel', 'label']).compensation).toMatchObject({ status: 'completed', attempt: 1 })
    expect(why(executor, 'note').compensation).toBeNull()

    await executor.pause({ deadlineMs: 0 })
    expect(shownOf(loadSnapshot(serialize(executor.saveSnapshot()), flow))).toMatchObject({
      hold: 'paused',
      compensations: [expect.any(String), expect.stringContaining('"charge" was cut off in attempt 1 and runs again')],
    })
    gate.resolve(undefined)
    expect((await result).status).toBe('paused')
  })

  it('says before a resume that all it has left are compensations', async () => {
    const executor = new DagExecutor(
      workflow('w')
        .node('a', () => 1, { compensation: () => undefined })
        .node('b', ['a'], () => void executor.pause())
        .node('c', ['b'], () => 3)
        .build(),
    )
    await executor.execute()
    await executor.cancel('no more', { compensate: true })
    expect(shownOf(executor)).toMatchObject({
      sentence: 'the run is paused and has to compensate for what it did; 0 of 1 compensations are through; resume it',
      nodes: ['node "c" will not run: the run compensates for what it did'],
      compensations: ['a | the compensation of node "a" waits for its turn'],
    })
    await executor.execute()
    expect(shownOf(executor)).toMatchObject({
      sentence: 'the run was canceled (no more); 1 of 1 compensations are through',
      nodes: ['node "c" will not run: the run has ended'],
    })
  })
})

describe('a run that has compensated', () => {
  it('is over in every view of it', async () => {
    const flow = trip(() => Promise.reject(new Error('the bank is closed')))
    const executor = new DagExecutor(flow, { compensateOn: ['failure'] })
    await executor.execute()
    const snapshot = executor.saveSnapshot()
    expect(shownOf(executor)).toMatchObject({
      sentence:
        'the run has failed for good: node "car" failed: no car is left; 2 of 2 compensations are through, "charge" failed',
      nodes: ['node "car" failed in attempt 1: no car is left', 'node "note" will not run: the run has ended'],
    })
    expect(inspectionText(inspect(snapshot), false)).toContain(
      '\n  the compensation of node "charge" failed in attempt 1: the bank is closed\n',
    )
    expect(why(snapshot, 'charge').sentence).toMatch(/; its compensation failed in attempt 1: the bank is closed$/)
    expect(resumePlan(snapshot, flow).counts).toEqual({ run: 0, reuse: 2, skip: 0, blocked: 2 })
    const state = restoreState(snapshot, { now: 0, cache: 'frozen' })
    expect(mermaidText(executor.workflow.graph, state)).toContain('"charge<br/>completed<br/>compensation failed')
  })

  it('plans nothing of a run inside it that failed', async () => {
    const inner = workflow('inner')
      .node('a', () => 1, { compensation: () => undefined })
      .node('b', ['a'], (): number => {
        throw new Error('broken')
      })
      .build()
    const flow = workflow('outer').workflow('inside', [], inner).build()
    const executor = new DagExecutor(flow, { compensateOn: ['failure'] })
    await executor.execute()
    expect(inspect(executor).compensations?.counts).toMatchObject({ completed: 1 })
    expect(resumePlan(executor.saveSnapshot(), flow).counts).toMatchObject({ run: 0, blocked: 1 })
  })
})
