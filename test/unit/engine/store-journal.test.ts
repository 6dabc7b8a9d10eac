import { describe, expect, it } from 'vitest'
import { StoreJournal } from '../../../src/engine/store-journal.ts'
import type { RunEvent } from '../../../src/run/event.ts'
import { pendingState } from '../../../src/run/run.ts'
import { memoryStore } from '../../../src/store/memory/memory-driver.ts'
import { guardRejections } from '../../helpers/run-control.ts'

guardRejections()

const state = pendingState({
  runId: 'r',
  workflow: { id: 'w', version: '1.0.0', nodes: [], edges: [] } as never,
  fingerprint: 'f',
})
const fact = (seq: number): RunEvent => ({
  seq,
  runId: 'r',
  at: seq * 10,
  type: 'node.started',
  data: { nodeId: 'a', attempt: seq },
})

async function journal() {
  const store = memoryStore()
  const { claim } = await store.claim('r', { owner: 'me', leaseMs: 1_000, now: 0 })
  return { store, journal: new StoreJournal(store, claim) }
}

describe('a journal over a store', () => {
  it('appends facts one after the other, with the summary of the run after them', async () => {
    const { store, journal: own } = await journal()
    await own.append([fact(1), fact(2)], { ...state, status: 'running' })
    await own.append([], state)
    await own.append([fact(3)], { ...state, status: 'completed' })
    expect(await store.get('r')).toEqual({
      runId: 'r',
      workflowId: 'w',
      workflowVersion: '1.0.0',
      status: 'completed',
      seq: 3,
      createdAt: 10,
      updatedAt: 30,
    })
    expect((await store.read('r')).map(({ seq, nodeId }) => [seq, nodeId])).toEqual([
      [1, 'a'],
      [2, 'a'],
      [3, 'a'],
    ])
  })

  it('refuses a gap, and after a failed append the same facts again but no later ones', async () => {
    const { journal: own } = await journal()
    await expect(own.append([fact(2)], state)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
    await own.append([fact(1)], state)
    await expect(own.append([fact(1)], state)).rejects.toMatchObject({ code: 'STORE_CONFLICT' })
  })

  it('goes on from a head, keeping when the run began', async () => {
    const { store, journal: own } = await journal()
    await own.append([fact(1)], state)
    const { claim } = await store.claim('r', { owner: 'me', leaseMs: 1_000, now: 0 })
    const next = new StoreJournal(store, claim)
    next.continueFrom(1, 10)
    await next.append([fact(2)], state)
    expect(await store.get('r')).toMatchObject({ seq: 2, createdAt: 10, updatedAt: 20 })
    await expect(own.append([fact(2)], state)).rejects.toMatchObject({ code: 'STORE_FENCED' })
    expect(next.epoch).toBe(own.epoch + 1)
  })
})
