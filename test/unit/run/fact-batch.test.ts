import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../../src/run/event.ts'
import { eventText } from '../../../src/run/event-text.ts'
import { FactBatch } from '../../../src/run/fact-batch.ts'

const started: RunEvent = { seq: 1, runId: 'r', at: 5, type: 'node.started', data: { nodeId: 'a', attempt: 1 } }
const completed: RunEvent = { seq: 2, runId: 'r', at: 6, type: 'run.completed', data: {} }

describe('facts as a batch for a store', () => {
  it('are events a store can keep, with their text and the node they are of', () => {
    const { events, summary } = new FactBatch([started, completed], 'the run after them')
    expect(summary).toBe('the run after them')
    expect(events).toEqual([
      { seq: 1, at: 5, type: 'node.started', nodeId: 'a', text: eventText(started) },
      { seq: 2, at: 6, type: 'run.completed', nodeId: null, text: eventText(completed) },
    ])
  })

  it('are put into words once, when somebody looks, and can not be changed then', () => {
    const batch = new FactBatch([started], null)
    expect(batch.events).toBe(batch.events)
    expect(Object.isFrozen(batch.events)).toBe(true)
  })

  it('are known of a batch made here, and of no other', () => {
    const facts = [started]
    const batch = new FactBatch(facts, null)
    expect(FactBatch.factsOf(batch)).toBe(facts)
    expect(FactBatch.factsOf({ ...batch, events: batch.events })).toBeNull()
    expect(FactBatch.factsOf({ events: [], summary: null })).toBeNull()
  })
})
